// Packages: the list, one package, and who has it.

import { call, get, isSearchable, path } from "./api.js";
import { settings } from "./auth.js";
import { Download, Import } from "./files.js";
import * as format from "./format.js";
import { useAction, useDebounced, useList, useLoad, useModule } from "./hooks.js";
import { CustomerLink, useNames } from "./names.js";
import { PACKAGE_SORTS } from "./orders.js";
import { html, useState } from "./preact.js";
import { go, link, replace, useRoute } from "./router.js";
import { DueDates } from "./schedule.js";
import { SelectionBar, useSelection } from "./selection.js";
import { announce } from "./toast.js";
import {
  Badge,
  Button,
  Card,
  Choice,
  CurrencyChoice,
  DASH,
  Day,
  Dialog,
  Empty,
  Facts,
  FILTERS,
  Id,
  Instant,
  LinkButton,
  List,
  Money,
  Page,
  Problem,
  Skeleton,
  Table,
} from "./ui.js";

export const FREQUENCY_NAMES = { none: "Once", daily: "Daily", weekly: "Weekly", monthly: "Monthly", quarterly: "Quarterly", yearly: "Yearly" };

export function Packages() {
  const { query } = useRoute();
  const filter = (change) => replace(["packages"], { ...query, ...change });
  const text = useDebounced((query.q ?? "").trim(), 200);
  const asked = { ...(isSearchable(text) && { search: text }), type: query.type, frequency: query.frequency, currency: query.currency };
  const values = useModule(() => import("./values.js"));
  const [importing, setImporting] = useState(false);
  const [imports, setImports] = useState(0);
  const imported = (count) => {
    setImporting(false);
    announce(`Imported ${format.plural(count, "package")}`);
    setImports(imports + 1);
  };
  const create = html`
    <${Button} needs="write" look="quiet" onClick=${() => setImporting(true)}>Import…<//>
    <${LinkButton} href="#/packages/new" needs="write" look="primary">New package<//>`;
  return html`
    <${Page} title="Packages" lead="What you sell: priced once, assigned to many customers and numbers." actions=${create}>
      <${Filters} query=${query} filter=${filter} />
      ${query.sort ? values && html`<${values.SortedPackages} key=${imports} query=${query} narrowed=${asked} change=${filter} />` : html`<${Found} key=${imports} asked=${asked} />`}
      ${importing && html`<${Import} kind="packages" close=${() => setImporting(false)} done=${imported} />`}
    <//>`;
}

function Found({ asked }) {
  const list = useList("packages", asked);
  const { data: worth, loading } = useLoad(worthByPackage, []);
  const narrowed = Object.values(asked).some(Boolean);
  return html`
      <${List} list=${list} of="more packages" empty=${
        narrowed
          ? html`<${Empty} title="Nothing matches">Names and ids are found by the beginnings of their words. <a href="#/packages">Show all packages</a><//>`
          : html`<${Empty} title="No packages yet">A package is a product with a price and a rhythm: a number, a hosted phone, a bundle of minutes. Create the first one, then assign it to a customer.<//>`
      }>
        <div class="bar"><p class="count" role="status">${format.plural(list.items?.length ?? 0, "package")}${list.hasMore ? " shown, there are more" : ""}</p><${Download} where="packages" query=${asked} name="packages" /></div>
        <${Table} caption="Packages" columns=${worth || loading ? [...COLUMNS, expected(worth)] : COLUMNS} rows=${list.items ?? []} id=${(one) => one.package_id} />
        ${worth && html`<p class="hint">What the next 31 days bring is as of <${Instant} value=${worth.created_at} />. Assignments that ended are counted, too.</p>`}
      <//>`;
}

/** What the latest overview expects of each package; null where there is none. */
async function worthByPackage() {
  const overview = await get("overview").catch(() => null);
  if (!overview) return null;
  const { by_currency: sums } = await get(path("forecasts", overview.work_id));
  const all = sums.flatMap((one) => one.by_package);
  return { created_at: overview.created_at, isWhole: sums.every((one) => !one.by_package_left_out), of: new Map(all.map((one) => [one.package_id, one])) };
}

const expected = (worth) => ({
  name: "expected",
  label: "Next 31 days",
  num: true,
  cell: (one) => {
    if (!worth) return "…";
    const sums = worth.of.get(one.package_id);
    if (!sums) return html`<span class="muted">${worth.isWhole ? "–" : "less than others"}</span>`;
    return html`<${Money} value=${sums.retail} of=${one.currency} /><span class="sub">margin ${format.money(sums.margin, one.currency)}</span>`;
  },
});

const Filters = ({ query, filter }) => html`
  <form ...${FILTERS} role="search" aria-label="Packages">
    <div class="field grow"><label for="q">Search</label>
      <input id="q" type="search" data-search placeholder="Name or id" value=${query.q ?? ""} onInput=${(event) => filter({ q: event.target.value })} /></div>
    <${Choice} id="type" label="Type" value=${query.type ?? ""} options=${[["", "All types"], ...Object.entries(format.TYPES)]} onChange=${(value) => filter({ type: value })} />
    <${Choice} id="frequency" label="Frequency" value=${query.frequency ?? ""} options=${[["", "All frequencies"], ...Object.entries(FREQUENCY_NAMES)]} onChange=${(value) => filter({ frequency: value })} />
    ${!query.sort && html`<${CurrencyChoice} value=${query.currency} onChange=${(value) => filter({ currency: value })} />`}
    <${Choice} id="sort" label="Sorted by" value=${query.sort ?? ""} options=${[["", "Oldest first"], ...PACKAGE_SORTS]} onChange=${(value) => filter({ sort: value, order: "" })} />
  </form>`;

const COLUMNS = [
  {
    name: "name",
    label: "Name",
    main: true,
    cell: (one) =>
      html`<a href=${link(["packages", one.package_id])}>${one.name}</a>${one.description && html`<span class="sub">${one.description}</span>`}<${Id} value=${one.package_id} />`,
  },
  { name: "frequency", label: "Charged", cell: format.rule },
  {
    name: "type",
    label: "Type",
    cell: (one) =>
      html`${one.type === "standard" ? html`<span class="muted">Standard</span>` : html`<${Badge} tone="info">Free minutes<//>`}${one.minimum_spend && html` <${Badge} tone="info">Minimum spend<//>`}`,
  },
  {
    name: "assignments",
    label: "Assignments",
    num: true,
    cell: (one) => (one.assignments ? format.count(one.assignments) : DASH),
  },
  {
    name: "retail",
    label: "Retail",
    num: true,
    cell: (one) =>
      html`<strong><${Money} value=${one.retail} currency=${one.currency} /></strong><span class="sub">cost ${format.money(one.cost, one.currency)}${!format.isZero(one.setup_retail) && `, setup ${format.money(one.setup_retail, one.currency)}`}</span>`,
  },
];

/** A package's terms, as far as they say something. */
export const terms = (one) =>
  [
    ["Retail", html`<${Money} value=${one.retail} currency=${one.currency} />`],
    ["Cost", html`<${Money} value=${one.cost} currency=${one.currency} />`],
    [
      "Setup",
      !(format.isZero(one.setup_retail) && format.isZero(one.setup_cost)) &&
        html`<${Money} value=${one.setup_retail} currency=${one.currency} /><span class="muted">, cost <${Money} value=${one.setup_cost} of=${one.currency} /></span>`,
    ],
    ["Charged", format.rule(one)],
    [
      "Between due dates",
      one.proration === "daily" && "By the day: a start, an end, a pause or another quantity charges or gives back the rest of the period.",
    ],
    ["Type", format.TYPES[one.type]],
    ["Free minutes to", one.type === "free_minutes" && (one.destination ? html`<code>${one.destination}</code>` : "every destination")],
    ["Minimum spend", one.minimum_spend && "Charges what the customer's calls fall short of the retail price."],
    ["Minimum days", one.minimum_days ? format.plural(one.minimum_days, "day") : null],
    ["ConnexCS package", one.connexcs_package],
    ["Account code", one.account_code],
    ["Tax code", one.tax_code],
    ["Notice before a charge", one.notice_days && (one.notice_days[0] ? `${one.notice_days.join(" and ")} days ahead` : "never")],
  ].filter(([, value]) => value);

export function Package({ id }) {
  const { data: one, error, reload } = useLoad(() => get(path("packages", id)), [id]);
  const prices = useModule(() => import("./prices.js"));
  const history = useModule(() => import("./history.js"));
  const [deleting, setDeleting] = useState(false);
  if (error) return html`<${Page} title="Package" back=${["#/packages", "Packages"]}><${Problem} error=${error} retry=${reload} /><//>`;
  if (!one) return html`<${Page} title="Package" back=${["#/packages", "Packages"]}><${Skeleton} /><//>`;
  const actions = html`
    <${Button} needs="write" look="quiet" onClick=${() => setDeleting(true)}>Delete…<//>
    <${LinkButton} href=${link(["packages", "new"], { copy: id })} needs="write">Make a copy<//>
    <${LinkButton} href=${link(["packages", id, "edit"])} needs="write" look="primary">Edit<//>`;
  return html`
    <${Page} title=${one.name} lead=${one.description} back=${["#/packages", "Packages"]} actions=${actions}>
      <div class="split">
        <div>
          <${Card} title="Terms"><${Facts} of=${[...terms(one), ["Id", html`<${Id} value=${id} />`]]} /><p class="hint">Prices as of the first day that is still to be charged.</p><//>
          ${prices && html`<${prices.PriceLists} one=${one} changed=${reload} />`}
        </div>
        <${DueDates} rule=${one} />
      </div>
      <${Holders} id=${id} />
      ${history && html`<${history.History} of=${["packages", id]} currency=${one.currency} />`}
      ${deleting && html`<${Delete} one=${one} close=${() => setDeleting(false)} />`}
    <//>`;
}

function Delete({ one, close }) {
  const action = useAction(() => {
    announce(`Deleted ${one.name}`);
    go(["packages"]);
  });
  const run = () => action.run(() => call("DELETE", path("packages", one.package_id), { version: one.version }));
  return html`
    <${Dialog} title=${`Delete ${one.name}?`} close=${close} busy=${action.busy}
      actions=${html`<${Button} needs="write" look="danger" busy=${action.busy} busyLabel="Deleting…" onClick=${run}>Delete<//>`}>
      <p>It disappears from the list and can't be assigned any more. What is still due on assignments that have ended is charged all the same.</p>
      <${Problem} error=${action.problem} />
    <//>`;
}

function Holders({ id }) {
  const where = path("packages", id, "assignments");
  const list = useList(where);
  const nameOf = useNames((list.items ?? []).map((one) => one.customer_id));
  const selection = useSelection(list, (one) => `${one.customer_id}${one.did ? `, DID ${one.did}` : ""}`);
  return html`
    <${Card} title="Who has it">
      <${List} list=${list} of="more" empty=${html`<${Empty} title="Nobody yet">Open a customer and choose “Assign a package”. <a href="#/customers">Customers</a><//>`}>
        <${SelectionBar} selection=${selection} where=${where} name=${`assignments-${id}`} />
        <${Table} caption="Who has it" rows=${list.items ?? []} id=${(one) => one.assignment_id} columns=${[selection.column, ...holderColumns(nameOf)]} />
      <//>
    <//>`;
}

const holderColumns = (nameOf) => [
  {
    name: "customer",
    label: "Customer",
    main: true,
    cell: (one) => html`<${CustomerLink} id=${one.customer_id} nameOf=${nameOf} to=${["assignments", one.assignment_id]} />`,
  },
  {
    name: "did",
    label: "DID",
    cell: (one) => (one.did ? html`<a class="mono" href=${link(["dids", one.did])}>${one.did}</a>` : html`<span class="muted">customer-wide</span>`),
  },
  { name: "quantity", label: "Quantity", num: true, cell: (one) => one.quantity },
  { name: "from", label: "Validity", cell: (one) => validity(one) },
];

export const validity = (
  one,
) => html`<${Day} value=${one.start_date} /> – <span class="nowrap">${one.end_date ? html`<${Day} value=${one.end_date} />` : html`<span class="muted">open</span>`}</span>
  ${one.cancelled ? html` <${Badge}>Cancelled<//>` : one.end_date && one.end_date < settings.today ? html` <${Badge}>Ended<//>` : one.start_date > settings.today ? html` <${Badge} tone="info">Not begun<//>` : ""}`;
