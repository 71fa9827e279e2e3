// Lists of the latest overview: what each customer is worth a month, sorted as is wanted, and what ends soon.

import { get } from "./api.js";
import { Download } from "./files.js";
import * as format from "./format.js";
import { CUSTOMER, ENDING } from "./home.js";
import { useList, useLoad } from "./hooks.js";
import { html } from "./preact.js";
import { replace, useRoute } from "./router.js";
import { Badge, Day, Empty, Instant, List, Money, Page, Problem, Skeleton, Stat, Stats, Table } from "./ui.js";

const SORTS = [
  ["value", "Monthly value"],
  ["margin", "Monthly margin"],
  ["balance", "Balance"],
  ["short_on", "Who runs short first"],
  ["name", "Name"],
];
const BACK = ["#/home", "Home"];
const NONE = html`<${Empty} title="No overview yet">Each daily run makes one.<//>`;

/** What needs the latest overview: shown with it, or with why there is none. */
function WithOverview({ title, children }) {
  const { data, error, reload } = useLoad(() => get("overview"), []);
  if (error?.status === 404) return html`<${Page} title=${title} back=${BACK}>${NONE}<//>`;
  if (error && !data) return html`<${Page} title=${title} back=${BACK}><${Problem} error=${error} retry=${reload} /><//>`;
  return data ? children(data) : html`<${Page} title=${title} back=${BACK}><${Skeleton} /><//>`;
}

export const Values = () => html`<${WithOverview} title="Customers by value">${(overview) => html`<${Sorted} overview=${overview} />`}<//>`;

function Sorted({ overview }) {
  const { query } = useRoute();
  const currencies = overview.by_currency.map((one) => one.currency);
  const chosen = overview.by_currency.find((one) => one.currency === query.currency) ?? overview.by_currency[0];
  const sort = SORTS.some(([name]) => name === query.sort) ? query.sort : "value";
  const order = query.order ?? (["value", "margin"].includes(sort) ? "desc" : "asc");
  const asked = { currency: chosen?.currency, sort, order };
  const change = (changed) => replace(["values"], { ...asked, ...changed });
  const list = useList("overview/customers", asked);
  if (!chosen) return html`<${Page} title="Customers by value" back=${BACK}><${Empty} title="Nobody">No customer has an assignment.<//><//>`;
  return html`
    <${Page} title="Customers by value" back=${BACK} lead=${html`What their assignments bring in a month, at the terms of <${Day} value=${overview.date} />. As of <${Instant} value=${overview.created_at} />.`}
      actions=${html`<${Download} where="overview/customers" query=${asked} name=${`customers-by-${sort}-${chosen.currency}`} />`}>
      <${Stats}>
        <${Stat} label="Customers">${chosen.customers}<//>
        <${Stat} label="Assignments">${chosen.assignments}<//>
        <${Stat} label="A month is worth"><${Money} value=${format.rounded(chosen.monthly_value, chosen.currency)} currency=${chosen.currency} /><//>
        <${Stat} label="Margin"><${Money} value=${format.rounded(chosen.monthly_margin, chosen.currency)} currency=${chosen.currency} /><//>
        <${Stat} label="Balances"><${Money} value=${chosen.balance} currency=${chosen.currency} /><//>
      <//>
      <form class="filters" aria-label="How the list is sorted" onSubmit=${(event) => event.preventDefault()}>
        <${Choice} id="sort" label="Sorted by" value=${sort} options=${SORTS} onChange=${(value) => change({ sort: value, order: undefined })} />
        <${Choice} id="order" label="Order" value=${order} options=${[
          ["asc", sort === "name" ? "A to Z" : sort === "short_on" ? "Earliest first" : "Smallest first"],
          ["desc", sort === "name" ? "Z to A" : sort === "short_on" ? "Latest first" : "Largest first"],
        ]} onChange=${(value) => change({ order: value })} />
        ${currencies.length > 1 && html`<${Choice} id="currency" label="Currency" value=${chosen.currency} options=${currencies.map((one) => [one, one])} onChange=${(value) => change({ currency: value })} />`}
      </form>
      <${List} list=${list} of="more customers" empty=${html`<${Empty} title="Nobody">No customer has this currency.<//>`}>
        <${Table} caption="Customers by value" rows=${list.items ?? []} columns=${columns(chosen.currency)} id=${(one) => one.customer} />
      <//>
    <//>`;
}

const Choice = ({ id, label, value, options, onChange }) => html`
  <div class="field"><label for=${id}>${label}</label>
    <select id=${id} value=${value} onChange=${(event) => onChange(event.target.value)}>${options.map(([one, text]) => html`<option key=${one} value=${one}>${text}</option>`)}</select></div>`;

const columns = (currency) => [
  { ...CUSTOMER, main: true, cell: (one) => html`${CUSTOMER.cell(one)}${one.parked && html` <${Badge} tone="bad">Parked<//>`}` },
  { name: "assignments", label: "Assignments", num: true, cell: (one) => one.assignments },
  { name: "balance", label: "Balance", num: true, cell: (one) => html`<${Money} value=${one.balance} of=${currency} />` },
  {
    name: "short",
    label: "Runs short on",
    cell: (one) =>
      one.short_on
        ? html`<span class="nowrap"><${Day} value=${one.short_on} /></span><span class="sub">needs ${format.money(one.top_up_payable, currency)} by ${format.day(one.top_up_by)}</span>`
        : html`<span class="muted">–</span>`,
  },
  {
    name: "margin",
    label: "Margin a month",
    num: true,
    cell: (one) => html`<${Money} value=${format.rounded(one.monthly_margin, currency)} of=${currency} />`,
  },
  {
    name: "value",
    label: "Value a month",
    num: true,
    cell: (one) => html`<strong><${Money} value=${format.rounded(one.monthly_value, currency)} currency=${currency} /></strong>`,
  },
];

export const Ending = () => html`<${WithOverview} title="What ends soon">${(overview) => html`<${Endings} overview=${overview} />`}<//>`;

function Endings({ overview }) {
  const list = useList("overview/ending");
  return html`
    <${Page} title="What ends soon" back=${BACK} lead=${html`Assignments, and terms such as discounts and pauses, whose last day is before <${Day} value=${format.later(overview.to, 1)} />. As of <${Instant} value=${overview.created_at} />.`}
      actions=${html`<${Download} where="overview/ending" name="ending" />`}>
      <${List} list=${list} of="more" empty=${html`<${Empty} title="Nothing ends">No assignment and no terms end on these days.<//>`}>
        <${Table} caption="What ends soon" rows=${list.items ?? []} columns=${ENDING} id=${(one) => one.assignment_id + one.last_day + one.ends} />
      <//>
    <//>`;
}
