// A field for a customer's id, which is found while somebody types whatever the customer is known by.

import { Field } from "./fields.js";
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
