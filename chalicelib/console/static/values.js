// Lists of the latest overview: what each customer is worth a month, sorted as is wanted, and what ends soon.

import { get } from "./api.js";
import { settings } from "./auth.js";
import { Download } from "./files.js";
import * as format from "./format.js";
import { ANNOUNCED, CUSTOMER, ENDING } from "./home.js";
import { useList, useLoad } from "./hooks.js";
import { html } from "./preact.js";
import { replace, useRoute } from "./router.js";
import { Badge, Choice, Day, Empty, Instant, List, Money, Page, Problem, Skeleton, Stat, Stats, Table } from "./ui.js";

export const SORTS = [
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

/** The former address of the sorted list, which home leads to. */
export const Values = () => {
  const { query } = useRoute();
  const change = (changed) => replace(["values"], { ...query, ...changed });
  return html`
    <${Page} title="Customers by value" back=${BACK}>
      <form class="filters" aria-label="How the list is sorted" onSubmit=${(event) => event.preventDefault()}>
        <${Choice} id="sort" label="Sorted by" value=${query.sort ?? "value"} options=${SORTS} onChange=${(value) => change({ sort: value, order: "" })} />
      </form>
      <${SortedCustomers} query=${{ sort: "value", ...query }} change=${change} />
    <//>`;
};

/**
 * Customers in an order of the latest overview; all with their counts and sums, or those who are meant.
 * @param {{query: Record<string, string>, narrowed?: Record<string, any>, change: (changed: Record<string, string>) => void}} props
 */
export function SortedCustomers({ query, narrowed = {}, change }) {
  const { data: overview, error, reload } = useLoad(() => get("overview"), []);
  if (error?.status === 404) return NONE;
  if (error && !overview) return html`<${Problem} error=${error} retry=${reload} />`;
  return overview ? html`<${Sorted} overview=${overview} query=${query} narrowed=${narrowed} change=${change} />` : html`<${Skeleton} />`;
}

function Sorted({ overview, query, narrowed, change }) {
  const currencies = overview.by_currency.map((one) => one.currency);
  const usual = currencies.includes(settings.default_currency) ? settings.default_currency : currencies[0];
  const chosen = overview.by_currency.find((one) => one.currency === (query.currency || usual)) ?? overview.by_currency[0];
  const sort = SORTS.some(([name]) => name === query.sort) ? query.sort : "value";
  const order = query.order || (["value", "margin"].includes(sort) ? "desc" : "asc");
  const asked = { currency: chosen?.currency, sort, order, ...narrowed };
  const isWhole = Object.keys(narrowed).length === 0;
  const list = useList("overview/customers", asked);
  if (!chosen) return html`<${Empty} title="Nobody">No customer has an assignment.<//>`;
  return html`
    ${
      isWhole &&
      html`<${Stats}>
      <${Stat} label="Customers">${format.count(chosen.customers)}<//>
      <${Stat} label="Assignments">${format.count(chosen.assignments)}<//>
      <${Stat} label="A month is worth"><${Money} value=${format.rounded(chosen.monthly_value, chosen.currency)} currency=${chosen.currency} /><//>
      <${Stat} label="Margin"><${Money} value=${format.rounded(chosen.monthly_margin, chosen.currency)} currency=${chosen.currency} /><//>
      <${Stat} label="Balances"><${Money} value=${chosen.balance} currency=${chosen.currency} /><//>
    <//>`
    }
    <div class="filters">
      <${Choice} id="order" label="Order" value=${order} options=${[
        ["asc", sort === "name" ? "A to Z" : sort === "short_on" ? "Earliest first" : "Smallest first"],
        ["desc", sort === "name" ? "Z to A" : sort === "short_on" ? "Latest first" : "Largest first"],
      ]} onChange=${(value) => change({ order: value })} />
      ${currencies.length > 1 && html`<${Choice} id="currency" label="Currency" value=${chosen.currency} options=${currencies.map((one) => [one, one])} onChange=${(value) => change({ currency: value })} />`}
    </div>
    <div class="bar"><p class="count" role="status">What assignments bring in a month, at the terms of <${Day} value=${overview.date} />. As of <${Instant} value=${overview.created_at} />.</p>
      <${Download} where="overview/customers" query=${asked} name=${`customers-by-${sort}-${chosen.currency}`} /></div>
    <${List} list=${list} of="more customers" empty=${isWhole ? html`<${Empty} title="Nobody">No customer has this currency.<//>` : html`<${Empty} title="Nobody matches">Who has changed since is found when customers are sorted by id.<//>`}>
      <${Table} caption="Customers by value" rows=${list.items ?? []} columns=${columns(chosen.currency)} id=${(one) => one.customer} />
    <//>`;
}

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

export const Announced = () => html`<${WithOverview} title="Price changes announced">${(overview) => html`<${AnnouncedPrices} overview=${overview} />`}<//>`;

function AnnouncedPrices({ overview }) {
  const list = useList("overview/prices");
  return html`
    <${Page} title="Price changes announced" back=${BACK} lead=${html`Price lists that are still to begin, of packages that somebody has. As of <${Instant} value=${overview.created_at} />.`}
      actions=${html`<${Download} where="overview/prices" name="price-changes" />`}>
      <${List} list=${list} of="more" empty=${html`<${Empty} title="No price changes">No price list is still to begin.<//>`}>
        <${Table} caption="Price changes announced" rows=${list.items ?? []} columns=${ANNOUNCED} id=${(one) => one.begins + one.package_id} />
      <//>
    <//>`;
}
