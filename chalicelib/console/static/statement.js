// A customer's statement over some posting days, to read and to print.

import { get, path } from "./api.js";
import { settings } from "./auth.js";
import { Download } from "./files.js";
import * as format from "./format.js";
import { useLoad } from "./hooks.js";
import { html } from "./preact.js";
import { link, replace, useRoute } from "./router.js";
import { Button, Card, DASH, Day, Empty, FILTERS, failed, Instant, Minutes, Money, Page, Skeleton, Stat, Stats, Table } from "./ui.js";

const TITLES = { payment: "Payments", reversal: "Reversals", credit: "Credits", one_off: "One-off charges", adjustment: "Adjustments" };

export function Statement({ id }) {
  const { query } = useRoute();
  const [first, last] = format.monthBefore(settings.today);
  const { from = first, to = last } = query;
  const days = { from, to };
  const { data, error, loading, reload } = useLoad(() => get(path("customers", id, "statement"), days), [id, from, to]);
  const choose = (change) => replace(["customers", id, "statement"], { ...days, ...change });
  return html`
    <${Page} title="Statement" about=${data?.name || id} back=${[link(["customers", id]), data?.name || id]} lead=${data && html`${data.name || id}, <${Day} value=${data.from} /> through <${Day} value=${data.to} />, by the day of posting.`}
      actions=${
        data &&
        html`
        <${Download} where=${path("customers", id, "statement")} query=${days} name=${`statement-${id}-${from}`} look="quiet" />
        <${Button} look="primary" onClick=${() => print()}>Print<//>`
      }>
      <form ...${FILTERS} aria-label="Which days">
        <div class="field"><label for="from">From</label><input id="from" type="date" value=${from} onChange=${(event) => choose({ from: event.target.value })} /></div>
        <div class="field"><label for="to">Through</label><input id="to" type="date" value=${to} onChange=${(event) => choose({ to: event.target.value })} /></div>
      </form>
      ${error ? failed(error, reload) : !data ? html`<${Skeleton} />` : html`<div aria-busy=${loading}><${Content} of=${data} /></div>`}
    <//>`;
}

function Content({ of: one }) {
  const { currency } = one;
  const isEmpty = !one.charges.length && !one.sections.length && !one.usage.days.length;
  return html`
    ${!one.closed && html`<div class="banner info"><p>The last of these days is not over yet: more may be posted.</p></div>`}
    <${Stats}>
      <${Stat} label="Opening balance"><${Money} value=${one.opening_balance} currency=${currency} /><//>
      <${Stat} label="Closing balance"><${Money} value=${one.closing_balance} currency=${currency} /><//>
      <${Stat} label="To be invoiced" note="charged, but not taken from the balance"><${Money} value=${one.to_be_invoiced} currency=${currency} /><//>
    <//>
    ${isEmpty && html`<${Empty} title="Nothing was posted on these days">Choose other days above.<//>`}
    ${
      one.charges.length > 0 &&
      html`
      <${Card} title="Charges"><${Table} caption="Charges" rows=${[...one.charges.flatMap(lines), inAll(one.charges)]} columns=${charges(currency)} id=${(line) => line.id} /><//>`
    }
    ${one.sections.map(
      (section) => html`
      <${Card} key=${section.kind} title=${TITLES[section.kind] ?? format.title(section.kind)}>
        <${Table} caption=${TITLES[section.kind] ?? format.title(section.kind)} rows=${section.entries} columns=${section.kind === "one_off" ? oneOffs(currency) : entries(currency)} id=${(entry) => entry.entry_id} /><//>`,
    )}
    ${
      one.usage.days.length > 0 &&
      html`
      <${Card} title="Calls by day"><${Table} caption="Calls by day" rows=${[...one.usage.days, { ...one.usage, date: null }]} columns=${usage(currency)} id=${(day) => day.date ?? "all"} /><//>`
    }
    ${
      one.minutes.length > 0 &&
      html`
      <${Card} title=${`Free minutes on ${format.day(one.to)}`}><${Table} caption="Free minutes" rows=${one.minutes} columns=${MINUTES} id=${(bucket) => bucket.assignment_id} /><//>`
    }
    <p class="hint">Calls and minutes as known on <${Instant} value=${one.generated_at} />.</p>`;
}

const lines = (group) => group.lines.map((line, n) => ({ ...line, group, id: [group.package_id, group.did, n].join(" ") }));
/** The last row, of what all lines come to. */
const inAll = (groups) => ({
  id: "all",
  retail: format.sum(...groups.map((one) => one.retail)),
  credit_change: format.sum(...groups.map((one) => one.credit_change)),
});
const amount = (name, label, currency, sign) => ({
  name,
  label,
  num: true,
  cell: (one) => (format.isZero(one[name]) ? DASH : html`<${Money} value=${one[name]} of=${currency} sign=${sign} />`),
});

const charges = (currency) => [
  {
    name: "package",
    label: "Package",
    main: true,
    cell: ({ group, kind }) =>
      group === undefined
        ? html`<strong>In all</strong>`
        : html`${group.package_name}<span class="sub">${format.KINDS[kind]}${group.did && html`, DID <span class="mono">${group.did}</span>`}</span>`,
  },
  { name: "quantity", label: "Quantity", num: true, cell: (line) => line.quantity },
  {
    name: "unit",
    label: "Each",
    num: true,
    cell: (line) =>
      line.group &&
      html`<${Money} value=${line.unit_retail} of=${currency} />${!format.isZero(line.discount) && html`<span class="sub">less ${format.percent(line.discount)}</span>`}`,
  },
  { name: "times", label: "Times", num: true, cell: (line) => line.times },
  { name: "retail", label: "Retail", num: true, cell: (line) => html`<strong><${Money} value=${line.retail} currency=${currency} /></strong>` },
  amount("credit_change", "Balance", currency, true),
];

const entries = (currency) => [
  { name: "date", label: "Date", main: true, cell: (entry) => html`<${Day} value=${entry.date} />` },
  { name: "text", label: "Text", cell: (entry) => entry.text || DASH },
  amount("retail", "Retail", currency),
  amount("credit_change", "Balance", currency, true),
];

const oneOffs = (currency) => {
  const [date, text, ...amounts] = entries(currency);
  const each = { name: "unit", label: "Each", num: true, cell: (entry) => html`<${Money} value=${entry.unit_retail} of=${currency} />` };
  return [date, text, { name: "quantity", label: "Quantity", num: true, cell: (entry) => entry.quantity }, each, ...amounts];
};

const usage = (currency) => [
  { name: "date", label: "Day", main: true, cell: (day) => (day.date ? html`<${Day} value=${day.date} />` : html`<strong>In all</strong>`) },
  { name: "calls", label: "Calls", num: true, cell: (day) => day.calls },
  { name: "minutes", label: "Minutes", num: true, cell: (day) => format.minutes(day.seconds) },
  { name: "free", label: "Of these free", num: true, cell: (day) => format.minutes(day.free_seconds) },
  amount("spend", "Spend", currency),
];

const MINUTES = [
  {
    name: "package",
    label: "Package",
    main: true,
    cell: (bucket) => html`${bucket.package_name}<span class="sub">${bucket.did ? html`DID <span class="mono">${bucket.did}</span>` : "Customer-wide"}</span>`,
  },
  { name: "used", label: "Used", cell: (bucket) => html`<${Minutes} bucket=${bucket} />` },
  { name: "left", label: "Left (min)", num: true, cell: (bucket) => format.minutes(bucket.remaining) },
];
