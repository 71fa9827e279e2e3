// Rows that are chosen in a list of assignments, and what can be done with all of them.

import { call } from "./api.js";
import { save } from "./files.js";
import * as format from "./format.js";
import { useAction, useModule } from "./hooks.js";
import { html, useState } from "./preact.js";
import { Button } from "./ui.js";

const CHOSEN_MAX = 1000;
const ACTIONS = [
  ["end", "End…"],
  ["terms", "Change terms…"],
  ["replace", "Replace…"],
];

/**
 * The chosen ones of a list of assignments: a column of checkboxes, and a bar with what can be done.
 * @param {{items: any[] | null}} list @param {(one: any) => string} nameOf what a row is called
 */
export function useSelection(list, nameOf) {
  const [ids, setIds] = useState(/** @type {Set<string>} */ (new Set()));
  const shown = list.items ?? [];
  const chosen = shown.filter((one) => ids.has(one.assignment_id));
  const choose = (some, isChosen) =>
    setIds((old) => {
      const others = [...old].filter((id) => !some.some((one) => one.assignment_id === id));
      return new Set([...others, ...(isChosen ? some.map((one) => one.assignment_id) : [])]);
    });
  const column = {
    name: "chosen",
    label: "Select",
    cell: (one) =>
      html`<input type="checkbox" aria-label=${`Select ${nameOf(one)}`} checked=${ids.has(one.assignment_id)} onChange=${(event) => choose([one], event.target.checked)} />`,
  };
  return { column, chosen, shown, all: (isChosen) => choose(shown, isChosen) };
}

/** @param {{selection: ReturnType<typeof useSelection>, where: string, name: string}} props `where` is the path of the list, `name` that of a file */
export function SelectionBar({ selection, where, name }) {
  const { chosen, shown, all } = selection;
  const [what, setWhat] = useState(/** @type {string | null} */ (null));
  const count = format.plural(chosen.length, "assignment");
  const isAll = chosen.length > 0 && chosen.length === shown.length;
  return html`
    <div class="bar chosen" role="group" aria-label="What is chosen">
      <label class="choose-all"><input type="checkbox" checked=${isAll} indeterminate=${chosen.length > 0 && !isAll} onChange=${(event) => all(event.target.checked)} /> Select all shown</label>
      ${
        chosen.length > 0 &&
        html`<div class="actions"><span class="muted" aria-live="polite">${chosen.length} selected</span>
        ${ACTIONS.map(([one, label]) => html`<${Button} key=${one} look="small" disabled=${chosen.length > CHOSEN_MAX} onClick=${() => setWhat(one)}>${label}<//>`)}
        <${ExportChosen} chosen=${chosen} where=${where} name=${name} /></div>
        ${chosen.length > CHOSEN_MAX && html`<p class="hint">At most ${CHOSEN_MAX} are changed at once; the page “Changes” changes any number.</p>`}`
      }
    </div>
    ${what && html`<${Asking} what=${what} where=${meant(chosen)} count=${count} close=${() => setWhat(null)} />`}`;
}

const meant = (chosen) => ({ customers: [...new Set(chosen.map((one) => one.customer_id))], assignments: chosen.map((one) => one.assignment_id) });

function Asking(props) {
  const module = useModule(() => import("./change-form.js"));
  return module && html`<${module.ChangeDialog} ...${props} />`;
}

/** The chosen rows as a file that can be edited and imported again. */
function ExportChosen({ chosen, where, name }) {
  const ids = new Set(chosen.map((one) => one.assignment_id));
  const action = useAction((text) => save(rowsOf(text, ids), name));
  return html`
    <${Button} look="small" busy=${action.busy} busyLabel="Preparing…" onClick=${() => action.run(() => call("GET", where, { accept: "text/csv" }))}>Export<//>
    ${action.problem && html`<span class="fault" role="alert">${action.problem.message}</span>`}`;
}

/** The headings of a CSV text, and its rows with these ids. A line break within quotes belongs to its row. */
function rowsOf(text, ids) {
  const [head = "", ...rows] = text.match(/(?:"(?:[^"]|"")*"|[^"\n])+\n?/g) ?? [];
  const at = cells(head).indexOf("assignment_id");
  return [head, ...rows.filter((row) => ids.has(cells(row)[at]))].join("");
}

const cells = (row) => (row.match(/(?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,|\r?\n|$)/g) ?? []).map((cell) => cell.replace(/[,\r\n]+$/, ""));
