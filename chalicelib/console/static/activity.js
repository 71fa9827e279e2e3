// What others are told, and when; with `make serve` also what was told lately: the events that were sent to the bus.

import { get } from "./api.js";
import { settings } from "./auth.js";
import * as format from "./format.js";
import { done } from "./history.js";
import { useList, useLoad } from "./hooks.js";
import { CustomerLink, useNames } from "./names.js";
import { html } from "./preact.js";
import { link, replace, useRoute } from "./router.js";
import { Badge, Button, Card, DASH, Empty, Facts, FILTERS, failed, Instant, List, Money, Page, Skeleton, Table } from "./ui.js";

/** What an event is about, leading to it where there is a page. */
function About({ one, nameOf }) {
  const { assignment_id, package_id, run_id, name = package_id } = one.data;
  if (one.customer_id) return html`<${CustomerLink} id=${one.customer_id} nameOf=${nameOf} to=${assignment_id ? ["assignments", assignment_id] : []} />`;
  if (run_id) return html`<a href=${link(["runs", run_id])}>${run_id}</a>`;
  const kind = one.data.work_id && one.provider.changes.find((change) => change.field === "kind")?.after;
  if (kind) return format.title(kind);
  return package_id ? html`<a href=${link(["packages", package_id])}>${name}</a>` : html`<span class="mono">${one.subject}</span>`;
}

/** The event itself, as receivers get it. */
const Detail = ({ one }) => {
  const { told_at: _, ...event } = one;
  return html`<details><summary>The event</summary><pre tabindex="0">${JSON.stringify(event, null, 2)}</pre></details>`;
};

const columns = (nameOf) => [
  { name: "at", label: "When", cell: (one) => html`<${Instant} value=${one.told_at} />` },
  {
    name: "type",
    label: "What",
    main: true,
    cell: (one) => html`<strong>${done(one.data.change ?? one.type)}</strong> <${Badge}>${one.type}<//> <${Detail} one=${one} />`,
  },
  { name: "about", label: "About", cell: (one) => html`<${About} one=${one} nameOf=${nameOf} />` },
  {
    name: "amount",
    label: "Balance",
    num: true,
    cell: (one) => ("credit_change" in one.data ? html`<${Money} value=${one.data.credit_change} currency=${one.data.currency} />` : DASH),
  },
];

const days = (list) => (list.length ? `${list.join(", ")} ${list.join() === "1" ? "day" : "days"} before` : "nothing is told");
const threshold = (one, currency) =>
  html`<${Money} value=${one.below} currency=${currency} />${one.below !== one.restored_at && html`, again after <${Money} value=${one.restored_at} currency=${currency} />`}`;
const thresholds = ({ currency, balance_notices }) =>
  html`<div key=${currency}>below ${balance_notices.map((one, n) => html`${n > 0 && "; below "}${threshold(one, currency)}`)}</div>`;

/** What the deployment is set to tell. It can't be changed here: these are variables of the deployment. */
function Told() {
  const { data: set, error, reload } = useLoad(() => get("settings"), []);
  if (error) return failed(error, reload);
  if (!set) return html`<${Skeleton} lines=${4} />`;
  return html`
    <${Card} title="What is told">
      <${Facts} wide of=${[
        ["Charges to come", `${days(set.notice_days)}; a package may have days of its own`],
        ["The end of an assignment or of its terms", days(set.term_notice_days)],
        [
          "A low balance",
          html`${set.default_balance_notices.map(thresholds)}<div>${set.default_balance_notices.length ? "A customer may have other amounts." : "Only to customers with amounts of their own."}</div>`,
        ],
      ]} />
      <p>Events: <span class="mono">${set.event_types.join(", ")}</span>.</p>
      <p class="muted">Mail, a CRM or a webhook can be attached to these events. What is told is set where the service is deployed.</p>
    <//>`;
}

export function Activity() {
  return html`
    <${Page} title="Activity" lead="What programs are told that attach to this service.">
      <${Told} />
      ${settings.events.length > 0 && html`<${Events} />`}
    <//>`;
}

function Events() {
  const { type = "" } = useRoute().query;
  const list = useList("events", type ? { type } : {});
  const nameOf = useNames((list.items ?? []).map((one) => one.customer_id));
  const reload = html`<${Button} look="quiet" onClick=${list.reload}>Look again<//>`;
  return html`
      <form ...${FILTERS} aria-label="Events">
        <div class="field"><label for="type">Type</label>
          <select id="type" value=${type} onChange=${(event) => replace(["activity"], event.target.value ? { type: event.target.value } : {})}>
            <option value="" selected=${type === ""}>All</option>
            ${settings.events.map((one) => html`<option key=${one} value=${one} selected=${one === type}>${one}</option>`)}
          </select></div>
      </form>
      <${Card} title="What was told lately" aside=${reload}>
        <${List} list=${list} of="earlier events" empty=${html`<${Empty} title="Nothing was told yet">Record a payment, or change a package: it is told within a second.<//>`}>
          <${Table} caption="Events" rows=${list.items ?? []} columns=${columns(nameOf)} id=${(one) => one.told_at} />
        <//>
      <//>`;
}
