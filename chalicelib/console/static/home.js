// The first page: is everything well, and what needs somebody. Each number leads to its list.

import { get, path } from "./api.js";
import { settings } from "./auth.js";
import { Chart } from "./chart.js";
import * as format from "./format.js";
import { useLoad } from "./hooks.js";
import { html } from "./preact.js";
import { link, replace, useRoute } from "./router.js";
import { Badge, Card, DASH, Day, Empty, Instant, Money, Page, Problem, Skeleton, Stat, Stats, Table } from "./ui.js";

const RUNS_LOOKED_AT = 60;
const LISTED = 8;

/** What is asked for the page. Where no overview was made yet, the rest is shown all the same. */
async function look() {
  const [runs, held, parked, works, overview] = await Promise.all([
    get("runs", { limit: RUNS_LOOKED_AT }),
    get("held", { sums: true, limit: 1 }),
    get("customers", { parked: true, limit: LISTED }),
    get("work", { limit: 50 }),
    get("overview").catch(missing),
  ]);
  const [forecast, short, ending, prices] = overview
    ? await Promise.all([
        get(path("forecasts", overview.work_id)),
        get(path("forecasts", overview.work_id, "short"), { limit: LISTED }),
        get("overview/ending", { limit: LISTED }),
        get("overview/prices", { limit: LISTED }),
      ])
    : [];
  return { runs: runs.items, held: held.sums, parked, works: works.items, overview, forecast, short, ending, prices };
}

const missing = (error) => {
  if (error.status === 404) return null;
  throw error;
};

export function Home() {
  const { query } = useRoute();
  const { data, error, reload } = useLoad(look, []);
  if (error && !data) return html`<${Page} title="Home"><${Problem} error=${error} retry=${reload} /><//>`;
  if (!data) return html`<${Page} title="Home"><${Skeleton} /><//>`;
  const currencies = data.overview?.by_currency.map((one) => one.currency) ?? [];
  const usual = currencies.includes(settings.default_currency) ? settings.default_currency : currencies[0];
  const currency = currencies.includes(query.currency) ? query.currency : usual;
  const choice = html`
    <div class="field row"><label for="currency">Currency</label>
      <select id="currency" value=${currency} onChange=${(event) => replace(["home"], { currency: event.target.value })}>${currencies.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}</select></div>`;
  return html`
    <${Page} title="Home" lead=${html`What happened, what is coming, and what needs somebody. Today is <${Day} value=${settings.today} />.`}>
      <${Needs} of=${data} />
      <${LastRun} runs=${data.runs} />
      ${data.overview ? html`<${Coming} of=${data} currency=${currency} choice=${currencies.length > 1 && choice} />` : html`<${Empty} title="No overview yet">Each daily run makes one: what the next 31 days bring in, who runs short, and what ends. Until then, <a href="#/forecast">forecast</a> all customers.<//>`}
    <//>`;
}

/** What needs somebody, as tiles; what is well is told in one line. */
function Needs({ of: { held, parked, runs, works, overview } }) {
  const [last] = runs.filter((one) => one.kind === "daily");
  const short = overview?.by_currency.reduce((total, one) => total + one.short, 0) ?? 0;
  const shortIn = overview?.by_currency.find((one) => one.short > 0)?.currency;
  const ending = overview?.by_currency.reduce((total, one) => total + one.ending, 0) ?? 0;
  const underway = works.filter((one) => one.status === "running");
  const more = parked.next_cursor;
  /** @type {any[]} label of one and of many, where it leads, count, note, query */
  const tiles = [
    held.charges > 0 && [
      ["Held charge", "Held charges"],
      ["held"],
      held.whole ? held.charges : `${held.charges}+`,
      html`${held.whole ? "" : "at least "}${sums(held)}, the oldest of <${Day} value=${held.oldest} />`,
    ],
    parked.items.length > 0 && [
      ["Parked customer", "Parked customers"],
      ["held"],
      more ? `${parked.items.length}+` : parked.items.length,
      parked.items.map((one) => one.name || one.customer_id).join(", "),
    ],
    last?.failures_total > 0 && [
      ["Failure of the last run", "Failures of the last run"],
      ["runs", last.run_id],
      last.failures_total,
      "the next daily run tries them again",
    ],
    short > 0 && [
      ["Runs short within 31 days", "Run short within 31 days"],
      ["customers"],
      short,
      "a charge will not fit within the debit limit",
      { sort: "short_on", currency: shortIn },
    ],
    ending > 0 && [["Ends within 31 days", "End within 31 days"], ["ending"], ending, "assignments and terms"],
    underway.length > 0 && [
      ["Work under way", "Works under way"],
      whereOf(underway[0]),
      underway.length,
      [...new Set(underway.map((one) => format.title(one.kind).toLowerCase()))].join(", "),
    ],
  ].filter(Boolean);
  if (!tiles.length) return html`<div class="banner good"><p>Nothing needs you: nothing is held, nobody is parked, and nobody runs short.</p></div>`;
  return html`
    <${Card} title="What needs somebody">
      <ul class="tiles">${tiles.map(
        ([[one, many], where, count, note, query]) => html`
        <li key=${many}><a href=${link(where, query)}><span class="tile-count">${count}</span> <span class="tile-label">${count === 1 ? one : many}</span></a><span class="sub">${note}</span></li>`,
      )}</ul>
    <//>`;
}

const PAGES = { forecast: "forecast", audit: "audits", reconciliation: "reconciliations" };
/** The page of a work, or of what is like it. */
const whereOf = ({ kind, work_id }) =>
  kind.startsWith("change") ? ["changes", work_id] : PAGES[kind] ? [PAGES[kind], work_id] : [kind === "simulation" ? "run" : "exports"];

/** Amounts by currency, one after the other: currencies are never added. */
const sums = ({ by_currency }) => by_currency.map((one, n) => html`${n > 0 && " and "}<${Money} value=${one.retail} currency=${one.currency} />`);

/** The last daily run, against a week and a month before it. */
function LastRun({ runs }) {
  const daily = runs.filter((one) => one.kind === "daily");
  const [last] = daily;
  if (!last) return html`<${Empty} title="No daily run yet">The first one comes by itself. Meanwhile, simulate a <a href="#/run">Run Package</a>.<//>`;
  const of = (date) => daily.find((one) => one.date === date);
  const before = [
    [`A week before, ${format.day(format.later(last.date, -7))}`, of(format.later(last.date, -7))],
    [`A month before, ${format.day(format.monthEarlier(last.date))}`, of(format.monthEarlier(last.date))],
  ];
  const rows = Object.entries(last.totals_by_currency).map(([currency, totals]) => ({ currency, totals }));
  const amount = (run, currency) =>
    run?.totals_by_currency[currency] ? html`<${Money} value=${run.totals_by_currency[currency].retail} of=${currency} />` : DASH;
  const columns = [
    { name: "currency", label: "Currency", main: true, cell: (row) => row.currency },
    { name: "retail", label: "Retail", num: true, cell: (row) => html`<strong><${Money} value=${row.totals.retail} of=${row.currency} /></strong>` },
    { name: "margin", label: "Margin", num: true, cell: (row) => html`<${Money} value=${row.totals.margin} of=${row.currency} />` },
    { name: "held", label: "Held", num: true, cell: (row) => html`<${Money} value=${row.totals.held} of=${row.currency} />` },
    ...before.map(([label, run], n) => ({ name: `before-${n}`, label, num: true, cell: (row) => amount(run, row.currency) })),
  ];
  const title = html`<a href=${link(["runs", last.run_id])}>Daily run of ${format.day(last.date)}</a>`;
  return html`
    <${Card} title=${title} aside=${html`<${Badge} status=${last.status} />`}>
      ${rows.length ? html`<${Table} caption="The last daily run" rows=${rows} columns=${columns} id=${(row) => row.currency} />` : html`<p class="muted">Nothing was due.</p>`}
    <//>`;
}

/** What the overview says of the days to come, in one currency. */
function Coming({ of: { overview, forecast, short, ending, prices, runs }, currency, choice }) {
  const planned = forecast?.by_currency?.find((one) => one.currency === currency);
  const now = overview.by_currency.find((one) => one.currency === currency);
  const expected = (date) => planned?.by_day.find((one) => one.date === date)?.retail ?? "0";
  const tomorrow = format.later(settings.today, 1);
  const posted = runs.find((one) => one.kind === "daily" && one.date === settings.today)?.totals_by_currency[currency]?.retail;
  const today = overview.from <= settings.today ? ["Expected today", expected(settings.today)] : ["Charged today", posted ?? "0"];
  const whole = link(["forecast", overview.work_id], { currency });
  const figure = (label, to, value) => html`<${Stat} label=${label}><a href=${to}><${Money} value=${value} currency=${currency} /></a><//>`;
  const made = html`As of <${Instant} value=${overview.created_at} />`;
  return html`
    <${Card} title="The next 31 days" aside=${choice}>
      <p class="hint above">${made}: <a href=${whole}>the whole forecast</a>.</p>
      <${Stats}>
        ${figure("Expected", whole, now.totals.retail)}
        ${figure("Margin", whole, now.totals.margin)}
        ${figure(today[0], posted ? link(["runs", `daily:${settings.today}`]) : whole, today[1])}
        ${figure("Tomorrow", whole, expected(tomorrow))}
        <${Stat} label="A month is worth" note=${html`margin <${Money} value=${format.rounded(now.monthly_margin, currency)} of=${currency} />`}><a href=${link(["customers"], { currency, sort: "value" })}><${Money} value=${format.rounded(now.monthly_value, currency)} currency=${currency} /></a><//>
        ${figure("Balances", link(["customers"], { currency, sort: "balance" }), now.balance)}
      <//>
      ${planned && html`<${Chart} days=${Object.fromEntries(planned.by_day.map((one) => [one.date, one]))} currency=${currency} />`}
    <//>
    ${
      short?.items.length > 0 &&
      html`
      <${Card} title="Who runs short first" aside=${html`<a href=${link(["customers"], { sort: "short_on", currency })}>All of them</a>`}>
        <${Table} caption="Who runs short first" rows=${short.items} columns=${SHORT} id=${(one) => one.customer} />
      <//>`
    }
    ${
      prices?.items.length > 0 &&
      html`
      <${Card} title="Price changes announced" aside=${prices.next_cursor && html`<a href=${link(["announced"])}>All of them</a>`}>
        <${Table} caption="Price changes announced" rows=${prices.items} columns=${ANNOUNCED} id=${(one) => one.begins + one.package_id} />
      <//>`
    }
    ${
      ending?.items.length > 0 &&
      html`
      <${Card} title="What ends first" aside=${html`<a href=${link(["ending"])}>All of it</a>`}>
        <${Table} caption="What ends first" rows=${ending.items} columns=${ENDING} id=${(one) => one.assignment_id + one.last_day + one.ends} />
      <//>`
    }`;
}

export const CUSTOMER = {
  name: "customer",
  label: "Customer",
  cell: (one) =>
    html`<a href=${link(["customers", one.customer])}>${one.name || one.customer}</a>${one.name && html`<span class="sub mono">${one.customer}</span>`}`,
};
const SHORT = [
  { name: "on", label: "On", cell: (one) => html`<${Day} value=${one.short_on} />` },
  { ...CUSTOMER, main: true },
  {
    name: "payment",
    label: "Payment needed",
    num: true,
    cell: (one) => html`<strong><${Money} value=${one.top_up_payable} currency=${one.currency} /></strong>`,
  },
  { name: "by", label: "To be paid by", cell: (one) => html`<${Day} value=${one.top_up_by} />` },
];

/** Price lists to come: what changes, from what to what. */
export const ANNOUNCED = [
  { name: "from", label: "From", cell: (one) => html`<${Day} value=${one.begins} />` },
  {
    name: "package",
    label: "Package",
    main: true,
    cell: (one) =>
      html`<a href=${link(["packages", one.package_id])}>${one.package_name}</a><span class="sub">${one.existing ? "for all assignments" : "for new assignments only"}</span>`,
  },
  {
    name: "prices",
    label: "Prices",
    cell: (one) =>
      format.PRICES.filter(([name]) => one[name] !== one[`${name}_before`]).map(
        ([name, label]) =>
          html`<div key=${name}>${label} <${Money} value=${one[`${name}_before`]} of=${one.currency} /> → <strong><${Money} value=${one[name]} currency=${one.currency} /></strong></div>`,
      ),
  },
];

/** What ends: an assignment, or some of its terms. */
export const ENDING = [
  { name: "last", label: "Last day", cell: (one) => html`<${Day} value=${one.last_day} />` },
  {
    name: "what",
    label: "What",
    main: true,
    cell: (one) =>
      html`<a href=${link(["customers", one.customer, "assignments", one.assignment_id])}>${one.package_name}</a>${one.did && html` <span class="mono muted">${one.did}</span>`}<span class="sub">${one.ends === "assignment" ? "the assignment ends" : `terms end: ${one.fields.map((field) => format.title(field).toLowerCase()).join(", ")}`}</span>`,
  },
  CUSTOMER,
];
