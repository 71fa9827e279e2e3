// Run Package: simulate first, then run live after one more question.

import { all, call, get } from "./api.js";
import { settings } from "./auth.js";
import { DayField, Field, Radios } from "./fields.js";
import * as format from "./format.js";
import { useDebounced, useForm, useIntent, useLoad } from "./hooks.js";
import { html, useEffect, useState } from "./preact.js";
import { go, replace, useRoute } from "./router.js";
import { Report, Summary } from "./report.js";
import { announce } from "./toast.js";
import { Button, Dialog, Money, Page, Problem } from "./ui.js";

export function RunPackage() {
  const { query } = useRoute();
  const [report, setReport] = useState(null);
  const [asking, setAsking] = useState(false);
  const form = useForm({
    name: "run",
    initial: { scope: query.all ? "all" : "one", customer: query.customer ?? "", simulate: "yes", date: query.date ?? settings.today, if_charged: "charge_again" },
    send: (values) => call("POST", "runs/simulations", { body: body(values) }),
    done: (made) => {
      const { values } = form;
      setReport({ ...made, asked: asked(values) });
      replace(["run"], { customer: made.customer, date: made.date, all: made.customer ? "" : "1" });
      announce(made.customer ? `Simulated: ${format.plural(made.lines.length, "line")}` : "Simulated");
      if (values.simulate === "no" && anything(made)) setAsking(true);
    },
  });
  const { values } = form;
  const stale = report && report.asked !== asked(values);
  useEffect(() => { if (query.customer && !report) form.submit(); }, []);
  const again = values.if_charged === "skip";
  return html`
    <${Page} title="Run Package" lead="See what is due on one date, and why. A simulation writes nothing; a live run asks once more.">
      <form class="card" ref=${form.element} noValidate onSubmit=${(event) => { event.preventDefault(); form.submit(); }}>
        <${Problem} error=${form.problem} fields=${["customer", "date", "if_charged"]} retry=${form.problem?.isOpen ? () => form.submit() : undefined} />
        <div class="grid narrow">
          <${Radios} form=${form} name="scope" label="For" options=${[["one", "One customer"], ["all", "All customers"]]} />
          ${values.scope === "one" && html`<${CustomerField} form=${form} />`}
          <${DayField} form=${form} name="date" label="Date" hint="Only what is due on this date." />
          <${Radios} form=${form} name="simulate" label="Simulate" options=${[
            ["yes", "Yes", "Nothing is written."], ["no", "No, run live", "Shows the amounts and asks before anything is charged."]]} />
          <${Radios} form=${form} name="if_charged" label="What this date has been charged already" options=${[
            ["charge_again", "Charge again", "As a separate charge, marked as a repeat."], ["skip", "Leave alone", "Only what is not charged yet."]]} />
        </div>
        <div class="form-actions">
          <${Button} type="submit" needs=${values.simulate === "no" ? "charge" : undefined} look="primary" busy=${form.busy} busyLabel="Working it out…">${values.simulate === "no" ? "Run live…" : "Simulate"}<//>
        </div>
      </form>
      ${report && html`
        <section aria-label="Report" class=${stale ? "stale" : ""}>
          <div class="section-head">
            <h2>${report.customer ?? "All customers"}, <time datetime=${report.date}>${format.day(report.date)}</time></h2>
            <span class="badge info">Simulation</span>
            ${anything(report) && !stale && html`<div class="actions"><${Button} needs="charge" look="primary" onClick=${() => setAsking(true)}>Run it live…<//></div>`}
          </div>
          ${stale && html`<p class="hint">The form has changed since. Simulate again to see what it says now.</p>`}
          ${again && html`<p class="hint">What is charged already is left alone.</p>`}
          ${report.customer ? html`<${Report} report=${report} />` : html`<${Summary} report=${report} />`}
        </section>`}
      ${asking && report && html`<${Confirm} report=${report} ifCharged=${values.if_charged} close=${() => setAsking(false)} />`}
    <//>`;
}

/** A simulation of what the form asks for; a live run is only ever sent from the dialog. */
const body = (values) => ({
  ...(values.scope === "one" ? { customer: values.customer.trim() } : {}), simulate: true, date: values.date || undefined, if_charged: values.if_charged,
});

const asked = (values) => JSON.stringify(body(values));

const isCharged = (line) => !["skipped", "written_off", "not_over"].includes(line.status);

const anything = (report) => (report.lines ? report.lines.some(isCharged) : report.by_package.length > 0);

/** A customer's id; ids that begin with what is typed, and names that hold it, are offered. */
export function CustomerField({ form, label = "Customer" }) {
  const text = (form.values.customer ?? "").trim();
  const prefix = useDebounced(text, 200);
  const { data: known } = useLoad(() => all("customers", {}, 400), []);
  const { data: more } = useLoad(async () => (/^[A-Za-z0-9._:-]{1,64}$/.test(prefix) ? get("customers", { prefix, limit: 20 }) : null), [prefix]);
  const offered = new Map([...(known ?? []), ...(more?.items ?? [])].map((one) => [one.customer_id, one.name]));
  return html`
    <${Field} form=${form} name="customer" label=${label} list="customers" spellcheck=${false} placeholder="Id, or choose from the list" hint=${offered.get(text) ?? "Type to find one."} />
    <datalist id="customers">${[...offered].map(([id, name]) => html`<option key=${id} value=${id}>${name}</option>`)}</datalist>`;
}

function Confirm({ report, ifCharged, close }) {
  const [runId, setRunId] = useState("");
  const intent = useIntent();
  const asks = { ...(report.customer ? { customer: report.customer } : {}), simulate: false, date: report.date, if_charged: ifCharged };
  const text = JSON.stringify(asks);
  useEffect(() => { intent.recall(text); }, []);
  const lines = (report.lines ?? []).filter(isCharged);
  const held = lines.filter((line) => line.status === "held");
  const repeated = lines.filter((line) => line.already_charged);
  const send = async () => {
    const outcome = await intent.send(async (key) => {
      const run_id = `console-${report.date}-${key.slice(0, 13)}`;
      setRunId(run_id);
      await call("POST", "runs", { body: { ...asks, run_id }, key });
      return run_id;
    }, text);
    if (outcome?.answer) {
      announce("The run is recorded");
      go(["runs", outcome.answer]);
    }
  };
  return html`
    <${Dialog} title="Run it live?" close=${close} busy=${intent.busy}
      actions=${html`<${Button} needs="charge" look="danger" busy=${intent.busy} busyLabel="Charging…" onClick=${send}>${intent.problem?.isOpen ? "Try again" : "Charge now"}<//>`}>
      <p>${report.customer
        ? html`<strong>${report.customer}</strong> is charged ${lines.length > held.length ? format.plural(lines.length - held.length, "line") : "nothing"} dated
          ${" "}<${Time} value=${report.date} />${held.length > 0 && `; ${format.plural(held.length, "line")} would be held, for they pass the debit limit`}:`
        : html`Every customer is charged what is due on <${Time} value=${report.date} />:`}</p>
      <${Amounts} report=${report} />
      ${repeated.length > 0 && html`
        <div class="banner warn"><div>
          <p class="banner-title">${format.plural(repeated.length, "line was", "lines were")} charged already and would be charged again</p>
          <ul>${repeated.map((line) => html`<li key=${line.assignment_id + line.kind}>${line.package_name}${line.did ? `, ${line.did}` : ""}: <${Money} value=${line.retail} currency=${line.currency} /></li>`)}</ul>
          <p>To leave these alone, cancel, choose “Leave alone”, and simulate again.</p>
        </div></div>`}
      ${!report.customer && ifCharged === "charge_again" && html`<div class="banner warn"><p>What this date has been charged already, by a daily run for example, is charged again.</p></div>`}
      <${Problem} error=${intent.problem} />
      <p class="hint">A run can be reversed as a whole.${runId && html` Its id is <span class="mono">${runId}</span>.`}</p>
    <//>`;
}

const Time = ({ value }) => html`<time datetime=${value}>${format.day(value)}</time>`;

const Amounts = ({ report }) => html`
  <table class="amounts"><caption class="hidden">Amounts</caption><tbody>
    ${(report.customer ? [[report.currency, report.totals]] : Object.entries(report.totals_by_currency)).map(([currency, totals]) => html`
      <tr key=${currency}><th scope="row">Retail</th><td><strong><${Money} value=${totals.retail} currency=${currency} /></strong></td></tr>
      <tr><th scope="row">Taken from credit</th><td><${Money} value=${totals.credit_debited} currency=${currency} /></td></tr>
      ${!format.isZero(totals.held) && html`<tr><th scope="row">Held</th><td><${Money} value=${totals.held} currency=${currency} /></td></tr>`}
      ${report.customer && html`<tr><th scope="row">Balance afterwards</th><td><${Money} value=${report.balance_after} currency=${currency} /></td></tr>`}`)}
  </tbody></table>`;
