// Held charges: what waits for room below the debit limit.

import { path } from "./api.js";
import { useAction, useList } from "./hooks.js";
import { html, useState } from "./preact.js";
import { link } from "./router.js";
import { announce } from "./toast.js";
import { Button, Day, Dialog, Empty, List, Money, Page, Problem, Table } from "./ui.js";
import * as format from "./format.js";

export function HeldCharges() {
  const list = useList("held");
  const done = (text) => { announce(text); list.reload(); };
  return html`
    <${Page} title="Held charges" lead="Charges that would take a balance below its debit limit. Each is tried again by every daily run until it posts, or until you write it off.">
      <${List} list=${list} of="more held charges" empty=${html`<${Empty} title="Nothing is held">When a charge passes a customer's debit limit, it waits here.<//>`}>
        <${HeldTable} items=${list.items ?? []} done=${done} withCustomer />
      <//>
    <//>`;
}

export function HeldTable({ items, done, withCustomer }) {
  const [chosen, setChosen] = useState(null);
  const customer = { name: "customer", label: "Customer", cell: (one) => html`<a href=${link(["customers", one.customer_id])}>${one.customer_id}</a>` };
  const columns = [
    { name: "what", label: "Charge", main: true, cell: (one) => html`<a href=${link(["customers", one.customer_id, "assignments", one.assignment_id])}>${one.package_name}</a><span class="sub">${format.readable(one.explanation)}</span>` },
    ...(withCustomer ? [customer] : []),
    { name: "due", label: "Due", cell: (one) => html`<span class="nowrap"><${Day} value=${one.date} /></span>` },
    { name: "retail", label: "Retail", num: true, cell: (one) => html`<strong><${Money} value=${one.retail} currency=${one.currency} /></strong>` },
    { name: "actions", label: "Action", num: true, cell: (one) => html`<${Button} needs="charge" look="small" onClick=${() => setChosen(one)} aria-label=${`Write off ${one.package_name}, ${format.day(one.date)}`}>Write off…<//>` },
  ];
  return html`
    <${Table} caption="Held charges" rows=${items} columns=${columns} id=${(one) => one.entry_id} />
    ${chosen && html`<${WriteOff} one=${chosen} close=${() => setChosen(null)} done=${(text) => { setChosen(null); done(text); }} />`}`;
}

function WriteOff({ one, close, done }) {
  const action = useAction(() => done("Written off"));
  return html`
    <${Dialog} title="Write off this charge?" close=${close} busy=${action.busy}
      actions=${html`<${Button} needs="charge" look="danger" busy=${action.busy} busyLabel="Writing off…" onClick=${() => action.post(path("held", one.entry_id, "cancellation"))}>Write off<//>`}>
      <p><strong><${Money} value=${one.retail} currency=${one.currency} /></strong> for ${one.package_name}, due <${Day} value=${one.date} />, from ${one.customer_id}.</p>
      <p>It is kept in the ledger as written off and is never tried again.</p>
      <${Problem} error=${action.problem} />
    <//>`;
}
