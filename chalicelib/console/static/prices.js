// The price lists of a package: from when each price applies, and the dialogs that enter and remove one.

import { call, fault, get, path } from "./api.js";
import { settings } from "./auth.js";
import { DayField, Field, MoneyField, Radios } from "./fields.js";
import * as format from "./format.js";
import { useAction, useForm, useLoad } from "./hooks.js";
import { html, useState } from "./preact.js";
import { askEffect, Effect } from "./price-effect.js";
import { announce } from "./toast.js";
import { Badge, Button, Card, Day, Dialog, failed, Money, Problem, Skeleton, Table } from "./ui.js";

const FIELDS = ["from", "existing", "reason", ...format.PRICES.map(([name]) => name)];

const listPath = (one, from) => path("packages", one.package_id, "prices", from);

/** @param {{one: Record<string, any>, changed: () => void}} props `changed` is called when the package has another version. */
export function PriceLists({ one, changed }) {
  const { data, error, reload } = useLoad(() => get(path("packages", one.package_id, "prices")), [one.package_id, one.version]);
  const [entering, setEntering] = useState(false);
  const [removing, setRemoving] = useState(null);
  const done = (text) => {
    setEntering(false);
    setRemoving(null);
    announce(text);
    reload();
    changed();
  };
  const removable = (list) => list.from && list.from >= data.first_open_day;
  const price = (name, label) => ({
    name,
    label,
    num: true,
    cell: (list) =>
      list[name] === null
        ? html`<span class="muted">unchanged</span>`
        : html`<${Money} value=${list[name]} of=${one.currency} />${before(data.lists, list, name) && html`<span class="sub">was ${format.money(before(data.lists, list, name), one.currency)}</span>`}`,
  });
  const columns = [
    {
      name: "from",
      label: "From",
      main: true,
      cell: (list) =>
        html`<span class="nowrap">${list.from ? html`<${Day} value=${list.from} />` : "The start"}</span> ${stateOf(data.lists, list)}${list.reason && html`<span class="sub">${list.reason}</span>`}`,
    },
    ...format.PRICES.filter((one) => data?.lists.some((list) => setBy(list).includes(one))).map(([name, label]) => price(name, label)),
    { name: "existing", label: "For", cell: (list) => (list.existing ? "All assignments" : html`<${Badge} tone="info">New ones only<//>`) },
    data?.lists.some(removable) && {
      name: "remove",
      label: "Remove",
      cell: (list) =>
        removable(list) &&
        html`<${Button} needs="write" look="small" aria-label=${`Remove the price list from ${format.day(list.from)}…`} onClick=${() => setRemoving(list)}>Remove…<//>`,
    },
  ].filter(Boolean);
  return html`
    <${Card} title=${`Price lists (${one.currency})`} aside=${html`<${Button} needs="write" look="small" disabled=${!data} onClick=${() => setEntering(true)}>Change price…<//>`}>
      ${
        error
          ? failed(error, reload)
          : !data
            ? html`<${Skeleton} lines=${3} />`
            : html`${data.lists.length > 1 && html`<${Timeline} lists=${data.lists} currency=${one.currency} />`}
              <${Table} caption="Price lists by first day" columns=${columns} rows=${data.lists} id=${(list) => list.from ?? "start"} />`
      }
      ${entering && html`<${Enter} one=${one} lists=${data} close=${() => setEntering(false)} done=${done} />`}
      ${removing && html`<${Remove} one=${one} lists=${data} list=${removing} close=${() => setRemoving(null)} done=${done} />`}
    <//>`;
}

/** The prices that a list sets; the first one sets them all, where no setup fee is worth no word. */
const setBy = (list) => format.PRICES.filter(([name]) => list[name] !== null && (list.from || !name.startsWith("setup") || !format.isZero(list[name])));

/** From when until when somebody may pay the prices of a list: a list for new ones only ends none, and one of a single price not the others. */
function lasting(lists, list) {
  const later = lists.slice(lists.indexOf(list) + 1).filter((one) => one.existing);
  const ends = setBy(list).map(([name]) => later.find((one) => one[name] !== null)?.from ?? "");
  return { from: list.from, end: ends.includes("") ? null : ends.sort().at(-1) };
}

const DAY_MS = 86_400_000;
const BESIDE = 0.12;
const BESIDE_MIN_DAYS = 30;

/** Where a day lies between the first and the last that matter, with room beside them, in percent. */
function scale(days) {
  const [first = 0, ...rest] = days.map((day) => Date.parse(day) / DAY_MS).sort((one, other) => one - other);
  const room = Math.max(BESIDE_MIN_DAYS, ((rest.at(-1) ?? first) - first) * BESIDE);
  return (day) => (100 * (Date.parse(day) / DAY_MS - first + room)) / ((rest.at(-1) ?? first) - first + 2 * room);
}

/** The lists along time, each as long as somebody may pay its prices. The table below has the same, to compare. */
function Timeline({ lists, currency }) {
  const { today } = settings;
  const at = scale([today, ...lists.map((list) => list.from).filter(Boolean)]);
  return html`
    <div class="timeline">
      <p class=${at(today) > 50 ? "today left" : "today"} style=${{ left: `${at(today)}%` }}><span>Today</span></p>
      <ol aria-label="Price lists along time">
        ${lists.map((list) => {
          const { from, end } = lasting(lists, list);
          const begins = from ? at(from) : 0;
          const look = from > today ? "coming" : end && end <= today ? "over" : "";
          return html`
          <li key=${from ?? "start"} class=${look}>
            <p class=${begins > 50 ? "left" : ""} style=${begins > 50 ? {} : { marginLeft: `${begins}%` }}><span>
              <strong>${setBy(list)
                .map(([name, label], n) => `${n ? label.toLowerCase() : label} ${format.money(list[name], currency)}`)
                .join(", ")}</strong>
              ${` ${[from && `from ${format.day(from)}`, end && `through ${format.day(format.later(end, -1))}`].filter(Boolean).join(" ")}`}
              ${!list.existing && ", new ones only"}${look === "coming" && html` <${Badge} tone="info">Coming<//>`}
            </span></p>
            <div style=${{ marginLeft: `${begins}%`, width: `${(end ? at(end) : 100) - begins}%` }}></div>
          </li>`;
        })}
      </ol>
    </div>`;
}

/** The price that a list ends, for whom it is. */
function before(lists, list, name) {
  const earlier = lists.slice(0, lists.indexOf(list)).filter((one) => one[name] !== null && (one.existing || !list.existing));
  return earlier.at(-1)?.[name];
}

/** Whether a list is the latest one that has begun, or has not begun yet. */
function stateOf(lists, list) {
  if (list.from && list.from > settings.today) return html`<${Badge} tone="info">Coming<//>`;
  const begun = lists.filter((one) => !one.from || one.from <= settings.today);
  return lists.length > 1 && list === begun.at(-1) && html`<${Badge} tone="good">Now<//>`;
}

/** The first of the month after a day. */
export function firstOfNextMonth(day) {
  const [year, month] = day.split("-").map(Number);
  return month === 12 ? `${year + 1}-01-01` : `${year}-${`${month + 1}`.padStart(2, "0")}-01`;
}

function Enter({ one, lists, close, done }) {
  /** @param {Record<string, any>} values */
  const isPast = ({ from }) => from && from < lists.first_open_day;
  const { data: holders } = useLoad(() => get(path("packages", one.package_id, "assignments"), { limit: 1 }), []);
  const [tried, setTried] = useState(/** @type {{asked: string, id: string, ready?: boolean} | null} */ (null));
  const asked = (values) => JSON.stringify([values.from, body(values)]);
  /** What is known of the effect of these values; null if that is to be shown first. */
  const effectOf = (values) => (tried?.asked === asked(values) ? tried : null);
  const form = useForm({
    name: `prices-${one.package_id}`,
    initial: { from: firstOfNextMonth(lists.first_open_day), existing: "all", retail: "", cost: "", setup_retail: "", setup_cost: "", reason: "" },
    send: async ({ confirm_backlog, ...values }, key) => {
      if (isPast(values) && !values.reason.trim()) throw fault("reason", "say why: prices of past days are corrected");
      if (!isPast(values) && !isUnused && !effectOf(values)) {
        const work = await askEffect(one, values.from || null, body(values), key);
        return { tried: { asked: asked(values), id: work.work_id } };
      }
      return call("PUT", listPath(one, values.from || "none"), {
        body: { ...body(values), ...(confirm_backlog && { confirm_backlog }) },
        version: lists.version,
        query: isPast(values) ? { correct: true } : {},
      });
    },
    done: (answer) => (answer.tried ? setTried(answer.tried) : done("Price list saved")),
  });
  const isUnused = holders?.items.length === 0;
  const { from } = form.values;
  if (form.problem?.code === "backlog") return html`<${NewlyDue} form=${form} problem=${form.problem} />`;
  const standing = lists.lists.some((list) => list.from === from);
  const effect = isPast(form.values) || isUnused ? null : effectOf(form.values);
  const isShown = isPast(form.values) || isUnused || Boolean(effect);
  return html`
    <${Dialog} title=${`Change the price of ${one.name}`} close=${close} busy=${form.busy}
      actions=${html`<${Button} look="primary" busy=${form.busy || (effect && !effect.ready)} busyLabel=${isShown && (!effect || effect.ready) ? "Saving…" : "Working it out…"} needs="write" disabled=${!holders} onClick=${() => form.submit()}>${isShown ? "Change price" : "Show what it changes"}<//>`}>
      <form ...${form.own} onSubmit=${(event) => {
        event.preventDefault();
        if (!effect || effect.ready) form.submit();
      }}>
        <${Problem} error=${form.problem} fields=${FIELDS} />
        <div class="grid">
          <${DayField} form=${form} name="from" label="From" wide
            hint=${isPast(form.values) ? "A day that is past or evaluated: this corrects the past." : standing ? "Replaces the price list that begins on this day." : "The first day that is charged at the new prices."} />
          <${Radios} form=${form} name="existing" label="For" options=${[
            ["all", "All assignments", "Including those that began earlier."],
            ["new", "New ones only", "Assignments that begin on this day or later."],
          ]} />
          ${format.PRICES.map(([name, label]) => html`<${MoneyField} key=${name} form=${form} name=${name} label=${label} suffix=${one.currency} optional />`)}
          ${
            isPast(form.values) &&
            html`<${Field} form=${form} name="reason" label="Reason" type="textarea" wide maxlength="500"
            hint="Existing charges stay as they are. What is not charged yet, and reports of those days, go by the corrected prices." />`
          }
        </div>
        <p class="hint">Leave a price empty if it does not change on this day.</p>
      </form>
      ${effect && html`<${Effect} key=${effect.id} one=${one} id=${effect.id} from=${from} prices=${body(form.values)} ready=${() => setTried({ ...effect, ready: true })} />`}
    <//>`;
}

/** Asks whether past days are to be charged that were not due before. */
const NewlyDue = ({ form, problem: { problem } }) => html`
  <${Dialog} title="Charge past due dates?" close=${() => form.setProblem(null)} busy=${form.busy}
    actions=${html`<${Button} needs="charge" look="primary" busy=${form.busy} busyLabel="Saving…" onClick=${() => form.submit({ confirm_backlog: true })}>Correct and charge<//>`}>
    <p>These prices make past days due that were not: up to ${format.plural(problem.due_dates, "due date")} of each of ${format.plural(problem.assignments, "assignment")}. The next daily run charges them.</p>
  <//>`;

function body(values) {
  const sent = { existing: values.existing === "all" };
  for (const name of [...format.PRICES.map(([price]) => price), "reason"]) if (values[name].trim()) sent[name] = values[name].trim();
  return sent;
}

function Remove({ one, lists, list, close, done }) {
  const action = useAction(() => done("Price list removed"));
  const run = () => action.run(() => call("DELETE", listPath(one, list.from), { version: lists.version }));
  return html`
    <${Dialog} title=${`Remove the price list from ${format.day(list.from)}?`} close=${close} busy=${action.busy}
      actions=${html`<${Button} look="danger" busy=${action.busy} busyLabel="Removing…" needs="write" onClick=${run}>Remove<//>`}>
      <p>From that day on, the earlier prices stay in force.</p>
      <${Problem} error=${action.problem} />
    <//>`;
}
