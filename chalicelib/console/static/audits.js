// Audits: what was due compared with what was posted. Asked for, followed, and read: the certificate, what was found, and what helps.

import { call, path } from "./api.js";
import { settings } from "./auth.js";
import { CustomerField, withCustomer } from "./customer-field.js";
import { DayField, Radios } from "./fields.js";
import { Download } from "./files.js";
import * as format from "./format.js";
import { useAction, useForm, useList } from "./hooks.js";
import { Customer, CustomerLink, useNames } from "./names.js";
import { html } from "./preact.js";
import { go, link, useRoute } from "./router.js";
import { announce } from "./toast.js";
import { Badge, Button, Card, DASH, Day, Empty, Facts, failed, Instant, LinkButton, List, Money, Page, Problem, Skeleton, Table } from "./ui.js";
import { Earlier, Failures, Progress, useWork, WorkState } from "./work.js";

/**
 * What each finding is called, what it means, and what helps. `all` is an action for a finding, `note` that it leaves an audit clean.
 * @type {Record<string, {name: string, means: string, help: string, action?: (one: Record<string, any>, audit: Record<string, any>) => any, note?: boolean}>}
 */
const FINDINGS = {
  missing: {
    name: "Missing",
    means: "Due, and neither posted nor held, written off or waiting for a later run.",
    help: "Run the day for this customer. What is charged already is left alone.",
    action: (one) => html`<${LinkButton} look="small" href=${runOf(one)}>Run this day…<//>`,
  },
  marked: {
    name: "Not posted yet",
    means: "Due and not there, but the next daily run will post it, as it knows that something is left.",
    help: "Wait for the next daily run. If the customer is parked, unpark it first.",
    action: (one) => html`<${LinkButton} look="small" href=${link(["customers", one.customer_id])}>Open the customer<//>`,
  },
  unexpected: {
    name: "Not due",
    means: "Charged, though nothing made it due by what was entered when it was posted; or charged twice.",
    help: "Credit the charge in the ledger; write it off if it is still held.",
    action: (one) => html`<${LinkButton} look="small" href=${entryOf(one)}>Find it to credit…<//>`,
  },
  amount: {
    name: "Another amount",
    means: "Not what its own figures come to, or not what was due by the prices and terms of then.",
    help: "Credit the charge, a part of it or all, or charge the difference as a one-off charge.",
    action: (one) => html`<${LinkButton} look="small" href=${entryOf(one)}>Find it to credit…<//>`,
  },
  balance: {
    name: "Balance",
    means: "The customer's balance is not the sum of its ledger.",
    help: "Tell those who operate the service: make balances derives it from the ledger.",
  },
  held: {
    name: "Count of held charges",
    means: "The customer's count of held charges is not what the ledger has.",
    help: "Tell those who operate the service: make balances derives it from the ledger.",
  },
  not_compared: {
    name: "Not compared",
    means: "Could not be read, or changed each time it was looked at.",
    help: "Audit the customer again later.",
    action: (one, asked) => html`<${Again} customer=${one.customer_id} asked=${asked} />`,
  },
  late_usage: {
    name: "Calls that came late",
    means: "Calls arrived after the minimum spend of their period had been settled.",
    help: "Look whether the customer should get the difference back.",
    action: (one) => html`<${LinkButton} look="small" href=${entryOf(one)}>See the ledger<//>`,
    note: true,
  },
  repeated: {
    name: "Charged again on purpose",
    means: "A Run Package charged it again, as it was asked to.",
    help: "Nothing, if it was meant; otherwise credit it.",
    action: (one) => html`<${LinkButton} look="small" href=${entryOf(one)}>See the ledger<//>`,
    note: true,
  },
  corrected: {
    name: "Corrected since",
    means: "Right when it was posted; prices, terms or dates were corrected afterwards.",
    help: "Look whether the difference should be credited or charged.",
    action: (one) => html`<${LinkButton} look="small" href=${entryOf(one)}>See the ledger<//>`,
    note: true,
  },
  voided: {
    name: "Taken back",
    means: "Reversed, or credited to be charged again, and not charged again.",
    help: "If it should be charged after all, run the day for this customer.",
    action: (one) => html`<${LinkButton} look="small" href=${runOf(one)}>Run this day…<//>`,
    note: true,
  },
  goodwill: {
    name: "Credited",
    means: "Somebody credited it.",
    help: "Nothing, if it was meant.",
    action: (one) => html`<${LinkButton} look="small" href=${entryOf(one)}>See the ledger<//>`,
    note: true,
  },
};

const runOf = (one) => link(["run"], { customer: one.customer_id, date: one.due_date });
/** The ledger of the entry's day, with the entry open: its id has the date that it is kept by. */
const entryOf = (one) =>
  link(["customers", one.customer_id, "ledger"], {
    from: one.entry_id?.split("~")[1] ?? one.due_date,
    to: one.entry_id?.split("~")[1] ?? one.due_date,
    entry: one.entry_id,
  });

export function Audits() {
  const { query } = useRoute();
  const [from, to] = format.monthBefore(settings.today);
  const form = useForm({
    name: "audit",
    initial: { scope: query.customer ? "one" : "all", customer: query.customer ?? "", from: query.from ?? from, to: query.to ?? to },
    send: async (values, key) => {
      const { scope, customer, from, to } = values.scope === "one" ? await withCustomer(form, values) : values;
      return call("POST", "audits", { key, body: { ...(from && { from }), ...(to && { to }), ...(scope === "one" && { customer }) } });
    },
    done: (made) => go(["audits", made.work_id]),
  });
  return html`
    <${Page} title="Audits" lead="Proves what was charged: compares what was due by packages, prices, terms and calls with what the ledger has. Nothing is written.">
      <form class="card" ...${form.own}>
        <${Problem} error=${form.problem} fields=${["from", "to", "customer"]} />
        <div class="grid narrow">
          <${Radios} form=${form} name="scope" label="For" options=${[["all", "All customers"], ["one", "One customer"]]} />
          ${form.values.scope === "one" && html`<div class="span"><${CustomerField} form=${form} /></div>`}
          <${DayField} form=${form} name="from" label="Due from" optional hint="Empty: from the beginning. Only then balances are compared, too." />
          <${DayField} form=${form} name="to" label="Through" optional hint="Empty: the last day whose daily run is finished." />
        </div>
        <div class="form-actions"><${Button} type="submit" look="primary" busy=${form.busy} busyLabel="Asking…">${form.problem?.isOpen ? "Try again" : "Audit"}<//></div>
      </form>
      <${Earlier} kind="audit" where="audits" title="Earlier audits" />
    <//>`;
}

const BACK = ["#/audits", "Audits"];

export function Audit({ id }) {
  const { data: one, error, reload } = useWork(path("audits", id));
  if (error && !one) return html`<${Page} title="Audit" back=${BACK}><${Problem} error=${error} retry=${reload} /><//>`;
  if (!one) return html`<${Page} title="Audit" back=${BACK}><${Skeleton} /><//>`;
  const days = one.from ? `${format.day(one.from)} through ${format.day(one.to)}` : `through ${format.day(one.to)}`;
  return html`
    <${Page} title=${`Audit, ${days}`} back=${BACK} badges=${one.clean === null ? html`<${WorkState} one=${one} />` : html`<${Verdict} one=${one} />`}
      lead=${html`Of ${one.customer ? html`<${Customer} id=${one.customer} />` : "all customers"}, asked for on <${Instant} value=${one.created_at} /> by ${one.created_by}.`}
      actions=${
        one.found &&
        html`
        ${one.rows > 0 && html`<${Download} where=${path("audits", id, "findings")} name=${`audit-${one.to}`} look="quiet">Download findings<//>`}
        <${Button} look="primary" onClick=${() => print()}>Print<//>`
      }>
      ${error && failed(error, reload)}
      ${one.status === "running" && html`<${Card} title="Under way"><p class="hint above">Each customer is compared line by line. This page follows it; you can leave it and come back.</p><${Progress} one=${one} title="the audit" changed=${reload} /><//>`}
      ${one.status === "cancelled" && html`<${Empty} title="Cancelled">It was stopped before it was finished. <a href=${link(["audits"])}>Audit again</a><//>`}
      ${one.found && html`<${Result} one=${one} />`}
    <//>`;
}

const Verdict = ({ one }) => (one.clean ? html`<${Badge} tone="good">Clean<//>` : html`<${Badge} tone="bad">Not clean<//>`);

function Result({ one }) {
  const told = Object.entries(FINDINGS).filter(([kind]) => one.found[kind] > 0);
  const findings = told.filter(([, { note }]) => !note);
  const notes = told.filter(([, { note }]) => note);
  const { lines, compared } = one;
  return html`
    <${Card} title=${one.clean ? "Certificate" : "Result"}>
      <p class="certificate">${format.readable(one.certificate)}</p>
      <${Facts} wide of=${[
        ["Customers", format.count(compared.customers)],
        ["Assignments", format.count(compared.assignments)],
        ["Due lines", format.count(compared.due_lines)],
        ["Ledger entries", format.count(compared.entries)],
        ["Days", compared.days && format.count(compared.days)],
        ["Posted", format.count(lines.posted)],
        ["Held", lines.held > 0 && format.count(lines.held)],
        ["Written off", lines.written_off > 0 && format.count(lines.written_off)],
        ["Taken back", lines.reversed > 0 && format.count(lines.reversed)],
        ["Compared by their own figures alone", lines.own_figures > 0 && format.count(lines.own_figures)],
        ["Compared on", html`<${Instant} value=${one.finished_at} />`],
      ]} />
    <//>
    <${Failures} one=${one}>${format.plural(one.failures_total, "customer")} could not be read, and ${one.failures_total === 1 ? "is" : "are"} not compared<//>
    ${
      findings.length
        ? html`<div class="section-head"><h2>What needs somebody</h2></div>${findings.map(([kind, finding]) => html`<${Found} key=${kind} kind=${kind} finding=${finding} one=${one} />`)}`
        : html`<${Card}><${Empty} title="Everything that was due was posted once, and at the right amount">${notes.length ? "The notes below leave it clean." : "There is nothing to note, either."}<//><//>`
    }
    ${
      notes.length > 0 &&
      html`<div class="section-head"><h2>Notes</h2></div><p class="hint above">Worth a look. They are as somebody wanted them, and leave an audit clean.</p>
      ${notes.map(([kind, finding]) => html`<${Found} key=${kind} kind=${kind} finding=${finding} one=${one} />`)}`
    }`;
}

/** The findings of a kind, with what each means and what helps. */
function Found({ kind, finding: { name, means, help, action, note }, one: audit }) {
  const list = useList(path("audits", audit.work_id, "findings"), { finding: kind });
  const nameOf = useNames((list.items ?? []).map((one) => one.customer_id));
  const hasAmounts = list.items?.some((one) => one.retail !== null || one.due_retail !== null);
  const columns = [
    {
      name: "customer",
      label: "Customer",
      main: true,
      cell: (one) => html`<${CustomerLink} id=${one.customer_id} nameOf=${nameOf} /><span class="sub">${format.readable(one.detail)}</span>`,
    },
    { name: "what", label: "Charge", cell: charge },
    { name: "due", label: "Due", cell: (one) => html`<${Day} value=${one.due_date} />` },
    ...(hasAmounts ? [amount("due_retail", "Should be"), amount("retail", "In the ledger")] : []),
    ...(action ? [{ name: "helps", label: "What helps", num: true, cell: (one) => action(one, audit) }] : []),
  ];
  return html`
    <${Card} title=${`${name} (${format.count(audit.found[kind])})`} quiet=${note}>
      <p>${means}</p><p class="hint above">${help}</p>
      <${List} list=${list} of="more" empty=${html`<p class="muted">They are counted; none is listed.</p>`}>
        <${Table} caption=${name} rows=${list.items ?? []} columns=${columns} id=${(one) => [one.customer_id, one.entry_id, one.assignment_id, one.kind, one.due_date, one.detail].join(" ")} />
      <//>
    <//>`;
}

const charge = (one) =>
  one.assignment_id || one.package_name
    ? html`${one.assignment_id ? html`<a href=${link(["customers", one.customer_id, "assignments", one.assignment_id])}>${one.package_name}</a>` : one.package_name}
      <span class="sub">${[format.KINDS[one.kind], one.did && `DID ${one.did}`].filter(Boolean).join(" · ")}</span>`
    : (format.KINDS[one.kind] ?? DASH);

const amount = (name, label) => ({
  name,
  label,
  num: true,
  cell: (one) => (one[name] === null ? DASH : html`<${Money} value=${one[name]} currency=${one.currency} />`),
});

/** Audits one customer again, on the same days. */
function Again({ customer, asked: { from, to } }) {
  const action = useAction((made) => {
    announce("The audit has begun");
    go(["audits", made.work_id]);
  });
  return html`
    <${Button} look="small" busy=${action.busy} busyLabel="Asking…" onClick=${() => action.post("audits", { ...(from && { from }), to, customer })}>Audit it again<//>
    ${action.problem && html`<span class="fault" role="alert">${action.problem.message}</span>`}`;
}
