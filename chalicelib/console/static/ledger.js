// A customer's ledger; each charge opens to what it was computed from.

import { path } from "./api.js";
import { settings } from "./auth.js";
import { Credit, creditState, isCreditable, leftOf } from "./credit.js";
import { Download } from "./files.js";
import * as format from "./format.js";
import { useList } from "./hooks.js";
import { html, useState } from "./preact.js";
import { ComputedFrom } from "./report.js";
import { link, replace, useRoute } from "./router.js";
import { Badge, Button, Day, Empty, Facts, Instant, List, Money, Table } from "./ui.js";

const SINCE_DAYS = 92;
/** What a charge is for: a package, or what was typed. */
const nameOf = (entry) => entry.package_name ?? entry.description;
/** Whether an entry has neither retail nor cost. */
const movesOnly = (entry) => entry.kind === "payment" || entry.kind === "adjustment";

/** @param {{id: string, changed: (text: string) => void}} props `changed` is called after something was posted */
export function Ledger({ id, changed }) {
  const { query } = useRoute();
  const { by = "due", from = format.later(settings.today, -SINCE_DAYS), to = "", kind = "" } = query;
  const range = by === "posted" ? { posted_from: from, posted_to: to } : { from, to };
  const list = useList(path("customers", id, "ledger"), range, 100);
  const filter = (change) => replace(["customers", id, "ledger"], { by, from, to, kind, ...change });
  const shown = (list.items ?? []).filter((one) => !kind || one.kind === kind);
  return html`
    <form class="filters" aria-label="Which entries" onSubmit=${(event) => event.preventDefault()}>
      <div class="field"><label for="by">Dated by</label>
        <select id="by" value=${by} onChange=${(event) => filter({ by: event.target.value })}><option value="due">Due date</option><option value="posted">Day of posting</option></select></div>
      <div class="field"><label for="from">From</label><input id="from" type="date" value=${from} onChange=${(event) => filter({ from: event.target.value || "1900-01-01" })} /></div>
      <div class="field"><label for="to">To</label><input id="to" type="date" value=${to} onChange=${(event) => filter({ to: event.target.value })} /></div>
      <div class="field"><label for="kind">Kind</label>
        <select id="kind" value=${kind} onChange=${(event) => filter({ kind: event.target.value })}><option value="">All kinds</option>${Object.entries(format.KINDS).map(([value, text]) => html`<option value=${value}>${text}</option>`)}</select></div>
    </form>
    <${List} list=${list} of="later entries" empty=${html`<${Empty} title="No entries in this range">Choose an earlier day above, or simulate a <a href=${link(["run"], { customer: id })}>Run Package</a> to see what is due.<//>`}>
      <div class="bar"><p class="count" role="status">${format.plural(shown.length, "entry", "entries")}, oldest first</p><${Download} where=${path("customers", id, "ledger")} query=${range} name=${`ledger-${id}`} /></div>
      <${Entries} items=${shown} changed=${(text) => {
        list.reload();
        changed(text);
      }} />
    <//>`;
}

function Entries({ items, changed }) {
  const [open, setOpen] = useState(() => new Set());
  const [crediting, setCrediting] = useState(null);
  const toggle = (entry) =>
    setOpen((old) => {
      const now = new Set(old);
      if (!now.delete(entry)) now.add(entry);
      return now;
    });
  const columns = [
    { name: "date", label: "Date", cell: (one) => html`<span class="nowrap"><${Day} value=${one.date} /></span>` },
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
      name: "cost",
      label: "Cost",
      num: true,
      cell: (one) => html`<span class="muted"><${Money} value=${movesOnly(one) ? null : one.cost} of=${one.currency} /></span>`,
    },
    {
      name: "retail",
      label: "Retail",
      num: true,
      cell: (one) => html`<strong><${Money} value=${movesOnly(one) ? null : one.retail} currency=${movesOnly(one) ? null : one.currency} /></strong>`,
    },
    {
      name: "credit",
      label: "Credit",
      num: true,
      cell: (one) =>
        format.isZero(one.credit_change) ? html`<span class="muted">–</span>` : html`<${Money} value=${one.credit_change} of=${one.currency} sign />`,
    },
  ];
  const below = (one) =>
    open.has(one.entry_id) &&
    html`
    <tr key=${`why-${one.entry_id}`} id=${`why-${one.entry_id}`} role="row" class="details-row"><td role="cell" colspan=${columns.length}>
      ${one.explanation && html`<${ComputedFrom} of=${one} />`}
      <${Facts} wide of=${[
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
        ["Credits", one.credits && html`<span class="mono">${one.credits}</span>`],
        ["Reverses", one.reverses && html`<span class="mono">${one.reverses}</span>`],
        ["Written off by", one.cancelled_by],
        ["Entry", html`<span class="mono">${one.entry_id}</span>`],
      ]} />
      ${isCreditable(one) && html`<div class="form-actions"><${Button} needs="charge" look="small" onClick=${() => setCrediting(one)}>Credit…<//></div>`}
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
