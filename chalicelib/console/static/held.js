// Held charges: what waits for room below the debit limit.

import { path } from "./api.js";
import { Download } from "./files.js";
import * as format from "./format.js";
import { useAction, useList } from "./hooks.js";
import { Customer, CustomerLink, useNames } from "./names.js";
import { html, useState } from "./preact.js";
import { link } from "./router.js";
import { announce } from "./toast.js";
import { Button, Day, Dialog, Empty, List, Money, Page, Problem, Stat, Stats, Table } from "./ui.js";

const SUMS = { sums: true };

export function HeldCharges() {
  const list = useList("held", SUMS);
  const parked = useList("customers", { parked: true }, 20);
  const done = (text) => {
    announce(text);
    list.reload();
  };
  const unparked = () => {
    announce("Unparked: the next daily run posts what is due");
    parked.reload();
  };
  const sums = list.data?.sums;
  const atLeast = sums?.whole === false ? "at least " : "";
  return html`
    <${Page} title="Held charges" lead="Charges that would take a balance below its debit limit. Each is tried again by every daily run until it posts, or until you write it off.">
      ${parked.items?.map((one) => html`<${Parked} key=${one.customer_id} one=${one} done=${unparked} named />`)}
      ${parked.hasMore && html`<p class="load-more"><${Button} onClick=${parked.loadMore} busy=${parked.more.loading}>More parked customers<//></p>`}
      <${List} list=${list} of="more held charges" empty=${html`<${Empty} title="Nothing is held">When a charge passes a customer's debit limit, it waits here.<//>`}>
        ${
          sums &&
          html`
          <${Stats}>
            <${Stat} label="Held charges">${atLeast}${format.count(sums.charges)}<//>
            ${sums.by_currency.map((one) => html`<${Stat} key=${one.currency} label=${`Held in ${one.currency}`} note=${sums.by_currency.length > 1 && format.plural(one.charges, "charge")}><${Money} value=${one.retail} currency=${one.currency} /><//>`)}
            <${Stat} label="The oldest is due"><${Day} value=${sums.oldest} /><//>
          <//>`
        }
        <div class="bar"><p class="count">After a payment, or with a higher limit, you need not wait for the night: <strong>Try now</strong>.</p><${Download} where="held" name="held" /></div>
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
  const nameOf = useNames(withCustomer ? items.map((one) => one.customer_id) : []);
  const customer = { name: "customer", label: "Customer", cell: (one) => html`<${CustomerLink} id=${one.customer_id} nameOf=${nameOf} to=${["held"]} />` };
  const columns = [
    {
      name: "what",
      label: "Charge",
      main: true,
      cell: (one) =>
        html`${one.assignment_id ? html`<a href=${link(["customers", one.customer_id, "assignments", one.assignment_id])}>${one.package_name}</a>` : one.description}<span class="sub">${format.readable(one.explanation)}</span>`,
    },
    ...(withCustomer ? [customer] : []),
    { name: "due", label: "Due", cell: (one) => html`<${Day} value=${one.date} />` },
    { name: "retail", label: "Retail", num: true, cell: (one) => html`<strong><${Money} value=${one.retail} currency=${one.currency} /></strong>` },
    { name: "actions", label: "Action", num: true, cell: (one) => html`<${HeldActions} one=${one} done=${done} />` },
  ];
  return html`<${Table} caption="Held charges" rows=${items} columns=${columns} id=${(one) => one.entry_id} />`;
}

/** What can be done with a held charge. A negative line follows the charge with which it is held. */
export function HeldActions({ one, done }) {
  const [writingOff, setWritingOff] = useState(false);
  const [stays, setStays] = useState(false);
  const action = useAction((tried) =>
    tried.status === "posted" ? done(`Posted ${format.money(tried.retail, tried.currency)} ${tried.currency}`) : setStays(true),
  );
  const what = `${one.package_name ?? one.description}, ${format.day(one.date)}`;
  if (format.isNegative(one.retail)) return html`<span class="muted">with its charge</span>`;
  return html`
    <div class="row-actions">
      <${Button} needs="charge" look="small" busy=${action.busy} busyLabel="Trying…" onClick=${() => action.post(path("held", one.entry_id, "attempt"))} aria-label=${`Try now ${what}`}>Try now<//>
      <${Button} needs="charge" look="small" onClick=${() => setWritingOff(true)} aria-label=${`Write off ${what}`}>Write off…<//>
    </div>
    ${stays && html`<span class="fault" role="status">Still held: it does not fit within the debit limit.</span>`}
    ${action.problem && html`<span class="fault" role="alert">${format.readable(action.problem.message)}</span>`}
    ${
      writingOff &&
      html`<${WriteOff} one=${one} close=${() => setWritingOff(false)} done=${(text) => {
        setWritingOff(false);
        done(text);
      }} />`
    }`;
}

function WriteOff({ one, close, done }) {
  const action = useAction(() => done("Written off"));
  return html`
    <${Dialog} title="Write off this charge?" close=${close} busy=${action.busy}
      actions=${html`<${Button} needs="charge" look="danger" busy=${action.busy} busyLabel="Writing off…" onClick=${() => action.post(path("held", one.entry_id, "cancellation"))}>Write off<//>`}>
      <p><${Customer} id=${one.customer_id} />: <strong><${Money} value=${one.retail} currency=${one.currency} /></strong> for ${one.package_name ?? one.description}, due <${Day} value=${one.date} />.</p>
      <p>It is kept in the ledger as written off and is never tried again.</p>
      <${Problem} error=${action.problem} />
    <//>`;
}
