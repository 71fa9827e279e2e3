// What was told lately: the events that this service, run by `make serve`, has sent to its bus.

import { settings } from "./auth.js";
import * as format from "./format.js";
import { useList } from "./hooks.js";
import { html } from "./preact.js";
import { link, replace, useRoute } from "./router.js";
import { Badge, Button, Card, Empty, Instant, List, Money, Page, Table } from "./ui.js";

/** What an event is about, leading to it where there is a page. */
function About({ one }) {
  const { assignment_id, package_id, run_id } = one.data;
  const to = one.customer_id
    ? assignment_id
      ? ["customers", one.customer_id, "assignments", assignment_id]
      : ["customers", one.customer_id]
    : run_id
      ? ["runs", run_id]
      : package_id
        ? ["packages", package_id]
        : null;
  const name = one.customer_id ?? run_id ?? package_id ?? one.subject;
  return to ? html`<a class="mono" href=${link(to)}>${name}</a>` : html`<span class="mono">${name}</span>`;
}

/** The event itself, as receivers get it. */
const Detail = ({ one }) => {
  const { told_at: _, ...event } = one;
  return html`<details><summary>${one.data.change ? format.title(one.data.change.replace(".", " ")) : "Event"}</summary><pre tabindex="0">${JSON.stringify(event, null, 2)}</pre></details>`;
};

const COLUMNS = [
  { name: "at", label: "When", cell: (one) => html`<span class="nowrap"><${Instant} value=${one.told_at} /></span>` },
  { name: "type", label: "What", main: true, cell: (one) => html`<${Badge}>${one.type}<//> <${Detail} one=${one} />` },
  { name: "about", label: "About", cell: (one) => html`<${About} one=${one} />` },
  {
    name: "amount",
    label: "Balance",
    num: true,
    cell: (one) =>
      "credit_change" in one.data ? html`<${Money} value=${one.data.credit_change} currency=${one.data.currency} />` : html`<span class="muted">–</span>`,
  },
];

export function Activity() {
  const { type = "" } = useRoute().query;
  const list = useList("events", type ? { type } : {});
  const reload = html`<${Button} look="quiet" onClick=${list.reload}>Look again<//>`;
  return html`
    <${Page} title="Activity" lead="Events that were sent to the bus, newest first. What programs see who attach to it." actions=${reload}>
      <form class="filters" aria-label="Events" onSubmit=${(event) => event.preventDefault()}>
        <div class="field"><label for="type">Type</label>
          <select id="type" value=${type} onChange=${(event) => replace(["activity"], event.target.value ? { type: event.target.value } : {})}>
            <option value="" selected=${type === ""}>All</option>
            ${settings.events.map((one) => html`<option key=${one} value=${one} selected=${one === type}>${one}</option>`)}
          </select></div>
      </form>
      <${Card} title="Events">
        <${List} list=${list} of="earlier events" empty=${html`<${Empty} title="Nothing was told yet">Record a payment, or change a package: it is told within a second.<//>`}>
          <${Table} caption="Events" rows=${list.items ?? []} columns=${COLUMNS} id=${(one) => one.told_at} />
        <//>
      <//>
    <//>`;
}
