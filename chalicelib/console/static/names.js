// Names of customers, where a list says only their ids.

import { get } from "./api.js";
import { html, useEffect, useState } from "./preact.js";
import { link } from "./router.js";
import { Id } from "./ui.js";

const AT_ONCE = 100;
/** @type {Map<string, string>} names by id, as they were when they were first shown; "" for none */
const known = new Map();

async function learn(ids) {
  for (let n = 0; n < ids.length; n += AT_ONCE) {
    const some = ids.slice(n, n + AT_ONCE);
    const { items } = await get("customers", { ids: some.join(",") });
    for (const id of some) known.set(id, "");
    for (const one of items) known.set(one.customer_id, one.name);
  }
}

/** Gives the name of each of these customers, its id until that is known. @param {string[]} ids @returns {(id: string) => string} */
export function useNames(ids) {
  const [, draw] = useState(0);
  const missing = [...new Set(ids)].filter((id) => id && !known.has(id)).sort();
  useEffect(() => {
    if (missing.length)
      learn(missing).then(
        () => draw((count) => count + 1),
        () => {},
      ); // ids do where names can't be had
  }, [missing.join()]);
  return (id) => known.get(id) || id;
}

/** A link to a customer, by name, with the id below. @param {{id: string, nameOf: (id: string) => string, to?: string[]}} props `to`: which of its pages */
export const CustomerLink = ({ id, nameOf, to = [] }) => html`
  <a href=${link(["customers", id, ...to])}>${nameOf(id)}</a>${nameOf(id) !== id && html`<${Id} value=${id} />`}`;

/** A link to one customer within a sentence, by name. @param {{id: string, to?: string[]}} props */
export const Customer = ({ id, to = [] }) => html`<a href=${link(["customers", id, ...to])}>${useNames([id])(id)}</a>`;
