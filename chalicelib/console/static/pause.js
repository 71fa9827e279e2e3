// Pausing all that a customer has, from a day until another one: tried first, then carried out as it was seen (changes of many).

import { call, fault, path } from "./api.js";
import { settings } from "./auth.js";
import { DayField } from "./fields.js";
import * as format from "./format.js";
import { useForm, useIntent } from "./hooks.js";
import { html, useState } from "./preact.js";
import { Button, Dialog, Money, Problem } from "./ui.js";
import { Progress, useWork } from "./work.js";

export function Pause({ one, close, done }) {
  const [tried, setTried] = useState(null);
  return tried ? html`<${Tried} one=${one} work_id=${tried} close=${close} done=${done} />` : html`<${Asked} one=${one} close=${close} tried=${setTried} />`;
}

const HIDDEN_SUBMIT = html`<button class="hidden" tabindex="-1" aria-hidden="true"></button>`;

function Asked({ one, close, tried }) {
  const form = useForm({
    name: `pause-all-${one.customer_id}`,
    initial: { from: format.later(settings.today, 1), until: "" },
    send: async ({ from, until }, key) => {
      if (until && until < from) throw fault("until", "is before the first paused day");
      const where = { customers: [one.customer_id], valid_on: from || null };
      return call("POST", "changes", { body: { what: "terms", where, from: from || null, terms: { paused: true, until: until || null } }, key });
    },
    done: (made) => tried(made.work_id),
  });
  return html`
    <${Dialog} title="Pause this customer" close=${close} busy=${form.busy}
      actions=${html`<${Button} needs="write" look="primary" busy=${form.busy} busyLabel="Working it out…" onClick=${() => form.submit()}>Show what is paused<//>`}>
      <form class="grid" ...${form.own}>
        <p class="hint span">Nothing recurring falls due on paused days, and no minutes can be drawn. What is skipped is not charged later. Numbers stay with the customer.</p>
        <${DayField} form=${form} name="from" label="From" hint="The first paused day." />
        <${DayField} form=${form} name="until" label="Until" optional hint="The last day, included. Empty: until somebody ends the pause." />
        ${HIDDEN_SUBMIT}
      </form>
      <${Problem} error=${form.problem} fields=${["from", "until"]} />
    <//>`;
}

/** What would be paused, and the button that does it; or how far that is. */
function Tried({ one, work_id, close, done }) {
  const [applied, setApplied] = useState(null);
  const work = useWork(path("changes", applied ?? work_id));
  const intent = useIntent();
  const { data, error, reload } = work;
  const over = data && data.status !== "running";
  const apply = async () => {
    const where = path("changes", work_id, "application");
    const { answer } = (await intent.send((key) => call("POST", where, { key }), where)) ?? {};
    if (answer) setApplied(answer.work_id);
  };
  const wasApplied = applied && data?.work_id === applied && over;
  const count = data?.items ? format.plural(data.changes, "assignment") : "";
  const actions = wasApplied
    ? html`<${Button} look="primary" onClick=${() => done(`${count} paused`)}>Done<//>`
    : over &&
      !applied &&
      data.changes > 0 &&
      html`<${Button} needs="write" look="primary" busy=${intent.busy} busyLabel="Pausing…" onClick=${apply}>Pause ${count}<//>`;
  return html`
    <${Dialog} title=${wasApplied ? `${count} paused` : "What is paused"} close=${close} busy=${intent.busy} isDone=${wasApplied} actions=${actions}>
      <${Problem} error=${error ?? intent.problem} retry=${error ? reload : undefined} />
      ${data && !over && html`<${Progress} one=${data} title=${applied ? "Pausing" : "Trying"} changed=${reload} />`}
      ${over && data.items && html`<${Outcome} one=${one} of=${data} applied=${wasApplied} />`}
    <//>`;
}

function Outcome({ one, of, applied }) {
  const { terms, from } = of.change;
  const [sums] = of.sums ?? [];
  return html`
    <p>${of.changes ? `${format.plural(of.changes, "assignment")} ${applied ? "paused" : "would be paused"} from ${format.day(from)}${terms.until ? ` through ${format.day(terms.until)}` : " on"}.` : "Nothing can be paused then."}</p>
    ${sums && html`<p>The next 31 days bring <${Money} value=${sums.after} currency=${sums.currency} /> instead of <${Money} value=${sums.before} currency=${sums.currency} />.</p>`}
    ${
      of.refuses > 0 &&
      html`<div class="banner warn"><div><p class="banner-title">${format.plural(of.refuses, "assignment")} left as they are</p>
      <ul>${of.refused.map((item) => html`<li key=${item.assignment_id}>${item.did ? `DID ${item.did}: ` : ""}${format.readable(item.detail)}</li>`)}</ul></div></div>`
    }
    ${applied && html`<p class="hint">Each pause stands in the terms of its assignment, where it can be removed while its day lies ahead. ${one.name || one.customer_id} goes on as before afterwards.</p>`}`;
}
