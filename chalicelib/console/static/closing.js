// Closing a customer who leaves: what ends when, and what is still due, is shown first and then carried out as it was shown.

import { call, get, path } from "./api.js";
import { settings } from "./auth.js";
import { DayField } from "./fields.js";
import * as format from "./format.js";
import { useForm, useIntent, useLoad } from "./hooks.js";
import { html, useState } from "./preact.js";
import { link } from "./router.js";
import { announce } from "./toast.js";
import { Badge, Button, Card, Day, Dialog, Empty, failed, Money, Page, Problem, Skeleton, Stat, Stats, Table } from "./ui.js";

const DONE = ["ended", "removed", "cancelled"];

export function Close({ id }) {
  const { data: one, error, reload } = useLoad(() => get(path("customers", id)), [id]);
  return html`
    <${Page} title="Close customer" about=${id} back=${[link(["customers", id]), one?.name || id]} lead="For a customer who leaves: everything ends, and you see first when, and what is still due.">
      ${error ? failed(error, reload) : one ? html`<${Closing} one=${one} />` : html`<${Skeleton} />`}
    <//>`;
}

function Closing({ one }) {
  const where = path("customers", one.customer_id, "closing");
  const [shown, setShown] = useState(null);
  const [asked, setAsked] = useState(false);
  const intent = useIntent();
  const form = useForm({
    name: `closing-${one.customer_id}`,
    initial: { on: settings.today },
    send: ({ on }) => call("POST", where, { query: { dry_run: true }, body: { on: on || null } }),
    done: (found) => {
      setShown(found);
      announce("What ends, and what is still due, stands below");
    },
  });
  const carryOut = async () => {
    const assignments = shown.items.map(({ assignment_id, version }) => ({ assignment_id, version }));
    const body = { on: shown.on, assignments };
    const { answer } = (await intent.send((key) => call("POST", where, { body, key }), where + JSON.stringify(body))) ?? {};
    if (!answer) return;
    setAsked(false);
    setShown(answer);
    announce(answer.closed_on ? `Closed: everything ends by ${format.day(answer.closed_on)}` : "Done, but for what is told below");
  };
  const ends = shown?.items.filter((item) => DONE.includes(item.becomes)).length;
  const stale = shown?.dry_run && shown.on !== form.values.on;
  return html`
    ${
      (!shown || shown.dry_run) &&
      html`
      <form class="narrow-form" ...${form.own}>
        <${Problem} error=${form.problem} fields=${["on"]} retry=${form.retry} />
        <${Card}><div class="grid"><${DayField} form=${form} name="on" label="Last day" hint="Included. What has to run for longer ends when its minimum days are over." /></div><//>
        <div class="form-actions">
          <${Button} type="submit" needs="write" look=${shown && !stale ? "" : "primary"} busy=${form.busy} busyLabel="Working it out…">Show what ends<//>
          <a class="button" href=${link(["customers", one.customer_id])}>Cancel</a>
        </div>
      </form>`
    }
    ${shown && html`<${Shown} of=${shown} stale=${stale} />`}
    ${
      shown?.dry_run &&
      !stale &&
      ends > 0 &&
      html`<div class="form-actions"><${Button} needs="write" look="danger" onClick=${() => setAsked(true)}>Close customer…<//></div>`
    }
    ${shown && !shown.dry_run && html`<div class="form-actions"><a class="button primary" href=${link(["customers", one.customer_id])}>To the customer</a></div>`}
    ${
      asked &&
      html`
      <${Dialog} title=${`Close ${one.name || one.customer_id}?`} close=${() => setAsked(false)} busy=${intent.busy}
        actions=${html`<${Button} needs="write" look="danger" busy=${intent.busy} busyLabel="Closing…" onClick=${carryOut}>${intent.problem?.isOpen ? "Try again" : "Close customer"}<//>`}>
        <p>${format.plural(ends, "assignment")}${shown.closed_on ? html`, the last of them on <${Day} value=${shown.closed_on} />` : ""}. Exactly what was shown is done; what somebody has changed since is told and left as it is.</p>
        <${Problem} error=${intent.problem} />
      <//>`
    }`;
}

/** What becomes of each assignment, and what the days until then bring. */
function Shown({ of, stale }) {
  const { still_due: due, currency } = of;
  const held = format.sum(due.held_before.retail, due.totals.held);
  const refused = of.items.filter((item) => item.becomes === "refused");
  const verb = of.dry_run ? "can't be ended" : "not ended";
  return html`
    <section aria-label="What ends" class=${`closing ${stale ? "stale" : ""}`}>
      ${stale && html`<p class="hint above">The day has changed. Show again what ends.</p>`}
      ${!of.dry_run && (refused.length ? html`<div class="banner warn"><p>${format.plural(refused.length, "assignment")} ${verb}: the reason stands beside each. Show again what ends once it is settled.</p></div>` : html`<div class="banner good"><p>Done. ${of.closed_on ? html`The last day is <${Day} value=${of.closed_on} />.` : "Nothing is left."}</p></div>`)}
      ${of.dry_run && refused.length > 0 && html`<div class="banner warn"><p>${format.plural(refused.length, "assignment")} ${verb} yet: the reason stands beside each. The others can.</p></div>`}
      <${Card} title="What ends">
        ${of.items.length ? html`<${Table} caption="What ends" rows=${of.items} columns=${columns(of)} id=${(item) => item.assignment_id} />` : html`<${Empty} title="Nothing goes on">Every assignment of this customer has ended.<//>`}
      <//>
      <${Card} title="What is still due">
        <${Stats}>
          <${Stat} label="Balance now"><${Money} value=${due.balance_before} currency=${currency} /><//>
          <${Stat} label="Still due" note=${format.plural(due.totals.lines, "charge")}><${Money} value=${due.totals.retail} currency=${currency} /><//>
          <${Stat} label="Of that to be invoiced"><${Money} value=${format.minus(due.totals.retail, due.totals.credit_debited)} currency=${currency} /><//>
          ${!format.isZero(held) && html`<${Stat} label="Stays held"><${Money} value=${held} currency=${currency} /><//>`}
          <${Stat} label="Final balance" note=${html`on <${Day} value=${due.to} />`}><strong><${Money} value=${due.balance_after} currency=${currency} /></strong><//>
        <//>
        <p class="hint">As things stand: calls and payments until then are not known.${due.parked ? " The customer is parked, so nothing is planned until it is unparked." : ""}</p>
        ${due.lines.length > 0 && html`<${Table} caption="What is still due" rows=${due.lines} columns=${LINES} id=${(line) => line.assignment_id + line.kind + line.due_date} />`}
        ${due.lines_left_out > 0 && html`<p class="hint">and ${due.lines_left_out} more</p>`}
      <//>
    </section>`;
}

const columns = (of) => [
  {
    name: "what",
    label: "What",
    main: true,
    cell: (item) => html`
      ${item.becomes === "removed" && !of.dry_run ? item.package_name : html`<a href=${link(["customers", of.customer_id, "assignments", item.assignment_id])}>${item.package_name}</a>`}
      <span class="sub">${item.did ? html`DID <span class="mono">${item.did}</span>` : "Customer-wide"}${item.quantity > 1 ? ` × ${item.quantity}` : ""}, from <${Day} value=${item.start_date} /></span>`,
  },
  {
    name: "last",
    label: "Last day",
    cell: (item) =>
      item.last_day ? html`<${Day} value=${item.last_day} />` : html`<span class="muted">${item.becomes === "refused" ? "none" : "never begins"}</span>`,
  },
  {
    name: "why",
    label: "Why then",
    cell: (item) =>
      item.why
        ? html`<${Badge} tone="bad">Goes on<//> <span class="sub">${format.readable(item.why.detail)}</span>`
        : item.earliest_end_date
          ? "Its minimum days last until then"
          : { ended: "As chosen", ends_already: "It ends by itself", removed: "It has not begun", cancelled: "It has not begun; what is charged stays" }[
              item.becomes
            ],
  },
];

const LINES = [
  { name: "due", label: "Due", main: true, cell: (line) => html`<${Day} value=${line.due_date} />` },
  {
    name: "what",
    label: "What",
    cell: (line) =>
      html`${line.package_name}${line.status === "held" ? html` <${Badge} status="held" />` : ""}<span class="sub">${format.KINDS[line.kind]}</span>`,
  },
  { name: "retail", label: "Retail", num: true, cell: (line) => html`<strong><${Money} value=${line.retail} currency=${line.currency} /></strong>` },
];
