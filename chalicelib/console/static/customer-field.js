// A field for a customer's id, which is found while somebody types whatever the customer is known by.

import { fault, find } from "./api.js";
import { Field } from "./fields.js";
import { IS_ID } from "./format.js";
import { useFound } from "./hooks.js";
import { html } from "./preact.js";

/** A customer's id; whoever is found by what is typed is offered. */
export function CustomerField({ form, name = "customer", label = "Customer", ...rest }) {
  const list = `${form.name}-${name}-customers`;
  const text = (form.values[name] ?? "").trim();
  const offered = new Map((useFound("customers", text) ?? []).map((one) => [one.customer_id, one.name]));
  return html`
    <${Field} form=${form} name=${name} label=${label} list=${list} spellcheck=${false} placeholder="Id, or choose from the list" hint=${offered.get(text) ?? "Type to find one."} ...${rest} />
    <datalist id=${list}>${[...offered].map(([id, known]) => html`<option key=${id} value=${id}>${known}</option>`)}</datalist>`;
}

/** The id of the customer that was typed by id or by whole name. Throws a fault of `field` that says what to do. */
export async function customerOf(text, field) {
  const typed = text.trim();
  if (!typed) throw fault(field, "say which customer");
  const found = await find("customers", typed);
  const named = found.filter((one) => one.name.toLowerCase() === typed.toLowerCase());
  if (found.some((one) => one.customer_id === typed) || (IS_ID.test(typed) && !named.length)) return typed;
  if (named.length === 1) return named[0].customer_id;
  throw fault(field, `${named.length ? `${named.length} customers have this name` : "there is no such customer"}: choose one from the list`);
}

/** What was typed into a form, with the customer's id in its field. */
export async function withCustomer(form, values, name = "customer") {
  const id = await customerOf(values[name], name);
  if (id !== values[name]) form.set(name, id);
  return { ...values, [name]: id };
}
