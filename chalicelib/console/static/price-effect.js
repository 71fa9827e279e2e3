// What a price list would change, before it is entered: whom it concerns, and a forecast with it and without.

import { all, call, get, path } from "./api.js";
import * as format from "./format.js";
import { useLoad } from "./hooks.js";
import { html, useEffect } from "./preact.js";
import { link } from "./router.js";
import { Day, Empty, failed, Money, Skeleton, Table } from "./ui.js";
import { Failures, Progress, useWork } from "./work.js";

const COUNTED = 1000;
const NAMED = 5;
const MONTHS = { quarterly: 3, yearly: 12 };
const MONTHS_MAX = 36;

/** The last day of the first period that begins on a day, and of a month at least. */
function through(one, from) {
  const months = Math.min(MONTHS[one.frequency] ?? (one.frequency === "monthly" ? one.every : 1), MONTHS_MAX);
  const end = new Date(`${from}T00:00:00Z`);
  end.setUTCMonth(end.getUTCMonth() + months);
  return format.later(end.toISOString().slice(0, 10), -1);
}

/** Asks for the forecast. Faults of the prices are told at their fields. */
export async function askEffect(one, from, prices, key) {
  const body = { from, to: through(one, from), package: one.package_id, changes: { prices: [{ package_id: one.package_id, from, ...prices }] } };
  try {
    return await call("POST", "forecasts", { body, key });
  } catch (error) {
    for (const fault of error.errors ?? []) fault.pointer = fault.pointer.replace(/^\/changes\/prices\/0/, "").replace(/^\/to$/, "/from");
    throw error;
  }
}

/**
 * The effect of prices from a day on. `ready` is called once it is known.
 * @param {{one: Record<string, any>, id: string, from: string, prices: Record<string, any>, ready: () => void}} props
 */
export function Effect({ one, id, from, prices, ready }) {
  const where = path("forecasts", id);
  const { data: work, error, reload } = useWork(where);
  const { data: holders } = useLoad(() => all(path("packages", one.package_id, "assignments"), {}, COUNTED), [id]);
  const sums = work?.by_currency?.find((each) => each.currency === one.currency)?.what_if;
  const below = sums?.fall_below_cost ?? 0;
  const { data: losing } = useLoad(
    async () => below && get(path("forecasts", id, "customers"), { currency: one.currency, effect: "falls_below_cost", limit: NAMED }),
    [below],
  );
  const isReady = Boolean(work && work.status !== "running");
  useEffect(() => {
    if (isReady) ready();
  }, [isReady]);
  return html`
    <section class="effect" aria-label="What it changes">
      <h3>What it changes</h3>
      ${error && failed(error, reload)}
      ${holders && html`<${Concerned} holders=${holders} from=${from} prices=${prices} />`}
      ${!isReady ? (work ? html`<${Progress} one=${work} title="the effect" changed=${reload} />` : html`<${Skeleton} lines=${2} />`) : html`<${Compared} one=${one} work=${work} sums=${sums} />`}
      ${
        below > 0 &&
        html`<div class="banner warn"><p>${format.plural(below, "customer falls", "customers fall")} below cost: ${(losing?.items ?? []).map((each, n) => html`${n > 0 && ", "}<a href=${link(["customers", each.customer])}>${each.name || each.customer}</a>`)}${below > NAMED && ` and ${below - NAMED} more`}.</p></div>`
      }
      ${isReady && html`<p class="hint">Nothing is written yet. <a href=${link(["forecast", id])}>By customer, and in full</a></p>`}
    </section>`;
}

/** How many assignments and units pay the prices, as far as they are there by now. */
function Concerned({ holders, from, prices }) {
  const paying = holders.filter((one) => !one.cancelled && (!one.end_date || one.end_date >= from) && (prices.existing || one.start_date >= from));
  const own = paying.filter((one) => ["retail", "cost"].some((name) => prices[name] !== undefined && one[name] !== null));
  const units = paying.reduce((total, one) => total + one.quantity, 0);
  const many =
    holders.length >= COUNTED ? `More than ${format.count(COUNTED)} assignments, of which ${paying.length}` : format.plural(paying.length, "assignment");
  return html`<p><strong>${many} with ${format.plural(units, "unit")}</strong> ${prices.existing ? "" : `that begin on ${format.day(from)} or later `}${paying.length === 1 ? "is" : "are"} concerned.${own.length > 0 && ` ${own.length} of them ${own.length === 1 ? "has" : "have"} prices of their own and keep${own.length === 1 ? "s" : ""} them.`}</p>`;
}

const COMPARED = [
  ["retail", "Retail"],
  ["cost", "Cost"],
  ["margin", "Margin"],
];

function Compared({ one, work, sums }) {
  if (work.status === "cancelled") return html`<p class="hint">Stopped before it was known.</p>`;
  if (!sums) return html`<${Empty} title="Nothing falls due">From ${format.day(work.from)} through ${format.day(work.to)} nobody is charged for it.<//>`;
  const amount = (side, sign) => (row) => html`<${Money} value=${sums[side][row.name]} of=${one.currency} sign=${sign} />`;
  const columns = [
    { name: "what", label: one.currency, main: true, cell: (row) => row.label },
    { name: "before", label: "Before", num: true, cell: amount("before") },
    { name: "after", label: "After", num: true, cell: amount("after") },
    { name: "difference", label: "Difference", num: true, cell: amount("difference", true) },
  ];
  return html`
    <p class="hint">From <${Day} value=${work.from} /> through <${Day} value=${work.to} />: ${format.plural(sums.pay_more, "customer pays", "customers pay")} more, ${format.plural(sums.pay_less, "pays", "pay")} less.</p>
    <${Table} caption="Before and after" rows=${COMPARED.map(([name, label]) => ({ name, label }))} columns=${columns} id=${(row) => row.name} />
    <${Failures} one=${work}>${format.plural(work.failures_total, "assignment or customer", "assignments or customers")} could not be planned, and ${work.failures_total === 1 ? "is" : "are"} in no sum<//>`;
}
