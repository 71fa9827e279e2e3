// Lists of the latest overview: what each customer is worth a month, sorted as is wanted, and what ends soon.

import { get } from "./api.js";
import { settings } from "./auth.js";
import { Download } from "./files.js";
import * as format from "./format.js";
import { ANNOUNCED, CUSTOMER, ENDING } from "./home.js";
import { useList, useLoad } from "./hooks.js";
import { PACKAGE_SORTS, SORTS } from "./orders.js";
import { html } from "./preact.js";
import { link } from "./router.js";
import { Badge, Choice, DASH, Day, Empty, failed, Id, Instant, List, Money, Page, Problem, Skeleton, Stat, Stats, Table } from "./ui.js";

const BACK = ["#/home", "Home"];
const NONE = html`<${Empty} title="No overview yet">Each daily run makes one.<//>`;

/** What needs the latest overview: shown with it, or with why there is none. */
function WithOverview({ title, children }) {
  const { data, error, reload } = useLoad(() => get("overview"), []);
  if (error?.status === 404) return html`<${Page} title=${title} back=${BACK}>${NONE}<//>`;
  if (error && !data) return html`<${Page} title=${title} back=${BACK}><${Problem} error=${error} retry=${reload} /><//>`;
  return data ? children(data) : html`<${Page} title=${title} back=${BACK}><${Skeleton} /><//>`;
}

/**
 * Customers or packages in an order of the latest overview; all with their counts and sums, or those that are meant.
 * @param {{kind: Record<string, any>, query: Record<string, string>, narrowed?: Record<string, any>, change: (changed: Record<string, string>) => void}} props
 */
function SortedList({ kind, query, narrowed = {}, change }) {
  const { data: overview, error, reload } = useLoad(() => get("overview"), []);
  if (error?.status === 404) return NONE;
  if (error && !overview) return failed(error, reload);
  return overview ? html`<${Sorted} kind=${kind} overview=${overview} query=${query} narrowed=${narrowed} change=${change} />` : html`<${Skeleton} />`;
}

export const SortedCustomers = (props) => html`<${SortedList} kind=${CUSTOMERS} ...${props} />`;
export const SortedPackages = (props) => html`<${SortedList} kind=${PACKAGES} ...${props} />`;

function Sorted({ kind, overview, query, narrowed, change }) {
  const sums = kind.sums(overview);
  const currencies = sums.map((one) => one.currency);
  const usual = currencies.includes(settings.default_currency) ? settings.default_currency : currencies[0];
  const chosen = sums.find((one) => one.currency === (query.currency || usual));
  const sort = kind.sorts.some(([name]) => name === query.sort) ? query.sort : "value";
  const order = query.order || (["name", "short_on", "balance"].includes(sort) ? "asc" : "desc");
  const asked = { ...narrowed, currency: chosen?.currency, sort, order };
  const isWhole = !Object.entries(narrowed).some(([name, value]) => name !== "currency" && value);
  const list = useList(`overview/${kind.name}`, asked);
  const others = currencies
    .filter((one) => one !== asked.currency)
    .map((one, n) => html`${n > 0 && ", "}<button type="button" class="button link" onClick=${() => change({ currency: one })}>${one}</button>`);
  const elsewhere = others.length > 0 && html` Look in ${others}.`;
  if (!chosen) return html`<${Empty} title=${`${kind.nothing}${query.currency ? ` in ${query.currency}` : ""}`}>The latest overview has none.${elsewhere}<//>`;
  return html`
    <div class="filters">
      <${Choice} id="order" label="Order" value=${order} options=${[
        ["asc", sort === "name" ? "A to Z" : sort === "short_on" ? "Earliest first" : "Smallest first"],
        ["desc", sort === "name" ? "Z to A" : sort === "short_on" ? "Latest first" : "Largest first"],
      ]} onChange=${(value) => change({ order: value })} />
      ${currencies.length > 1 && html`<${Choice} id="currency" label="Currency" value=${chosen.currency} options=${currencies.map((one) => [one, one])} onChange=${(value) => change({ currency: value })} />`}
    </div>
    ${
      isWhole &&
      html`<${Stats}>
      ${kind.counts.map(([name, label]) => html`<${Stat} key=${name} label=${label}>${format.count(chosen[name])}<//>`)}
      <${Stat} label="A month is worth"><${Money} value=${format.rounded(chosen.monthly_value, chosen.currency)} currency=${chosen.currency} /><//>
      <${Stat} label="Margin"><${Money} value=${format.rounded(chosen.monthly_margin, chosen.currency)} currency=${chosen.currency} /><//>
      ${chosen.balance && html`<${Stat} label="Balances"><${Money} value=${chosen.balance} currency=${chosen.currency} /><//>`}
    <//>`
    }
    <div class="bar"><p class="count" role="status">What assignments bring in a month, at the terms of <${Day} value=${overview.date} />. As of <${Instant} value=${overview.created_at} />.</p>
      <${Download} where=${`overview/${kind.name}`} query=${asked} name=${`${kind.name}-by-${sort}-${chosen.currency}`} /></div>
    <${List} list=${list} of=${`more ${kind.name}`} empty=${isWhole ? html`<${Empty} title=${kind.nothing}>None has this currency.<//>` : html`<${Empty} title=${`${kind.nothing} in ${chosen.currency} matches`}>${kind.since}${elsewhere}<//>`}>
      <${Table} caption=${kind.caption} rows=${list.items ?? []} columns=${kind.columns(chosen.currency)} id=${kind.id} />
    <//>`;
}

const ASSIGNMENTS = { name: "assignments", label: "Assignments", num: true, cell: (one) => format.count(one.assignments) };
const monthly = (currency) => [
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

const customerColumns = (currency) => [
  { ...CUSTOMER, main: true, cell: (one) => html`${CUSTOMER.cell(one)}${one.parked && html` <${Badge} tone="bad">Parked<//>`}` },
  ASSIGNMENTS,
  { name: "balance", label: "Balance", num: true, cell: (one) => html`<${Money} value=${one.balance} of=${currency} />` },
  {
    name: "short",
    label: "Runs short on",
    cell: (one) =>
      one.short_on
        ? html`<${Day} value=${one.short_on} /><span class="sub">needs ${format.money(one.top_up_payable, currency)} by ${format.day(one.top_up_by)}</span>`
        : DASH,
  },
  ...monthly(currency),
];

const CUSTOMERS = {
  name: "customers",
  caption: "Customers by value",
  nothing: "Nobody",
  since: "Who has changed since is found when customers are sorted by id.",
  sorts: SORTS,
  sums: (overview) => overview.by_currency,
  counts: [
    ["customers", "Customers"],
    ["assignments", "Assignments"],
  ],
  columns: customerColumns,
  id: (one) => one.customer,
};
const PACKAGES = {
  name: "packages",
  caption: "Packages by value",
  nothing: "Nothing",
  since: "What has changed since is found with the oldest first.",
  sorts: PACKAGE_SORTS,
  sums: (overview) => overview.packages_by_currency,
  counts: [
    ["packages", "Packages"],
    ["unassigned", "Nobody has"],
    ["assignments", "Assignments"],
    ["units", "Units"],
  ],
  columns: (currency) => [
    {
      name: "name",
      label: "Name",
      main: true,
      cell: (one) => html`<a href=${link(["packages", one.package_id])}>${one.name}</a><${Id} value=${one.package_id} />`,
    },
    ASSIGNMENTS,
    { name: "units", label: "Units", num: true, cell: (one) => format.count(one.units) },
    ...monthly(currency),
  ],
  id: (one) => one.package_id,
};

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
