// What the API warns of after it has written something. It stays until it is closed or something else is sent.

import * as format from "./format.js";
import { html, useEffect, useState } from "./preact.js";

const listeners = new Set();

/** @typedef {{code: string, detail: string, pointer?: string}} Warning */

/** @param {Warning[]} warnings of an answer, none to take the last ones away */
export function warn(warnings) {
  for (const listen of listeners) listen(warnings);
}

/** "retail: 1.00 lies below the cost"; a row of a file is named beside it. @param {{detail: string, pointer?: string}} warning */
export const sentence = ({ detail, pointer }) => format.readable(pointer ? `${pointer.slice(1).replaceAll("_", " ")}: ${detail}` : detail);

export function Warnings() {
  const [shown, setShown] = useState(/** @type {Warning[]} */ ([]));
  useEffect(() => {
    listeners.add(setShown);
    return () => listeners.delete(setShown);
  }, []);
  return html`<div role="status" aria-label="Worth a look">${
    shown.length > 0 &&
    html`
    <div class="banner warn">
      <div><p class="banner-title">It is saved, but worth a look</p><ul>${shown.map((one) => html`<li key=${one.code + one.pointer}>${sentence(one)}</li>`)}</ul></div>
      <button type="button" class="button small" onClick=${() => setShown([])}>Close</button>
    </div>`
  }</div>`;
}
