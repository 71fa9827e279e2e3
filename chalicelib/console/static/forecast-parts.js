// What a forecast shows, of one customer or of all: sums by month, day, package and kind, and what changes would do to them.

import { Chart } from "./chart.js";
import * as format from "./format.js";
import { html, useState } from "./preact.js";
import { link } from "./router.js";
import { Badge, Card, DASH, Day, Money, Table } from "./ui.js";

const CHARTED_DAYS = 62;

export const belowCost = (count) => count > 0 && html` <${Badge} tone="warn">${format.plural(count, "line")} below cost<//>`;

/** An amount, or a dash for nothing. */
const amount = (value, currency) => (format.isZero(value) ? DASH : html`<${Money} value=${value} of=${currency} />`);

/** The columns of a table of sums, which are those of `totals(row)`. */
export const sumColumns = (first, currency, totals = (row) => row) => [
  { ...first, main: true, cell: (row) => html`${first.cell(row)}${belowCost(totals(row).below_cost)}` },
  { name: "lines", label: "Lines", num: true, cell: (row) => totals(row).lines },
  { name: "held", label: "Held", num: true, cell: (row) => amount(totals(row).held, currency) },
  { name: "cost", label: "Cost", num: true, cell: (row) => html`<span class="muted"><${Money} value=${totals(row).cost} of=${currency} /></span>` },
  { name: "margin", label: "Margin", num: true, cell: (row) => html`<${Money} value=${totals(row).margin} of=${currency} />` },
  { name: "retail", label: "Retail", num: true, cell: (row) => html`<strong><${Money} value=${totals(row).retail} currency=${currency} /></strong>` },
];

const packageName = (one) =>
  one.package_id ? html`<a href=${link(["packages", one.package_id])}>${one.package_name ?? one.package_id}</a>` : "One-off charges";
const MONTH = { name: "month", label: "Month", cell: (one) => format.month(one.month) };
const DAY = { name: "date", label: "Day", cell: (one) => html`<${Day} value=${one.date} />` };
const PACKAGE = { name: "package", label: "Package", cell: packageName };
const KIND = { name: "kind", label: "Kind", cell: (one) => format.KINDS[one.kind] ?? format.title(one.kind) };

/** Sums with one currency: a chart, and tables. @param {{of: Record<string, any>}} props */
export function Sums({ of: { currency, by_month, by_day, by_package, by_kind, by_package_left_out: leftOut = 0 } }) {
  return html`
    <${Spread} months=${by_month} days=${by_day} currency=${currency} />
    <${Card} title="By package">
      <${Table} caption=${`By package, ${currency}`} rows=${by_package} columns=${sumColumns(PACKAGE, currency)} id=${(one) => one.package_id ?? ""} />
      ${leftOut > 0 && html`<p class="hint">Those with the largest retail; ${format.plural(leftOut, "more package")} not shown.</p>`}
    <//>
    <${Card} title="By kind of charge"><${Table} caption=${`By kind, ${currency}`} rows=${by_kind} columns=${sumColumns(KIND, currency)} id=${(one) => one.kind} /><//>`;
}

/** By month or by day: as many days as a chart can show begin with days. */
function Spread({ months, days, currency }) {
  const [by, setBy] = useState(days.length > CHARTED_DAYS ? "month" : "day");
  const [rows, first] = by === "month" ? [months, MONTH] : [days, DAY];
  const charted = Object.fromEntries(rows.slice(0, CHARTED_DAYS).map((one) => [one[first.name], one]));
  const choice = html`
    <div class="field row"><label for="by">By</label>
      <select id="by" value=${by} onChange=${(event) => setBy(event.target.value)}><option value="month">Month</option><option value="day">Day</option></select></div>`;
  return html`
    <${Card} title=${`By ${by}`} aside=${choice}>
      <${Chart} days=${charted} currency=${currency} by=${by} />
      ${rows.length > CHARTED_DAYS && html`<p class="hint">The chart ends with ${format.day(rows[CHARTED_DAYS - 1].date)}; the table has all days.</p>`}
      <details class="more" open=${by === "month"}><summary>${`Each ${by} in figures`}</summary>
        <${Table} caption=${`Sums by ${by}, ${currency}`} rows=${rows} columns=${sumColumns(first, currency)} id=${(one) => one[first.name]} /></details>
    <//>`;
}

const COMPARED = [
  { name: "retail", label: "Retail", sign: true },
  { name: "cost", label: "Cost" },
  { name: "margin", label: "Margin", sign: true },
  { name: "held", label: "Held" },
];

/** Before, after and the difference of one amount. */
export const comparedColumns = (first, currency, what = (row) => row) => [
  { ...first, main: true, cell: (row) => html`${first.cell(row)}${belowCost(first.counts && what(row).after.below_cost)}` },
  { name: "before", label: "Before", num: true, cell: (row) => html`<${Money} value=${what(row).before.retail} of=${currency} />` },
  { name: "after", label: "After", num: true, cell: (row) => html`<strong><${Money} value=${what(row).after.retail} of=${currency} /></strong>` },
  { name: "difference", label: "Difference", num: true, cell: (row) => html`<${Money} value=${what(row).difference.retail} of=${currency} sign />` },
  { name: "margin", label: "Margin after", num: true, cell: (row) => html`<${Money} value=${what(row).after.margin} of=${currency} />` },
];

/** What changes would do, in total and by package. `children` stand below the totals. */
export function WhatIf({ of, currency, children }) {
  const sides = (name) => ({ before: of.before[name], after: of.after[name], difference: of.difference[name] });
  const rows = COMPARED.map(({ name, label, sign }) => ({ label, sign, currency, ...sides(name) }));
  const counts = { label: "Lines below cost", before: `${of.before.below_cost}`, after: `${of.after.below_cost}`, difference: `${of.difference.below_cost}` };
  const value = (name, sign = false) => ({
    name,
    label: format.title(name),
    num: true,
    cell: (row) => (row.currency ? html`<${Money} value=${row[name]} of=${currency} sign=${sign && row.sign} />` : row[name].replace("-", "−")),
  });
  const columns = [{ name: "what", label: "What", main: true, cell: (row) => row.label }, value("before"), value("after"), value("difference", true)];
  return html`
    <${Card} title=${`What would change (${currency})`} aside=${html`<${Badge} tone="info">Nothing is written<//>`}>
      <${Table} caption=${`Before and after, ${currency}`} rows=${[...rows, counts]} columns=${columns} id=${(row) => row.label} />
    <//>
    ${children}
    <${Card} title="What would change, by package">
      <${Table} caption=${`Before and after by package, ${currency}`} rows=${of.by_package} columns=${comparedColumns({ ...PACKAGE, counts: true }, currency)} id=${(one) => one.package_id ?? ""} />
    <//>`;
}
