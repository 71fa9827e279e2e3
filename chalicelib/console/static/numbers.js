// Telephone numbers: all of them with who has each, and one with its history.

import { all, get, path } from "./api.js";
import { settings } from "./auth.js";
import { Download, Import } from "./files.js";
import * as format from "./format.js";
import { useDebounced, useList, useLoad } from "./hooks.js";
import { Customer, CustomerLink, useNames } from "./names.js";
import { validity } from "./packages.js";
import { html, useState } from "./preact.js";
import { link, replace, useRoute } from "./router.js";
import { announce } from "./toast.js";
import { Badge, Button, Card, DASH, Day, Empty, Facts, FILTERS, failed, LinkButton, List, Money, Page, Skeleton, Table } from "./ui.js";

const AT_ONCE = 40;

/** Pages of the list, which are short, until there is a screenful. */
async function screenful(where, { cursor, ...query }) {
  const items = [];
  let next = cursor;
  do {
    const page = await get(where, { ...query, cursor: next });
    items.push(...page.items);
    next = page.next_cursor;
  } while (next && items.length < AT_ONCE);
  return { items, next_cursor: next };
}

export function Numbers() {
  const { query } = useRoute();
  const filter = (change) => replace(["dids"], { ...query, ...change });
  const [importing, setImporting] = useState(false);
  const text = useDebounced((query.q ?? "").trim(), 200);
  const isNumber = /^[\s\d+.()\u2010-\u2014\u2212-]*$/.test(text);
  const asked = { search: /\d/.test(text) ? text : "", free: query.free, customer: query.customer };
  const list = useList("dids", asked, 200, screenful);
  const imported = (count) => {
    setImporting(false);
    announce(`Imported ${format.plural(count, "assignment")}`);
    list.reload();
  };
  const nameOf = useNames((list.items ?? []).flatMap((one) => (one.customer_id ? [] : [one.next_customer_id, one.last_customer_id])));
  const narrowed = Boolean(asked.search || asked.free || asked.customer);
  return html`
    <${Page} title="Numbers" lead="Every number that somebody has, had or will have: who, since when, with what, and what it brings a month."
      actions=${html`
        <${Button} needs="write" look="quiet" onClick=${() => setImporting(true)}>Import…<//>
        <${LinkButton} href="#/reconciliations">Compare with the carrier<//>`}>
      <form ...${FILTERS} role="search" aria-label="Numbers">
        <div class="field grow"><label for="q">Number begins with</label>
          <input id="q" type="search" inputmode="tel" data-search placeholder="+44 20" value=${query.q ?? ""} onInput=${(event) => filter({ q: event.target.value })} /></div>
        <div class="field"><label for="free">Which</label>
          <select id="free" value=${query.free ?? ""} onChange=${(event) => filter({ free: event.target.value })}>
            ${WHICH.map(([value, name]) => html`<option key=${value} value=${value} selected=${value === (query.free ?? "")}>${name}</option>`)}
          </select></div>
      </form>
      ${query.customer && html`<p class="above">Of <${Customer} id=${query.customer} /> today. <a href=${link(["dids"])}>Show all numbers</a></p>`}
      ${
        !isNumber
          ? html`<${Empty} title="That is no number">Numbers are found by their first digits, with the country code. <a href=${link(["customers"], { q: text })}>Search for a customer ${text}</a><//>`
          : html`
      <${List} list=${list} of="more numbers" empty=${html`<${None} text=${text} narrowed=${narrowed} />`}>
        <div class="bar"><p class="count" role="status">${format.plural(list.items?.length ?? 0, "number")}${list.hasMore ? " so far" : ""}</p><${Download} where="dids" query=${asked} name="numbers" /></div>
        <${Table} caption="Numbers" columns=${columns(nameOf)} rows=${list.items ?? []} id=${(one) => one.did} />
      <//>`
      }
      ${importing && html`<${Import} kind="assignments" close=${() => setImporting(false)} done=${imported} />`}
    <//>`;
}

const WHICH = [
  ["", "All numbers"],
  ["false", "In use today"],
  ["true", "Free today"],
];

const None = ({ text, narrowed }) =>
  narrowed
    ? html`<${Empty} title="No number is like that">${text ? "Numbers are found by their first digits, with the country code: +44 20, 0044 20 and 4420 are one. " : ""}<a href=${link(["dids"])}>Show all numbers</a><//>`
    : html`<${Empty} title="No numbers yet">A number is here once a package is assigned to it: open a customer and choose “Assign a package”, or import a file.<//>`;

const customer = (id, name) => html`<a href=${link(["customers", id])}>${name || id}</a>${name && html`<span class="sub mono">${id}</span>`}`;
const aMonth = (one, name) => (one[name] === null ? DASH : html`<${Money} value=${format.rounded(one[name], one.currency)} currency=${one.currency} />`);

/** From when on nobody has it. */
const free = (one) =>
  one.free_from === null
    ? html`<span class="muted">open</span>`
    : one.free_from <= settings.today
      ? html`<${Badge} tone="good">Free<//>`
      : html`<${Day} value=${one.free_from} />`;

/** Who comes next, or was there last. */
const others = (one, nameOf) =>
  one.next_customer_id
    ? html`<span class="sub">from ${format.day(one.next_from)} ${nameOf(one.next_customer_id)}</span>`
    : !one.customer_id && one.last_customer_id && html`<span class="sub">${nameOf(one.last_customer_id)} until ${format.day(one.last_day)}</span>`;

const columns = (nameOf) => [
  {
    name: "did",
    label: "Number",
    main: true,
    cell: (one) => html`<a class="mono" href=${link(["dids", one.did])}>${one.did}</a>${one.paused && html` <${Badge}>Paused<//>`}`,
  },
  {
    name: "customer",
    label: "Who has it",
    cell: (one) => html`${one.customer_id ? customer(one.customer_id, one.customer_name) : html`<span class="muted">nobody</span>`}${others(one, nameOf)}`,
  },
  { name: "since", label: "Since", cell: (one) => html`<${Day} value=${one.since} />` },
  { name: "with", label: "With", cell: (one) => one.package_names.join(", ") || DASH },
  { name: "cost", label: "Cost a month", num: true, cell: (one) => html`<span class="muted">${aMonth(one, "cost")}</span>` },
  { name: "retail", label: "Retail a month", num: true, cell: (one) => html`<strong>${aMonth(one, "retail")}</strong>` },
  { name: "free", label: "Free from", cell: (one) => html`<span class="nowrap">${free(one)}</span>` },
  {
    name: "transfer",
    label: "Action",
    num: true,
    cell: (one) =>
      (one.customer_id || one.next_customer_id) &&
      html`<${LinkButton} look="small" needs="write" href=${link(["dids", one.did, "transfer"])}><span aria-hidden="true">Transfer…</span><span class="hidden">Transfer ${one.did}…</span><//>`,
  },
];

/** Who has, had or will have a number. */
export function Did({ did }) {
  const { q = did } = useRoute().query;
  const { data, error, reload } = useLoad(async () => {
    const [history, { items }] = await Promise.all([all(path("dids", did, "assignments")), get("dids", { search: did, limit: 1 })]);
    return { history, now: items.find((one) => one.did === did) };
  }, [did]);
  const now = data?.now;
  const nameOf = useNames(data?.history.map((one) => one.customer_id) ?? []);
  return html`
    <${Page} title=${`DID ${did}`} back=${["#/dids", "Numbers"]} lead="Who has this number, had it, or will have it."
      actions=${(now?.customer_id || now?.next_customer_id) && html`<${LinkButton} href=${link(["dids", did, "transfer"])} needs="write">Transfer…<//>`}>
      ${
        error
          ? failed(error, reload)
          : !data
            ? html`<${Skeleton} /> `
            : data.history.length === 0
              ? html`<${Empty} title="Nobody has this number">It can be assigned: open a customer and choose “Assign a package”. Or did you mean <a href=${link(["dids"], { q })}>the numbers that begin with ${q}</a>, or a <a href=${link(["customers"], { q })}>customer ${q}</a>?<//>`
              : html`
            ${now && html`<${Now} one=${now} />`}
            <${Card} title="History"><${Table} caption="Assignments of this DID" rows=${data.history} columns=${history(nameOf)} id=${(one) => one.assignment_id} /><//>`
      }
    <//>`;
}

const Now = ({ one }) => html`
  <${Card} title="Today">
    <${Facts} of=${[
      [
        "Who has it",
        one.customer_id
          ? html`<a href=${link(["customers", one.customer_id])}>${one.customer_name || one.customer_id}</a>, since ${format.day(one.since)}${one.until ? ` until ${format.day(one.until)}` : ""}`
          : "Nobody",
      ],
      ["With", one.package_names.join(", ") + (one.paused ? ", paused" : "")],
      ["Retail a month", one.retail !== null && aMonth(one, "retail")],
      ["Cost a month", one.cost !== null && aMonth(one, "cost")],
      ["Next", one.next_customer_id && html`<${Customer} id=${one.next_customer_id} />, from ${format.day(one.next_from)}`],
      ["Free again from", one.free_from === null ? "open, it has no end" : one.free_from <= settings.today ? "today" : format.day(one.free_from)],
    ]} />
  <//>`;

const history = (nameOf) => [
  { name: "customer", label: "Customer", main: true, cell: (one) => html`<${CustomerLink} id=${one.customer_id} nameOf=${nameOf} />` },
  {
    name: "package",
    label: "Package",
    cell: (one) => html`<a href=${link(["customers", one.customer_id, "assignments", one.assignment_id])}>${one.package.name}</a>`,
  },
  { name: "quantity", label: "Quantity", num: true, cell: (one) => one.quantity },
  { name: "validity", label: "Validity", cell: validity },
];
