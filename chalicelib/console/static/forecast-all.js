// The forecast of all customers: how far it is, then its sums, who runs short, and each customer.

import { path } from "./api.js";
import { Download } from "./files.js";
import { comparedColumns, Sums, sumColumns, WhatIf } from "./forecast-parts.js";
import * as format from "./format.js";
import { useList } from "./hooks.js";
import { Customer, useNames } from "./names.js";
import { html } from "./preact.js";
import { ByCurrency } from "./report.js";
import { link, replace, useRoute } from "./router.js";
import { Badge, Button, Card, DASH, Day, Empty, FILTERS, failed, Instant, LinkButton, List, Money, Page, Problem, Skeleton, Table } from "./ui.js";
import { Failures, Progress, useWork, WorkState } from "./work.js";

const BACK = ["#/forecast", "Forecast"];
const EFFECTS = [
  ["pays_more", "pay_more", "Pay more"],
  ["pays_less", "pay_less", "Pay less"],
  ["falls_below_cost", "fall_below_cost", "Fall below cost"],
];

export function ForecastOfAll({ id }) {
  const where = path("forecasts", id);
  const { data: one, error, reload } = useWork(where);
  if (error && !one) return html`<${Page} title="Forecast" back=${BACK}><${Problem} error=${error} retry=${reload} /><//>`;
  if (!one) return html`<${Page} title="Forecast" back=${BACK}><${Skeleton} /><//>`;
  const tried = one.changes;
  const again = link(["forecast"], { from: one.from, to: one.to, package: one.package });
  return html`
    <${Page} title=${`Forecast, ${format.day(one.from)} through ${format.day(one.to)}`} back=${BACK} badges=${html`<${WorkState} one=${one} />`}
      lead=${html`All customers${one.package && html`, <a href=${link(["packages", one.package])}>one package</a> only`}. As of <${Instant} value=${one.created_at} />. Nothing is charged and nothing is changed.`}
      actions=${
        one.by_currency &&
        html`
        <${Download} where=${where} name=${`forecast-${one.from}-${one.to}`} look="quiet">Download sums<//>
        <${Button} look="quiet" onClick=${() => print()}>Print<//>
        <${LinkButton} href=${again}>Forecast again<//>`
      }>
      ${error && failed(error, reload)}
      ${tried && html`<${Tried} changes=${tried} />`}
      ${one.status === "running" && html`<${Card} title="Under way"><p class="hint above">Each customer is planned day by day. This page follows it; you can leave it and come back.</p><${Progress} one=${one} title="the forecast" changed=${reload} /><//>`}
      ${one.status === "cancelled" && html`<${Empty} title="Cancelled">It was stopped before it was finished. <a href=${again}>Forecast again</a><//>`}
      ${one.by_currency ? html`<${Result} one=${one} where=${where} />` : one.status.startsWith("finished") && html`<${Empty} title="Expired">Forecasts are kept for 30 days. <a href=${again}>Forecast again</a><//>`}
    <//>`;
}

/** What was tried, in words. */
const Tried = ({ changes }) => html`
  <div class="banner info"><div><p class="banner-title">With changes that are only tried</p><ul>
    ${changes.prices.map(
      (one) => html`
      <li><a href=${link(["packages", one.package_id])}>${one.package_name ?? one.package_id}</a> from <${Day} value=${one.from} />, ${one.existing ? "all assignments" : "new ones only"}:${" "}
        ${["retail", "cost", "setup_retail", "setup_cost"]
          .filter((name) => one[name] !== null)
          .map((name) => `${format.title(name).toLowerCase()} ${format.money(one[name])}`)
          .join(", ")}</li>`,
    )}
    ${changes.discounts.map(
      (one) => html`
      <li>Discount ${format.percent(one.percent)} on ${one.package_id ? html`<a href=${link(["packages", one.package_id])}>${one.package_name ?? one.package_id}</a>` : "all packages"},${" "}
        ${one.customer_id ? html`for <${Customer} id=${one.customer_id} />` : "for all customers"}, from <${Day} value=${one.from} />${one.until && html` until <${Day} value=${one.until} />`}</li>`,
    )}
  </ul></div></div>`;

function Result({ one, where }) {
  const { query } = useRoute();
  const currencies = one.by_currency.map((each) => each.currency);
  const differs = (each) => each.what_if && JSON.stringify(each.what_if.before) !== JSON.stringify(each.what_if.after);
  const chosen = one.by_currency.find((each) => each.currency === query.currency) ?? one.by_currency.find(differs) ?? one.by_currency[0];
  if (!chosen) return html`<${Parked} one=${one} /><${Empty} title="Nothing falls due on these days">Nobody has an assignment that is charged then.<//>`;
  const { currency, what_if: whatIf } = chosen;
  return html`
    <${Failures} one=${one}>${format.plural(one.failures_total, "assignment or customer", "assignments or customers")} could not be planned, and ${one.failures_total === 1 ? "is" : "are"} in no sum<//>
    <${Parked} one=${one} />
    <${ByCurrency} totals=${Object.fromEntries(one.by_currency.map((each) => [each.currency, each.totals]))} />
    <${Short} of=${one.by_currency} where=${where} />
    ${
      currencies.length > 1 &&
      html`
      <form ...${FILTERS} aria-label="Which currency">
        <div class="field"><label for="currency">Currency</label>
          <select id="currency" value=${currency} onChange=${(event) => replace(["forecast", one.work_id], { ...query, currency: event.target.value, effect: "" })}>${currencies.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}</select></div>
      </form>`
    }
    ${chosen.parks > 0 && html`<div class="banner warn"><p>${format.plural(chosen.parks, "customer")} would be parked on some day, with more lines due than one evaluation may post. Sums have what comes before it.</p></div>`}
    ${whatIf && html`<${WhatIf} of=${whatIf} currency=${currency} />`}
    <${Sums} key=${currency} of=${chosen} />
    <${Customers} key=${`customers ${currency}`} where=${where} id=${one.work_id} of=${chosen} />`;
}

function Parked({ one }) {
  const nameOf = useNames(one.parked_customers);
  if (!one.parked_customers.length) return null;
  return html`
  <div class="banner warn"><p>Parked, and in no sum: ${one.parked_customers.map((each, n) => html`${n > 0 && ", "}<a href=${link(["customers", each])}>${nameOf(each)}</a>`)}${one.parked_customers_left_out > 0 && ` and ${one.parked_customers_left_out} more`}.</p></div>`;
}

const CUSTOMER = {
  name: "customer",
  label: "Customer",
  cell: (one) =>
    html`<a href=${link(["customers", one.customer])}>${one.name || one.customer}</a>${one.name && html`<span class="sub mono">${one.customer}</span>`}`,
};

/** Who runs short, of all currencies: by date. */
function Short({ of, where }) {
  const list = useList(`${where}/short`);
  const count = of.reduce((total, one) => total + one.short, 0);
  const columns = [
    { name: "on", label: "Runs short on", cell: (one) => html`<${Day} value=${one.short_on} />${shortBefore(one)}` },
    { ...CUSTOMER, main: true },
    { name: "balance", label: "Balance now", num: true, cell: (one) => html`<${Money} value=${one.balance_before} of=${one.currency} />` },
    {
      name: "payable",
      label: "Payment needed",
      num: true,
      cell: (one) => html`<strong><${Money} value=${one.top_up_payable} currency=${one.currency} /></strong>`,
    },
    { name: "by", label: "To be paid by", cell: (one) => html`<${Day} value=${one.top_up_by} />` },
  ];
  return html`
    <${Card} title=${count ? `Who runs short (${count})` : "Who runs short"} aside=${count > 0 && html`<div class="actions"><${Download} where=${`${where}/short`} name="runs-short" /></div>`}>
      <${List} list=${list} empty=${html`<p class="muted">Nobody: every charge of these days fits within the debit limits.</p>`}>
        <p class="hint above">On that day a charge would be held. The payment is just enough for all of these days, if no more calls count towards a minimum spend.</p>
        <${Table} caption="Who runs short" rows=${list.items ?? []} columns=${columns} id=${(one) => one.customer} />
      <//>
    <//>`;
}

const shortBefore = ({ what_if: whatIf, short_on }) =>
  whatIf &&
  whatIf.short_on_before !== short_on &&
  html`<span class="sub">without the changes ${whatIf.short_on_before ? format.day(whatIf.short_on_before) : "not at all"}</span>`;

/** Customers with one currency, the largest first; with changes also who pays more, who less, and who falls below cost. */
function Customers({ where, id, of }) {
  const { query } = useRoute();
  const { currency, what_if: whatIf } = of;
  const effect = whatIf ? (query.effect ?? "") : "";
  const asked = { currency, effect };
  const list = useList(`${where}/customers`, asked);
  const choice = whatIf && [["", of.customers, "All"], ...EFFECTS.map(([value, count, text]) => [value, whatIf[count], text])];
  return html`
    <${Card} title=${`By customer (${currency})`} aside=${html`<div class="actions"><${Download} where=${`${where}/customers`} query=${asked} name=${`forecast-customers-${currency}`} /></div>`}>
      ${
        choice &&
        html`
        <nav class="tabs" aria-label="Which customers">
          ${choice.map(([value, count, text]) => html`<a key=${value} href=${link(["forecast", id], { ...query, effect: value })} aria-current=${value === effect ? "page" : undefined}>${text} (${count})</a>`)}
        </nav>`
      }
      <${List} list=${list} of="more customers" empty=${html`<p class="muted">Nobody.</p>`}>
        <${Table} caption=${`By customer, ${currency}`} rows=${list.items ?? []} columns=${whatIf ? compared(currency) : summed(currency)} id=${(one) => one.customer} />
      <//>
    <//>`;
}

const short = {
  name: "short",
  label: "Runs short on",
  cell: (one) => (one.short_on ? html`<${Day} value=${one.short_on} />${shortBefore(one)}` : DASH),
};
const summed = (currency) => {
  const [first, , ...sums] = sumColumns(CUSTOMER, currency, (one) => one.totals);
  return [
    first,
    { name: "balance", label: "Balance after", num: true, cell: (one) => html`<${Money} value=${one.balance_after} of=${currency} />` },
    short,
    ...sums,
  ];
};
const compared = (currency) => [
  ...comparedColumns(
    { ...CUSTOMER, cell: (one) => html`${CUSTOMER.cell(one)}${fallsBelow(one) && html` <${Badge} tone="bad">falls below cost<//>`}` },
    currency,
    (one) => one.what_if,
  ),
  short,
];
const fallsBelow = ({ what_if: { before, after } }) => format.isNegative(after.margin) && !format.isNegative(before.margin);
