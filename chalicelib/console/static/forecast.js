// What the coming days bring: asked for here. Of one customer it is told at once; of all it is long work, with a page of its own.

import { call } from "./api.js";
import { settings } from "./auth.js";
import { CustomerField, customerOf, withCustomer } from "./customer-field.js";
import { DayField, Field, MoneyField, Radios } from "./fields.js";
import { Download } from "./files.js";
import { Sums, WhatIf } from "./forecast-parts.js";
import * as format from "./format.js";
import { useForm } from "./hooks.js";
import { Customer } from "./names.js";
import { PackageField, packageId, usePackages } from "./package-field.js";
import { html, useEffect, useState } from "./preact.js";
import { CHARGE, Totals } from "./report.js";
import { go, link, replace, useRoute } from "./router.js";
import { announce } from "./toast.js";
import { Badge, Button, Card, Day, Empty, LinkButton, Money, Page, Problem, Stat, Stats, Table } from "./ui.js";
import { Earlier } from "./work.js";

const DAYS = 91;
const LINES_SHOWN = 100;
const FIELDS = ["from", "to", "customer", "package", "changes"];
const NEW = {
  prices: { package_id: "", from: "", existing: "all", retail: "", cost: "", setup_retail: "", setup_cost: "" },
  discounts: { package_id: "", customer_id: "", from: "", until: "", percent: "" },
};

export function Forecast() {
  const { query } = useRoute();
  const packages = usePackages();
  const [found, setFound] = useState(null);
  const form = useForm({
    name: "forecast",
    initial: {
      scope: query.customer ? "one" : "all",
      customer: query.customer ?? "",
      from: query.from ?? "",
      to: query.to ?? format.later(settings.today, DAYS),
      package: query.package ?? "",
      changes: [],
    },
    send: async (values, key) => {
      const body = asked(await settled(form, values, packages), packages);
      return { body, answer: await call("POST", "forecasts", values.scope === "one" ? { body } : { body, key }) };
    },
    done: ({ body, answer }) => {
      if (answer.work_id) return go(["forecast", answer.work_id]);
      setFound({ ...answer, body });
      const { customer, from, to, package: only } = body;
      replace(["forecast"], { customer, from, to, package: only });
      announce("The forecast stands below");
    },
  });
  const { values } = form;
  useEffect(() => {
    if (query.customer) form.submit();
  }, []);
  const stale = found && JSON.stringify(found.body) !== JSON.stringify(asked(values, packages));
  return html`
    <${Page} title="Forecast" lead="What the coming days bring: what is charged, what would be held, who runs short. Nothing is charged and nothing is changed.">
      <form class="card" ...${form.own}>
        <${Problem} error=${form.problem} fields=${FIELDS} retry=${form.retry} />
        <div class="grid narrow">
          <${Radios} form=${form} name="scope" label="For" options=${[["all", "All customers"], ["one", "One customer"]]} />
          <${DayField} form=${form} name="from" label="From" optional hint="Empty: the first day that is not evaluated yet." />
          <${DayField} form=${form} name="to" label="Through" hint="The last day, included." />
          ${values.scope === "one" && html`<${CustomerField} form=${form} />`}
          <${PackageField} form=${form} packages=${packages} optional hint="Sums of this package only." />
        </div>
        <${Changes} form=${form} packages=${packages} />
        <div class="form-actions">
          <${Button} type="submit" look="primary" busy=${form.busy} busyLabel="Working it out…">${form.problem?.isOpen ? "Try again" : "Forecast"}<//>
        </div>
      </form>
      ${found ? html`<${OfCustomer} found=${found} stale=${stale} />` : html`<${Earlier} kind="forecast" where="forecast" title="Earlier forecasts of all customers" />`}
    <//>`;
}

/** What was typed, with what it names looked up. */
async function settled(form, values, packages) {
  const found = values.scope === "one" ? await withCustomer(form, values) : values;
  await packages.demand(values.package, "package");
  const counts = { prices: 0, discounts: 0 };
  const changes = [];
  for (const one of values.changes) {
    const at = `changes/${one.kind}/${counts[one.kind]++}`;
    await packages.demand(one.package_id, `${at}/package_id`);
    changes.push(one.customer_id?.trim() ? { ...one, customer_id: await customerOf(one.customer_id, `${at}/customer_id`) } : one);
  }
  if (changes.some((one, n) => one !== values.changes[n])) form.set("changes", changes);
  return { ...found, changes };
}

/** What the form asks for. Of a change, what is left empty is not named. */
function asked(values, packages) {
  const tried = (kind) => values.changes.filter((one) => one.kind === kind);
  const customer = values.customer.trim();
  const only = packageId(values.package, packages);
  return {
    ...(values.scope === "one" && customer && { customer }),
    ...(values.from && { from: values.from }),
    to: values.to || null,
    ...(only && { package: only }),
    ...(values.changes.length > 0 && {
      changes: { prices: tried("prices").map((one) => priceOf(one, packages)), discounts: tried("discounts").map((one) => discountOf(one, packages)) },
    }),
  };
}

const filled = (one, names) => Object.fromEntries(names.map((name) => [name, one[name].trim()]).filter(([, text]) => text));
const priceOf = (one, packages) => ({
  package_id: packageId(one.package_id, packages),
  from: one.from || null,
  existing: one.existing === "all",
  ...filled(
    one,
    format.PRICES.map(([name]) => name),
  ),
});
const discountOf = (one, packages) => ({
  package_id: packageId(one.package_id, packages),
  ...filled(one, ["customer_id", "until"]),
  from: one.from || null,
  percent: one.percent.trim() || null,
});

/** Prices and discounts that are only tried. */
function Changes({ form, packages }) {
  const { changes } = form.values;
  const add = (kind) => form.set("changes", [...changes, { ...NEW[kind], kind, from: form.values.from }]);
  return html`
    <fieldset class="what-if"><legend>What if…</legend>
      <p class="hint">Try other prices or a discount: the forecast then says what it would be without and with them. They are only tried; prices are changed at the package, discounts at the assignment.</p>
      ${changes.map((one, n) => html`<${Change} key=${n} form=${form} packages=${packages} one=${one} n=${n} />`)}
      <div class="form-actions">
        <${Button} look="small" onClick=${() => add("prices")}>Try a price<//>
        <${Button} look="small" onClick=${() => add("discounts")}>Try a discount<//>
      </div>
    </fieldset>`;
}

function Change({ form, packages, one, n }) {
  const { changes } = form.values;
  const at = `changes.${one.kind}.${changes.slice(0, n).filter((other) => other.kind === one.kind).length}`;
  const own = {
    name: `${form.name}-change-${n}`,
    values: one,
    errors: {
      ...(form.errors[at] && { retail: form.errors[at] }),
      ...Object.fromEntries(
        Object.entries(form.errors)
          .filter(([name]) => name.startsWith(`${at}.`))
          .map(([name, error]) => [name.slice(at.length + 1), error]),
      ),
    },
    set: (name, value) =>
      form.set(
        "changes",
        changes.map((other, i) => (i === n ? { ...other, [name]: value } : other)),
      ),
  };
  const chosen = packages.chosen(one.package_id);
  const out = () =>
    form.set(
      "changes",
      changes.filter((_, i) => i !== n),
    );
  return html`
    <fieldset class="entry-fields"><legend>${one.kind === "prices" ? `Price, change ${n + 1}` : `Discount, change ${n + 1}`}</legend>
      <div class="grid">
        ${one.kind === "prices" ? html`<${Prices} form=${own} packages=${packages} of=${chosen} />` : html`<${Discount} form=${own} packages=${packages} />`}
      </div>
      <${Button} look="small" onClick=${out}>Take change ${n + 1} out<//>
    </fieldset>`;
}

const Prices = ({ form, packages, of }) => html`
  <${PackageField} form=${form} packages=${packages} name="package_id" />
  <${DayField} form=${form} name="from" label="From" hint="The first day that would be charged at these prices." />
  <${Radios} form=${form} name="existing" label="For" options=${[["all", "All assignments"], ["new", "New ones only"]]} hint=${form.values.existing === "new" ? "Only assignments that begin on this day or later." : undefined} />
  ${format.PRICES.map(([name, label]) => html`<${MoneyField} key=${name} form=${form} name=${name} label=${label} suffix=${of?.currency} optional hint=${of && `Instead of ${format.money(of[name], of.currency)}.`} />`)}`;

const Discount = ({ form, packages }) => html`
  <${Field} form=${form} name="percent" label="Discount" inputmode="decimal" class="amount" suffix="%" hint="Of the retail, in place of the discount in force." />
  <${PackageField} form=${form} packages=${packages} name="package_id" optional hint="Empty: all packages." />
  <${CustomerField} form=${form} name="customer_id" optional />
  <${DayField} form=${form} name="from" label="From" />
  <${DayField} form=${form} name="until" label="Until" optional hint="The last day, included. Empty: no end." />`;

/** The forecast of one customer. */
function OfCustomer({ found, stale }) {
  const { currency, customer, totals, held_before: held, lines, lines_left_out: leftOut, what_if: whatIf } = found;
  return html`
    <section aria-label="Forecast" class=${stale ? "stale" : ""}>
      <div class="section-head">
        <h2><${Customer} id=${customer} />, <${Day} value=${found.from} /> through <${Day} value=${found.to} /></h2>
        ${whatIf && html`<${Badge} tone="info">With the changes tried<//>`}
        <div class="actions">
          <${Download} where="forecasts" body=${found.body} name=${`forecast-${customer}-${found.to}`} look="quiet" />
          <${Button} look="quiet" onClick=${() => print()}>Print<//>
        </div>
      </div>
      ${stale && html`<p class="hint above">The form has changed since. Forecast again to see what it says now.</p>`}
      ${found.parked && html`<div class="banner warn"><p>This customer is parked: nothing is charged until somebody <a href=${link(["customers", customer])}>unparks it</a>.</p></div>`}
      ${found.parks_on && html`<div class="banner warn"><p>On <${Day} value=${found.parks_on} /> more lines are due than one evaluation may post: the customer would be parked then, and this forecast ends before it.</p></div>`}
      <${Short} found=${found} />
      ${
        found.failures.length > 0 &&
        html`<div class="banner warn"><div><p class="banner-title">Not everything could be planned</p>
        <ul>${found.failures.map((one) => html`<li key=${one.assignment_id}><a href=${link(["customers", customer, "assignments", one.assignment_id])}>An assignment</a>: ${format.readable(one.detail)}</li>`)}</ul></div></div>`
      }
      <${Stats}>
        <${Totals} totals=${totals} currency=${currency} />
        <${Stat} label="Balance at the end" note=${html`now <${Money} value=${found.balance_before} of=${currency} />`}><${Money} value=${found.balance_after} currency=${currency} /><//>
        ${held.count > 0 && html`<${Stat} label="Held already" note="tried first"><a href=${link(["customers", customer, "held"])}>${format.plural(held.count, "charge")}</a><//>`}
      <//>
      ${whatIf && html`<${WhatIf} of=${whatIf} currency=${currency} />`}
      ${
        lines.length > 0 || !format.isZero(totals.held)
          ? html`<${Sums} of=${found} />`
          : html`<${Empty} title="Nothing falls due on these days">Choose a later last day, or another package.<//>`
      }
      ${lines.length > 0 && html`<${Lines} lines=${lines} leftOut=${leftOut} />`}
    </section>`;
}

const Short = ({ found }) =>
  found.short_on &&
  html`
  <div class="banner warn"><div>
    <p class="banner-title">Runs short on <${Day} value=${found.short_on} />${found.what_if && found.what_if.short_on_before !== found.short_on && html` (without the changes ${found.what_if.short_on_before ? html`on <${Day} value=${found.what_if.short_on_before} />` : "not at all"})`}</p>
    <p>A charge would be held then. A payment of <strong><${Money} value=${found.top_up_payable} currency=${found.currency} /></strong> by <${Day} value=${found.top_up_by} /> is just enough for everything through <${Day} value=${found.to} />, if no more calls count towards a minimum spend.</p>
    <div class="actions"><${LinkButton} href=${link(["customers", found.customer])} look="small">Open the customer<//></div></div></div>`;

function Lines({ lines, leftOut }) {
  const [all, setAll] = useState(false);
  const shown = all ? lines : lines.slice(0, LINES_SHOWN);
  return html`
    <${Card} title="Line by line">
      <${Table} caption="Lines" rows=${shown} columns=${LINES} id=${(line) => `${line.assignment_id} ${line.kind} ${line.due_date} ${line.evaluated_on}`} />
      ${!all && lines.length > shown.length && html`<p class="load-more"><${Button} onClick=${() => setAll(true)}>Show all ${lines.length}<//></p>`}
      ${leftOut > 0 && html`<p class="hint">${format.plural(leftOut, "more line")} not shown; the sums count all, and the CSV file has them.</p>`}
    <//>`;
}

const isBelow = (line) => format.isNegative(format.minus(line.retail, line.cost));

const LINES = [
  CHARGE,
  { name: "due", label: "Due", cell: (line) => html`<${Day} value=${line.due_date} />` },
  {
    name: "status",
    label: "What happens",
    cell: (line) =>
      line.status === "held" ? html`<${Badge} tone="warn">Held<//>` : html`<span class="nowrap">Posted <${Day} value=${line.posted_on} /></span>`,
  },
  {
    name: "cost",
    label: "Cost",
    num: true,
    cell: (line) =>
      html`<span class="muted"><${Money} value=${line.cost} of=${line.currency} /></span>${isBelow(line) && html` <${Badge} tone="warn">below cost<//>`}`,
  },
  {
    name: "retail",
    label: "Retail",
    num: true,
    cell: (line) => html`<strong><${Money} value=${line.retail} currency=${line.currency} /></strong>
      ${line.retail_max !== null && line.retail_max !== line.retail && html`<span class="sub">${format.money(line.retail_max, line.currency)} without more calls</span>`}`,
  },
];
