// Live runs: the daily ones and those of people; a chart of the days; one run with its lines and its reversal.

import { all, get, path } from "./api.js";
import { settings } from "./auth.js";
import { Chart } from "./chart.js";
import { Download } from "./files.js";
import * as format from "./format.js";
import { useAction, useList, useLoad } from "./hooks.js";
import { CustomerLink, useNames } from "./names.js";
import { html, useEffect, useState } from "./preact.js";
import { ByCurrency, Lines, Report, Summary } from "./report.js";
import { go, link, replace, useRoute } from "./router.js";
import { announce } from "./toast.js";
import { Badge, Button, Card, DASH, Day, Dialog, Empty, Facts, failed, Instant, LinkButton, List, Money, Page, Problem, Skeleton, Table } from "./ui.js";

const CHARTED = 200;
const PRINTED = 5000;

export function Runs() {
  const { kind = "", currency } = useRoute().query;
  const list = useList("runs", {}, CHARTED);
  const shown = (list.items ?? []).filter((one) => !kind || one.kind === kind);
  const currencies = [...new Set((list.items ?? []).flatMap((one) => Object.keys(one.totals_by_currency)))].sort();
  const chosen = currency ?? (currencies.includes(settings.default_currency) ? settings.default_currency : currencies[0]);
  const filter = (change) => replace(["runs"], { kind, currency, ...change });
  const nameOf = useNames(shown.map((one) => one.customer).filter(Boolean));
  return html`
    <${Page} title="Daily runs" lead=${`Each day between 2 and 4 in the morning (${settings.time_zone}) what is due is posted. Run Packages that were run live stand here too.`}>
      <${List} list=${list} of="earlier runs" empty=${html`<${Empty} title="No runs yet">The first daily run comes by itself. Meanwhile, simulate a <a href="#/run">Run Package</a>.<//>`}>
        <div class="filters">
          <div class="field"><label for="kind">Show</label>
            <select id="kind" value=${kind} onChange=${(event) => filter({ kind: event.target.value })}>
              <option value="">All runs</option><option value="daily">Daily runs</option><option value="package">Run Packages</option>
            </select></div>
          <div class="field"><label for="day">Jump to the day</label>
            <input id="day" type="date" max=${settings.today} onChange=${(event) => event.target.value > "2000" && go(["runs", `daily:${event.target.value}`])} /></div>
          ${
            currencies.length > 1 &&
            html`<div class="field"><label for="currency">Currency</label>
            <select id="currency" value=${chosen} onChange=${(event) => filter({ currency: event.target.value })}>${currencies.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}</select></div>`
          }
        </div>
        <${Days} runs=${list.items ?? []} currency=${chosen} />
        <${Table} caption="Runs" rows=${shown} columns=${columns(chosen, nameOf)} compact id=${(one) => one.run_id} />
      <//>
    <//>`;
}

/** The columns of the list, with the amounts of one currency. */
const columns = (currency, nameOf) => {
  const amount = (one, name) => one.totals_by_currency[currency]?.[name];
  return [
    {
      name: "date",
      label: "Date",
      main: true,
      cell: (one) =>
        html`<a href=${link(["runs", one.run_id])}><${Day} value=${one.date} /></a><span class="sub">${one.kind === "daily" ? "Daily run" : html`Run Package, ${one.customer ? nameOf(one.customer) : "all customers"}`}</span>`,
    },
    { name: "state", label: "State", kept: true, cell: (one) => html`<${State} run=${one} />` },
    { name: "lines", label: "Lines", num: true, cell: (one) => one.lines_posted },
    {
      name: "held",
      label: "Held",
      num: true,
      cell: (one) => (format.isZero(amount(one, "held")) ? DASH : html`<a href=${link(["held"])}><${Money} value=${amount(one, "held")} of=${currency} /></a>`),
    },
    { name: "cost", label: "Cost", num: true, cell: (one) => html`<span class="muted"><${Money} value=${amount(one, "cost")} of=${currency} /></span>` },
    { name: "margin", label: "Margin", num: true, cell: (one) => html`<${Money} value=${amount(one, "margin")} of=${currency} />` },
    {
      name: "retail",
      label: "Retail",
      num: true,
      kept: true,
      cell: (one) => (amount(one, "retail") ? html`<strong><${Money} value=${amount(one, "retail")} currency=${currency} /></strong>` : DASH),
    },
  ];
};

const State = ({ run }) => html`
  <${Badge} status=${run.status}>${run.status === "running" ? `Running, ${run.segments_done} of ${run.segments}` : undefined}<//>
  ${run.reversal && html` <${Badge}>${run.reversal.status === "reversing" ? "Reversing" : "Reversed"}<//>`}
  ${run.failures_total > 0 && html`<span class="sub">${format.plural(run.failures_total, "failure")}</span>`}`;

/** The daily runs by day, in one currency, as a chart or as a table. */
function Days({ runs, currency }) {
  const days = {};
  for (const { kind, date, totals_by_currency: totals } of runs) {
    if (kind !== "daily" || !totals[currency]) continue;
    const old = days[date] ?? { retail: "0", cost: "0", margin: "0" };
    days[date] = Object.fromEntries(Object.entries(old).map(([name, amount]) => [name, format.sum(amount, totals[currency][name])]));
  }
  if (!Object.keys(days).length) return null;
  return html`<${Card} title="Retail, cost and margin by day"><${Chart} days=${days} currency=${currency} /><//>`;
}

const POLL_MS = 1500;

export function Run({ id }) {
  const { data: run, error, reload } = useLoad(() => get(path("runs", id)), [id]);
  const nameOf = useNames(run?.customer ? [run.customer] : []);
  const [printing, setPrinting] = useState(false);
  const [reversing, setReversing] = useState(false);
  useEffect(() => {
    const isWorking = run?.status === "running" || run?.reversal?.status === "reversing";
    const timer = isWorking ? setTimeout(reload, POLL_MS) : undefined;
    return () => clearTimeout(timer);
  }, [run, error]);
  const back = ["#/runs", "Runs"];
  if (error && !run)
    return html`<${Page} title="Run" back=${back}>${error.status === 404 ? html`<${Empty} title="No run is recorded">There was no daily run of this day, or none yet. <a href="#/runs">See all runs</a><//>` : failed(error, reload)}<//>`;
  if (!run) return html`<${Page} title="Run" back=${back}><${Skeleton} /><//>`;
  const hasLines = (!run.lines || run.lines_left_out > 0) && run.status !== "running";
  const title = run.kind === "daily" ? `Daily run of ${format.day(run.date)}` : `Run Package of ${format.day(run.date)}`;
  const reversible = run.kind !== "daily" && run.status !== "running" && (!run.reversal || run.reversal.status === "reversed_with_failures");
  return html`
    <${Page} title=${title} back=${back} badges=${html`<${State} run=${run} />`}
      lead=${run.kind === "daily" ? null : html`For ${run.customer ? html`<a href=${link(["customers", run.customer])}>${nameOf(run.customer)}</a>` : "all customers"}`}
      actions=${
        run.status !== "running" &&
        html`
        <${Download} where=${path("runs", id, "lines")} name=${`run-${id}`} look="quiet" />
        <${Button} look="quiet" busy=${printing} busyLabel="Loading all lines…" onClick=${() => (hasLines ? setPrinting(true) : print())}>Print<//>
        ${run.customer && html`<${LinkButton} href=${link(["customers", run.customer, "ledger"], { from: run.date, to: run.date })}>See the ledger<//>`}
        ${reversible && html`<${Button} needs="charge" look="careful" onClick=${() => setReversing(true)}>Reverse this run…<//>`}`
      }>
      ${run.reversal?.status === "reversing" && html`<div class="banner info" role="status"><p>Being reversed: ${format.plural(run.reversal.reversals, "charge")} so far. This page follows it.</p></div>`}
      ${run.reversal?.status === "reversed_with_failures" && html`<div class="banner warn"><p>Reversed but for ${format.plural(run.reversal.failures_total, "customer")}: reverse it again to complete it.</p></div>`}
      ${run.reversal?.status === "reversed" && html`<div class="banner warn"><p>Reversed on <${Day} value=${run.reversal.date} /> by ${run.reversal.by}: the opposite of each charge is posted, and what was still held is cancelled.</p></div>`}
      ${run.status === "running" && html`<div class="banner info" role="status"><p>Under way: ${run.segments_done} of ${format.plural(run.segments, "piece")} done, ${format.plural(run.lines_posted, "line")} posted. This page follows it.</p></div>`}
      <${Failures} run=${run} />
      ${run.lines ? html`<${Report} report=${run} />` : run.by_package ? html`<${Summary} report=${run} />` : html`<${ByCurrency} totals=${run.totals_by_currency} />`}
      ${hasLines && html`<${RunLines} id=${id} printing=${printing} printed=${() => setPrinting(false)} />`}
      <${Card} title="The run" quiet><${Facts} wide of=${[
        ["Id", html`<span class="mono">${run.run_id}</span>`],
        ["Begun", html`<${Instant} value=${run.created_at} /> by ${run.created_by}`],
        ["Finished", run.finished_at && html`<${Instant} value=${run.finished_at} />`],
        ["What was charged already", run.kind !== "daily" && (run.if_charged === "skip" ? "left alone" : "charged again")],
        ["What was written off", run.include_written_off && "charged, too"],
      ]} /><//>
      ${
        reversing &&
        html`<${Reverse} run=${run} close=${() => setReversing(false)} done=${() => {
          setReversing(false);
          announce("Reversal begun");
          reload();
        }} />`
      }
    <//>`;
}

function Failures({ run }) {
  const nameOf = useNames((run.failures ?? []).map((one) => one.customer_id));
  if (!run.failures_total) return null;
  return html`
    <${Card} title=${format.plural(run.failures_total, "failure")}>
      <p class="hint above">Nothing is lost: the next daily run tries again.</p>
      <${Table} caption="Failures" rows=${run.failures} id=${(one) => one.customer_id + one.assignment_id + one.due_date} columns=${failures(nameOf)} />
    <//>`;
}

const failures = (nameOf) => [
  {
    name: "customer",
    label: "Customer",
    main: true,
    cell: (one) => html`<${CustomerLink} id=${one.customer_id} nameOf=${nameOf} to=${one.assignment_id ? ["assignments", one.assignment_id] : []} />`,
  },
  { name: "due", label: "Due", cell: (one) => html`<${Day} value=${one.due_date} />` },
  { name: "why", label: "Why", cell: (one) => format.sentence(one.detail) },
];

/** The lines of a run, page by page; on paper all of them. */
function RunLines({ id, printing, printed }) {
  const list = useList(path("runs", id, "lines"), {}, 100);
  const [whole, setWhole] = useState(null);
  useEffect(() => {
    if (printing)
      all(path("runs", id, "lines"), {}, PRINTED).then((lines) => {
        setWhole(lines);
        setTimeout(() => {
          print();
          setWhole(null);
          printed();
        }); // once they are drawn
      }, printed);
  }, [printing]);
  return html`
    <${Card} title="Lines">
      <${List} list=${list} of="more lines" empty=${html`<${Empty} title="No lines">Nothing was due.<//>`}>
        <${Lines} lines=${whole ?? list.items ?? []} withCustomer />
        ${whole?.length >= PRINTED && html`<p class="hint">Only the first ${format.count(PRINTED)} lines are printed: download the others as CSV.</p>`}
      <//>
    <//>`;
}

function Reverse({ run, close, done }) {
  const action = useAction(done);
  const totals = Object.entries(run.totals_by_currency);
  return html`
    <${Dialog} title="Reverse this run?" close=${close} busy=${action.busy}
      actions=${html`<${Button} needs="charge" look="danger" busy=${action.busy} busyLabel="Reversing…" onClick=${() => action.post(path("runs", run.run_id, "reversal"))}>${action.problem?.isOpen ? "Try again" : "Reverse"}<//>`}>
      <p>The opposite of each charge is posted today, <${Day} value=${settings.today} />, and what was taken from credit is given back:</p>
      <table class="amounts"><caption class="hidden">Amounts</caption><tbody>${totals.map(
        ([currency, one]) => html`
        <tr key=${currency}><th scope="row">Retail</th><td><strong><${Money} value=${format.minus("0", one.retail)} currency=${currency} /></strong></td></tr>
        <tr><th scope="row">Credit</th><td><${Money} value=${one.credit_debited} currency=${currency} /></td></tr>`,
      )}</tbody></table>
      <p class="hint">The daily run does not charge a reversed charge again; a Run Package can. A reversal happens once.</p>
      <${Problem} error=${action.problem} />
    <//>`;
}
