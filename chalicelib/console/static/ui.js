// The parts that pages are made of. Native elements throughout; styles are in style.css.

import { refusal, settings } from "./auth.js";
import * as format from "./format.js";
import { useTitle } from "./hooks.js";
import { html, useEffect, useId, useRef, useState } from "./preact.js";

/** @type {string | null} */
let shown = null;

/** A page: its heading gets the focus when another page was shown before, as it would on a fresh load. `about` tells its title from others'. */
export function Page({ title, about, lead, back, actions, badges, children }) {
  const heading = useRef(null);
  useTitle(about ? `${title}, ${about}` : title);
  useEffect(() => {
    const here = location.hash.split("?")[0];
    if (shown !== null && shown !== here) {
      heading.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    shown = here;
  }, [location.hash.split("?")[0]]);
  return html`
    <header class="page-head">
      ${back && html`<a class="back" href=${back[0]}>← ${back[1]}</a>`}
      <div class="page-title"><h1 ref=${heading} tabindex="-1">${title}</h1>${badges}<${Help} /></div>
      ${lead && html`<p class="lead">${lead}</p>`}
      ${actions && html`<div class="actions">${actions}</div>`}
    </header>
    ${children}`;
}

/** The way to the job that the page is for. */
function Help() {
  const here = location.hash.replace(/^#\/?/, "").split("?")[0];
  return (
    here !== "help" &&
    html`<a class="help" href=${`#/help?${new URLSearchParams({ for: here })}`} aria-label="Help with this page" title="Help with this page">?</a>`
  );
}

export const Card = ({ title, aside, children, quiet }) => html`
  <section class=${`card${quiet ? " quiet" : ""}`} aria-label=${title}>
    ${title && html`<div class="card-head"><h2>${title}</h2>${aside}</div>`}
    ${children}
  </section>`;

/** An amount, exactly as the API has it. `of` is its currency where that stands elsewhere; `sign` shows a plus too. */
export function Money({ value, currency, of = currency, sign }) {
  const text = format.money(value, of);
  const tone = sign && value && !format.isZero(value) ? (format.isNegative(value) ? " down" : " up") : "";
  return html`<span class=${`money${tone}`}>${sign && tone === " up" ? "+" : ""}${text}${currency && html` <span class="unit">${currency}</span>`}</span>`;
}

/** A form whose choices take effect at once. */
export const FILTERS = { class: "filters", onSubmit: (event) => event.preventDefault() };
/** Nothing, in a table. */
export const DASH = html`<span class="muted">–</span>`;
export const Day = ({ value }) => (value ? html`<time datetime=${value} title=${value}>${format.day(value)}</time>` : DASH);
export const Instant = ({ value }) =>
  value ? html`<time datetime=${value} title=${`${value} (${settings.time_zone} shown)`}>${format.instant(value, settings.time_zone)}</time>` : DASH;

const TONES = {
  posted: "good",
  finished: "good",
  repeat: "warn",
  held: "warn",
  running: "info",
  finished_with_failures: "bad",
  cancelled: "muted",
  skipped: "muted",
  written_off: "muted",
  no_longer_due: "muted",
  not_over: "muted",
  already_charged: "muted",
  simulated: "info",
  parked: "bad",
};

export const Badge = ({ status, tone, children }) =>
  html`<span class=${`badge ${tone ?? TONES[status] ?? "muted"}`}>${children ?? format.STATUSES[status] ?? status}</span>`;

/** Facts as terms and values: [term, value] pairs; empty ones are left out. */
export const Facts = ({ of, wide }) => html`
  <dl class=${`facts${wide ? " wide" : ""}`}>
    ${of.filter((fact) => fact && (fact[1] === 0 || fact[1])).map(([term, value]) => html`<div key=${term}><dt>${term}</dt><dd>${value}</dd></div>`)}
  </dl>`;

export const Stat = ({ label, children, note }) => html`
  <div class="stat"><dt>${label}</dt><dd>${children}</dd>${note && html`<dd class="note">${note}</dd>`}</div>`;
export const Stats = ({ children }) => html`<dl class="stats">${children}</dl>`;

export const Empty = ({ title, children, action }) => html`
  <div class="empty"><p class="empty-title">${title}</p><p>${children}</p>${action}</div>`;

/** Grey lines where content will stand, as high as it. */
export const Skeleton = ({ lines = 6 }) => html`
  <div class="skeleton" role="status"><span class="hidden">Loading</span>${Array.from({ length: lines }, (_, n) => html`<div key=${n}></div>`)}</div>`;

const WORDS = {
  idempotency_key_reused:
    "An earlier try did arrive, but its answer was lost, and the form has changed since. Look whether it was done before you send this as something new.",
  in_progress: "The first try is still under way. Try again in a moment.",
  differs: "Something was changed since you looked, so nothing is charged. The amounts here are those of now: look at them, and confirm again.",
  throttled: "The service is busy. Try again in a moment.",
};

const TITLES = {
  backlog_too_long: "Too many due dates would be charged at once",
  charged: "Something is charged already",
  currency_fixed: "The currency is fixed",
  differs: "What would be charged has changed",
  customer_in_use: "The customer has a history",
  did_in_use: "Another customer has this number then",
  ended: "That end has passed",
  minimum_days: "It can't end that early",
  over_credited: "That is more than is left",
  newly_due: "That would charge past days",
  not_found: "Not found",
  not_evaluated: "A day before that is still to be charged",
  not_transferable: "The number can't go there",
  package_in_use: "The package is in use",
  parked: "The customer is parked",
  not_running: "It is over already",
  too_much_work: "Too much is waiting already",
  replaced: "Another assignment takes its place",
  running: "The run has not finished",
};

/** The heading of a refusal: ours where one is more exact than the API's. */
const titleOf = ({ code, problem }) => TITLES[code] ?? problem.title ?? "That did not work";

/** What went wrong, in words, with a way on. Field faults that no field shows are listed. */
export function Problem({ error, retry, title, fields = [], children }) {
  const box = useRef(null);
  useEffect(() => {
    if (error && !document.querySelector("[aria-invalid=true]")) box.current?.focus();
  }, [error]);
  if (!error || error.isShown) return null;
  const saidThere = error.concerns?.length > 0 && error.concerns.every((field) => fields.includes(field));
  const elsewhere = WORDS[error.code] ? [] : error.errors.filter(({ pointer }) => !fields.includes(pointer.split("/")[1] ?? ""));
  if (error.errors.length && !elsewhere.length && !WORDS[error.code]) {
    return html`<div class="banner bad" role="alert" ref=${box} tabindex="-1"><p>${format.plural(error.errors.length, "field needs", "fields need")} another look; the reason stands below each.</p></div>`;
  }
  return html`
    <div class="banner bad" role="alert" ref=${box} tabindex="-1">
      <div>
        <p class="banner-title">${title ?? titleOf(error)}</p>
        ${
          elsewhere.length
            ? html`<ul>${elsewhere.map((one) => html`<li key=${one.pointer}>${one.pointer ? `${format.place(one.pointer)}: ` : ""}${format.readable(one.detail)}</li>`)}</ul>`
            : !saidThere && html`<p>${WORDS[error.code] ?? format.sentence(error.message)}</p>`
        }
        ${children}
      </div>
      ${retry && html`<button type="button" class="button small" onClick=${retry}>Try again</button>`}
    </div>`;
}

/** What could not be loaded, and another try. */
export const failed = (error, reload) => html`<${Problem} error=${error} retry=${reload} />`;

/**
 * A button that does something with the API. Without the scope `needs` it is disabled and says why.
 * @param {{needs?: "write"|"charge", busy?: boolean, busyLabel?: string, look?: string, disabled?: boolean, children?: any, [attribute: string]: any}} props
 */
export function Button({ needs, busy, busyLabel, look = "", children, disabled, ...rest }) {
  const why = needs ? refusal(needs) : "";
  const id = useId();
  return html`
    <button type="button" class=${`button ${look}`} disabled=${disabled || Boolean(why)} aria-disabled=${busy || undefined}
      aria-describedby=${why ? id : undefined} ...${rest} onClick=${busy ? (event) => event.preventDefault() : rest.onClick}>
      ${busy && html`<span class="spinner" aria-hidden="true"></span>`}${busy ? (busyLabel ?? children) : children}
    </button>${why && html`<span class="why" id=${id}>${why}</span>`}`;
}

/** A link that looks like a button; without the scope `needs` a disabled button that says why. */
export const LinkButton = ({ href, needs, look = "", children }) =>
  needs && refusal(needs) ? html`<${Button} needs=${needs} look=${look}>${children}<//>` : html`<a class=${`button ${look}`} href=${href}>${children}</a>`;

/**
 * A table; below 640 px each row becomes a card, with the column's name beside each value.
 * @param {{caption: string, columns: {name: string, label: string, num?: boolean, main?: boolean, kept?: boolean, cell: Function}[], rows: Record<string, any>[], id: Function, below?: Function, foot?: any, compact?: boolean}} props
 *   `below(row)` may give a second row with details. A `compact` one has one line a row there, of what is `main` or `kept`.
 */
export function Table({ caption, columns, rows, id, below, foot, compact }) {
  return html`
    <div class="table-box" role="group" aria-label=${caption} tabindex="0">
      <table role="table" class=${compact ? "compact" : ""}>
        <caption class="hidden">${caption}</caption>
        <thead role="rowgroup"><tr role="row">
          ${columns.map((column) => html`<th key=${column.name} role="columnheader" scope="col" class=${column.num ? "num" : ""}>${column.label}</th>`)}
        </tr></thead>
        <tbody role="rowgroup">
          ${rows.map(
            (row) => html`
            <tr key=${id(row)} role="row">
              ${columns.map(
                (column) => html`
                <td key=${column.name} role="cell" data-label=${column.label} class=${[column.num && "num", column.main && "main-cell", column.kept && "kept"].filter(Boolean).join(" ")}><div>${column.cell(row)}</div></td>`,
              )}
            </tr>
            ${below?.(row)}`,
          )}
        </tbody>
        ${foot}
      </table>
    </div>`;
}

/** An id that can be copied. */
export function Id({ value }) {
  const [done, setDone] = useState(false);
  const copy = () => navigator.clipboard.writeText(value).then(() => setDone(true));
  return html`<span class="sub mono">${value} <button type="button" class="copy" aria-label=${`Copy the id ${value}`} title="Copy the id" onClick=${copy} onBlur=${() => setDone(false)}>${done ? "copied" : "copy"}</button></span>`;
}

/** A choice of one of a few, outside of forms: [value, text]. */
export const Choice = ({ id, label, value, options, onChange }) => html`
  <div class="field"><label for=${id}>${label}</label>
    <select id=${id} value=${value} onChange=${(event) => onChange(event.target.value)}>${options.map(([one, text]) => html`<option key=${one} value=${one} selected=${one === value}>${text}</option>`)}</select></div>`;

/** All currencies, or one. */
export const CurrencyChoice = ({ value, onChange }) => html`
  <${Choice} id="of-currency" label="Currency" value=${value ?? ""} options=${[["", "All currencies"], ...settings.currencies.map((code) => [code, code])]} onChange=${onChange} />`;

/** A list with its states: loading, failed, empty, more to come. */
export function List({ list, empty, children, of = "more" }) {
  if (list.error) return html`<${Problem} error=${list.error} retry=${list.reload} />`;
  if (!list.items) return html`<${Skeleton} />`;
  if (!list.items.length) return empty;
  return html`
    ${children}
    ${list.more.error && html`<${Problem} error=${list.more.error} retry=${list.loadMore} />`}
    ${list.hasMore && html`<p class="load-more"><${Button} onClick=${list.loadMore} busy=${list.more.loading} busyLabel="Loading…">Load ${of}<//></p>`}`;
}

/**
 * A modal dialog, open as long as it is shown; Escape and Cancel close it, unless a request is under way. What is done can't be cancelled.
 */
export function Dialog({ title, close, busy, isDone, children, actions }) {
  const element = useRef(null);
  const id = useId();
  useEffect(() => {
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    element.current.showModal();
    return () => before?.isConnected && before.focus();
  }, []);
  return html`
    <dialog ref=${element} aria-labelledby=${id} onCancel=${(event) => {
      if (event.target !== event.currentTarget) return; // of a file that was not chosen
      event.preventDefault();
      if (!busy) close();
    }}>
      <h2 id=${id} tabindex="-1">${title}</h2>
      <div class="dialog-body">${children}</div>
      <div class="dialog-actions">
        ${!isDone && html`<button type="button" class="button" onClick=${close} disabled=${busy}>Cancel</button>`}
        ${actions}
      </div>
    </dialog>`;
}

/** Minutes of a bucket as a bar, in words beside it. */
export function Minutes({ bucket }) {
  const share = bucket.total ? Math.min(100, Math.round((bucket.used * 100) / bucket.total)) : 0;
  const near = bucket.total && bucket.used * 10 >= bucket.total * 8 ? (bucket.used >= bucket.total ? "out" : "near") : undefined;
  const words = `${format.minutes(bucket.used)} of ${format.minutes(bucket.total)} min used`;
  return html`
    <div class="minutes">
      <progress value=${share} max="100" class=${near} aria-label=${`${bucket.package_name ?? "Free minutes"}: ${words}`}></progress>
      <span>${words}${bucket.total > 0 && `, ${format.minutes(Math.max(0, bucket.total - bucket.used))} left`}${bucket.refills_on && html`<span class="muted">, refills <${Day} value=${bucket.refills_on} /></span>`}</span>
      ${bucket.waiting_for_payment && html`<${Badge} tone="warn">Not given: their charge is held<//>`}
    </div>`;
}
