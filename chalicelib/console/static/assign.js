// Give a package to a customer or to one of its numbers, and change what was given.

import { call, fault, get, path } from "./api.js";
import { refusal, settings } from "./auth.js";
import { Backlog } from "./backlog.js";
import { useConflict } from "./conflict.js";
import { Check, DayField, Field, MoneyField, NumberField, Radios, whole } from "./fields.js";
import * as format from "./format.js";
import { useDebounced, useForm, useLoad } from "./hooks.js";
import { Customer } from "./names.js";
import { PackageField, usePackages } from "./package-field.js";
import { terms } from "./packages.js";
import { html } from "./preact.js";
import { go, link } from "./router.js";
import { DueDates, shownFrom } from "./schedule.js";
import { changes, TermFields } from "./terms.js";
import { announce } from "./toast.js";
import { Button, Card, Facts, failed, Money, Page, Problem, Skeleton } from "./ui.js";

const NAMES = [
  "package_id",
  "did",
  "quantity",
  "start_date",
  "end_date",
  "auto_decrement_credit",
  "free_minutes",
  "minimum_days",
  "charge_from",
  "retail",
  "cost",
  "discount",
  "setup_retail",
  "setup_cost",
  "terms",
];
const CHANGEABLE = ["quantity", "start_date", "end_date", "auto_decrement_credit", "free_minutes", "charge_from", "retail", "cost", "discount"];

const date = (text) => text || null;
const text = (typed) => typed.trim() || null;

export function Assign({ id }) {
  const { data: customer, error, reload } = useLoad(() => get(path("customers", id)), [id]);
  return html`
    <${Page} title="Assign a package" lead=${customer ? html`To ${customer.name || id}, or to one of its numbers.` : null} back=${[link(["customers", id]), customer?.name || id]}>
      ${error ? failed(error, reload) : customer ? html`<${NewAssignment} customer=${customer} />` : html`<${Skeleton} />`}
    <//>`;
}

function NewAssignment({ customer }) {
  const packages = usePackages({ currency: customer.currency });
  const where = ["customers", customer.customer_id];
  const form = useForm({
    name: `assign-${customer.customer_id}`,
    once: true,
    initial: {
      package_id: "",
      holder: "customer",
      did: "",
      quantity: "1",
      start_date: settings.today,
      end_date: "",
      auto_decrement_credit: false,
      free_minutes: "",
      minimum_days: "",
      charge_from: "",
      retail: "",
      cost: "",
      discount: "",
      setup_retail: "",
      setup_cost: "",
      terms: [],
    },
    send: async (values, key) => {
      const of = await packages.settle(values.package_id);
      if (!of) throw fault("package_id", values.package_id.trim() ? `there is no package of this name in ${customer.currency}` : "choose a package");
      return call("POST", path(...where, "assignments"), { body: body(values, of), key });
    },
    done: (made) => {
      announce(`Assigned ${made.package.name}`);
      go([...where, "assignments", made.assignment_id]);
    },
  });
  const chosen = packages.chosen(form.values.package_id);
  return html`
    <form class="split" ...${form.own}>
      <div><${Refusal} form=${form} currency=${customer.currency} verb="Assign and charge" /></div>
      <${Card} title="What">
        <div class="grid">
          <${PackageField} form=${form} packages=${packages} name="package_id" wide hint=${`Type to find one in ${customer.currency}, in which this customer pays.`} />
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
      ${
        chosen
          ? html`<${DueDates} rule=${chosen} start=${form.values.start_date} from=${shownFrom(form.values.start_date)} until=${form.values.end_date} elsewhere=${form.values.charge_from} />`
          : html`<section class="card quiet due" aria-label="Next due dates"><h2>Next due dates</h2><p class="hint">Choose a package to see them.</p></section>`
      }
      ${
        chosen &&
        html`
        <${Card} title="Own prices">
          <div class="grid">
            <${OwnPrices} form=${form} of=${chosen} />
            <${MoneyField} form=${form} name="setup_retail" label="Own setup retail" optional suffix=${chosen.currency} hint=${`Instead of ${format.money(chosen.setup_retail, chosen.currency)}; 0 waives it.`} />
            <${MoneyField} form=${form} name="setup_cost" label="Own setup cost" optional suffix=${chosen.currency} hint=${`Instead of ${format.money(chosen.setup_cost, chosen.currency)}.`} />
          </div>
        <//>
        <${LaterTerms} form=${form} of=${chosen} />`
      }
      ${chosen && !refusal("write") && html`<${AtOnce} where=${path(...where, "assignments")} values=${form.values} of=${chosen} />`}
      <div class="form-actions">
        <${Button} type="submit" needs="write" look="primary" busy=${form.busy} busyLabel="Assigning…">Assign<//>
        <a class="button" href=${link(where)}>Cancel</a>
      </div>
    </form>`;
}

const TYPING_MS = 400;

/** What is charged when this is assigned: said before it is, whether it has to be confirmed or not. It always has a line, so that nothing moves below it. */
function AtOnce({ where, values, of }) {
  const meant = body({ ...values, confirm_backlog: false }, of);
  const asked = useDebounced(meant, TYPING_MS);
  const isPast = asked.start_date && asked.start_date <= settings.today;
  const { data, error, loading } = useLoad(
    async () => (isPast ? call("POST", where, { query: { dry_run: true }, body: asked }) : { due_dates: 0 }),
    [JSON.stringify(asked)],
  );
  const isStale = loading || JSON.stringify(meant) !== JSON.stringify(asked);
  const sum = data?.due_dates && html`<${Money} value=${data.retail} currency=${data.currency} />`;
  return html`
    <div class=${`banner at-once ${sum && !error ? "warn" : "info"}`} role="status"><p>${
      error
        ? error.errors.length
          ? "What is charged now can be told once the fields above are right."
          : format.sentence(error.message)
        : isStale
          ? "Working out what is charged now…"
          : !asked.start_date
            ? "Choose a start date to see what is charged now."
            : sum
              ? html`${format.plural(data.due_dates, "past due date")}, ${sum}, ${data.due_dates === 1 ? "is" : "are"} charged now${data.needs_confirmation ? ", after you have confirmed it" : ""}.`
              : "Nothing is charged now. What follows stands under “Next due dates”."
    }</p></div>`;
}

const OwnPrices = ({ form, of }) => html`
  <${MoneyField} form=${form} name="retail" label="Own retail" optional suffix=${of.currency} hint=${`Instead of ${format.money(of.retail, of.currency)} a unit.`} />
  <${MoneyField} form=${form} name="cost" label="Own cost" optional suffix=${of.currency} hint=${`Instead of ${format.money(of.cost, of.currency)} a unit.`} />
  <${Field} form=${form} name="discount" label="Discount" optional inputmode="decimal" class="amount" suffix="%" hint="Of the retail, 0 to 100." />`;

/** What is to change from a later day on, or until one: a free first month, a coming quantity, a pause. */
function LaterTerms({ form, of }) {
  const { terms } = form.values;
  const add = () =>
    form.set("terms", [
      ...terms,
      { from: form.values.start_date, until: "", quantity: "", discount: "", retail: "", cost: "", free_minutes: "", paused: false },
    ]);
  return html`
    <${Card} title="Changes over time" aside=${html`<${Button} look="small" onClick=${add}>Add a change<//>`}>
      ${!terms.length && html`<p class="hint">For what differs on some days only: a free first month is a discount of 100 % until its last day.</p>`}
      ${terms.map((entry, n) => html`<${LaterEntry} key=${n} form=${form} of=${of} n=${n} entry=${entry} />`)}
    <//>`;
}

function LaterEntry({ form, of, n, entry }) {
  const at = `terms.${n}.`;
  const own = {
    name: `${form.name}-terms-${n}`,
    values: entry,
    errors: Object.fromEntries(
      Object.entries(form.errors)
        .filter(([name]) => name.startsWith(at))
        .map(([name, error]) => [name.slice(at.length), error]),
    ),
    set: (name, value) =>
      form.set(
        "terms",
        form.values.terms.map((one, i) => (i === n ? { ...one, [name]: value } : one)),
      ),
  };
  return html`
    <fieldset class="entry-fields"><legend>Change ${n + 1}</legend>
      <div class="grid">
        <${DayField} form=${own} name="from" label="From" />
        <${DayField} form=${own} name="until" label="Until" optional hint="The last day, included. Empty: no end." />
        <${TermFields} form=${own} of=${of} />
        <${Check} form=${own} name="paused" label="Paused" hint="Nothing recurring falls due, and what is skipped is not charged later." />
      </div>
      <${Button} look="small" onClick=${() =>
        form.set(
          "terms",
          form.values.terms.filter((_, i) => i !== n),
        )}>Take change ${n + 1} out<//>
    </fieldset>`;
}

const laterTerms = ({ from, until, paused, ...fields }) => ({ from: date(from), until: date(until), ...changes(fields), ...(paused && { paused }) });

/** What is sent, with what the chosen package is. */
function body(values, chosen) {
  /** @type {Record<string, any>} */
  const sent = {
    ...terminable(values),
    package_id: chosen.package_id,
    did: values.holder === "did" ? values.did.trim() : null,
    setup_retail: text(values.setup_retail),
    setup_cost: text(values.setup_cost),
    terms: values.terms.map(laterTerms),
  };
  if (chosen.type !== "free_minutes") sent.free_minutes = null;
  if (values.holder === "did" && !chosen.minimum_days && values.minimum_days.trim()) sent.minimum_days = whole(values.minimum_days);
  if (values.confirm_backlog) sent.confirm_backlog = true;
  return sent;
}

const terminable = (values) => ({
  quantity: whole(values.quantity),
  start_date: date(values.start_date),
  end_date: date(values.end_date),
  auto_decrement_credit: values.auto_decrement_credit,
  free_minutes: whole(values.free_minutes),
  charge_from: date(values.charge_from),
  retail: text(values.retail),
  cost: text(values.cost),
  discount: text(values.discount) ?? "0",
});

/** What the API refused, in words, with the way on that it names: a backlog to confirm, an earliest end to take. */
function Refusal({ form, currency, conflict, verb }) {
  const { problem } = form;
  const close = () => form.setProblem(null);
  if (problem?.code === "backlog") return html`<${Backlog} form=${form} problem=${problem} currency=${currency} close=${close} verb=${verb} />`;
  if (problem?.code === "version_mismatch" && conflict) return conflict;
  const earliest = problem?.problem.earliest_end_date;
  return html`
    <${Problem} error=${problem} fields=${NAMES} retry=${form.retry} title=${problem?.code === "forbidden" ? "You may change this, but not charge" : undefined}>
      ${
        earliest &&
        html`<div class="actions"><${Button} look="small" onClick=${() => {
          form.set("end_date", earliest);
          close();
        }}>End it on ${format.day(earliest)}<//></div>`
      }
      ${problem?.code === "did_in_use" && html`<${Taken} form=${form} holder=${problem.problem} close=${close} />`}
    <//>`;
}

/** Who has the number, and the first day on which it can be had. */
const Taken = ({ form, holder, close }) => html`
  <p><${Customer} id=${holder.customer_id} to=${["assignments", holder.assignment_id]} /> has it then. <a href=${link(["dids", format.digits(form.values.did)])}>Who has it when</a></p>
  ${
    holder.free_from &&
    html`<div class="actions"><${Button} look="small" onClick=${() => {
      form.set("start_date", holder.free_from);
      close();
    }}>Start on ${format.day(holder.free_from)}<//></div>`
  }`;

export function EditAssignment({ customer, id }) {
  const where = ["customers", customer, "assignments", id];
  const { data: one, error, reload } = useLoad(() => get(path(...where)), [customer, id]);
  return html`
    <${Page} title=${one ? `Edit ${one.package.name}` : "Edit assignment"} about=${customer} lead=${one && (one.did ? `On DID ${one.did}` : "Customer-wide")} back=${[link(where), "Assignment"]}>
      ${error ? failed(error, reload) : one ? html`<${Edit} one=${one} where=${where} />` : html`<${Skeleton} />`}
    <//>`;
}

/** What a replacement or transfer fixes, and why. */
const fixedBy = (one) => ({
  ...(one.replaces && { start_date: "Fixed: it takes the place of another assignment on this day." }),
  ...(one.replaced_by && { end_date: "Fixed: another assignment takes its place on the day after." }),
});

function Edit({ one, where }) {
  const typed = (value) => (value === null ? "" : `${value}`);
  const initial = Object.fromEntries(CHANGEABLE.map((name) => [name, name === "auto_decrement_credit" ? one[name] : typed(one[name])]));
  const conflict = useConflict({ where: path(...where), seen: one, body: terminable, names: CHANGEABLE });
  const done = (saved) => {
    announce(`Saved ${saved.package.name}`);
    go(where);
  };
  const form = { ...useForm({ name: `assignment-${one.assignment_id}`, initial, send: conflict.send, done }), fixed: fixedBy(one) };
  return html`
    <form class="split" ...${form.own}>
      <div><${Refusal} form=${form} currency=${one.package.currency} verb="Save and charge" conflict=${html`<${conflict.Choice} form=${form} done=${done} />`} /></div>
      <${Card}>
        <div class="grid">
          <${NumberField} form=${form} name="quantity" label="Quantity" hint="Takes effect on the first open day, the first that is not evaluated yet." />
          ${one.package.type === "free_minutes" && html`<${NumberField} form=${form} name="free_minutes" label="Free minutes" hint="The running allotment changes too; what is used stays used." />`}
          <${DayField} form=${form} name="start_date" label="Start date" hint="Can change while nothing is charged." />
          <${DayField} form=${form} name="end_date" label="End date" optional hint=${one.minimum_days ? `Not before ${format.day(format.later(one.start_date, one.minimum_days))}: it runs for at least ${one.minimum_days} days.` : "The last day, included. Empty: open."} />
          <${DayField} form=${form} name="charge_from" label="Charge from" optional hint="What is due before it was charged elsewhere." />
          <${OwnPrices} form=${form} of=${one.package} />
          <${Check} form=${form} name="auto_decrement_credit" label="Auto decrement credit"
            hint="Each charge takes its retail from the credit balance at once. Off: charges are posted for invoicing and the balance stays. Takes effect on the first open day, the first that is not evaluated yet." />
        </div>
      <//>
      <${DueDates} rule=${one.package} start=${one.counted_from ?? form.values.start_date} from=${shownFrom(form.values.start_date)} until=${form.values.end_date} elsewhere=${form.values.charge_from} />
      <div class="form-actions"><${Button} type="submit" needs="write" look="primary" busy=${form.busy} busyLabel="Saving…">Save<//><a class="button" href=${link(where)}>Cancel</a></div>
    </form>`;
}
