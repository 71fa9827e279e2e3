// One customer: the balance, and what there is to see and do.

import { get, path } from "./api.js";
import { settings } from "./auth.js";
import { Adjustment, OneOff, Payment } from "./charges.js";
import { Download } from "./files.js";
import * as format from "./format.js";
import { Glance } from "./glance.js";
import { HeldTable, Parked } from "./held.js";
import { History } from "./history.js";
import { useList, useLoad, useModule } from "./hooks.js";
import { Ledger } from "./ledger.js";
import { validity } from "./packages.js";
import { html, useEffect, useRef, useState } from "./preact.js";
import { link } from "./router.js";
import { SelectionBar, useSelection } from "./selection.js";
import { announce } from "./toast.js";
import { Badge, Button, Card, DASH, Empty, failed, LinkButton, List, Minutes, Money, Page, Problem, Skeleton, Table } from "./ui.js";

const TABS = [
  ["assignments", "Assignments"],
  ["ledger", "Ledger"],
  ["held", "Held charges"],
  ["minutes", "Free minutes"],
  ["features", "Features"],
  ["history", "History"],
];

const DIALOGS = { payment: Payment, adjustment: Adjustment, "one-off": OneOff, pause: Later };

/** The dialog that pauses all; its module is loaded when it is asked for. */
function Later(props) {
  const module = useModule(() => import("./pause.js"));
  return module && html`<${module.Pause} ...${props} />`;
}

export function Customer({ id, tab = "assignments" }) {
  const { data: one, error, reload } = useLoad(() => get(path("customers", id)), [id, tab]);
  const [dialog, setDialog] = useState(null);
  const [bookings, setBookings] = useState(0); // a new number loads the panel anew
  const tabs = useRef(null);
  useEffect(() => {
    if (tabs.current) tabs.current.scrollLeft = tabs.current.querySelector("[aria-current]").offsetLeft - 120;
  }, [tab, one !== null]);
  const back = ["#/customers", "Customers"];
  if (error && !one) return html`<${Page} title=${id} back=${back}><${Problem} error=${error} retry=${reload} /><//>`;
  if (!one) return html`<${Page} title=${id} back=${back}><${Skeleton} /><//>`;
  const Booking = DIALOGS[dialog];
  const changed = (text) => {
    setDialog(null);
    announce(text);
    reload();
  };
  return html`
    <${Page} title=${one.name || id} about=${TABS.find(([name]) => name === tab)?.[1].toLowerCase()} lead=${one.name ? html`<span class="mono">${id}</span>` : null} back=${back}
      badges=${one.parked && html`<${Badge} tone="bad">Parked<//>`}
      actions=${html`
        <${LinkButton} href=${link(["customers", id, "statement"])} look="quiet">Statement<//>
        <${Button} needs="charge" onClick=${() => setDialog("payment")}>Record payment…<//>
        <${LinkButton} href=${link(["run"], { customer: id })}>Run Package<//>
        <details class="menu"><summary class="button">More</summary>
          <div class="menu-items" onClick=${closeMenu}>
            <${LinkButton} href=${link(["customers", id, "edit"])} needs="write">Edit<//>
            <${Button} needs="charge" onClick=${() => setDialog("one-off")}>One-off charge…<//>
            <${Button} needs="charge" onClick=${() => setDialog("adjustment")}>Adjustment…<//>
            <${Button} needs="write" onClick=${() => setDialog("pause")}>Pause…<//>
            <${LinkButton} href=${link(["customers", id, "close"])} needs="write">Close customer…<//>
          </div>
        </details>
        <${LinkButton} href=${link(["customers", id, "assign"])} needs="write" look="primary">Assign a package<//>`}>
      ${one.parked && html`<${Parked} one=${one} done=${() => changed("Unparked: the next daily run posts what is due")} />`}
      <${Glance} one=${one} fresh=${bookings} />
      <nav class="tabs" aria-label="Customer" ref=${tabs}>
        ${TABS.map(([name, text]) => html`<a key=${name} href=${link(["customers", id, name])} aria-current=${tab === name ? "page" : undefined}>${text}${name === "held" && one.held_charges ? ` (${one.held_charges})` : ""}</a>`)}
      </nav>
      <div class="panel" key=${bookings}>
        ${tab === "assignments" && html`<${Assignments} id=${id} />`}
        ${tab === "ledger" && html`<${Ledger} id=${id} changed=${changed} />`}
        ${tab === "held" && html`<${Held} id=${id} reload=${reload} />`}
        ${tab === "minutes" && html`<${FreeMinutes} id=${id} />`}
        ${tab === "features" && html`<${Features} id=${id} />`}
        ${tab === "history" && html`<${History} of=${["customers", id]} currency=${one.currency} />`}
      </div>
      ${
        Booking &&
        html`<${Booking} one=${one} close=${() => setDialog(null)} done=${(text) => {
          setBookings(bookings + 1);
          changed(text);
        }} />`
      }
    <//>`;
}

/** Something of the menu was pressed: a dialog that it opens gives the focus back to the menu. */
function closeMenu({ currentTarget }) {
  currentTarget.parentElement.open = false;
  currentTarget.previousElementSibling.focus();
}

const isOver = (one) => one.cancelled || (one.end_date !== null && one.end_date < settings.today);

function Assignments({ id }) {
  const list = useList(path("customers", id, "assignments"));
  const items = list.items ?? [];
  const current = items.filter((one) => !isOver(one));
  const over = items.filter(isOver);
  const selection = useSelection({ items: current }, (one) => `${one.package.name}${one.did ? `, DID ${one.did}` : ""}`);
  const key = (one) => one.assignment_id;
  return html`
    <${List} list=${list} of="more assignments" empty=${html`<${Empty} title="No assignments yet">Give this customer, or one of its numbers, a package: <a href=${link(["customers", id, "assign"])}>Assign a package</a><//>`}>
      <div class="bar"><p class="count">${format.plural(current.length, "assignment")}${list.hasMore ? " loaded" : ""}</p><${Download} where=${path("customers", id, "assignments")} name=${`assignments-${id}`} /></div>
      ${current.length > 0 && html`<${SelectionBar} selection=${selection} where=${path("customers", id, "assignments")} name=${`assignments-${id}`} />`}
      ${current.length > 0 ? html`<${Table} caption="Assignments" rows=${current} columns=${[selection.column, ...ASSIGNMENTS]} id=${key} />` : html`<p class="muted">${list.hasMore ? "None of those loaded so far goes on." : "None goes on."}</p>`}
      ${over.length > 0 && html`<details class="more"><summary>${format.plural(over.length, "ended assignment")}</summary><${Table} caption="Ended assignments" rows=${over} columns=${ASSIGNMENTS} id=${key} /></details>`}
    <//>`;
}

export const ASSIGNMENTS = [
  {
    name: "package",
    label: "Package",
    main: true,
    cell: (one) => html`
      <a href=${link(["customers", one.customer_id, "assignments", one.assignment_id])}>${one.package.name}</a>
      <span class="sub">${one.did ? html`DID <span class="mono">${one.did}</span>` : "Customer-wide"}</span>`,
  },
  {
    name: "charged",
    label: "Charged",
    cell: (one) => html`${format.rule(one.package)}${one.auto_decrement_credit && html`<span class="sub">auto decrement</span>`}`,
  },
  { name: "validity", label: "Validity", cell: validity },
  { name: "minutes", label: "Free minutes", cell: (one) => (one.minutes ? html`<${Minutes} bucket=${one.minutes} />` : DASH) },
  { name: "quantity", label: "Quantity", num: true, cell: (one) => one.quantity },
  {
    name: "retail",
    label: "Retail each",
    num: true,
    cell: (one) => html`<strong><${Money} value=${one.package.retail} currency=${one.package.currency} /></strong>`,
  },
];

function Held({ id, reload }) {
  const list = useList("held", { customer: id });
  const done = (text) => {
    announce(text);
    list.reload();
    reload();
  };
  return html`
    <${List} list=${list} of="more held charges" empty=${html`<${Empty} title="Nothing is held">A charge that would take the balance below the debit limit waits here and is tried again every day.<//>`}>
      <p class="hint above">These would take the balance below the debit limit. Each is tried again by every daily run until it posts; a payment or a higher limit makes room.</p>
      <${HeldTable} items=${list.items ?? []} done=${done} />
    <//>`;
}

/**
 * What is so on a day that can be chosen, today at first.
 * @param {{of: string[], part: string, none: string, why: string, children: Function}} props `of`: the path of what is loaded, `part`: which list of it
 */
function OnDay({ of, part, none, why, children: shown }) {
  const [date, setDate] = useState(settings.today);
  const { data, error, reload } = useLoad(async () => (date ? (await get(path(...of), { date }))[part] : []), [of.join("/"), date]);
  return html`
    <div class="filters"><div class="field"><label for="on-date">On</label><input id="on-date" type="date" value=${date} onInput=${(event) => setDate(event.target.value)} /></div></div>
    ${
      error
        ? failed(error, reload)
        : !data
          ? html`<${Skeleton} lines=${3} />`
          : data.length === 0
            ? html`<${Empty} title=${date ? `${none} on ${format.day(date)}` : "Choose a day"}>${why}<//>`
            : shown(data)
    }`;
}

const FreeMinutes = ({ id }) => html`
  <${OnDay} of=${["customers", id, "minutes"]} part="items" none="No free minutes" why="Packages of the type “Free minutes” give them.">
    ${(data) => html`<${Table} caption="Free minutes" rows=${data} id=${(one) => one.assignment_id} columns=${BUCKETS(id)} />`}
  <//>`;

const BUCKETS = (customer) => [
  {
    name: "package",
    label: "Package",
    main: true,
    cell: (one) =>
      html`<a href=${link(["customers", customer, "assignments", one.assignment_id])}>${one.package_name}</a><span class="sub">${one.did ? html`DID <span class="mono">${one.did}</span>` : "Customer-wide"}</span>`,
  },
  { name: "destination", label: "Destinations", cell: (one) => (one.destination ? html`<code>${one.destination}</code>` : "every one") },
  { name: "used", label: "Used", cell: (one) => html`<${Minutes} bucket=${one} />` },
  { name: "remaining", label: "Left (min)", num: true, cell: (one) => format.minutes(one.remaining) },
];

const Features = ({ id }) => html`
  <${OnDay} of=${["customers", id, "features"]} part="features" none="Nothing is enabled" why="A package with a ConnexCS package enables it while it is assigned.">
    ${(data) =>
      html`<${Card} title="Enabled ConnexCS packages"><ul class="reasons">${data.map(
        (one) => html`<li key=${one.connexcs_package}><code>${one.connexcs_package}</code><${EnabledBy} customer=${id} ids=${one.assignments} /></li>`,
      )}</ul><//>`}
  <//>`;

const NAMED = 5;

/** The assignments that enable a ConnexCS package, the first of them by name. */
function EnabledBy({ customer, ids }) {
  const where = (one) => ["customers", customer, "assignments", one];
  const first = ids.slice(0, NAMED);
  const { data } = useLoad(() => Promise.all(first.map((one) => get(path(...where(one))))), [first.join()]);
  const rest = ids.length - first.length;
  return html`<span>by ${first.map((one, n) => html`${n > 0 && ", "}<a key=${one} href=${link(where(one))}>${data ? named(data[n]) : one}</a>`)}${rest > 0 && `, and ${rest} more`}</span>`;
}

const named = (one) => `${one.package.name}${one.did ? ` on ${one.did}` : ""}`;
