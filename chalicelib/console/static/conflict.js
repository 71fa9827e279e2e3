// Edits: only what was changed is sent, on condition of the version that was seen. When somebody else was quicker, both
// versions are shown and the reader decides.

import { call, get } from "./api.js";
import { title } from "./format.js";
import { html, useRef, useState } from "./preact.js";
import { Button } from "./ui.js";

const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
const told = (value) =>
  value === null || value === "" || value === undefined || (Array.isArray(value) && !value.length)
    ? "empty"
    : typeof value === "boolean"
      ? value
        ? "on"
        : "off"
      : `${value}`;
const amounts = new Set(["cost", "retail", "setup_cost", "setup_retail", "debit_limit"]);
/** "12.5" and "12.50" are one amount. */
const plain = (name, value) => (amounts.has(name) && /^\d+\.\d+$/.test(value) ? value.replace(/\.?0+$/, "") : value || null);

/**
 * @param {{where: string, seen: Record<string, any>, body: (values: Record<string, any>) => Record<string, any>, names: string[]}} options `seen` is what the form began with
 */
export function useConflict({ where, seen, body, names }) {
  const base = useRef(seen);
  const [theirs, setTheirs] = useState(null);
  const changed = (wanted, from) => Object.fromEntries(Object.entries(wanted).filter(([name, value]) => !same(plain(name, value), plain(name, from[name]))));
  const send = async (values) => {
    const wanted = { ...changed(body(values), base.current), ...(values.confirm_backlog ? { confirm_backlog: true } : {}) };
    if (!Object.keys(wanted).length) return base.current;
    try {
      return await call("PATCH", where, { body: wanted, version: base.current.version });
    } catch (error) {
      if (error.code !== "version_mismatch") throw error;
      const current = await get(where);
      if (!Object.keys(changed(wanted, current)).length) return current; // an earlier attempt of ours, whose answer was lost
      setTheirs(current);
      throw Object.assign(error, { isShown: true });
    }
  };
  const Choice = ({ form, done }) => {
    if (!theirs) return null;
    const mine = body(form.values);
    const moved = names.filter((name) => !same(plain(name, theirs[name]), plain(name, base.current[name])));
    const keep = () => {
      base.current = { ...base.current, version: theirs.version };
      setTheirs(null);
      form.submit();
    };
    return html`
      <div class="banner warn" role="alert">
        <div>
          <p class="banner-title">${theirs.updated_by} changed this while you were at it</p>
          <ul>${moved.map((name) => html`<li key=${name}><strong>${title(name)}</strong>: was ${told(base.current[name])}, is now ${told(theirs[name])}${name in mine && !same(plain(name, mine[name]), plain(name, theirs[name])) ? `; you have ${told(mine[name])}` : ""}</li>`)}</ul>
          <p>Nothing of yours is saved yet.</p>
          <div class="actions">
            <${Button} look="small" onClick=${keep}>Save my changes all the same<//>
            <${Button} look="small" onClick=${() => done(theirs)}>Discard mine<//>
          </div>
        </div>
      </div>`;
  };
  return { send, Choice };
}
