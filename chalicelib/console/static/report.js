// What a run charges, charged or would charge: lines with their explanations, sums, and what is not due and why.

import * as format from "./format.js";
import { CustomerLink, useNames } from "./names.js";
import { html } from "./preact.js";
import { link } from "./router.js";
import { Badge, Card, Day, Empty, Facts, Money, Stat, Stats, Table } from "./ui.js";

/** What an amount was computed from; the fields are those of a report's line and of a ledger entry. */
export const ComputedFrom = ({ of: line }) => html`
  <div class="computed">
    <p>${format.readable(line.explanation)}</p>
    <${Facts} wide of=${[
      ["Package", line.package_id && html`<a href=${link(["packages", line.package_id])}>${line.package_name}</a>`],
      ["DID", line.did && html`<a class="mono" href=${link(["dids", line.did])}>${line.did}</a>`],
      ["Quantity", line.quantity],
      ["Retail each", html`<${Money} value=${line.unit_retail} currency=${line.currency} />`],
      ["Cost each", html`<${Money} value=${line.unit_cost} currency=${line.currency} />`],
      ["Margin", html`<${Money} value=${line.margin} currency=${line.currency} />`],
      ["Billing period", line.period && html`<${Day} value=${line.period.from} /> through <${Day} value=${line.period.through} />`],
      ["Spent in the period", line.spend !== null && html`<${Money} value=${line.spend} currency=${line.currency} />`],
      ["Auto decrement credit", line.auto_decrement_credit ? "on, with the charge" : "off, invoiced"],
    ]} />
  </div>`;

/** What is charged, and why: of a line of a report or of a forecast. */
export const CHARGE = {
  name: "what",
  label: "Charge",
  main: true,
  cell: (line) => html`
    ${line.assignment_id ? html`<a href=${link(["customers", line.customer, "assignments", line.assignment_id])}>${line.package_name}</a>` : line.description}
    ${line.did && html` <span class="mono muted">${line.did}</span>`}
    ${line.kind !== "recurring" && html` <${Badge}>${format.KINDS[line.kind]}<//>`}
    <span class="sub">${format.readable(line.explanation)}</span>`,
};

const LINES = [
  CHARGE,
  {
    name: "status",
    label: "Status",
    cell: (line) => html`${status(line, line.simulate)}${line.status === "simulated" && line.already_charged ? html` <${Badge} tone="warn">again<//>` : ""}`,
  },
  { name: "quantity", label: "Quantity", num: true, cell: (line) => line.quantity },
  { name: "cost", label: "Cost", num: true, cell: (line) => html`<span class="muted"><${Money} value=${line.cost} of=${line.currency} /></span>` },
  { name: "margin", label: "Margin", num: true, cell: (line) => html`<${Money} value=${line.margin} of=${line.currency} />` },
  { name: "retail", label: "Retail", num: true, cell: (line) => html`<strong><${Money} value=${line.retail} currency=${line.currency} /></strong>` },
];

const CHARGED = [
  {
    name: "charged",
    label: "Charged already",
    num: true,
    cell: (line) => line.charged !== null && html`<${Money} value=${line.charged} of=${line.currency} />`,
  },
  {
    name: "difference",
    label: "Difference",
    num: true,
    cell: (line) => line.difference !== null && html`<${Money} value=${line.difference} of=${line.currency} />`,
  },
];

/** What was charged already is compared only where something was. */
const compared = (lines) => (lines.some((line) => line.charged !== null) ? [...LINES, ...CHARGED] : LINES);

/** In a simulation nothing is held yet. */
const status = (line, simulate) =>
  simulate && line.status === "held" ? html`<${Badge} tone="warn">Would be held<//>` : html`<${Badge} status=${line.status} />`;

/** The column that says whose a line is. */
const customerOf = (nameOf) => ({ name: "customer", label: "Customer", cell: (line) => html`<${CustomerLink} id=${line.customer} nameOf=${nameOf} />` });

export function Lines({ lines, caption = "Lines", withCustomer }) {
  const nameOf = useNames(withCustomer ? lines.map((line) => line.customer) : []);
  const [first, ...rest] = compared(lines);
  return html`
    <${Table} caption=${caption} rows=${lines} columns=${withCustomer ? [first, customerOf(nameOf), ...rest] : [first, ...rest]}
      id=${(line) => `${line.assignment_id} ${line.kind} ${line.due_date}`} />`;
}

export const Totals = ({ totals, currency }) => html`
  <${Stat} label="Retail"><${Money} value=${totals.retail} currency=${currency} /><//>
  <${Stat} label="Cost"><${Money} value=${totals.cost} currency=${currency} /><//>
  <${Stat} label="Margin"><${Money} value=${totals.margin} currency=${currency} /><//>
  ${!format.isZero(totals.held) && html`<${Stat} label="Held" note="passes the debit limit"><${Money} value=${totals.held} currency=${currency} /><//>`}
  ${totals.below_cost > 0 && html`<${Stat} label="Below cost" note="retail below cost">${format.plural(totals.below_cost, "line")}<//>`}`;

/** The report of one customer. */
export function Report({ report }) {
  const { totals, currency } = report;
  return html`
    ${report.parked && html`<div class="banner warn"><p>This customer is parked: a live run is refused until somebody unparks it.</p></div>`}
    <${Stats}>
      <${Totals} totals=${totals} currency=${currency} />
      <${Stat} label=${report.simulate ? "Balance afterwards" : "Balance after the run"}
        note=${format.isZero(totals.credit_debited) ? "does not move: nothing is taken from credit" : html`before <${Money} value=${report.balance_before} of=${report.currency} />`}>
        <${Money} value=${report.balance_after} currency=${currency} /><//>
    <//>
    ${report.held_before.explanation && html`<div class="banner warn"><p>${report.held_before.explanation}</p></div>`}
    <${Card} title=${report.simulate ? "What would be charged" : "What was charged"}>
      ${
        report.lines.length
          ? html`<${Lines} lines=${report.lines.map((line) => ({ ...line, simulate: report.simulate }))} caption="What is charged" />`
          : html`<${Empty} title=${`Nothing is due on ${format.day(report.date)}`}>${report.not_due.length ? "Why stands below, for each assignment." : "This customer has no assignments. Assign a package first."}<//>`
      }
      ${report.lines_left_out > 0 && html`<p class="hint">${format.plural(report.lines_left_out, "more line")} not shown; the totals count all.</p>`}
    <//>
    ${
      report.not_due.length > 0 &&
      html`
      <${Card} title="What is not due, and why" quiet>
        <ul class="reasons">${report.not_due.map(
          (one) => html`
          <li key=${one.assignment_id}><a href=${link(["customers", report.customer, "assignments", one.assignment_id])}>${one.package_name}</a>
            <span>${format.readable(one.reason)}</span></li>`,
        )}</ul>
        ${report.not_due_left_out > 0 && html`<p class="hint">and ${report.not_due_left_out} more</p>`}
      <//>`
    }`;
}

const SUMS = (name, label, cell) => [
  { name, label, main: true, cell },
  { name: "lines", label: "Lines", num: true, cell: (one) => one.lines },
  { name: "cost", label: "Cost", num: true, cell: (one) => html`<span class="muted"><${Money} value=${one.cost} of=${one.currency} /></span>` },
  { name: "margin", label: "Margin", num: true, cell: (one) => html`<${Money} value=${one.margin} of=${one.currency} />` },
  { name: "retail", label: "Retail", num: true, cell: (one) => html`<strong><${Money} value=${one.retail} currency=${one.currency} /></strong>` },
];

/** What is summed, one currency after the other: their amounts are neither added nor compared. */
function apart(rows) {
  const currencies = [...new Set(rows.map((one) => one.currency))].sort();
  return currencies.map((currency) => ({ currency, rows: rows.filter((one) => one.currency === currency) }));
}

function SumsApart({ title, rows, columns, id }) {
  const parts = apart(rows);
  return parts.map(({ currency, rows: own }) => {
    const name = parts.length > 1 ? `${title}, ${currency}` : title;
    return html`<${Card} key=${currency} title=${name}><${Table} caption=${name} columns=${columns} rows=${own} id=${id} /><//>`;
  });
}

/** The report of all customers: sums by package and by customer. */
export function Summary({ report }) {
  const nameOf = useNames([...report.by_customer.map((one) => one.customer), ...(report.parked_customers ?? [])]);
  const byPackage = SUMS("package", "Package", (one) =>
    one.package_id ? html`<a href=${link(["packages", one.package_id])}>${one.package_name}</a>` : "One-off charges",
  );
  const byCustomer = SUMS("customer", "Customer", (one) => html`<${CustomerLink} id=${one.customer} nameOf=${nameOf} />`);
  return html`
    <${ByCurrency} totals=${report.totals_by_currency} />
    ${report.parked_customers?.length > 0 && html`<div class="banner warn"><p>Parked, and left out: ${report.parked_customers.map(nameOf).join(", ")}${report.parked_customers_left_out > 0 && ` and ${report.parked_customers_left_out} more`}.</p></div>`}
    ${report.by_package.length === 0 && html`<${Empty} title=${`Nothing is due on ${format.day(report.date)}`}>Choose another date.<//>`}
    ${
      report.by_package.length > 0 &&
      html`
      <${SumsApart} title="By package" columns=${byPackage} rows=${report.by_package} id=${(one) => one.package_id} />
      <${SumsApart} title="By customer" columns=${byCustomer} rows=${report.by_customer} id=${(one) => one.customer} />`
    }`;
}

/** Sums of one currency as figures, of several as a table: they don't add up. */
export function ByCurrency({ totals }) {
  const rows = Object.entries(totals).map(([currency, one]) => ({ currency, ...one }));
  if (rows.length < 2) return rows.map((one) => html`<${Stats} key=${one.currency}><${Totals} totals=${one} currency=${one.currency} /><//>`);
  const amount = (name, label) => ({ name, label, num: true, cell: (one) => html`<${Money} value=${one[name]} of=${one.currency} />` });
  const columns = [
    {
      name: "currency",
      label: "Currency",
      main: true,
      cell: (one) =>
        html`<strong>${one.currency}</strong>${one.below_cost > 0 && html` <${Badge} tone="warn">${format.plural(one.below_cost, "line")} below cost<//>`}`,
    },
    amount("held", "Held"),
    amount("cost", "Cost"),
    amount("margin", "Margin"),
    { ...amount("retail", "Retail"), cell: (one) => html`<strong><${Money} value=${one.retail} of=${one.currency} /></strong>` },
  ];
  return html`<${Card} title="Totals"><${Table} caption="Totals by currency" rows=${rows} columns=${columns} id=${(one) => one.currency} /><//>`;
}
