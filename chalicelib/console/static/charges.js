// What is written into a customer's ledger by hand: payments, one-off charges, adjustments.

import { call, path } from "./api.js";
import { settings } from "./auth.js";
import { Check, DayField, Field, MoneyField, NumberField, whole } from "./fields.js";
import * as format from "./format.js";
import { useForm } from "./hooks.js";
import { html } from "./preact.js";
import { Button, Dialog, Problem } from "./ui.js";

const HIDDEN_SUBMIT = html`<button class="hidden" tabindex="-1" aria-hidden="true"></button>`;
const signed = (amount) => amount.trim().replace("−", "-");

/** A dialog around a form that is sent once. @param {{form: any, title: string, verb: string, busy: string, fields: string[], close: () => void, children?: any}} props */
function Booking({ form, title, verb, busy, fields, close, children }) {
  return html`
    <${Dialog} title=${title} close=${close} busy=${form.busy}
      actions=${html`<${Button} needs="charge" look="primary" busy=${form.busy} busyLabel=${busy} onClick=${() => form.submit()}>${form.problem?.isOpen ? "Try again" : verb}<//>`}>
      <form class="grid" ...${form.own}>${children}${HIDDEN_SUBMIT}</form>
      <${Problem} error=${form.problem} fields=${fields} />
    <//>`;
}

export function Payment({ one, close, done }) {
  const form = useForm({
    name: `payment-${one.customer_id}`,
    once: true,
    initial: { amount: "", reference: "" },
    send: ({ amount, reference }, key) => call("POST", path("customers", one.customer_id, "payments"), { body: { amount: signed(amount), reference }, key }),
    done: () => done("The payment is booked"),
  });
  return html`
    <${Booking} form=${form} title="Record a payment" verb="Book payment" busy="Booking…" fields=${["amount", "reference"]} close=${close}>
      <${MoneyField} form=${form} name="amount" label="Amount" wide suffix=${one.currency} hint="Negative for a correction, such as −5.00." />
      <${Field} form=${form} name="reference" label="Reference" optional wide hint="What finds it again: a bank transfer, an invoice." />
    <//>`;
}

export function Adjustment({ one, close, done }) {
  const form = useForm({
    name: `adjustment-${one.customer_id}`,
    once: true,
    initial: { amount: "", reason: "" },
    send: ({ amount, reason }, key) =>
      call("POST", path("customers", one.customer_id, "adjustments"), { body: { amount: signed(amount), reason: reason.trim() }, key }),
    done: () => done("The balance is adjusted"),
  });
  return html`
    <${Booking} form=${form} title="Adjust the balance" verb="Adjust" busy="Adjusting…" fields=${["amount", "reason"]} close=${close}>
      <p class="hint span">Moves the balance without being a payment. What was charged wrongly is credited in the ledger instead.</p>
      <${MoneyField} form=${form} name="amount" label="Amount" wide suffix=${one.currency} hint="Positive raises the balance, negative lowers it, such as −5.00." />
      <${Field} form=${form} name="reason" label="Reason" type="textarea" wide maxlength="500" hint="Stands in the ledger and on the statement." />
    <//>`;
}

const ONE_OFF = ["description", "retail", "cost", "quantity", "date", "auto_decrement_credit", "account_code", "tax_code"];

export function OneOff({ one, close, done }) {
  const { currency } = one;
  const form = useForm({
    name: `one-off-${one.customer_id}`,
    once: true,
    initial: { description: "", retail: "", cost: "", quantity: "1", date: settings.today, auto_decrement_credit: true, account_code: "", tax_code: "" },
    send: (values, key) => call("POST", path("customers", one.customer_id, "charges"), { body: body(values), key }),
    done: (made) =>
      done(`${format.money(made.retail, currency)} ${currency} ${made.status === "held" ? "are held: they would pass the debit limit" : "are charged"}`),
  });
  return html`
    <${Booking} form=${form} title="Charge once" verb="Charge" busy="Charging…" fields=${ONE_OFF} close=${close}>
      <${Field} form=${form} name="description" label="What for" wide maxlength="200" hint="The customer reads it on the statement: a visit, a porting fee." />
      <${MoneyField} form=${form} name="retail" label="Retail each" suffix=${currency} />
      <${MoneyField} form=${form} name="cost" label="Cost each" optional suffix=${currency} />
      <${NumberField} form=${form} name="quantity" label="Quantity" />
      <${DayField} form=${form} name="date" label="Date" hint="What the charge is dated. It is posted now." />
      <${Field} form=${form} name="account_code" label="Account code" optional maxlength="50" />
      <${Field} form=${form} name="tax_code" label="Tax code" optional maxlength="50" />
      <${Check} form=${form} name="auto_decrement_credit" label="Take it from the balance" hint="Otherwise it is to be invoiced. What would pass the debit limit is held and tried again every day." />
    <//>`;
}

function body(values) {
  const optional = ["cost", "account_code", "tax_code", "date"].filter((name) => values[name].trim());
  return {
    description: values.description.trim(),
    retail: values.retail.trim(),
    quantity: whole(values.quantity),
    auto_decrement_credit: values.auto_decrement_credit,
    ...Object.fromEntries(optional.map((name) => [name, values[name].trim()])),
  };
}
