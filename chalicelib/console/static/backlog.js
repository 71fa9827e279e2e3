// What is due already and would be charged at once, confirmed before it is.

import * as format from "./format.js";
import { html } from "./preact.js";
import { Button, Day, Dialog, Money } from "./ui.js";

/** Asks whether past due dates are to be charged; `verb` does what the form does, and charges. */
export function Backlog({ form, problem, currency, close, verb }) {
  const lines = problem.problem.backlog;
  const dates = new Set(lines.map((one) => one.due_date)).size;
  return html`
    <${Dialog} title=${`Charge ${format.plural(dates, "past due date")} now?`} close=${close} busy=${form.busy}
      actions=${html`<${Button} needs="charge" look="primary" busy=${form.busy} busyLabel="Charging…" onClick=${() => form.submit({ confirm_backlog: true })}>${verb}<//>`}>
      <p>These are due already and would be charged at once, <strong><${Money} value=${format.sum(...lines.map((one) => one.retail))} currency=${currency} /></strong> in all. If another system has charged them, cancel and say so with “Charge from”.</p>
      <div class="scroll" role="region" aria-label="Past due dates" tabindex="0">
        <table class="amounts"><thead class="hidden"><tr><th>Due</th><th>Kind</th><th>Retail</th></tr></thead><tbody>
          ${lines.map((one) => html`<tr key=${one.due_date + one.kind}><th scope="row"><${Day} value=${one.due_date} /></th><td>${format.KINDS[one.kind]}</td><td><${Money} value=${one.retail} currency=${currency} /></td></tr>`)}
        </tbody></table>
      </div>
    <//>`;
}
