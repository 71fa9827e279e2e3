// The terms of an assignment: its first values, and the entries that change them from a day on.

import { call, get, path } from "./api.js";
import { Backlog } from "./backlog.js";
import { Check, DayField, Field, MoneyField, NumberField, whole } from "./fields.js";
import * as format from "./format.js";
import { useAction, useForm, useLoad } from "./hooks.js";
import { html, useState } from "./preact.js";
import { announce } from "./toast.js";
import { Button, Card, Day, Dialog, Problem, Skeleton, Table } from "./ui.js";

const FIELDS = ["quantity", "retail", "cost", "discount", "paused", "auto_decrement_credit", "free_minutes", "from", "until", "reason"];

/** The first values as an entry: without what goes without saying. */
const spoken = (first) => Object.fromEntries(Object.entries(first).filter(([name, value]) => value !== null && !(name === "discount" && format.isZero(value))));

/** An entry in words: "own retail 9.99, less 20 %". */
function said(entry, currency) {
  const own = (name, label) =>
    entry[name] !== undefined && (entry[name] === null ? `the package's ${label}` : `own ${label} ${format.money(entry[name], currency)}`);
  return [
    entry.paused !== undefined && (entry.paused ? "Paused" : "not paused"),
    entry.quantity !== undefined && `quantity ${entry.quantity}`,
    own("retail", "retail"),
    own("cost", "cost"),
    entry.discount !== undefined && (format.isZero(entry.discount) ? "no discount" : `discount ${format.percent(entry.discount)}`),
    entry.auto_decrement_credit !== undefined && `auto decrement credit ${entry.auto_decrement_credit ? "on" : "off"}`,
    entry.free_minutes !== undefined && entry.free_minutes !== null && `${entry.free_minutes} free minutes`,
  ]
    .filter(Boolean)
    .join(", ");
}

/** The timeline, with the ways to change it. `changed` is called after each. */
export function Terms({ one, where, changed, over }) {
  const { data, error, reload } = useLoad(() => get(path(...where, "terms")), [one.assignment_id, one.version]);
  const [open, setOpen] = useState(null);
  const saved = (told) => {
    setOpen(null);
    announce(told);
    reload();
    changed();
  };
  if (error) return html`<${Card} title="Terms"><${Problem} error=${error} retry=${reload} /><//>`;
  if (!data) return html`<${Card} title="Terms"><${Skeleton} /><//>`;
  const { currency } = one.package;
  const rows = [{ ...spoken(data.first), from: null, until: null }, ...data.items];
  const removable = (row) => row.from !== null && row.from >= data.first_open_day;
  const columns = [
    { name: "from", label: "From", main: true, cell: (row) => (row.from ? html`<${Day} value=${row.from} />` : "The start") },
    { name: "until", label: "Until", cell: (row) => (row.until ? html`<${Day} value=${row.until} />` : html`<span class="muted">no end</span>`) },
    { name: "said", label: "Terms", cell: (row) => said(row, currency) },
    rows.some(removable) && {
      name: "remove",
      label: "Remove",
      cell: (row) =>
        removable(row) &&
        html`
      <${Button} needs="write" look="small" aria-label=${`Remove the terms from ${format.day(row.from)}`} onClick=${() => setOpen({ remove: row })}>Remove<//>`,
    },
  ].filter(Boolean);
  const props = { one, where, version: data.version, first: data.first_open_day, close: () => setOpen(null), saved };
  return html`
    <${Card} title="Terms" aside=${
      !over &&
      html`
      <div class="actions"><${Button} needs="write" look="small" onClick=${() => setOpen("pause")}>Pause…<//>
        <${Button} needs="write" look="small" onClick=${() => setOpen("change")}>Change terms…<//></div>`
    }>
      <${Table} caption="Terms" rows=${rows} columns=${columns} id=${(row) => row.from ?? "first"} />
      ${open === "pause" && html`<${Pause} ...${props} />`}
      ${open === "change" && html`<${Change} ...${props} />`}
      ${open?.remove && html`<${Remove} entry=${open.remove} ...${props} />`}
    <//>`;
}

/** A dialog of fields that enters terms. `named` makes them of what was typed. */
function Entering({ title, action, name, one, where, version, first, close, saved, initial, named, children }) {
  const form = useForm({
    name: `${name}-${one.assignment_id}`,
    initial: { from: first > one.start_date ? first : one.start_date, until: "", reason: "", ...initial },
    send: ({ from, until, reason, confirm_backlog, ...values }) => {
      const corrects = from && from < first && reason.trim();
      const body = { ...named(values), until: until || null, ...(corrects && { reason: reason.trim() }), ...(confirm_backlog && { confirm_backlog }) };
      return call("PUT", path(...where, "terms", from || "none"), { body, version, query: corrects ? { correct: true } : {} });
    },
    done: (terms) => saved(`In force from ${format.day(terms.effective_from ?? form.values.from)}`),
  });
  const { from } = form.values;
  if (form.problem?.code === "backlog") {
    return html`<${Backlog} form=${form} problem=${form.problem} currency=${one.package.currency} close=${() => form.setProblem(null)} verb="Save and charge" />`;
  }
  return html`
    <${Dialog} title=${title} close=${close} busy=${form.busy}
      actions=${html`<${Button} needs="write" look="primary" busy=${form.busy} busyLabel="Saving…" onClick=${() => form.submit()}>${action}<//>`}>
      <form class="grid" ...${form.own}>
        <${DayField} form=${form} name="from" label="From" hint=${`${format.day(first)} or later, or an earlier day to correct the past.`} />
        <${DayField} form=${form} name="until" label="Until" optional hint="The last day, included. Leave empty for no end." />
        ${
          from &&
          from < first &&
          html`<${Field} form=${form} name="reason" label="Reason for correcting past days" type="textarea" wide optional maxlength="500"
          hint="Needed once something is charged. Existing charges stay; what is not charged yet, and reports of those days, go by the corrected terms." />`
        }
        ${children(form)}
        <button class="hidden" tabindex="-1" aria-hidden="true"></button>
      </form>
      <${Problem} error=${form.problem} fields=${FIELDS} />
    <//>`;
}

function Pause(props) {
  return html`
    <${Entering} ...${props} title="Pause this assignment?" action="Pause" name="pause" initial=${{}} named=${() => ({ paused: true })}>
      ${() => html`<p class="span">Nothing recurring falls due on paused days, and no minutes can be drawn. What is skipped is not charged later. A number stays with the customer.</p>`}
    <//>`;
}

/** What was typed; what was left empty is not named. @param {Record<string, any>} terms */
export function changes({ quantity, retail, cost, discount, free_minutes = "", debit = null }) {
  const texts = Object.entries({ retail, cost, discount })
    .map(([name, text]) => [name, text.trim()])
    .filter(([, text]) => text);
  const numbers = Object.entries({ quantity, free_minutes })
    .filter(([, text]) => text.trim())
    .map(([name, text]) => [name, whole(text)]);
  return { ...Object.fromEntries([...numbers, ...texts]), ...(debit !== null && { auto_decrement_credit: debit }) };
}

/** The fields of terms but for the days. @param {{form: Record<string, any>, of: Record<string, any>}} props `of` is the package */
export const TermFields = ({ form, of }) => html`
  <${NumberField} form=${form} name="quantity" label="Quantity" optional />
  <${Field} form=${form} name="discount" label="Discount" optional inputmode="decimal" class="amount" suffix="%" hint="Of the retail." />
  <${MoneyField} form=${form} name="retail" label="Own retail" optional suffix=${of.currency} hint=${`Instead of ${format.money(of.retail, of.currency)}.`} />
  <${MoneyField} form=${form} name="cost" label="Own cost" optional suffix=${of.currency} hint=${`Instead of ${format.money(of.cost, of.currency)}.`} />
  ${of.type === "free_minutes" && html`<${NumberField} form=${form} name="free_minutes" label="Free minutes" optional />`}`;

function Change(props) {
  const { one } = props;
  const initial = { quantity: "", retail: "", cost: "", discount: "", free_minutes: "", debit: null };
  return html`
    <${Entering} ...${props} title="Change terms" action="Save" name="terms" initial=${initial} named=${changes}>
      ${(form) => html`
        <${TermFields} form=${form} of=${one.package} />
        <${Check} form=${{ ...form, values: { ...form.values, debit: form.values.debit ?? one.auto_decrement_credit } }} name="debit" label="Auto decrement credit" hint="Each charge takes its retail from the credit balance at once." />
        <p class="hint span">Leave a field empty to keep it unchanged.</p>`}
    <//>`;
}

function Remove({ entry, one, where, version, close, saved }) {
  const action = useAction(() => saved(`Terms from ${format.day(entry.from)} removed`));
  return html`
    <${Dialog} title="Remove these terms?" close=${close} busy=${action.busy}
      actions=${html`<${Button} needs="write" look="danger" busy=${action.busy} busyLabel="Removing…" onClick=${() => action.run(() => call("DELETE", path(...where, "terms", entry.from), { version }))}>Remove<//>`}>
      <p>From <${Day} value=${entry.from} />: ${said(entry, one.package.currency)}. Without this change, the terms before it stay in force.</p>
      <${Problem} error=${action.problem} />
    <//>`;
}
