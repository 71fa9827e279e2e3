// Retail, cost and margin by day or month: bars and a line in SVG, and the same figures as a table.

import * as format from "./format.js";
import { html, useLayoutEffect, useRef, useState } from "./preact.js";
import { Money, Table } from "./ui.js";

const WIDTH = 960;
const WIDTH_MIN = 280;
const HEIGHT = 220;
const TOP = 10;
const LEFT = 64;
const BOTTOM = 26;
const LABEL = 88;
const SHOWN = 62;

/** How a day or a month is called, in full and below a bar. */
const UNITS = {
  day: { name: "Day", full: format.day, short: (date) => format.day(date).slice(0, -5) },
  month: { name: "Month", full: format.month, short: format.month },
};

/**
 * @param {{days: Object<string, {retail: string, cost: string, margin: string}>, currency: string, by?: "day"|"month"}} props
 *   amounts by date, or by month
 */
export function Chart({ days, currency, by = "day" }) {
  const [asTable, setAsTable] = useState(false);
  const unit = UNITS[by];
  const dates = Object.keys(days).sort().slice(-SHOWN);
  const rows = dates.map((date) => ({ date, ...days[date] }));
  if (!rows.length) return html`<p class="muted">No daily run has charged in ${currency}.</p>`;
  return html`
    <figure>
      ${asTable ? html`<${Table} caption=${`By ${by}, ${currency}`} columns=${columns(currency, unit)} rows=${[...rows].reverse()} id=${(row) => row.date} />` : html`<${Bars} rows=${rows} currency=${currency} by=${by} />`}
      <figcaption class="legend">
        ${!asTable && html`<span class="key retail">Retail</span><span class="key cost">Cost</span><span class="key margin">Margin</span>`}
        <button type="button" class="button small quiet" aria-pressed=${asTable} onClick=${() => setAsTable(!asTable)}>${asTable ? "Show as chart" : "Show as table"}</button>
      </figcaption>
    </figure>`;
}

const columns = (currency, unit) => [
  { name: "date", label: unit.name, main: true, cell: (row) => unit.full(row.date) },
  ...["retail", "cost", "margin"].map((name) => ({
    name,
    label: name[0].toUpperCase() + name.slice(1),
    num: true,
    cell: (row) => html`<${Money} value=${row[name]} of=${currency} />`,
  })),
];

/** As wide as its place, so that its words are as large as others. Floating-point numbers appear here only, as pixels. */
function Bars({ rows, currency, by }) {
  const place = useRef(null);
  const [width, setWidth] = useState(WIDTH);
  const unit = UNITS[by];
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([{ contentRect }]) => contentRect.width && setWidth(Math.max(WIDTH_MIN, Math.round(contentRect.width))));
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  const values = rows.flatMap((row) => [Number(row.retail), Number(row.cost), Number(row.margin)]);
  const step = niceStep(Math.max(...values, 0) - Math.min(...values, 0));
  const low = Math.floor(Math.min(...values, 0) / step) * step;
  const high = Math.ceil(Math.max(...values, step) / step) * step;
  const y = (value) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const slot = (width - LEFT) / rows.length;
  const bar = Math.min(18, slot * 0.36);
  const x = (n) => LEFT + slot * (n + 0.5);
  const ticks = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, n) => low + n * step);
  const every = Math.ceil((rows.length * LABEL) / (width - LEFT));
  const label = `Retail, cost and margin by ${by} in ${currency}, ${unit.full(rows[0].date)} to ${unit.full(rows.at(-1).date)}. “Show as table” has the figures.`;
  return html`
    <svg class="chart" ref=${place} viewBox=${`0 0 ${width} ${HEIGHT}`} role="img" aria-label=${label} preserveAspectRatio="none">
      ${ticks.map((tick) => html`<g key=${tick}><line class=${tick === 0 ? "zero" : "rule-line"} x1=${LEFT} x2=${width} y1=${y(tick)} y2=${y(tick)} /><text x=${LEFT - 10} y=${y(tick) + 4} text-anchor="end">${format.money(shortest(tick))}</text></g>`)}
      ${rows.map(
        (row, n) => html`
        <g key=${row.date} class="day">
          <title>${`${unit.full(row.date)}: retail ${format.money(row.retail, currency)}, cost ${format.money(row.cost, currency)}, margin ${format.money(row.margin, currency)} ${currency}`}</title>
          <rect class="hit" x=${x(n) - slot / 2} y=${TOP} width=${slot} height=${HEIGHT - TOP - BOTTOM} />
          <rect class="retail" x=${x(n) - bar - 0.5} y=${Math.min(y(Number(row.retail)), y(0))} width=${bar} height=${Math.abs(y(0) - y(Number(row.retail)))} rx="1.5" />
          <rect class="cost" x=${x(n) + 0.5} y=${Math.min(y(Number(row.cost)), y(0))} width=${bar} height=${Math.abs(y(0) - y(Number(row.cost)))} rx="1.5" />
          ${n % every === 0 && html`<text x=${x(n)} y=${HEIGHT - 8} text-anchor="middle">${unit.short(row.date)}</text>`}
        </g>`,
      )}
      <polyline class="margin" points=${rows.map((row, n) => `${x(n)},${y(Number(row.margin))}`).join(" ")} />
      ${rows.map((row, n) => html`<circle key=${row.date} class="margin" cx=${x(n)} cy=${y(Number(row.margin))} r="2.5" />`)}
    </svg>`;
}

const shortest = (tick) => `${Math.abs(tick) >= 1 || tick === 0 ? Math.round(tick * 100) / 100 : tick.toPrecision(2)}`;

/** 1, 2 or 5 times a power of ten, so that some four lines cross the chart. */
function niceStep(range) {
  const rough = (range || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5].find((n) => n * power >= rough) ?? 10);
}
