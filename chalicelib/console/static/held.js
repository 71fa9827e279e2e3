// Held charges: what waits for room below the debit limit.

import { all, path } from "./api.js";
import { Download } from "./files.js";
import * as format from "./format.js";
import { useAction, useList, useLoad } from "./hooks.js";
import { html, useState } from "./preact.js";
import { link } from "./router.js";
import { announce } from "./toast.js";
import { Button, Day, Dialog, Empty, List, Money, Page, Problem, Table } from "./ui.js";

export function HeldCharges() {
  const list = useList("held");
  const { data: customers, reload } = useLoad(() => all("customers", { parked: true }), []);
  const done = (text) => {
    announce(text);
    list.reload();
  };
  const unparked = () => {
    announce("Unparked: the next daily run posts what is due");
    reload();
  };
  return html`
    <${Page} title="Held charges" lead="Charges that would take a balance below its debit limit. Each is tried again by every daily run until it posts, or until you write it off.">
      ${customers?.map((one) => html`<${Parked} key=${one.customer_id} one=${one} done=${unparked} named />`)}
      <${List} list=${list} of="more held charges" empty=${html`<${Empty} title="Nothing is held">When a charge passes a customer's debit limit, it waits here.<//>`}>
        <div class="bar"><p class="count">${list.items?.length} held${list.hasMore ? " among those loaded" : ""}</p><${Download} where="held" name="held" /></div>
        <${HeldTable} items=${list.items ?? []} done=${done} withCustomer />
      <//>
    <//>`;
}

/** What a parked customer is, and the way out. */
export function Parked({ one, done, named }) {
  const action = useAction(done);
  return html`
    <div class="banner bad">
      <div><p class="banner-title">${named ? html`<a href=${link(["customers", one.customer_id])}>${one.name || one.customer_id}</a> is parked: nothing is posted` : "Parked: nothing is posted for this customer"}</p>
        <p>More lines were due in one evaluation than the safety bound allows. Nothing is lost. Look at the assignments; if so many lines are meant, unpark, and the next daily run posts them.</p>
        <${Problem} error=${action.problem} /></div>
      <${Button} needs="charge" look="small" busy=${action.busy} busyLabel="Unparking…" onClick=${() => action.post(path("customers", one.customer_id, "unpark"))}>Unpark<//>
    </div>`;
}

export function HeldTable({ items, done, withCustomer }) {
  const [chosen, setChosen] = useState(null);
  const customer = { name: "customer", label: "Customer", cell: (one) => html`<a href=${link(["customers", one.customer_id])}>${one.customer_id}</a>` };
  const columns = [
    {
      name: "what",
      label: "Charge",
      main: true,
      cell: (one) =>
        html`${one.assignment_id ? html`<a href=${link(["customers", one.customer_id, "assignments", one.assignment_id])}>${one.package_name}</a>` : one.description}<span class="sub">${format.readable(one.explanation)}</span>`,
    },
    ...(withCustomer ? [customer] : []),
    { name: "due", label: "Due", cell: (one) => html`<span class="nowrap"><${Day} value=${one.date} /></span>` },
    { name: "retail", label: "Retail", num: true, cell: (one) => html`<strong><${Money} value=${one.retail} currency=${one.currency} /></strong>` },
    {
      name: "actions",
      label: "Action",
      num: true,
      cell: (one) =>
        html`<${Button} needs="charge" look="small" onClick=${() => setChosen(one)} aria-label=${`Write off ${one.package_name ?? one.description}, ${format.day(one.date)}`}>Write off…<//>`,
    },
  ];
  return html`
    <${Table} caption="Held charges" rows=${items} columns=${columns} id=${(one) => one.entry_id} />
    ${
      chosen &&
      html`<${WriteOff} one=${chosen} close=${() => setChosen(null)} done=${(text) => {
        setChosen(null);
        done(text);
      }} />`
    }`;
}

function WriteOff({ one, close, done }) {
  const action = useAction(() => done("Written off"));
  return html`
    <${Dialog} title="Write off this charge?" close=${close} busy=${action.busy}
      actions=${html`<${Button} needs="charge" look="danger" busy=${action.busy} busyLabel="Writing off…" onClick=${() => action.post(path("held", one.entry_id, "cancellation"))}>Write off<//>`}>
      <p><strong><${Money} value=${one.retail} currency=${one.currency} /></strong> for ${one.package_name ?? one.description}, due <${Day} value=${one.date} />, from ${one.customer_id}.</p>
      <p>It is kept in the ledger as written off and is never tried again.</p>
      <${Problem} error=${action.problem} />
    <//>`;
}
