// Credits one charge, in part or as a whole, with a reason.

import { call, path } from "./api.js";
import { Field, MoneyField, Radios } from "./fields.js";
import * as format from "./format.js";
import { useForm } from "./hooks.js";
import { html } from "./preact.js";
import { Button, Day, Dialog, Money, Problem } from "./ui.js";

const NAMES = ["retail", "cost", "reason", "recharge"];
const AFTERWARDS = [
  ["stay", "It stays credited", "The charge was right; this is a favour. A Run Package leaves the due date alone."],
  [
    "recharge",
    "It can be charged anew",
    "The charge was wrong. A Run Package that leaves alone what is charged charges this due date again, as it should be by then.",
  ],
];

/** What is left of a charge. @returns {{retail: string, cost: string}} */
export const leftOf = (entry) => ({ retail: format.minus(entry.retail, entry.credited_retail), cost: format.minus(entry.cost, entry.credited_cost) });

/** Whether there is something to credit: charges that are posted and not negative, as far as something is left. */
export function isCreditable(entry) {
  if (entry.credited_retail === undefined || entry.status !== "posted" || format.isNegative(entry.retail) || format.isNegative(entry.cost)) return false;
  const { retail, cost } = leftOf(entry);
  return !(format.isZero(retail) && format.isZero(cost));
}

/** What has been taken back of a charge, in a word; null when nothing. */
export function creditState(entry) {
  if (entry.voided) return "Voided";
  if (entry.credited_retail === undefined || (format.isZero(entry.credited_retail) && format.isZero(entry.credited_cost))) return null;
  return isCreditable(entry) ? "Credited in part" : "Credited";
}

export function Credit({ entry, close, done }) {
  const { currency } = entry;
  const left = leftOf(entry);
  const hasRetail = !format.isZero(left.retail);
  const form = useForm({
    name: `credit-${entry.entry_id}`,
    once: true,
    initial: { how: "all", afterwards: "stay", retail: "", cost: "", reason: "" },
    send: (values, key) => call("POST", path("customers", entry.customer_id, "ledger", entry.entry_id, "credit"), { body: body(values), key }),
    done: (made) => done(`Credited ${format.money(made.retail.replace("-", ""), currency)} ${currency}`),
  });
  const { values } = form;
  const whole = values.how === "all";
  return html`
    <${Dialog} title="Credit this charge" close=${close} busy=${form.busy}
      actions=${html`<${Button} needs="charge" look="primary" busy=${form.busy} busyLabel="Crediting…" onClick=${() => form.submit()}>${form.problem?.isOpen ? "Try again" : "Credit"}<//>`}>
      <p><strong><${Money} value=${entry.retail} currency=${currency} /></strong> for ${entry.package_name ?? entry.description ?? "a charge"}, dated <${Day} value=${entry.date} />.
        ${!format.isZero(entry.credited_retail) && html` <${Money} value=${entry.credited_retail} currency=${currency} /> of it is taken back already.`}
        ${" "}${entry.credit_change && !format.isZero(entry.credit_change) ? "The balance rises by what is credited." : "It was posted for invoicing, so the balance stays."}</p>
      <form class="grid" ...${form.own}>
        ${
          hasRetail &&
          html`<${Radios} form=${form} name="how" label="How much" options=${[
            ["all", "All that is left", html`<${Money} value=${left.retail} currency=${currency} />, cost <${Money} value=${left.cost} of=${currency} />`],
            ["part", "A part of it"],
          ]} />`
        }
        ${
          !whole &&
          html`
          <${MoneyField} form=${form} name="retail" label="Amount" suffix=${currency} hint=${`At most ${format.money(left.retail, currency)}.`} />
          <${MoneyField} form=${form} name="cost" label="Cost" optional suffix=${currency} hint="Empty: in proportion." />`
        }
        ${whole && entry.kind !== "one_off" && html`<${Radios} form=${form} name="afterwards" label="Afterwards" options=${AFTERWARDS} />`}
        <${Field} form=${form} name="reason" label="Reason" type="textarea" wide maxlength="500" hint="Kept with the credit, for whoever asks later." />
        <button class="hidden" tabindex="-1" aria-hidden="true"></button>
      </form>
      <${Problem} error=${form.problem} fields=${NAMES} />
    <//>`;
}

/** @param {Record<string, any>} values */
function body({ how, afterwards, retail, cost, reason }) {
  if (how === "all") return { reason: reason.trim(), recharge: afterwards === "recharge" };
  return { reason: reason.trim(), retail: retail.trim(), ...(cost.trim() && { cost: cost.trim() }) };
}
