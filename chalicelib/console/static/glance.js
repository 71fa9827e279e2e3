// A customer at a glance: what comes next, what a month is worth, how long the credit lasts, which minutes are left.

import { get, path } from "./api.js";
import * as format from "./format.js";
import { useLoad } from "./hooks.js";
import { html } from "./preact.js";
import { link } from "./router.js";
import { Badge, Card, Day, Minutes, Money, Problem, Stat, Stats, Table } from "./ui.js";

/** @param {{one: Record<string, any>, fresh: number}} props `fresh` changes when something was booked */
export function Glance({ one, fresh }) {
  const id = one.customer_id;
  const { data, error, reload } = useLoad(async () => {
    const [outlook, minutes] = await Promise.all([get(path("customers", id, "outlook")), get(path("customers", id, "minutes"))]);
    return { outlook, minutes: minutes.items };
  }, [id, one.version, one.balance, fresh]);
  return html`
    <${About} one=${one} features=${data?.outlook.features} />
    <${Stats}>
      <${Balance} one=${one} outlook=${data?.outlook} />
      ${data ? html`<${Ahead} one=${one} of=${data.outlook} />` : !error && AHEAD.map((label) => html`<${Stat} key=${label} label=${label} note="…">…<//>`)}
    <//>
    ${error && html`<${Problem} error=${error} retry=${reload} title="What comes next can't be told" />`}
    ${!data && !error && html`<p class="more next muted">Next charge: …</p>`}
    ${data?.outlook.next_charge && html`<${NextCharge} of=${data.outlook.next_charge} currency=${one.currency} />`}
    ${data?.minutes.length > 0 && html`<${Card} title="Minutes left today"><div class="buckets">${data.minutes.map((bucket) => html`<div key=${bucket.assignment_id}><strong>${bucket.package_name}</strong>${bucket.did && html` <span class="mono muted">${bucket.did}</span>`}<${Minutes} bucket=${bucket} /></div>`)}</div><//>`}`;
}

/** Contact, tags, notes and what is enabled; nothing if there is nothing. */
function About({ one, features = [] }) {
  const facts = [
    one.email && ["E-mail", html`<a href=${`mailto:${one.email}`}>${one.email}</a>`],
    one.external_id && ["Elsewhere", html`<span class="mono">${one.external_id}</span>`],
    one.tags.length > 0 && ["Tags", one.tags.map((tag) => html`<${Badge} key=${tag}>${tag}<//> `)],
    features.length > 0 && ["Enabled", html`<a href=${link(["customers", one.customer_id, "features"])}>${features.join(", ")}</a>`],
  ].filter(Boolean);
  return html`
    ${facts.length > 0 && html`<dl class="about">${facts.map(([term, value]) => html`<div key=${term}><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>`}
    ${one.notes && html`<p class="notes">${one.notes}</p>`}`;
}

function Balance({ one, outlook }) {
  const left = one.debit_limit === null ? null : format.sum(one.balance, one.debit_limit);
  const lasts = one.debit_limit !== null && !one.parked;
  return html`
    <${Stat} label="Balance"><${Money} value=${one.balance} currency=${one.currency} /><//>
    <${Stat} label="Debit limit">${one.debit_limit === null ? html`<span class="muted">none</span>` : html`<${Money} value=${one.debit_limit} currency=${one.currency} />`}<//>
    ${left !== null && html`<${Stat} label="Left before charges are held"><${Money} value=${format.isNegative(left) ? "0.00" : left} currency=${one.currency} /><//>`}
    ${lasts && html`<${Stat} label="Lasts until" note=${one.held_charges ? "see the held charges" : outlook?.short_on && html`a charge is held on <${Day} value=${outlook.short_on} />`}>${one.held_charges ? "short now" : !outlook ? "…" : outlook.short_on ? html`<${Day} value=${format.later(outlook.short_on, -1)} />` : html`<span class="muted">beyond ${format.day(outlook.planned_to)}</span>`}<//>`}
    <${Stat} label="Held charges">${one.held_charges ? html`<a href=${link(["customers", one.customer_id, "held"])}>${one.held_charges}</a>` : "0"}<//>`;
}

/** Its figures, whose room is kept until they are known. */
const AHEAD = ["Next charge", "A month is worth", "Last payment"];

function Ahead({ one, of }) {
  const { currency } = one;
  return html`
    <${Stat} label="Next charge" note=${of.next_charge && html`on <${Day} value=${of.next_charge.date} />`}>
      ${of.next_charge ? html`<${Money} value=${of.next_charge.retail} currency=${currency} />` : html`<span class="muted">${one.parked ? "parked" : `none by ${format.day(of.planned_to)}`}</span>`}<//>
    <${Stat} label="A month is worth" note=${html`margin <${Money} value=${format.rounded(of.monthly_margin, currency)} of=${currency} />`}><${Money} value=${format.rounded(of.monthly_value, currency)} currency=${currency} /><//>
    <${Stat} label="Last payment" note=${of.last_payment && html`on <${Day} value=${of.last_payment.date} />${of.last_payment.reference ? `, ${of.last_payment.reference}` : ""}`}>
      ${of.last_payment ? html`<${Money} value=${of.last_payment.amount} currency=${currency} />` : html`<span class="muted">none</span>`}<//>`;
}

const NextCharge = ({ of, currency }) => html`
  <details class="more next">
    <summary>Next charge: <${Money} value=${of.retail} currency=${currency} /> on ${format.day(of.date)}, ${format.plural(of.lines.length + of.lines_left_out, "line")}, margin <${Money} value=${of.margin} of=${currency} /></summary>
    <${Table} caption="Next charge" rows=${of.lines} columns=${LINES} id=${(line) => line.assignment_id + line.kind + line.due_date} />
    ${of.lines_left_out > 0 && html`<p class="hint">and ${of.lines_left_out} more</p>`}
  </details>`;

const LINES = [
  {
    name: "what",
    label: "What",
    main: true,
    cell: (line) =>
      html`${line.package_name}${line.did && html` <span class="mono muted">${line.did}</span>`}<span class="sub">${format.readable(line.explanation)}</span>`,
  },
  { name: "kind", label: "Kind", cell: (line) => html`${format.KINDS[line.kind]}${line.status === "held" && html` <${Badge} tone="warn">Will be held<//>`}` },
  { name: "retail", label: "Retail", num: true, cell: (line) => html`<strong><${Money} value=${line.retail} of=${line.currency} /></strong>` },
];
