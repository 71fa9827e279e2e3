// What is to become of many: the fields of a change, and the body that says it. Whom it is for is said by the page or by what was chosen.

import { call, fault } from "./api.js";
import { settings } from "./auth.js";
import { DayField, Field, NumberField, Radios, Select } from "./fields.js";
import * as format from "./format.js";
import { useForm } from "./hooks.js";
import { PackageField, packageId, usePackages } from "./package-field.js";
import { html } from "./preact.js";
import { firstOfNextMonth } from "./prices.js";
import { go } from "./router.js";
import { changes as typedTerms } from "./terms.js";
import { Button, Dialog, Problem } from "./ui.js";

export const WHATS = { end: "End", terms: "Change terms", replace: "Replace the package", price: "Change prices" };

/** What the fields of a change begin with: days at the beginning or the end of a month. */
export const initialChange = () => ({
  on: lastOfMonth(settings.today),
  from: firstOfNextMonth(settings.today),
  until: "",
  package: "",
  by: "percent",
  by_value: "",
  decimals: "",
  fields: ["retail"],
  existing: "all",
  quantity: "",
  discount: "",
  retail: "",
  cost: "",
  paused: "",
  debit: "",
});

function lastOfMonth(day) {
  const [year, month] = day.split("-").map(Number);
  return `${day.slice(0, 8)}${new Date(Date.UTC(year, month, 0)).getUTCDate()}`;
}

/** The body that says what becomes of those whom `where` means. */
export async function bodyOf(what, values, packages) {
  const { on, from, until, by, by_value, decimals, fields, existing } = values;
  if (what === "end") return { what, on: on || null };
  if (what === "replace") await packages.demand(values.package, "package");
  if (what === "replace") return { what, from: from || null, package_id: packageId(values.package, packages) };
  if (what === "price") {
    if (!by_value.trim()) throw fault("by_value", "say by how much, such as 5, or -2.50 to lower prices");
    if (!fields.length) throw fault("fields", "choose which prices change");
    return { what, from: from || null, [by]: by_value.trim(), ...(decimals && { decimals: Number(decimals) }), fields, existing: existing === "all" };
  }
  const debit = { on: true, off: false }[values.debit] ?? null;
  const terms = { ...typedTerms({ ...values, debit }), ...(values.paused && { paused: values.paused === "yes" }), ...(until && { until }) };
  if (!Object.keys(terms).some((name) => name !== "until")) throw fault("terms", "say at least one term that changes");
  return { what, from: from || null, terms };
}

/** Faults of terms and of the price step stand at the fields that they are about. */
export function placed(form) {
  const errors = { ...form.errors };
  for (const [name, said] of Object.entries(form.errors)) {
    const [first, field] = name.split(".");
    if (first === "where" && field) errors[{ packages: "of", customers: "customer" }[field] ?? field] = said;
  }
  for (const [name, said] of Object.entries(form.errors)) if (name.startsWith("terms.")) errors[name.slice(6)] = said;
  errors.by_value ??= errors[form.values.by];
  errors.package ??= errors.package_id;
  return { ...form, errors };
}

/** The fields of what is to become. @param {{form: Record<string, any>, what: string, packages: Record<string, any>}} props */
export function ChangeFields({ form: plain, what, packages }) {
  const form = placed(plain);
  const from = html`<${DayField} form=${form} name="from" label="From" hint="The first day of it." />`;
  if (what === "end") return html`<${DayField} form=${form} name="on" label="Last day" hint="Each ends on this day, which is charged." wide />`;
  if (what === "replace") return html`${from}<${PackageField} form=${form} packages=${packages} label="New package" hint="Terms stay as they are." />`;
  if (what === "price") {
    return html`
      ${from}
      <${Select} form=${form} name="by" label="By" options=${[["percent", "Percent"], ["amount", "Amount"]]} />
      <${Field} form=${form} name="by_value" label=${form.values.by === "percent" ? "Percent" : "Amount"} inputmode="decimal" class="amount" suffix=${form.values.by === "percent" ? "%" : undefined} hint="With a minus to lower prices." />
      <${Select} form=${form} name="decimals" label="Rounded to" options=${[["", "The currency's decimals"], ...["0", "1", "2", "3", "4", "5", "6"].map((n) => [n, n === "1" ? "1 decimal" : `${n} decimals`])]} />
      <fieldset class="field span radios"><legend>Which prices</legend><div class="radio-row">${format.PRICES.map(
        ([name, label]) => html`<div class="radio" key=${name}><input type="checkbox" id=${`price-${name}`} checked=${form.values.fields.includes(name)}
          onChange=${(event) =>
            form.set(
              "fields",
              format.PRICES.map(([one]) => one).filter((one) => (one === name ? event.target.checked : form.values.fields.includes(one))),
            )} /><label for=${`price-${name}`}>${label}</label></div>`,
      )}</div>${form.errors.fields && html`<p class="fault">${form.errors.fields}</p>`}</fieldset>
      <${Radios} form=${form} name="existing" label="For" options=${[
        ["all", "All assignments", "Including those that exist."],
        ["new", "New ones only", "Assignments that begin on the day or later."],
      ]} />`;
  }
  return html`
    ${from}
    <${DayField} form=${form} name="until" label="Until" optional hint="The last day, included. Leave empty for no end." />
    <${Field} form=${form} name="discount" label="Discount" optional inputmode="decimal" class="amount" suffix="%" hint="Of the retail; 0 for none." />
    <${NumberField} form=${form} name="quantity" label="Quantity" optional />
    <${Field} form=${form} name="retail" label="Own retail" optional inputmode="decimal" class="amount" hint="In each customer's currency." />
    <${Field} form=${form} name="cost" label="Own cost" optional inputmode="decimal" class="amount" />
    <${Select} form=${form} name="paused" label="Pause" options=${[["", "As it is"], ["yes", "Paused"], ["no", "Not paused"]]} />
    <${Select} form=${form} name="debit" label="Auto decrement credit" options=${[["", "As it is"], ["on", "On"], ["off", "Off"]]} />
    <p class="hint span">Leave a field empty to keep it unchanged.</p>
    ${form.errors.terms && html`<p class="fault span">${form.errors.terms}</p>`}`;
}

/** Where faults stand that are not called like the field that shows them. */
const PLACED = ["package_id", "percent", "amount", "terms", "where"];

/** The faults that no field shows. */
export const ChangeProblem = ({ form }) => html`<${Problem} error=${form.problem} fields=${[...Object.keys(form.values), ...PLACED]} />`;

/** Asks what becomes of chosen assignments, tries it, and goes to what that says. @param {{what: string, where: Record<string, string[]>, count: string, close: () => void}} props */
export function ChangeDialog({ what, where, count, close }) {
  const packages = usePackages();
  const form = useForm({
    name: `change-${what}`,
    initial: initialChange(),
    send: async (values, key) => call("POST", "changes", { key, body: { ...(await bodyOf(what, values, packages)), where } }),
    done: (made) => go(["changes", made.work_id]),
  });
  return html`
    <${Dialog} title=${`${WHATS[what]}: ${count}`} close=${close} busy=${form.busy}
      actions=${html`<${Button} look="primary" busy=${form.busy} busyLabel="Asking…" onClick=${() => form.submit()}>See what it does<//>`}>
      <form class="grid" ...${form.own}>
        <${ChangeFields} form=${form} what=${what} packages=${packages} />
        <button class="hidden" tabindex="-1" aria-hidden="true"></button>
      </form>
      <p class="hint">Nothing is written yet: first you see who is met, who can't be changed and why, and what it brings more or less.</p>
      <${ChangeProblem} form=${form} />
    <//>`;
}
