// Run Package: simulate first, then run live after one more question.

import { ApiError, call, get, path } from "./api.js";
import { settings } from "./auth.js";
import { CustomerField, withCustomer } from "./customer-field.js";
import { Check, DayField, Radios } from "./fields.js";
import * as format from "./format.js";
import { useForm, useIntent, useLoad } from "./hooks.js";
import { useNames } from "./names.js";
import { html, useEffect, useState } from "./preact.js";
import { Report, Summary } from "./report.js";
import { go, replace, useRoute } from "./router.js";
import { announce } from "./toast.js";
import { Button, Dialog, Money, Page, Problem } from "./ui.js";

const POLL_MS = 1000;
const PAGES_LOOKED_THROUGH = 100;
const IDS_AT_ONCE = 100;

export function RunPackage() {
  const { query } = useRoute();
  const [report, setReport] = useState(null);
  const [asking, setAsking] = useState(false);
  const form = useForm({
    name: "run",
    initial: {
      scope: query.all ? "all" : "one",
      customer: query.customer ?? "",
      simulate: "yes",
      date: query.date ?? settings.today,
      if_charged: "skip",
      include_written_off: false,
    },
    send: async (values) => {
      if (values.scope === "all") return { ...(await kept(values)), asked: asked(values) };
      const settled = await withCustomer(form, values);
      return { ...(await call("POST", "runs/simulations", { body: body(settled) })), asked: asked(settled) };
    },
    done: (made) => {
      const { values } = form;
      setReport(made);
      replace(["run"], { customer: made.customer, date: made.date, all: made.customer ? "" : "1" });
      announce(made.customer ? `Simulated: ${format.plural(made.lines.length, "line")}` : "Simulated");
      if (values.simulate === "no" && anything(made)) setAsking(true);
    },
  });
  const { values } = form;
  const stale = report && report.asked !== asked(values);
  useEffect(() => {
    if (query.customer && !report) form.submit();
  }, []);
  const nameOf = useNames(report?.customer ? [report.customer] : []);
  return html`
    <${Page} title="Run Package" lead="See what is due on one date, and why. A simulation writes nothing; a live run asks once more.">
      <form class="card" ...${form.own}>
        <${Problem} error=${form.problem} fields=${["customer", "date", "if_charged"]} retry=${form.retry} />
        <div class="grid narrow">
          <${Radios} form=${form} name="scope" label="For" options=${[["one", "One customer"], ["all", "All customers"]]} />
          ${values.scope === "one" && html`<${CustomerField} form=${form} />`}
          <${DayField} form=${form} name="date" label="Date" hint=${values.date > settings.today ? "Only what is due on this date, which lies ahead." : "Only what is due on this date."} />
          <${Radios} form=${form} name="simulate" label="Simulate" options=${[
            ["yes", "Yes", "Nothing is written."],
            ["no", "No, run live", "Shows the amounts and asks before anything is charged."],
          ]} />
          <${Radios} form=${form} name="if_charged" label="What this date has been charged already" options=${[
            ["skip", "Leave alone", "Only what is not charged yet."],
            ["charge_again", "Charge again", "As a separate charge, marked as a repeat."],
          ]} />
          <${Check} form=${form} name="include_written_off" label="Charge what was written off, too" hint="Otherwise held charges that somebody wrote off are left alone." />
        </div>
        <div class="form-actions">
          <${Button} type="submit" needs=${values.simulate === "no" ? "charge" : undefined} look="primary" busy=${form.busy} busyLabel="Working it out…">${values.simulate === "no" ? "Run live…" : "Simulate"}<//>
        </div>
      </form>
      ${
        report &&
        html`
        <section aria-label="Report" class=${stale ? "stale" : ""}>
          <div class="section-head">
            <h2>${report.customer ? nameOf(report.customer) : "All customers"}, <time datetime=${report.date}>${format.day(report.date)}</time></h2>
            <span class="badge info">Simulation</span>
            ${anything(report) && !stale && html`<div class="actions"><${Button} needs="charge" look="primary" onClick=${() => setAsking(true)}>Run it live…<//></div>`}
          </div>
          ${stale && html`<p class="hint">The form has changed since. Simulate again to see what it says now.</p>`}
          ${report.unseen > 0 && html`<p class="hint">${format.plural(report.unseen, "customer")} could not be simulated, and will be left alone.</p>`}
          ${values.if_charged === "skip" && html`<p class="hint">What is charged already is left alone.</p>`}
          ${report.customer ? html`<${Report} report=${report} />` : html`<${Summary} report=${report} />`}
        </section>`
      }
      ${asking && report && html`<${Confirm} report=${report} values=${values} close=${() => setAsking(false)} changed=${(now) => setReport({ ...now, asked: report.asked })} />`}
    <//>`;
}

/** The simulation of all customers, which is made in the background and kept, so that a live run can be held against it. */
async function kept(values) {
  let made = await call("POST", "runs/simulations", { body: { ...body(values), keep: true } });
  while (made.status === "running") {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    made = await get(path("runs", "simulations", made.work_id));
  }
  if (!made.summary) throw new ApiError(409, { detail: "The simulation was cancelled. Simulate again." });
  return { ...made.summary, kept: made.work_id, unseen: made.failures_total };
}

/** A simulation of what the form asks for; a live run is only ever sent from the dialog. */
const body = (values) => ({
  ...(values.scope === "one" ? { customer: values.customer.trim() } : {}),
  simulate: true,
  date: values.date || undefined,
  if_charged: values.if_charged,
  ...(values.include_written_off ? { include_written_off: true } : {}),
});

const asked = (values) => JSON.stringify(body(values));

const isCharged = (line) => !["skipped", "written_off", "not_over"].includes(line.status);

const anything = (report) => (report.lines ? report.lines.some(isCharged) : report.by_package.some((one) => one.lines > 0));

/**
 * The last question before a live run. It says what the reader saw (`expect`). Where that has changed since, the service charges nothing
 * and tells what would be charged now; of all customers it charges the others, and the run tells who differs.
 */
function Confirm({ report, values, close, changed }) {
  const [runId, setRunId] = useState("");
  const intent = useIntent();
  const asks = { ...body(values), simulate: false, date: report.date };
  const text = JSON.stringify(asks);
  useEffect(() => {
    intent.recall(text);
  }, []);
  const nameOf = useNames(report.customer ? [report.customer] : []);
  const again = asks.if_charged === "charge_again";
  const counted = useLoad(() => (again && report.kept ? repeatsOf(report.kept) : Promise.resolve(null)), [report.kept]);
  const repeats = report.lines ? repeatsIn(report) : counted.data;
  const ahead = report.date > settings.today;
  const lines = (report.lines ?? []).filter(isCharged);
  const held = lines.filter((line) => line.status === "held");
  const send = async () => {
    const outcome = await intent.send(
      async (key, expect) => {
        const run_id = `console-${report.date}-${key.slice(0, 13)}`;
        setRunId(run_id);
        await call("POST", "runs", { body: { ...asks, ...(expect && { expect }), run_id }, key });
        return run_id;
      },
      text,
      report.digest ?? report.kept,
    );
    if (outcome?.error?.code === "differs") {
      setRunId("");
      changed(outcome.error.problem.report);
    }
    if (outcome?.answer) {
      announce("The run is recorded");
      go(["runs", outcome.answer]);
    }
  };
  return html`
    <${Dialog} title="Run it live?" close=${close} busy=${intent.busy}
      actions=${html`<${Button} needs="charge" look="danger" busy=${intent.busy} busyLabel="Charging…" disabled=${again && !repeats} onClick=${send}>${intent.problem?.isOpen ? "Try again" : "Charge now"}<//>`}>
      <${Problem} error=${intent.problem} />
      <p>${
        report.customer
          ? html`<strong>${nameOf(report.customer)}</strong> is charged ${lines.length > held.length ? format.plural(lines.length - held.length, "line") : "nothing"} dated
          ${" "}<${Time} value=${report.date} />${held.length > 0 && `; ${format.plural(held.length, "line")} would be held, beyond the debit limit`}:`
          : html`Every customer is charged what is due on <${Time} value=${report.date} />, as it was simulated; where that has changed since, the customer is left alone:`
      }</p>
      <${Amounts} report=${report} />
      ${again && html`<${Repeats} data=${repeats} error=${counted.error} reload=${counted.reload} />`}
      ${ahead && html`<div class="banner warn"><p>This date lies ahead. What is charged now is not charged again by the daily run of that day.</p></div>`}
      <p class="hint">A run can be reversed as a whole.${runId && html` Its id is <span class="mono">${runId}</span>.`}</p>
    <//>`;
}

/** What a kept simulation would charge again, counted and summed by currency, as far as it is looked through. */
async function repeatsOf(work) {
  const repeated = [];
  let cursor;
  let page = 0;
  do {
    const { items, next_cursor: next } = await get(path("runs", "simulations", work, "lines"), { limit: 200, cursor });
    repeated.push(...items.filter((one) => one.decision === "repeat"));
    cursor = next;
    page += 1;
  } while (cursor && page < PAGES_LOOKED_THROUGH);
  const currencies = await currenciesOf([...new Set(repeated.map((one) => one.customer))]);
  return { ...summed(repeated, (one) => currencies.get(one.customer) ?? ""), isWhole: !cursor };
}

/** What a report of one customer would charge again, as far as its lines are listed. */
function repeatsIn(report) {
  const repeated = report.lines.filter((line) => isCharged(line) && line.already_charged);
  return { ...summed(repeated, () => report.currency), isWhole: !report.lines_left_out };
}

function summed(lines, currencyOf) {
  /** @type {Record<string, string>} */
  const retail = {};
  for (const one of lines) retail[currencyOf(one)] = format.sum(retail[currencyOf(one)] ?? "0", one.retail);
  return { lines: lines.length, retail };
}

async function currenciesOf(ids) {
  const found = new Map();
  for (let n = 0; n < ids.length; n += IDS_AT_ONCE) {
    const { items } = await get("customers", { ids: ids.slice(n, n + IDS_AT_ONCE).join(",") });
    for (const one of items) found.set(one.customer_id, one.currency);
  }
  return found;
}

function Repeats({ data, error, reload }) {
  if (error) return html`<${Problem} error=${error} retry=${reload} title="What was charged already could not be counted" />`;
  if (!data) return html`<p role="status">Counting what was charged already…</p>`;
  if (!data.lines && data.isWhole) return html`<p>Nothing of it was charged already.</p>`;
  return html`
    <div class="banner warn"><div>
      <p class="banner-title">${data.isWhole ? "" : "At least "}${format.plural(data.lines, "line was", "lines were")} charged already and would be charged again</p>
      <ul>${Object.entries(data.retail).map(([currency, amount]) => html`<li key=${currency}><${Money} value=${amount} currency=${currency} /></li>`)}</ul>
      <p>To leave these alone, cancel, choose “Leave alone”, and simulate again.</p>
    </div></div>`;
}

const Time = ({ value }) => html`<time datetime=${value}>${format.day(value)}</time>`;

const Amounts = ({ report }) => html`
  <table class="amounts"><caption class="hidden">Amounts</caption><tbody>
    ${(report.customer ? [[report.currency, report.totals]] : Object.entries(report.totals_by_currency)).map(
      ([currency, totals]) => html`
      <tr key=${currency}><th scope="row">Retail</th><td><strong><${Money} value=${totals.retail} currency=${currency} /></strong></td></tr>
      <tr><th scope="row">Taken from credit</th><td><${Money} value=${totals.credit_debited} currency=${currency} /></td></tr>
      ${!format.isZero(totals.held) && html`<tr><th scope="row">Held</th><td><${Money} value=${totals.held} currency=${currency} /></td></tr>`}
      ${report.customer && html`<tr><th scope="row">Balance afterwards</th><td><${Money} value=${report.balance_after} currency=${currency} /></td></tr>`}`,
    )}
  </tbody></table>`;
