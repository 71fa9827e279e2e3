// Give a package to a customer or to one of its numbers, and change what was given.

import { all, call, get, path } from "./api.js";
import { settings } from "./auth.js";
import { useConflict } from "./conflict.js";
import { Check, DayField, Field, NumberField, Radios, Select } from "./fields.js";
import * as format from "./format.js";
import { useAction, useForm, useLoad } from "./hooks.js";
import { terms, validity } from "./packages.js";
import { html, useState } from "./preact.js";
import { go, link } from "./router.js";
import { DueDates } from "./schedule.js";
import { announce } from "./toast.js";
import { Badge, Button, Card, Day, Dialog, Empty, Facts, Instant, LinkButton, Minutes, Money, Page, Problem, Skeleton } from "./ui.js";

const NAMES = ["package_id", "did", "quantity", "start_date", "end_date", "auto_decrement_credit", "free_minutes", "minimum_days", "charge_from"];
const CHANGEABLE = ["quantity", "start_date", "end_date", "auto_decrement_credit", "free_minutes", "charge_from"];

/** A whole number as the API takes it; anything else goes as typed, for the API to refuse. */
const whole = (text) => (/^\d{1,15}$/.test(text.trim()) ? Number(text) : text.trim() || null);
const date = (text) => text || null;

export function Assign({ id }) {
  const { data, error, reload } = useLoad(async () => {
    const [customer, packages] = await Promise.all([get(path("customers", id)), all("packages")]);
    return { customer, packages };
  }, [id]);
  return html`
    <${Page} title="Assign a package" lead=${data ? html`To ${data.customer.name || id}, or to one of its numbers.` : null} back=${[link(["customers", id]), data?.customer.name || id]}>
      ${error ? html`<${Problem} error=${error} retry=${reload} />` : data ? html`<${NewAssignment} ...${data} />` : html`<${Skeleton} />`}
    <//>`;
}

function NewAssignment({ customer, packages }) {
  const fitting = packages.filter((one) => one.currency === customer.currency).sort((one, other) => one.name.localeCompare(other.name));
  const where = ["customers", customer.customer_id];
  const form = useForm({
    name: `assign-${customer.customer_id}`,
    once: true,
    initial: {
      package_id: "", holder: "customer", did: "", quantity: "1", start_date: settings.today, end_date: "",
      auto_decrement_credit: false, free_minutes: "", minimum_days: "", charge_from: "",
    },
    send: (values, key) => call("POST", path(...where, "assignments"), { body: body(values, fitting), key }),
    done: (made) => { announce(`Assigned ${made.package.name}`); go([...where, "assignments", made.assignment_id]); },
  });
  const chosen = fitting.find((one) => one.package_id === form.values.package_id);
  const hidden = packages.length - fitting.length;
  if (!fitting.length) {
    return html`<${Empty} title=${`No package in ${customer.currency}`}>A package can be assigned only to customers of its own currency. <a href="#/packages/new">Create one</a><//>`;
  }
  return html`
    <form class="split" ref=${form.element} noValidate onSubmit=${(event) => { event.preventDefault(); form.submit(); }}>
      <div><${Refusal} form=${form} customer=${customer} /></div>
      <${Card} title="What">
        <div class="grid">
          <${Select} form=${form} name="package_id" label="Package" wide
            options=${[["", "Choose a package"], ...fitting.map((one) => [one.package_id, `${one.name} · ${format.money(one.retail, one.currency)} ${one.currency}, ${format.rule(one).toLowerCase()}`])]}
            hint=${hidden ? `${format.plural(hidden, "package")} in other currencies can't be assigned here: this customer pays in ${customer.currency}.` : undefined} />
          ${chosen && html`<div class="span chosen" aria-live="polite">${chosen.description && html`<p>${chosen.description}</p>`}<${Facts} of=${terms(chosen)} /></div>`}
        </div>
      <//>
      <${Card} title="To whom">
        <div class="grid">
          <${Radios} form=${form} name="holder" label="Assign to" options=${[["customer", "The customer"], ["did", "One of its DIDs"]]} />
          ${form.values.holder === "did" && html`<${Field} form=${form} name="did" label="DID" inputmode="tel" placeholder="442079460000" hint="With the country code, such as +44 20 7946 0000." />`}
          <${NumberField} form=${form} name="quantity" label="Quantity" hint="Prices are multiplied by it." />
          ${chosen?.type === "free_minutes" && html`<${NumberField} form=${form} name="free_minutes" label="Free minutes" hint="Refilled on each due date; not multiplied by the quantity." />`}
        </div>
      <//>
      ${chosen
        ? html`<${DueDates} rule=${chosen} start=${form.values.start_date} until=${form.values.end_date} />`
        : html`<section class="card quiet due" aria-label="Next due dates"><h2>Next due dates</h2><p class="hint">Choose a package to see them.</p></section>`}
      <${Card} title="When">
        <div class="grid">
          <${DayField} form=${form} name="start_date" label="Start date" hint="The first day on which it can be charged." />
          <${DayField} form=${form} name="end_date" label="End date" optional hint="The last day, included. Empty: open." />
          <${Check} form=${form} name="auto_decrement_credit" label="Auto decrement credit"
            hint="Each charge takes its retail from the credit balance at once. Off: charges are posted for invoicing and the balance stays." />
          ${form.values.holder === "did" && chosen && !chosen.minimum_days && html`<${NumberField} form=${form} name="minimum_days" label="Minimum days" optional hint="It can't end sooner." />`}
          <${DayField} form=${form} name="charge_from" label="Charge from" optional hint="For customers taken over from another system: what was due before was charged there." />
        </div>
      <//>
      <div class="form-actions">
        <${Button} type="submit" needs="write" look="primary" busy=${form.busy} busyLabel="Assigning…">Assign<//>
        <a class="button" href=${link(where)}>Cancel</a>
      </div>
    </form>`;
}

function body(values, packages) {
  const chosen = packages.find((one) => one.package_id === values.package_id);
  const sent = { ...terminable(values), package_id: values.package_id, did: values.holder === "did" ? values.did.trim() : null };
  if (chosen?.type !== "free_minutes") sent.free_minutes = null;
  if (values.holder === "did" && !chosen?.minimum_days && values.minimum_days.trim()) sent.minimum_days = whole(values.minimum_days);
  if (values.confirm_backlog) sent.confirm_backlog = true;
  return sent;
}

const terminable = (values) => ({
  quantity: whole(values.quantity), start_date: date(values.start_date), end_date: date(values.end_date),
  auto_decrement_credit: values.auto_decrement_credit, free_minutes: whole(values.free_minutes), charge_from: date(values.charge_from),
});

/** What the API refused, in words, with the way on that it names: a backlog to confirm, an earliest end to take. */
function Refusal({ form, customer, conflict }) {
  const { problem } = form;
  const close = () => form.setProblem(null);
  if (problem?.code === "backlog") return html`<${Backlog} form=${form} problem=${problem} customer=${customer} close=${close} />`;
  if (problem?.code === "version_mismatch" && conflict) return conflict;
  const earliest = problem?.problem.earliest_end_date;
  return html`
    <${Problem} error=${problem} fields=${NAMES} retry=${problem?.isOpen ? () => form.submit() : undefined} title=${TITLES[problem?.code]}>
      ${earliest && html`<div class="actions"><${Button} look="small" onClick=${() => { form.set("end_date", earliest); close(); }}>End it on ${format.day(earliest)}<//></div>`}
    <//>`;
}

const TITLES = {
  minimum_days: "It can't end that early", did_in_use: "Another customer has this number then", backlog_too_long: "Too many due dates lie before today",
  charged: "Something is charged already", ended: "That end has passed", forbidden: "You may change this, but not charge",
  parked: "The customer is parked", not_evaluated: "A day before that is still to be charged",
};

function Backlog({ form, problem, customer, close }) {
  const lines = problem.problem.backlog;
  const dates = new Set(lines.map((one) => one.due_date)).size;
  return html`
    <${Dialog} title=${`Charge ${format.plural(dates, "past due date")} now?`} close=${close} busy=${form.busy}
      actions=${html`<${Button} needs="charge" look="primary" busy=${form.busy} busyLabel="Charging…" onClick=${() => form.submit({ confirm_backlog: true })}>Assign and charge<//>`}>
      <p>These lie before today and would be charged at once. If another system has charged them, cancel and say so with “Charge from”.</p>
      <div class="scroll" role="region" aria-label="Past due dates" tabindex="0">
        <table class="amounts"><thead class="hidden"><tr><th>Due</th><th>Kind</th><th>Retail</th></tr></thead><tbody>
          ${lines.map((one) => html`<tr key=${one.due_date + one.kind}><th scope="row"><${Day} value=${one.due_date} /></th><td>${format.KINDS[one.kind]}</td><td><${Money} value=${one.retail} currency=${customer.currency} /></td></tr>`)}
          <tr><th scope="row">In all</th><td></td><td><strong><${Money} value=${format.sum(...lines.map((one) => one.retail))} currency=${customer.currency} /></strong></td></tr>
        </tbody></table>
      </div>
    <//>`;
}

export function Assignment({ customer, id }) {
  const where = ["customers", customer, "assignments", id];
  const { data: one, error, reload } = useLoad(() => get(path(...where)), [customer, id]);
  const [ending, setEnding] = useState(false);
  const back = [link(["customers", customer]), customer];
  if (error && !one) return html`<${Page} title="Assignment" back=${back}><${Problem} error=${error} retry=${reload} /><//>`;
  if (!one) return html`<${Page} title="Assignment" back=${back}><${Skeleton} /><//>`;
  const over = one.cancelled || (one.end_date && one.end_date < settings.today);
  const close = (text) => { setEnding(false); if (text) announce(text); };
  return html`
    <${Page} title=${one.package.name} about=${one.did ?? customer} back=${back} lead=${one.did ? html`On DID <a class="mono" href=${link(["dids", one.did])}>${one.did}</a>, of ${customer}` : `Customer-wide, of ${customer}`}
      badges=${one.cancelled ? html`<${Badge}>Cancelled<//>` : over && html`<${Badge}>Ended<//>`}
      actions=${!over && html`
        <${Button} needs="write" look="quiet" onClick=${() => setEnding(true)}>End it…<//>
        <${LinkButton} href=${link([...where, "edit"])} needs="write">Edit<//>
        <${LinkButton} href=${link(["run"], { customer })} look="primary">Run Package<//>`}>
      <div class="split">
        <${Card} title="Assignment">
          <${Facts} of=${[
            ["Validity", validity(one)],
            ["Quantity", one.quantity],
            ["Each charge", html`<${Money} value=${one.package.retail} currency=${one.package.currency} />${one.quantity > 1 && ` × ${one.quantity}`}`],
            ["Auto decrement credit", one.auto_decrement_credit ? "on: each charge takes its retail from the balance" : "off: posted for invoicing"],
            ["Charged here from", one.charge_from && html`<${Day} value=${one.charge_from} />`],
            ["Minimum days", one.minimum_days ? html`${one.minimum_days}, until <${Day} value=${format.later(one.start_date, one.minimum_days)} />` : null],
            ["Free minutes", one.minutes ? html`<${Minutes} bucket=${one.minutes} />` : one.free_minutes],
            ["Made", html`<${Instant} value=${one.created_at} /> by ${one.created_by}`],
          ]} />
        <//>
        <${Card} title="Package" aside=${html`<a href=${link(["packages", one.package_id])}>Open</a>`}><${Facts} of=${terms(one.package)} /><//>
        <${DueDates} rule=${one.package} start=${one.start_date} until=${one.end_date} />
      </div>
      ${ending && html`<${End} one=${one} where=${where} close=${close} ended=${() => { close("Ended"); go(["customers", customer]); }} />`}
    <//>`;
}

function End({ one, where, close, ended }) {
  const action = useAction(ended);
  const later = useAction((saved) => { close(`It ends on ${format.day(saved.end_date)}`); go(["customers", one.customer_id]); });
  const earliest = action.problem?.problem.earliest_end_date;
  const atEarliest = () => later.run(() => call("PATCH", path(...where), { body: { end_date: earliest }, version: one.version }));
  return html`
    <${Dialog} title="End this assignment?" close=${() => close()} busy=${action.busy || later.busy}
      actions=${earliest
        ? html`<${Button} look="primary" busy=${later.busy} busyLabel="Saving…" onClick=${atEarliest}>End it on ${format.day(earliest)}<//>`
        : html`<${Button} look="danger" busy=${action.busy} busyLabel="Ending…" onClick=${() => action.run(() => call("DELETE", path(...where), { version: one.version }))}>End it today<//>`}>
      <p>${one.start_date > settings.today ? "It has not begun: if nothing is charged yet it is removed, else cancelled." : one.start_date === settings.today ? "It begins today: if nothing is charged yet it is removed, else today is its last day." : html`Its last day is today, <${Day} value=${settings.today} />. What it charged stays in the ledger. To end it on another day, edit it.`}</p>
      <${Problem} error=${action.problem ?? later.problem} title=${TITLES[action.problem?.code]} />
    <//>`;
}

export function EditAssignment({ customer, id }) {
  const where = ["customers", customer, "assignments", id];
  const { data: one, error, reload } = useLoad(() => get(path(...where)), [customer, id]);
  return html`
    <${Page} title=${one ? `Edit ${one.package.name}` : "Edit assignment"} about=${customer} lead=${one && (one.did ? `On DID ${one.did}` : "Customer-wide")} back=${[link(where), "Assignment"]}>
      ${error ? html`<${Problem} error=${error} retry=${reload} />` : one ? html`<${Edit} one=${one} where=${where} />` : html`<${Skeleton} />`}
    <//>`;
}

function Edit({ one, where }) {
  const text = (value) => (value === null ? "" : `${value}`);
  const initial = Object.fromEntries(CHANGEABLE.map((name) => [name, name === "auto_decrement_credit" ? one[name] : text(one[name])]));
  const conflict = useConflict({ where: path(...where), seen: one, body: terminable, names: CHANGEABLE });
  const done = (saved) => { announce(`Saved ${saved.package.name}`); go(where); };
  const form = useForm({ name: `assignment-${one.assignment_id}`, initial, send: conflict.send, done });
  return html`
    <form class="split" ref=${form.element} noValidate onSubmit=${(event) => { event.preventDefault(); form.submit(); }}>
      <div><${Refusal} form=${form} customer=${{ currency: one.package.currency }} conflict=${html`<${conflict.Choice} form=${form} done=${done} />`} /></div>
      <${Card}>
        <div class="grid">
          <${NumberField} form=${form} name="quantity" label="Quantity" hint="Counts for what is charged from now on." />
          ${one.package.type === "free_minutes" && html`<${NumberField} form=${form} name="free_minutes" label="Free minutes" hint="The running allotment changes too; what is used stays used." />`}
          <${DayField} form=${form} name="start_date" label="Start date" hint="Can change while nothing is charged." />
          <${DayField} form=${form} name="end_date" label="End date" optional hint=${one.minimum_days ? `Not before ${format.day(format.later(one.start_date, one.minimum_days))}: it runs for at least ${one.minimum_days} days.` : "The last day, included. Empty: open."} />
          <${DayField} form=${form} name="charge_from" label="Charge from" optional hint="What is due before it was charged elsewhere." />
          <${Check} form=${form} name="auto_decrement_credit" label="Auto decrement credit"
            hint="Each charge takes its retail from the credit balance at once. Off: charges are posted for invoicing and the balance stays. Counts for what is charged from now on." />
        </div>
      <//>
      <${DueDates} rule=${one.package} start=${form.values.start_date} until=${form.values.end_date} />
      <div class="form-actions"><${Button} type="submit" needs="write" look="primary" busy=${form.busy} busyLabel="Saving…">Save<//><a class="button" href=${link(where)}>Cancel</a></div>
    </form>`;
}
