// A field for a customer's id, which finds ids and names while somebody types.

import { all, find } from "./api.js";
import { Field } from "./fields.js";
import { useDebounced, useLoad } from "./hooks.js";
import { html } from "./preact.js";

/** A customer's id; whoever is found by what is typed is offered. */
export function CustomerField({ form, name = "customer", label = "Customer", ...rest }) {
  const list = `${form.name}-${name}-customers`;
  const text = (form.values[name] ?? "").trim();
  const sought = useDebounced(text, 200);
  const { data: known } = useLoad(() => all("customers", {}, 400), []);
  const { data: more } = useLoad(() => find("customers", sought), [sought]);
  const offered = new Map([...(known ?? []), ...(more ?? [])].map((one) => [one.customer_id, one.name]));
  return html`
    <${Field} form=${form} name=${name} label=${label} list=${list} spellcheck=${false} placeholder="Id, or choose from the list" hint=${offered.get(text) ?? "Type to find one."} ...${rest} />
    <datalist id=${list}>${[...offered].map(([id, name]) => html`<option key=${id} value=${id}>${name}</option>`)}</datalist>`;
}
