// Create and edit a package; the due dates stand beside the form while somebody types.

import { call, get, path } from "./api.js";
import { settings } from "./auth.js";
import { useConflict } from "./conflict.js";
import { Check, Chips, CurrencyField, Field, MoneyField, NumberField, Select } from "./fields.js";
import { useForm, useLoad } from "./hooks.js";
import { FREQUENCY_NAMES } from "./packages.js";
import { html } from "./preact.js";
import { go, link } from "./router.js";
import { DueDates } from "./schedule.js";
import { announce } from "./toast.js";
import { Button, Card, Page, Problem, Skeleton } from "./ui.js";

const TEXTS = ["name", "description", "currency", "cost", "retail", "setup_cost", "setup_retail", "connexcs_package", "destination"];
const NAMES = [...TEXTS, "type", "frequency", "frequency_match", "minimum_days", "minimum_spend"];

const MEANINGS = {
  none: "Charged once, on the start date of each assignment.",
  daily: "Charged every day, from the start date on.",
  weekly: "Charged on each weekday you choose. With none chosen it is the weekday of the start date.",
  monthly: "Charged on each day you choose. A day that a month lacks becomes the month's last day; days that fall on one date make one charge. With none chosen it is the day of the start date.",
  quarterly: "Charged every three months, counted from the start date.",
  yearly: "Charged every year on the start date; 29 February becomes the 28th in other years.",
};

const DAYS = Array.from({ length: 31 }, (_, n) => [n + 1, `${n + 1}`, `${n + 1}`]);
const WEEKDAYS = [
  ["mon", "Mon", "Monday"], ["tue", "Tue", "Tuesday"], ["wed", "Wed", "Wednesday"], ["thu", "Thu", "Thursday"],
  ["fri", "Fri", "Friday"], ["sat", "Sat", "Saturday"], ["sun", "Sun", "Sunday"],
];

export function NewPackage() {
  const initial = {
    name: "", description: "", currency: settings.default_currency, cost: "", retail: "", setup_cost: "", setup_retail: "",
    frequency: "monthly", frequency_match: [], connexcs_package: "", minimum_days: "0", type: "standard", destination: "", minimum_spend: false,
  };
  const form = useForm({
    name: "package",
    once: true,
    initial,
    send: (values, key) => call("POST", "packages", { body: body(values), key }),
    done: (made) => { announce(`Created ${made.name}`); go(["packages", made.package_id]); },
  });
  return html`<${Page} title="New package" back=${["#/packages", "Packages"]}><${PackageForm} form=${form} verb="Create package" cancel="#/packages" /><//>`;
}

export function EditPackage({ id }) {
  const { data, error, reload } = useLoad(() => get(path("packages", id)), [id]);
  const back = [link(["packages", id]), data?.name ?? "Package"];
  return html`<${Page} title=${data ? `Edit ${data.name}` : "Edit package"} back=${back}>
    ${error ? html`<${Problem} error=${error} retry=${reload} />` : data ? html`<${Edit} one=${data} />` : html`<${Skeleton} />`}
  <//>`;
}

function Edit({ one }) {
  const initial = { ...one, connexcs_package: one.connexcs_package ?? "", destination: one.destination ?? "", minimum_days: `${one.minimum_days}` };
  const conflict = useConflict({ where: path("packages", one.package_id), seen: one, body, names: NAMES });
  const done = (saved) => { announce(`Saved ${saved.name}`); go(["packages", one.package_id]); };
  const form = useForm({ name: `package-${one.package_id}`, initial, send: conflict.send, done });
  return html`<${PackageForm} form=${form} verb="Save" cancel=${link(["packages", one.package_id])} conflict=${html`<${conflict.Choice} form=${form} done=${done} />`} />`;
}

/** The form as the API takes it: what is empty or doesn't apply goes back to its default. */
function body(values) {
  const sent = {};
  for (const name of TEXTS) sent[name] = values[name].trim();
  for (const name of ["cost", "retail", "setup_cost", "setup_retail"]) sent[name] ||= "0";
  sent.currency = sent.currency.toUpperCase();
  sent.connexcs_package ||= null;
  sent.destination = values.type === "free_minutes" ? sent.destination : "";
  sent.type = values.type;
  sent.frequency = values.frequency;
  sent.frequency_match = match(values);
  sent.minimum_days = /^\d{1,9}$/.test(values.minimum_days.trim()) ? Number(values.minimum_days) : values.minimum_days;
  sent.minimum_spend = values.frequency !== "none" && values.minimum_spend;
  return sent;
}

const match = ({ frequency, frequency_match: chosen }) =>
  chosen.filter((one) => (frequency === "monthly" ? typeof one === "number" : frequency === "weekly" && typeof one === "string"));

function PackageForm({ form, verb, cancel, conflict }) {
  const { values } = form;
  const rule = { frequency: values.frequency, frequency_match: match(values) };
  return html`
    <form class="split" ref=${form.element} noValidate onSubmit=${(event) => { event.preventDefault(); form.submit(); }}>
        <div>
          ${conflict}
          <${Problem} error=${form.problem} fields=${NAMES} retry=${form.problem?.isOpen ? () => form.submit() : undefined} />
        </div>
        <${Card} title="What it is">
          <div class="grid">
            <${Field} form=${form} name="name" label="Name" wide maxlength="200" hint="As customers see it on their bill." />
            <${Field} form=${form} name="description" label="Description" type="textarea" optional wide />
            <${Select} form=${form} name="type" label="Type" options=${[["standard", "Standard"], ["free_minutes", "Free minutes"]]}
              hint=${values.type === "free_minutes" ? "Gives minutes that refill on each due date; how many is said per assignment." : "A price that recurs, or is charged once."} />
            <${CurrencyField} form=${form} name="currency" label="Currency" hint="Assignable only to customers of the same currency." />
            ${values.type === "free_minutes" && html`<${Field} form=${form} name="destination" label="Destinations" optional wide spellcheck=${false} placeholder="^44|^91|^1"
              hint="Prefixes of the numbers called, such as ^44|^91. Empty: every destination." />`}
          </div>
        <//>
        <${Card} title="Prices">
          <div class="grid">
            <${MoneyField} form=${form} name="retail" label="Retail" suffix=${values.currency} hint="What the customer pays on each due date, per unit." />
            <${MoneyField} form=${form} name="cost" label="Cost" suffix=${values.currency} hint="What it costs you on each due date, per unit." />
            <${MoneyField} form=${form} name="setup_retail" label="Setup retail" suffix=${values.currency} hint="Charged once, on the start date." />
            <${MoneyField} form=${form} name="setup_cost" label="Setup cost" suffix=${values.currency} />
          </div>
        <//>
        <${Card} title="When it is charged">
          <div class="grid">
            <${Select} form=${form} name="frequency" label="Frequency" wide options=${Object.entries(FREQUENCY_NAMES)} hint=${MEANINGS[values.frequency]} />
            ${values.frequency === "weekly" && html`<${Chips} form=${form} name="frequency_match" label="Weekdays" options=${WEEKDAYS} />`}
            ${values.frequency === "monthly" && html`<${Chips} form=${form} name="frequency_match" label="Days of the month" options=${DAYS} />`}
            ${values.frequency !== "none" && html`<${Check} form=${form} name="minimum_spend" label="Minimum spend"
              hint="Charges only what the calls of the period fall short of the retail price: retail 50 and calls of 20 make a charge of 30. The first is made at the end of the first period." />`}
          </div>
        <//>
        <${DueDates} rule=${rule} />
        <${Card} title="Terms">
          <div class="grid">
            <${NumberField} form=${form} name="minimum_days" label="Minimum days" hint="An assignment can't end sooner. 0: any time." />
            <${Field} form=${form} name="connexcs_package" label="ConnexCS package" optional spellcheck=${false} placeholder="did-rental" hint="A resold service, enabled while it is assigned." />
          </div>
        <//>
        <div class="form-actions">
          <${Button} type="submit" needs="write" look="primary" busy=${form.busy} busyLabel="Saving…">${verb}<//>
          <a class="button" href=${cancel}>Cancel</a>
        </div>
    </form>`;
}
