// The numbers that a carrier lists, compared with those that are billed: asked for with the carrier's file, followed, and read by kind.

import { call, path } from "./api.js";
import { settings } from "./auth.js";
import { DayField } from "./fields.js";
import { anew, Download, readFile } from "./files.js";
import * as format from "./format.js";
import { useForm, useList } from "./hooks.js";
import { CustomerLink, useNames } from "./names.js";
import { html, useState } from "./preact.js";
import { go, link } from "./router.js";
import { Button, Card, DASH, Empty, failed, Instant, LinkButton, List, Money, Page, Problem, Skeleton, Stat, Stats, Table } from "./ui.js";
import { Earlier, Failures, Progress, useWork, WorkState } from "./work.js";

const BACK = ["#/reconciliations", "Carrier's numbers"];
const EXAMPLE = "did;cost;currency;customer_id\n+44 20 7946 0901;1.50;USD;acme";

/** What each kind of difference means, and what helps. */
const KINDS = {
  unbilled: [
    "Paid for, billed to nobody",
    "The carrier lists these numbers, and no assignment is charged for them on that day. Assign them, or give them back.",
  ],
  unlisted: [
    "Billed, not listed by the carrier",
    "Customers pay for these numbers, and the carrier does not list them. Ask the carrier, or end the assignments.",
  ],
  cost: ["Another cost", "What the carrier takes a month is not what the packages cost. Correct the packages' cost, or ask the carrier."],
  customer: ["Another customer", "The carrier's file names another customer than the one who is billed."],
};

export function Reconciliations() {
  const [file, setFile] = useState(/** @type {{csv: string, from: string | null} | null} */ (null));
  const form = useForm({
    name: "reconciliation",
    initial: { date: settings.today },
    send: ({ date }, key) => call("POST", "reconciliations", { key, query: { date }, csv: file?.csv ?? "" }),
    done: (made) => go(["reconciliations", made.work_id]),
  });
  return html`
    <${Page} title="Carrier's numbers" lead="Compares the numbers that your carrier charges you for with those that you bill: which are billed to nobody, which are not listed, and where the cost or the customer differs. Nothing is written.">
      <form class="card" ...${form.own}>
        <${Problem} error=${form.problem} fields=${["date"]} />
        <div class="grid narrow">
          <div class="field span"><label for="carrier-file">The carrier's list, a CSV file</label>
            <input id="carrier-file" type="file" accept=".csv,text/csv" aria-describedby="carrier-hint" onClick=${anew(() => setFile(null))} onChange=${async (event) => setFile(event.target.files[0] ? await readFile(event.target.files[0]) : null)} />
            <p class="hint" id="carrier-hint">It needs a column did, and may have cost (a month), currency and customer_id, in any order. Numbers may stand there as people write them.</p>
            ${file?.from && html`<p class="hint">Read as ${file.from}: look whether letters with accents are right.</p>`}</div>
          <${DayField} form=${form} name="date" label="Billed on" />
        </div>
        <pre class="mono example" tabindex="0" aria-label="Example">${EXAMPLE}</pre>
        <div class="form-actions"><${Button} type="submit" look="primary" disabled=${!file} busy=${form.busy} busyLabel="Sending…">${form.problem?.isOpen ? "Try again" : "Compare"}<//></div>
      </form>
      <${Earlier} kind="reconciliation" where="reconciliations" title="Earlier comparisons" />
    <//>`;
}

export function Reconciliation({ id }) {
  const where = path("reconciliations", id);
  const { data: one, error, reload } = useWork(where);
  if (error && !one) return html`<${Page} title="Carrier's numbers" about="one comparison" back=${BACK}><${Problem} error=${error} retry=${reload} /><//>`;
  if (!one) return html`<${Page} title="Carrier's numbers" about="one comparison" back=${BACK}><${Skeleton} /><//>`;
  return html`
    <${Page} title=${`Carrier's numbers, ${format.day(one.date)}`} back=${BACK} badges=${html`<${WorkState} one=${one} />`}
      lead=${html`Compared with what was billed on that day. As of <${Instant} value=${one.created_at} />.`}
      actions=${one.lists && html`<${Download} where=${where} name=${`reconciliation-${one.date}`} look="quiet">Download sums<//><${Button} look="quiet" onClick=${() => print()}>Print<//>`}>
      ${error && failed(error, reload)}
      <${Failures} one=${one}>${format.plural(one.failures_total, "customer")} could not be read<//>
      ${one.status === "running" && html`<${Card} title="Under way"><${Progress} one=${one} title="the comparison" changed=${reload} /><//>`}
      ${one.status === "cancelled" && html`<${Empty} title="Cancelled">It was stopped before it was finished. <a href="#/reconciliations">Compare again</a><//>`}
      ${one.lists ? html`<${Found} one=${one} where=${where} />` : one.status.startsWith("finished") && html`<${Empty} title="Expired">Comparisons are kept for 30 days. <a href="#/reconciliations">Compare again</a><//>`}
    <//>`;
}

function Found({ one, where }) {
  const differing = one.lists.filter((list) => list.numbers > 0);
  return html`
    <${Stats}>
      <${Stat} label="Listed by the carrier">${format.count(one.compared.listed)}<//>
      <${Stat} label="Billed">${format.count(one.compared.billed)}<//>
      <${Stat} label="Differ">${format.count(one.compared.differing)}<//>
      ${one.compared.cost_not_compared > 0 && html`<${Stat} label="Cost not compared" note="the file has none, or the package has no month">${format.count(one.compared.cost_not_compared)}<//>`}
    <//>
    ${differing.length === 0 && html`<div class="banner good"><p>Every number that the carrier lists is billed, and the other way round.</p></div>`}
    ${differing.map((list) => html`<${Kind} key=${list.discrepancy} list=${list} where=${where} />`)}`;
}

/** The numbers of a kind, and what they are worth a month. */
function Kind({ list: { discrepancy, numbers, by_currency }, where }) {
  const [name, means] = KINDS[discrepancy];
  const asked = { kind: discrepancy };
  const list = useList(`${where}/discrepancies`, asked);
  const nameOf = useNames((list.items ?? []).flatMap((one) => [one.customer_id, one.carrier_customer_id]));
  const worth = by_currency.map((one, n) => html`${n > 0 && "; "}${format.plural(one.numbers, "number")}: ${amounts(one)} a month`);
  return html`
    <${Card} title=${`${name} (${format.count(numbers)})`} aside=${html`<div class="actions"><${Download} where=${`${where}/discrepancies`} query=${asked} name=${`carrier-${discrepancy}`} /></div>`}>
      <p class="hint above">${means}</p>
      <p class="above">${worth}.</p>
      <${List} list=${list} of="more numbers" empty=${html`<p class="muted">None.</p>`}>
        <${Table} caption=${name} rows=${list.items ?? []} columns=${columns(discrepancy, nameOf)} id=${(one) => one.did} />
      <//>
    <//>`;
}

/** What numbers are worth a month, as far as there is something to say. */
const amounts = (one) =>
  [
    ["the carrier takes", one.carrier_cost],
    ["the packages cost", one.cost],
    ["customers pay", one.retail],
  ]
    .filter(([, value]) => !format.isZero(value))
    .map(([text, value], n) => html`${n > 0 && ", "}${text} <${Money} value=${format.rounded(value, one.currency)} currency=${one.currency} />`);

const amount = (value, currency) => (value === null ? DASH : html`<${Money} value=${format.rounded(value, currency)} currency=${currency} />`);
const DID = {
  name: "did",
  label: "Number",
  main: true,
  cell: (one) =>
    html`<a class="mono" href=${link(["dids", one.did])}>${one.did}</a>${one.package_names.length > 0 && html`<span class="sub">${one.package_names.join(", ")}</span>`}`,
};
const CARRIER = { name: "carrier", label: "Carrier takes", num: true, cell: (one) => amount(one.carrier_cost, one.carrier_currency) };
const COST = { name: "cost", label: "Packages' cost", num: true, cell: (one) => amount(one.cost, one.currency) };
const RETAIL = { name: "retail", label: "Retail", num: true, cell: (one) => amount(one.retail, one.currency) };
const billed = (nameOf) => ({
  name: "customer",
  label: "Billed to",
  cell: (one) => (one.customer_id ? html`<${CustomerLink} id=${one.customer_id} nameOf=${nameOf} />` : DASH),
});
const had = (nameOf) => ({
  name: "had",
  label: "Who had it",
  cell: (one) =>
    one.customer_id
      ? html`<${CustomerLink} id=${one.customer_id} nameOf=${nameOf} /><span class="sub">${one.paused ? "paused" : one.last_day ? `until ${format.day(one.last_day)}` : ""}</span>`
      : html`<span class="muted">nobody</span>`,
});
const ASSIGN = {
  name: "help",
  label: "Action",
  num: true,
  cell: (one) => html`<${LinkButton} look="small" href=${link(["dids", one.did])}>Open the number<//>`,
};
const columns = (kind, nameOf) =>
  ({
    unbilled: [DID, had(nameOf), CARRIER, ASSIGN],
    unlisted: [DID, billed(nameOf), COST, RETAIL],
    cost: [
      DID,
      billed(nameOf),
      CARRIER,
      COST,
      {
        name: "difference",
        label: "Difference",
        num: true,
        cell: (one) =>
          one.difference === null ? DASH : html`<${Money} value=${format.rounded(one.difference, one.currency)} currency=${one.currency} sign />`,
      },
    ],
    customer: [DID, billed(nameOf), { name: "named", label: "The carrier names", cell: (one) => nameOf(one.carrier_customer_id) }, CARRIER],
  })[kind];
