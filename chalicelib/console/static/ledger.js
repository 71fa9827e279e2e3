// A customer's ledger; each charge opens to what it was computed from, what was taken back of it, and its run.

import { get, path } from "./api.js";
import { settings } from "./auth.js";
import { Credit, creditState, isCreditable, leftOf } from "./credit.js";
import { Download } from "./files.js";
import * as format from "./format.js";
import { HeldActions } from "./held.js";
import { useList, useLoad } from "./hooks.js";
import { PackageFilter } from "./package-field.js";
import { html, useState } from "./preact.js";
import { ComputedFrom } from "./report.js";
import { link, replace, useRoute } from "./router.js";
import { Badge, Button, Choice, DASH, Day, Empty, Facts, FILTERS, Instant, List, Money, Stat, Stats, Table } from "./ui.js";

const SINCE_DAYS = 92;
const NARROWED_BY = ["kind", "status", "package"];
const STATUSES = { posted: "Posted", held: "Held", cancelled: "Written off" };
/** What a charge is for: a package, or what was typed. */
const nameOf = (entry) => entry.package_name ?? entry.description;
/** Whether an entry has neither retail nor cost. */
const movesOnly = (entry) => entry.kind === "payment" || entry.kind === "adjustment";
/** The ledger on the day of an entry, which stands open. */
export function entryLink(id) {
  const [customer, day] = id.split("~");
  return link(["customers", customer, "ledger"], { from: day, to: day, entry: id });
}

/** @param {{id: string, changed: (text: string) => void}} props `changed` is called after something was posted */
export function Ledger({ id, changed }) {
  const { query } = useRoute();
  const { by = "due", from = format.later(settings.today, -SINCE_DAYS), to = "", order = "desc" } = query;
  const posted = by === "posted";
  const asked = { ...(posted ? { posted_from: from, posted_to: to } : { from, to }), sort: by, order };
  for (const name of NARROWED_BY) if (name !== "status" || !posted) asked[name] = query[name];
  const list = useList(path("customers", id, "ledger"), asked, 100);
  const filter = (change) => replace(["customers", id, "ledger"], { ...query, by, from, to, order, entry: "", ...change });
  return html`
    <form ...${FILTERS} aria-label="Which entries">
      <${Choice} id="by" label="Dated by" value=${by} options=${[["due", "Due date"], ["posted", "Day of posting"]]} onChange=${(value) => filter({ by: value })} />
      <div class="field"><label for="from">From</label><input id="from" type="date" value=${from} onChange=${(event) => filter({ from: event.target.value || "1900-01-01" })} /></div>
      <div class="field"><label for="to">To</label><input id="to" type="date" value=${to} onChange=${(event) => filter({ to: event.target.value })} /></div>
      <${Choice} id="order" label="Order" value=${order} options=${[["desc", "Newest first"], ["asc", "Oldest first"]]} onChange=${(value) => filter({ order: value })} />
      <${Choice} id="kind" label="Kind" value=${query.kind ?? ""} options=${[["", "All kinds"], ...Object.entries(format.KINDS)]} onChange=${(value) => filter({ kind: value })} />
      ${!posted && html`<${Choice} id="status" label="Status" value=${query.status ?? ""} options=${[["", "All"], ...Object.entries(STATUSES)]} onChange=${(value) => filter({ status: value })} />`}
      <${PackageFilter} chosen=${query.package ?? ""} choose=${(value) => filter({ package: value })} />
    </form>
    <${List} list=${list} of="more entries" empty=${html`<${Empty} title="No entries in this range">Choose an earlier day above, or simulate a <a href=${link(["run"], { customer: id })}>Run Package</a> to see what is due.<//>`}>
      <${Sums} page=${list.data} currency=${list.items?.[0]?.currency} />
      <div class="bar"><p class="count" role="status">${format.plural(list.data?.count ?? 0, "entry", "entries")}, ${order === "desc" ? "newest first" : "oldest first"}, by ${posted ? "day of posting" : "due date"}</p><${Download} where=${path("customers", id, "ledger")} query=${asked} name=${`ledger-${id}`} /></div>
      <${Entries} items=${list.items ?? []} posted=${posted} opened=${query.entry} changed=${(text) => {
        list.reload();
        changed(text);
      }} />
    <//>`;
}

/** What all entries come to that are asked for; what is held or written off is told apart. */
function Sums({ page, currency }) {
  const of = (status) => page?.sums?.find((one) => one.status === status);
  const posted = of("posted");
  const told = [
    posted && ["Retail", posted.retail, `cost ${format.money(posted.cost, currency)}`],
    posted && ["Balance moved by", posted.credit_change, "payments and all else included"],
    of("held") && ["Held", of("held").retail, format.plural(of("held").entries, "charge")],
    of("cancelled") && ["Written off", of("cancelled").retail, format.plural(of("cancelled").entries, "charge")],
  ].filter(Boolean);
  return html`<${Stats}>${told.map(([label, value, note]) => html`<${Stat} key=${label} label=${label} note=${note}><${Money} value=${value} currency=${currency} /><//>`)}<//>`;
}

function Entries({ items, posted, opened, changed }) {
  const [open, setOpen] = useState(() => new Set(opened ? [opened] : []));
  const [crediting, setCrediting] = useState(null);
  const toggle = (entry) =>
    setOpen((old) => {
      const now = new Set(old);
      if (!now.delete(entry)) now.add(entry);
      return now;
    });
  const columns = [
    {
      name: "date",
      label: posted ? "Posted" : "Due",
      cell: (one) =>
        posted
          ? html`<${Instant} value=${one.posted_at} />${one.posted_at?.slice(0, 10) !== one.date && html`<span class="sub nowrap">due ${format.day(one.date)}</span>`}`
          : html`<${Day} value=${one.date} />`,
    },
    {
      name: "what",
      label: "What",
      main: true,
      cell: (one) => html`
        <button type="button" class="button link" aria-expanded=${open.has(one.entry_id)} aria-controls=${`why-${one.entry_id}`} onClick=${() => toggle(one.entry_id)}>${nameOf(one) ?? format.KINDS[one.kind]}</button>
        <span class="sub">${[nameOf(one) && format.KINDS[one.kind], one.did && `DID ${one.did}`, one.quantity > 1 && `${one.quantity} × ${format.money(one.unit_retail, one.currency)}`, one.reference].filter(Boolean).join(" · ")}</span>`,
    },
    {
      name: "status",
      label: "Status",
      cell: (one) =>
        html`<${Badge} status=${one.status} />${one.repeat && html` <${Badge} tone="warn">Repeat<//>`}${creditState(one) && html` <${Badge} tone="info">${creditState(one)}<//>`}`,
    },
    {
      name: "retail",
      label: "Retail",
      num: true,
      cell: (one) =>
        movesOnly(one)
          ? DASH
          : html`<strong><${Money} value=${one.retail} of=${one.currency} /></strong><span class="sub">cost ${format.money(one.cost, one.currency)}</span>`,
    },
    {
      name: "credit",
      label: "Credit",
      num: true,
      cell: (one) => (format.isZero(one.credit_change) ? DASH : html`<${Money} value=${one.credit_change} of=${one.currency} sign />`),
    },
    { name: "balance", label: "Balance", num: true, cell: (one) => html`<${Money} value=${one.balance} currency=${one.currency} />` },
    {
      name: "actions",
      label: "Action",
      num: true,
      cell: (one) =>
        one.status === "held"
          ? html`<${HeldActions} one=${one} done=${changed} />`
          : isCreditable(one) && html`<${Button} needs="charge" look="small" onClick=${() => setCrediting(one)}>Credit…<//>`,
    },
  ];
  const below = (one) =>
    open.has(one.entry_id) &&
    html`
    <tr key=${`why-${one.entry_id}`} id=${`why-${one.entry_id}`} role="row" class="details-row"><td role="cell" colspan=${columns.length}>
      ${one.explanation && html`<${ComputedFrom} of=${one} />`}
      <${Facts} wide of=${[
        ["Due", posted && html`<${Day} value=${one.date} />`],
        ["Posted", one.posted_at && html`<${Instant} value=${one.posted_at} />`],
        ["Recorded by", one.recorded_by],
        ["Run", one.run_id && html`<a href=${link(["runs", one.run_id])}>${one.run_id}</a>`],
        ["Reference", one.reference],
        [
          "Taken back so far",
          creditState(one) &&
            html`<${Money} value=${one.credited_retail} currency=${one.currency} /><span class="muted">, cost <${Money} value=${one.credited_cost} of=${one.currency} /></span>`,
        ],
        ["Left", creditState(one) && html`<${Money} value=${leftOf(one).retail} currency=${one.currency} />`],
        ["Reason", one.reason],
        ["Afterwards", one.recharge && "can be charged anew by a Run Package"],
        ["Credits", one.credits && html`<a href=${entryLink(one.credits)}>the charge of ${format.day(one.credits.split("~")[1])}</a>`],
        ["Reverses", one.reverses && html`<a href=${entryLink(one.reverses)}>the charge of ${format.day(one.reverses.split("~")[1])}</a>`],
        ["Written off by", one.cancelled_by],
        ["Entry", html`<span class="mono">${one.entry_id}</span>`],
      ]} />
      ${creditState(one) && html`<${TakenBack} of=${one} />`}
    </td></tr>`;
  return html`
    <${Table} caption="Ledger" rows=${items} columns=${columns} id=${(one) => one.entry_id} below=${below} />
    ${
      crediting &&
      html`<${Credit} entry=${crediting} close=${() => setCrediting(null)} done=${(text) => {
        setCrediting(null);
        changed(text);
      }} />`
    }`;
}

/** The credits, reversals and negative lines that took from a charge. */
function TakenBack({ of: charge }) {
  const { data } = useLoad(() => get(path("customers", charge.customer_id, "ledger"), { of: charge.entry_id, limit: 50 }), [charge.version]);
  return html`
    <p><strong>Taken back by</strong></p>
    <ul class="reasons">${data?.items.map(
      (one) => html`
      <li key=${one.entry_id}><a href=${entryLink(one.entry_id)}>${format.KINDS[one.kind]} of ${format.day(one.date)}</a>
        <span>${one.reason ? `${one.reason}, ` : ""}<${Money} value=${one.retail} currency=${one.currency} /></span></li>`,
    )}</ul>`;
}
