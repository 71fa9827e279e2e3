// One assignment goes on from another: with another package, or with another customer. What each side is charged is shown first.

import { all, call, get, path } from "./api.js";
import { settings } from "./auth.js";
import { CustomerField, withCustomer } from "./customer-field.js";
import { Check, DayField, Field, MoneyField, NumberField, Radios, whole } from "./fields.js";
import * as format from "./format.js";
import { useForm, useIntent, useLoad } from "./hooks.js";
import { useNames } from "./names.js";
import { PackageField, packageId, usePackages } from "./package-field.js";
import { html, useEffect, useRef, useState } from "./preact.js";
import { go, link } from "./router.js";
import { announce } from "./toast.js";
import { Button, Card, Day, Empty, failed, Money, Page, Problem, Skeleton, Table } from "./ui.js";

const NAMES = ["package_id", "from", "quantity", "discount", "retail", "cost", "end_date", "free_minutes", "auto_decrement_credit", "customer_id"];

/**
 * A form that is tried first: `ask(values)` is the body; the outcome is shown, and sent in earnest only as it was shown.
 * @param {{name: string, initial: Record<string, any>, where: string, version?: number, prepare?: (values: Record<string, any>) => Promise<any>, ask: (values: Record<string, any>) => Record<string, any>, done: (made: Record<string, any>) => void}} options
 */
function useTried({ name, initial, where, version, prepare, ask, done }) {
  const [tried, setTried] = useState(null);
  const intent = useIntent();
  const form = useForm({
    name,
    initial,
    send: async (values) => {
      const body = ask((await prepare?.(values)) ?? values);
      return { body, outcome: await call("POST", where, { query: { dry_run: true }, body, version }) };
    },
    done: (made) => {
      setTried(made);
      announce("What each side is charged stands below");
    },
  });
  const send = async () => {
    const { body } = tried;
    const { answer } = (await intent.send((key) => call("POST", where, { body, key, version }), where + JSON.stringify(body))) ?? {};
    if (answer) done(answer);
  };
  const stale = tried !== null && JSON.stringify(ask(form.values)) !== JSON.stringify(tried.body);
  return { form, outcome: tried?.outcome ?? null, stale, send, intent };
}

/** The form, and below it what was tried. */
const Tried = ({ tried, verb, cancel, children, shown }) => html`
  <form class="narrow-form" ...${tried.form.own}>
    <${Problem} error=${tried.form.problem} fields=${NAMES} retry=${tried.form.retry} />
    ${children}
    <div class="form-actions">
      <${Button} type="submit" needs="write" look=${tried.outcome && !tried.stale ? "" : "primary"} busy=${tried.form.busy} busyLabel="Working it out…">Show what is charged<//>
      <a class="button" href=${cancel}>Cancel</a>
    </div>
  </form>
  ${
    tried.outcome &&
    html`
    <section aria-label="What is charged" class=${tried.stale ? "stale" : ""}>
      <div class="section-head"><h2>What is charged</h2></div>
      <p class="hint above">${tried.stale ? "The form has changed since. Show again what is charged." : "From the billing period of the change through the next due dates, with what is charged already. Nothing is written yet."}</p>
      ${shown(tried.outcome)}
      <${Problem} error=${tried.intent.problem} />
      ${
        !tried.stale &&
        html`<div class="form-actions">
        <${Button} needs="write" look="primary" busy=${tried.intent.busy} busyLabel="Saving…" onClick=${tried.send}>${tried.intent.problem?.isOpen ? "Try again" : verb}<//></div>`
      }
    </section>`
  }`;

const LINES = [
  { name: "due", label: "Due", main: true, cell: (line) => html`<${Day} value=${line.due_date} />` },
  { name: "what", label: "What", cell: (line) => html`${format.KINDS[line.kind]}<span class="sub">${format.readable(line.explanation)}</span>` },
  { name: "cost", label: "Cost", num: true, cell: (line) => html`<span class="muted"><${Money} value=${line.cost} of=${line.currency} /></span>` },
  { name: "retail", label: "Retail", num: true, cell: (line) => html`<strong><${Money} value=${line.retail} currency=${line.currency} /></strong>` },
];

/** What one side is charged. */
const Side = ({ title, lines }) => html`
  <${Card} title=${title}>
    ${
      lines.length
        ? html`<${Table} caption=${title} rows=${lines} columns=${LINES} id=${(line) => line.due_date + line.kind} />`
        : html`<p class="muted">Nothing.</p>`
    }
  <//>`;

const Sides = ({ step, named }) => html`
  <${Side} title=${`${named(step.old)}, through ${format.day(step.old.end_date ?? step.old.start_date)}`} lines=${step.old_lines} />
  <${Side} title=${`${named(step.new)}, from ${format.day(step.new.start_date)}`} lines=${step.new_lines} />`;

export function Replace({ customer, id }) {
  const where = ["customers", customer, "assignments", id];
  const { data, error, reload } = useLoad(async () => {
    const [one, terms] = await Promise.all([get(path(...where)), get(path(...where, "terms"))]);
    return { one, first: terms.first_open_day };
  }, [customer, id]);
  const name = data?.one.package.name;
  const owner = useNames([customer])(customer);
  return html`
    <${Page} title=${data ? `Replace ${name}` : "Replace package"} about=${data?.one.did ?? customer} back=${[link(where), name ?? "Assignment"]}
      lead=${data && (data.one.did ? `On DID ${data.one.did}, of ${owner}. The number stays.` : `Of ${owner}.`)}>
      ${error ? failed(error, reload) : data ? html`<${Replacing} where=${where} ...${data} />` : html`<${Skeleton} />`}
    <//>`;
}

/** The first day on which a replacement may begin: an open one, after the start. */
const earliest = (one, first) => (first > one.start_date ? first : format.later(one.start_date, 1));

function Replacing({ one, first, where }) {
  const packages = usePackages({ currency: one.package.currency });
  const packageOf = (values) => packages.chosen(values.package_id);
  const ask = (values) => ({ package_id: packageId(values.package_id, packages), from: values.from || null, ...named(values, one, packageOf(values)) });
  const tried = useTried({
    name: `replace-${one.assignment_id}`,
    where: path(...where, "replacement"),
    version: one.version,
    prepare: (values) => packages.demand(values.package_id, "package_id"),
    ask,
    initial: {
      package_id: "",
      from: earliest(one, first),
      quantity: "",
      discount: "",
      retail: "",
      cost: "",
      end_date: "",
      free_minutes: "",
      auto_decrement_credit: one.auto_decrement_credit,
      setup: "charge",
    },
    done: (made) => {
      announce(`${made.new.package.name} from ${format.day(made.new.start_date)}`);
      go([...where.slice(0, 3), made.new.assignment_id]);
    },
  });
  const { form } = tried;
  const chosen = packageOf(form.values);
  const same = chosen?.package_id === one.package_id;
  const now = (value) => `Now ${value}.`;
  const before = useRef(null);
  useEffect(() => {
    if (!chosen) return;
    if (same || before.current) form.set("setup", same ? "waive" : "charge"); // the same package needs no other setup
    before.current = chosen.package_id;
  }, [chosen?.package_id]);
  return html`
    <${Tried} tried=${tried} verb=${chosen ? `Replace it from ${format.day(form.values.from)}` : "Replace it"} cancel=${link(where)}
      shown=${(step) => html`<${Sides} step=${step} named=${(side) => side.package.name} />`}>
      <${Card} title="With what, and when">
        <div class="grid">
          <${PackageField} form=${form} packages=${packages} name="package_id" label="New package" wide />
          <${DayField} form=${form} name="from" label="From" min=${earliest(one, first)} hint=${`The new one's first day. ${format.day(earliest(one, first))} or later.`} />
          ${
            chosen &&
            hasSetup(chosen) &&
            html`<${Radios} form=${form} name="setup" label="Setup of the new package" options=${[
              ["charge", `Charge it: ${format.money(chosen.setup_retail, chosen.currency)} ${chosen.currency} a unit`],
              ["waive", "Waive it"],
            ]} />`
          }
        </div>
      <//>
      <${Card} title="What changes besides">
        <p class="hint above">Leave a field empty to keep it as it is, with all changes that are planned.</p>
        <div class="grid">
          <${NumberField} form=${form} name="quantity" label="Quantity" optional hint=${now(one.quantity)} />
          <${Field} form=${form} name="discount" label="Discount" optional inputmode="decimal" class="amount" suffix="%" hint=${now(format.isZero(one.discount) ? "none" : format.percent(one.discount))} />
          <${MoneyField} form=${form} name="retail" label="Own retail" optional suffix=${one.package.currency} hint=${own(chosen, one, same, "retail")} />
          <${MoneyField} form=${form} name="cost" label="Own cost" optional suffix=${one.package.currency} hint=${own(chosen, one, same, "cost")} />
          <${DayField} form=${form} name="end_date" label="End date" optional hint=${now(one.end_date ? format.day(one.end_date) : "open")} />
          ${chosen?.type === "free_minutes" && html`<${NumberField} form=${form} name="free_minutes" label="Free minutes" optional=${Boolean(one.free_minutes)} hint=${one.free_minutes ? now(one.free_minutes) : "Refilled on each due date."} />`}
          <${Check} form=${form} name="auto_decrement_credit" label="Auto decrement credit" hint="Each charge takes its retail from the credit balance at once." />
        </div>
      <//>
    <//>`;
}

const hasSetup = (of) => !(format.isZero(of.setup_retail) && format.isZero(of.setup_cost));

/** What an own price stands in place of. */
function own(chosen, one, same, name) {
  if (same && one[name] !== null) return `Now ${format.money(one[name], one.package.currency)}, an own price.`;
  return chosen ? `Instead of ${format.money(chosen[name], chosen.currency)} a unit.` : undefined;
}

/** The first values that differ from the present ones, as far as they apply to the package. */
function named(values, one, chosen) {
  const texts = ["discount", "retail", "cost", "end_date"].filter((name) => values[name].trim()).map((name) => [name, values[name].trim()]);
  const numbers = ["quantity", ...(chosen?.type === "free_minutes" ? ["free_minutes"] : [])]
    .filter((name) => values[name].trim())
    .map((name) => [name, whole(values[name])]);
  return {
    ...Object.fromEntries([...numbers, ...texts]),
    ...(values.auto_decrement_credit !== one.auto_decrement_credit && { auto_decrement_credit: values.auto_decrement_credit }),
    ...(chosen && hasSetup(chosen) && values.setup === "waive" && { setup_retail: "0", setup_cost: "0" }),
  };
}

export function Transfer({ did }) {
  const { data, error, reload } = useLoad(async () => {
    const held = (await all(path("dids", did, "assignments"))).filter(
      (one) => !one.cancelled && !one.replaced_by && (!one.end_date || one.end_date >= settings.today),
    );
    const first = held.length ? (await get(path("customers", held[0].customer_id, "assignments", held[0].assignment_id, "terms"))).first_open_day : null;
    return { held, first };
  }, [did]);
  return html`
    <${Page} title=${`Transfer DID ${did}`} back=${[link(["dids", did]), `DID ${did}`]} lead="The number goes to another customer, with everything that is assigned to it: same packages, prices and end dates, and no setup again.">
      ${
        error
          ? failed(error, reload)
          : !data
            ? html`<${Skeleton} />`
            : data.held.length === 0
              ? html`<${Empty} title="Nobody has this number">There is nothing to transfer. It can be assigned: open a customer and choose “Assign a package”.<//>`
              : html`<${Transferring} did=${did} ...${data} />`
      }
    <//>`;
}

function Transferring({ did, held, first }) {
  const tried = useTried({
    name: `transfer-${did}`,
    where: path("dids", did, "transfer"),
    initial: { customer_id: "", from: first },
    prepare: (values) => withCustomer(tried.form, values, "customer_id"),
    ask: (values) => ({ customer_id: values.customer_id.trim(), from: values.from || null }),
    done: (made) => {
      announce(`The number goes to ${nameOf(made.customer_id)}`);
      go(["dids", did]);
    },
  });
  const { form } = tried;
  const to = form.values.customer_id.trim();
  const owners = [...new Set(held.map((one) => one.customer_id))];
  const nameOf = useNames([...owners, ...(tried.outcome?.items ?? []).map((step) => step.new.customer_id)]);
  return html`
    <${Tried} tried=${tried} verb=${to ? `Transfer it to ${nameOf(to)}` : "Transfer it"} cancel=${link(["dids", did])}
      shown=${(outcome) => outcome.items.map((step) => html`<${Sides} key=${step.old.assignment_id} step=${step} named=${(side) => `${nameOf(side.customer_id)}: ${side.package.name}`} />`)}>
      <${Card} title="To whom, and when">
        <p class="hint above">Now with ${owners.map(nameOf).join(", ")}: ${held.map((one) => one.package.name).join(", ")}.</p>
        <div class="grid">
          <${CustomerField} form=${form} name="customer_id" label="New customer" />
          <${DayField} form=${form} name="from" label="From" min=${first} hint=${`The new customer's first day. ${format.day(first)} or later.`} />
        </div>
      <//>
    <//>`;
}
