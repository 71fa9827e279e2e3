// Who changed what, newest first, with each field before and after.

import { path } from "./api.js";
import * as format from "./format.js";
import { useList } from "./hooks.js";
import { html } from "./preact.js";
import { link } from "./router.js";
import { Card, Day, Empty, Instant, List, Table } from "./ui.js";

/** What was done, in words; the rest of a type says itself: "package.changed". */
const DONE = {
  "package.prices_written": "Prices entered",
  "package.prices_removed": "Prices removed",
  "assignment.created": "Package assigned",
  "assignment.terms_written": "Terms changed",
  "assignment.terms_removed": "Terms removed",
  "assignment.restored": "Replacement or transfer undone",
  "charge.written_off": "Charge written off",
  "charge.credited": "Charge credited",
  "charge.upcoming": "Notice of charges to come",
  "term.ending": "Notice of the end of its term",
  "assignment.over": "Assignment over",
  "balance.low": "Balance low",
  "balance.restored": "Balance restored",
};
/** What notices told, in a sentence of their fields. */
const NOTICES = {
  "charge.upcoming": (of) =>
    `${amount(of, of.retail)} on ${format.day(of.date)}, ${format.plural(of.lines_total, "charge")}; the balance ${of.suffices ? "suffices" : "does not suffice"}`,
  "term.ending": (of) => `${named(of)} ends on ${format.day(of.end_date)}`,
  "assignment.over": (of) => `${named(of)} ended on ${format.day(of.end_date)}`,
  "balance.low": (of) => `${amount(of, of.available)} left to be debited, less than ${amount(of, of.below)}`,
  "balance.restored": (of) => `${amount(of, of.available)} to be debited again`,
  "minutes.used": (of) => `${of.percent} % of the ${format.minutes(of.total_seconds)} minutes of ${named(of)}`,
  "feature.enabled": (of) => `${of.connexcs_package}, from ${format.day(of.date)}`,
  "feature.disabled": (of) => `${of.connexcs_package}, from ${format.day(of.date)}`,
};
const amount = ({ currency }, value) => `${format.money(value, currency)} ${currency}`;
const named = ({ package_name, did }) => (did ? `${package_name} on ${did}` : package_name);

/** Who is no person. */
const PROGRAMS = { evaluate_due_charges: "Daily run" };

/** What was done, in words. */
export function done(type) {
  const [thing, what] = type.split(".");
  return DONE[type] ?? format.title(`${thing} ${what}`);
}

/** A member of a list; of thresholds the amounts, "20.00/50.00". */
const part = (one) => (typeof one === "object" ? Object.values(one).join("/") : one);

/** A value before or after, as people write it. */
function told(value, currency) {
  if (value === null || value === "" || (Array.isArray(value) && !value.length)) return html`<span class="muted">empty</span>`;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (currency && /^-?\d+\.\d+$/.test(value)) return format.money(value, currency);
  return format.readable(Array.isArray(value) ? value.map(part).join(", ") : `${value}`);
}

/** A field that changed; of what is new or gone only what it is, or was. */
function Change({ one, type, currency }) {
  const say = (value) => told(value, one.field !== "discount" && currency);
  const isNew = type.endsWith(".created") || type.endsWith(".started");
  const isGone = type.endsWith(".removed") || type.endsWith(".deleted");
  return html`<li><strong>${format.title(one.field)}</strong>${one.from && html` from <${Day} value=${one.from} />`}: ${isNew ? say(one.after) : isGone ? say(one.before) : html`${say(one.before)} → ${say(one.after)}`}</li>`;
}

/** What was done, leading to what it was done to. */
function What({ one, currency }) {
  const to = one.assignment_id ? ["customers", one.customer_id, "assignments", one.assignment_id] : one.run_id ? ["runs", one.run_id] : null;
  return html`
    ${to ? html`<a href=${link(to)}>${done(one.type)}</a>` : done(one.type)}
    ${NOTICES[one.type] && html`<span class="sub">${NOTICES[one.type](Object.fromEntries(one.changes.map((change) => [change.field, change.after])))}</span>`}
    ${!NOTICES[one.type] && one.changes.length > 0 && html`<ul class="changes">${one.changes.map((change) => html`<${Change} key=${change.field + change.from} one=${change} type=${one.type} currency=${currency} />`)}</ul>`}`;
}

const columns = (currency) => [
  { name: "at", label: "When", cell: (one) => html`<${Instant} value=${one.at} />` },
  { name: "by", label: "Who", cell: (one) => PROGRAMS[one.by] ?? html`<span class="mono">${one.by}</span>` },
  { name: "what", label: "What", main: true, cell: (one) => html`<${What} one=${one} currency=${currency} />` },
];

/** @param {{of: string[], currency: string}} props the parts of the path of what has the history, and the currency of its amounts */
export function History({ of, currency }) {
  const list = useList(path(...of, "history"));
  const items = [...(list.items ?? [])].sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0)); // the API has notices first on their day
  return html`
    <${Card} title="History">
      <${List} list=${list} of="earlier changes" empty=${html`<${Empty} title="Nothing is recorded yet">Every change from now on stands here: when, who, and each field before and after.<//>`}>
        <${Table} caption="History" rows=${items} columns=${columns(currency)} id=${(one) => one.history_id} />
      <//>
    <//>`;
}
