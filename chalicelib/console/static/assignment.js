// One assignment: what it charges and when, what comes before and after it, and the ways to change it.

import { call, get, path } from "./api.js";
import { settings } from "./auth.js";
import * as format from "./format.js";
import { useAction, useLoad, useModule } from "./hooks.js";
import { Customer, useNames } from "./names.js";
import { terms, validity } from "./packages.js";
import { html, useState } from "./preact.js";
import { go, link } from "./router.js";
import { DueDates } from "./schedule.js";
import { announce } from "./toast.js";
import { Badge, Button, Card, Day, Dialog, Facts, Instant, LinkButton, Minutes, Money, Page, Problem, Skeleton } from "./ui.js";

const hasBegun = (one) => one.start_date <= settings.today;

export function Assignment({ customer, id }) {
  const where = ["customers", customer, "assignments", id];
  const { data, error, reload } = useLoad(async () => {
    const one = await get(path(...where));
    const first = one.replaces || one.replaced_by ? (await get(path(...where, "terms"))).first_open_day : null;
    return { one, first };
  }, [customer, id]);
  const owner = useNames([customer])(customer);
  const timeline = useModule(() => import("./terms.js"));
  const [ending, setEnding] = useState(false);
  const back = [link(["customers", customer]), owner];
  if (error && !data) return html`<${Page} title="Assignment" back=${back}><${Problem} error=${error} retry=${reload} /><//>`;
  if (!data) return html`<${Page} title="Assignment" back=${back}><${Skeleton} /><//>`;
  const { one, first } = data;
  const canUndo = one.replaces && !one.cancelled && one.start_date >= first;
  const over = one.cancelled || (one.end_date && one.end_date < settings.today);
  const close = (text) => {
    setEnding(false);
    if (!text) return;
    announce(text);
    reload();
  };
  return html`
    <${Page} title=${one.package.name} about=${one.did ?? customer} back=${back} lead=${one.did ? html`On DID <a class="mono" href=${link(["dids", one.did])}>${one.did}</a>, of ${owner}` : `Customer-wide, of ${owner}`}
      badges=${one.cancelled ? html`<${Badge}>Cancelled<//>` : over ? html`<${Badge}>Ended<//>` : one.paused && html`<${Badge} tone="warn">Paused<//>`}
      actions=${
        !over &&
        html`
        ${!one.replaced_by && !canUndo && html`<${Button} needs="write" look="quiet" onClick=${() => setEnding(true)}>End it…<//>`}
        ${one.did && !one.replaced_by && html`<${LinkButton} href=${link(["dids", one.did, "transfer"])} needs="write" look="quiet">Transfer…<//>`}
        ${!one.replaced_by && hasBegun(one) && html`<${LinkButton} href=${link([...where, "replace"])} needs="write">Replace package…<//>`}
        <${LinkButton} href=${link([...where, "edit"])} needs="write">Edit<//>
        <${LinkButton} href=${link(["run"], { customer })} look="primary">Run Package<//>`
      }>
      ${one.replaces && html`<${Before} one=${one} canUndo=${canUndo} />`}
      ${one.replaced_by && html`<${After} one=${one} first=${first} changed=${reload} />`}
      <div class="split">
        <${Card} title="Assignment">
          <${Facts} of=${[
            ["Validity", validity(one)],
            ["Quantity", one.quantity],
            [
              "Each charge",
              html`<${Money} value=${one.retail ?? one.package.retail} currency=${one.package.currency} />${one.quantity > 1 && ` × ${one.quantity}`}${one.retail !== null && ", own price"}${!format.isZero(one.discount) && `, less ${format.percent(one.discount)}`}`,
            ],
            ["Own cost", one.cost && html`<${Money} value=${one.cost} currency=${one.package.currency} />`],
            [
              "Own setup",
              one.setup_retail &&
                html`<${Money} value=${one.setup_retail} currency=${one.package.currency} />${one.setup_cost && html`<span class="muted">, cost <${Money} value=${one.setup_cost} of=${one.package.currency} /></span>`}`,
            ],
            ["Auto decrement credit", one.auto_decrement_credit ? "on: each charge takes its retail from the balance" : "off: posted for invoicing"],
            ["Charged here from", one.charge_from && html`<${Day} value=${one.charge_from} />`],
            ["Due dates counted from", one.counted_from && html`<${Day} value=${one.counted_from} />`],
            ["Minimum days", one.minimum_days ? html`${one.minimum_days}, until <${Day} value=${format.later(one.start_date, one.minimum_days)} />` : null],
            ["Free minutes", one.minutes ? html`<${Minutes} bucket=${one.minutes} />` : one.free_minutes],
            ["Made", html`<${Instant} value=${one.created_at} /> by ${one.created_by}`],
          ]} />
        <//>
        <${Card} title="Package" aside=${html`<a href=${link(["packages", one.package_id])}>Open</a>`}><${Facts} of=${terms(one.package)} /><//>
        <${DueDates} rule=${one.package} start=${one.counted_from ?? one.start_date} from=${hasBegun(one) ? settings.today : one.start_date} until=${one.end_date} elsewhere=${one.charge_from} />
      </div>
      ${timeline && html`<${timeline.Terms} one=${one} where=${where} over=${over} changed=${reload} />`}
      ${
        ending &&
        html`<${End} one=${one} where=${where} close=${close} ended=${() => {
          close("Ended");
          go(["customers", customer]);
        }} />`
      }
    <//>`;
}

const useOther = (customer, id) => useLoad(() => get(path("customers", customer, "assignments", id)), [customer, id]).data;

const Other = ({ customer, id, one }) => html`<a href=${link(["customers", customer, "assignments", id])}>${one?.package.name ?? "another assignment"}</a>`;

/** What this assignment takes the place of. */
function Before({ one, canUndo }) {
  const [undoing, setUndoing] = useState(false);
  const customer = one.transferred_from ?? one.customer_id;
  const other = useOther(customer, one.replaces);
  const back = one.transferred_from ? ["dids", one.did] : ["customers", customer, "assignments", one.replaces];
  return html`
    <div class="banner info">
      <p>From <${Day} value=${one.start_date} /> on, in place of <${Other} customer=${customer} id=${one.replaces} one=${other} />${one.transferred_from && html` of <${Customer} id=${customer} />`}.</p>
      ${canUndo && html`<${Button} needs="write" look="small" onClick=${() => setUndoing(true)}>Undo…<//>`}
    </div>
    ${undoing && html`<${Undo} one=${one} close=${() => setUndoing(false)} done=${() => go(back)} />`}`;
}

/** What takes the place of this assignment. */
function After({ one, first, changed }) {
  const [undoing, setUndoing] = useState(false);
  const customer = one.transferred_to ?? one.customer_id;
  const other = useOther(customer, one.replaced_by);
  return html`
    <div class="banner info">
      <p>${other ? html`From <${Day} value=${other.start_date} /> on` : "Later"}, <${Other} customer=${customer} id=${one.replaced_by} one=${other} />${one.transferred_to && html` of <${Customer} id=${customer} />`} takes its place.</p>
      ${other && other.start_date >= first && html`<${Button} needs="write" look="small" onClick=${() => setUndoing(true)}>Undo…<//>`}
    </div>
    ${
      undoing &&
      html`<${Undo} one=${other} close=${() => setUndoing(false)} done=${() => {
        setUndoing(false);
        changed();
      }} />`
    }`;
}

/** Taking back a replacement or transfer whose day has not come; `one` is what it made. */
function Undo({ one, close, done }) {
  const action = useAction(() => {
    announce("Undone");
    done();
  });
  const what = one.transferred_from ? "transfer" : "replacement";
  const run = () => action.run(() => call("DELETE", path("customers", one.customer_id, "assignments", one.assignment_id), { version: one.version }));
  return html`
    <${Dialog} title=${`Undo the ${what}?`} close=${close} busy=${action.busy}
      actions=${html`<${Button} needs="write" look="danger" busy=${action.busy} busyLabel="Undoing…" onClick=${run}>Undo it<//>`}>
      <p>${
        one.transferred_from
          ? html`Everything stays with <${Customer} id=${one.transferred_from} />, as if nothing had been planned for <${Day} value=${one.start_date} />.`
          : html`The assignment before it goes on, as if nothing had been planned for <${Day} value=${one.start_date} />.`
      }</p>
      <${Problem} error=${action.problem} />
    <//>`;
}

function End({ one, where, close, ended }) {
  const [last, setLast] = useState(settings.today);
  const action = useAction(ended);
  const later = useAction((saved) => close(`It ends on ${format.day(saved.end_date)}`));
  const problem = action.problem ?? later.problem;
  const earliest = problem?.problem.earliest_end_date;
  const isNow = last === settings.today && !earliest;
  const endLater = () => later.run(() => call("PATCH", path(...where), { body: { end_date: earliest ?? last }, version: one.version }));
  const endNow = () => action.run(() => call("DELETE", path(...where), { version: one.version }));
  return html`
    <${Dialog} title="End this assignment?" close=${() => close()} busy=${action.busy || later.busy}
      actions=${
        isNow
          ? html`<${Button} needs="write" look="danger" busy=${action.busy} busyLabel="Ending…" onClick=${endNow}>End it today<//>`
          : html`<${Button} needs="write" look="primary" disabled=${!last} busy=${later.busy} busyLabel="Saving…" onClick=${endLater}>End it on ${format.day(earliest ?? last)}<//>`
      }>
      ${
        hasBegun(one)
          ? html`
        <div class="field"><label for="last-day">Last day</label><input id="last-day" type="date" min=${settings.today} value=${last} disabled=${Boolean(earliest)} onInput=${(event) => setLast(event.target.value)} />
          <p class="hint">${one.start_date === settings.today ? "Included. Today: if nothing is charged yet, it is removed." : "Included. What it charged stays in the ledger."}</p></div>`
          : html`<p>It has not begun: if nothing is charged yet it is removed, else cancelled.</p>`
      }
      <${Problem} error=${problem} />
    <//>`;
}
