// Create and edit a package; the due dates stand beside the form while somebody types.

import { call, get, path } from "./api.js";
import { settings } from "./auth.js";
import { useConflict } from "./conflict.js";
import { Check, Chips, CurrencyField, Field, MoneyField, NumberField, Radios, Select, whole } from "./fields.js";
import { UNITS } from "./format.js";
import { useForm, useLoad } from "./hooks.js";
import { FREQUENCY_NAMES } from "./packages.js";
import { html } from "./preact.js";
import { go, link, useRoute } from "./router.js";
import { DueDates } from "./schedule.js";
import { announce } from "./toast.js";
import { Button, Card, failed, LinkButton, Page, Problem, Skeleton } from "./ui.js";

const TEXTS = [
  "name",
  "description",
  "currency",
  "cost",
  "retail",
  "setup_cost",
  "setup_retail",
  "connexcs_package",
  "destination",
  "account_code",
  "tax_code",
];
const FIXED = ["currency", "type", "frequency", "frequency_match", "every", "proration", "minimum_spend", "destination", "connexcs_package"];
const NAMES = [...new Set([...TEXTS, ...FIXED, "minimum_days", "notice_days"])];

const MEANINGS = {
  none: "Charged once, on the start date of each assignment.",
  daily: "Charged every day, from the start date on.",
  weekly: "Charged on each weekday you choose. With none chosen it is the weekday of the start date.",
  monthly:
    "Charged on each day you choose. A day that a month lacks becomes the month's last day; days that fall on one date make one charge. With none chosen it is the day of the start date.",
  quarterly: "Charged every three months, counted from the start date.",
  yearly: "Charged every year on the start date; 29 February becomes the 28th in other years.",
};

const EVERY = {
  daily: "1: every day. 10: every tenth day, counted from the start date.",
  weekly: "1: every week. 4: every fourth week, counted from the week of the start date.",
  monthly: "1: every month. 6: every sixth month, counted from the month of the start date.",
};

const PRORATIONS = [
  ["none", "Charge whole periods", "Each due date charges the whole price, and nothing is given back."],
  ["daily", "Charge by the day", "The rest of the period is charged, or given back, by its days: 12 of 30 days are 12/30 of the price."],
];

const DAYS = Array.from({ length: 31 }, (_, n) => [n + 1, `${n + 1}`, `${n + 1}`]);
const WEEKDAYS = [
  ["mon", "Mon", "Monday"],
  ["tue", "Tue", "Tuesday"],
  ["wed", "Wed", "Wednesday"],
  ["thu", "Thu", "Thursday"],
  ["fri", "Fri", "Friday"],
  ["sat", "Sat", "Saturday"],
  ["sun", "Sun", "Sunday"],
];

const EMPTY = {
  name: "",
  description: "",
  cost: "",
  retail: "",
  setup_cost: "",
  setup_retail: "",
  frequency: "monthly",
  frequency_match: [],
  every: "1",
  connexcs_package: "",
  account_code: "",
  tax_code: "",
  minimum_days: "0",
  notice_days: "",
  type: "standard",
  destination: "",
  minimum_spend: false,
  proration: "none",
};

/** A package as the form has it. */
const typed = (one) => ({
  ...one,
  ...Object.fromEntries(["connexcs_package", "destination", "account_code", "tax_code"].map((name) => [name, one[name] ?? ""])),
  minimum_days: `${one.minimum_days}`,
  notice_days: (one.notice_days ?? []).join(" "),
  every: `${one.every}`,
});

/** A package from nothing, or with `?copy=` from another one. */
export function NewPackage() {
  const { copy } = useRoute().query;
  const { data: of, error, reload } = useLoad(async () => (copy ? get(path("packages", copy)) : null), [copy]);
  const back = of ? [link(["packages", copy]), of.name] : ["#/packages", "Packages"];
  return html`
    <${Page} title=${of ? `Copy of ${of.name}` : "New package"} back=${back} lead=${of && "A package of its own: whoever has the other one keeps it, until you replace it."}>
      ${error ? failed(error, reload) : copy && !of ? html`<${Skeleton} />` : html`<${New} key=${copy} of=${of} cancel=${back[0]} />`}
    <//>`;
}

function New({ of, cancel }) {
  const form = useForm({
    name: of ? `package-copy-${of.package_id}` : "package",
    once: true,
    initial: of ? { ...typed(of), name: `${of.name} (copy)` } : { ...EMPTY, currency: settings.default_currency },
    send: (values, key) => call("POST", "packages", { body: { ...body(values), copy_of: of?.package_id }, key }),
    done: (made) => {
      announce(`Created ${made.name}`);
      go(["packages", made.package_id]);
    },
  });
  return html`<${PackageForm} form=${form} verb="Create package" cancel=${cancel} />`;
}

export function EditPackage({ id }) {
  const { data, error, reload } = useLoad(async () => {
    const [one, { items }] = await Promise.all([get(path("packages", id)), get(path("packages", id, "assignments"), { limit: 1 })]);
    return { one, assigned: items.length > 0 };
  }, [id]);
  const back = [link(["packages", id]), data?.one.name ?? "Package"];
  return html`<${Page} title=${data ? `Edit ${data.one.name}` : "Edit package"} back=${back}>
    ${error ? failed(error, reload) : data ? html`<${Edit} ...${data} />` : html`<${Skeleton} />`}
  <//>`;
}

/** The way to other rules. */
const MakeCopy = ({ of }) => html`<${LinkButton} href=${link(["packages", "new"], { copy: of })} needs="write" look="small">Make a copy with other rules<//>`;

function Edit({ one, assigned }) {
  const conflict = useConflict({ where: path("packages", one.package_id), seen: one, body, names: NAMES });
  const done = (saved) => {
    announce(`Saved ${saved.name}`);
    go(["packages", one.package_id]);
  };
  const form = useForm({ name: `package-${one.package_id}`, initial: typed(one), send: conflict.send, done });
  const fixed = assigned && Object.fromEntries(FIXED.map((field) => [field, "Fixed, because the package was assigned."]));
  return html`
    <${PackageForm} form=${fixed ? { ...form, fixed } : form} verb="Save" cancel=${link(["packages", one.package_id])} copy=${html`<${MakeCopy} of=${one.package_id} />`}
      conflict=${html`<${conflict.Choice} form=${form} done=${done} />`} />`;
}

/** The form as the API takes it: what is empty or doesn't apply goes back to its default. */
function body(values) {
  const sent = {};
  for (const name of TEXTS) sent[name] = values[name].trim();
  for (const name of ["cost", "retail", "setup_cost", "setup_retail"]) sent[name] ||= "0";
  sent.currency = sent.currency.toUpperCase();
  for (const name of ["connexcs_package", "account_code", "tax_code"]) sent[name] ||= null;
  sent.destination = values.type === "free_minutes" ? sent.destination : "";
  sent.type = values.type;
  sent.frequency = values.frequency;
  sent.frequency_match = match(values);
  sent.every = UNITS[values.frequency] ? whole(values.every) : 1;
  sent.minimum_days = whole(values.minimum_days);
  sent.notice_days = numbers(values.notice_days);
  sent.proration = hasLongPeriods(values.frequency, sent.every) ? values.proration : "none";
  sent.minimum_spend = values.frequency !== "none" && values.minimum_spend;
  return sent;
}

/** Numbers that somebody typed; null for none. */
const numbers = (text) => text.match(/[^\s,;]+/g)?.map(whole) ?? null;
/** Whether there are days between two due dates. */
const hasLongPeriods = (frequency, every) => frequency !== "none" && !(frequency === "daily" && every === 1);
const match = ({ frequency, frequency_match: chosen }) =>
  chosen.filter((one) => (frequency === "monthly" ? typeof one === "number" : frequency === "weekly" && typeof one === "string"));

function PackageForm({ form, verb, cancel, conflict, copy }) {
  const { values } = form;
  const unit = UNITS[values.frequency];
  const rule = { frequency: values.frequency, frequency_match: match(values), every: unit ? values.every.trim() : 1 };
  const currency = values.currency.toUpperCase();
  return html`
    <form class="split" ...${form.own}>
        <div>
          ${conflict}
          <${Problem} error=${form.problem} fields=${NAMES} retry=${form.retry} />
          ${
            (form.fixed || form.problem?.code === "package_in_use") &&
            html`
            <div class="banner info"><div><p class="banner-title">Its charging rule is fixed</p>
              <p>The package was assigned, so what it charges for, when, and in which currency stays as it is. Name, description and prices can change.</p></div>${copy}</div>`
          }
        </div>
        <${Card} title="What it is">
          <div class="grid">
            <${Field} form=${form} name="name" label="Name" wide maxlength="200" hint="As customers see it on their bill." />
            <${Field} form=${form} name="description" label="Description" type="textarea" optional wide />
            <${Select} form=${form} name="type" label="Type" options=${[["standard", "Standard"], ["free_minutes", "Free minutes"]]}
              hint=${values.type === "free_minutes" ? "Gives minutes that refill on each due date; how many is said per assignment." : "A price that recurs, or is charged once."} />
            <${CurrencyField} form=${form} name="currency" label="Currency" hint="Assignable only to customers of the same currency." />
            ${
              values.type === "free_minutes" &&
              html`<${Field} form=${form} name="destination" label="Destinations" optional wide spellcheck=${false} placeholder="^44|^91|^1"
              hint="Prefixes of the numbers called, such as ^44|^91. Empty: every destination." />`
            }
          </div>
        <//>
        <${Card} title="Prices">
          <div class="grid">
            <${MoneyField} form=${form} name="retail" label="Retail" suffix=${currency} hint="What the customer pays on each due date, per unit." />
            <${MoneyField} form=${form} name="cost" label="Cost" suffix=${currency} hint="What it costs you on each due date, per unit." />
            <${MoneyField} form=${form} name="setup_retail" label="Setup retail" suffix=${currency} hint="Charged once, on the start date." />
            <${MoneyField} form=${form} name="setup_cost" label="Setup cost" suffix=${currency} />
          </div>
          ${form.fixed && html`<p class="hint">A price that you change here counts for all assignments, from the first day that is not evaluated yet. For a later day, or for new assignments only, use “Change price…” on the package's page.</p>`}
        <//>
        <${Card} title="When it is charged">
          <div class="grid">
            <${Select} form=${form} name="frequency" label="Frequency" wide=${!unit} options=${Object.entries(FREQUENCY_NAMES)} hint=${MEANINGS[values.frequency]} />
            ${unit && html`<${NumberField} form=${form} name="every" label="Every" suffix=${unit} hint=${EVERY[values.frequency]} />`}
            ${values.frequency === "weekly" && html`<${Chips} form=${form} name="frequency_match" label="Weekdays" options=${WEEKDAYS} />`}
            ${values.frequency === "monthly" && html`<${Chips} form=${form} name="frequency_match" label="Days of the month" options=${DAYS} />`}
            ${
              values.frequency !== "none" &&
              html`<${Check} form=${form} name="minimum_spend" label="Minimum spend"
              hint="Charges only what the calls of the period fall short of the retail price: retail 50 and calls of 20 make a charge of 30. The first is made at the end of the first period." />`
            }
            ${hasLongPeriods(values.frequency, whole(values.every)) && !values.minimum_spend && html`<${Radios} form=${form} name="proration" label="If it starts, ends, pauses or changes its quantity between two due dates" options=${PRORATIONS} />`}
          </div>
        <//>
        <${DueDates} rule=${rule} />
        <${Card} title="Terms">
          <div class="grid">
            <${NumberField} form=${form} name="minimum_days" label="Minimum days" hint="An assignment can't end sooner. 0: any time." />
            <${Field} form=${form} name="notice_days" label="Days of notice before a charge" optional inputmode="numeric" placeholder="7 1" hint="Customers are told so many days ahead. Empty: as the service is set up. 0: never." />
            <${Field} form=${form} name="connexcs_package" label="ConnexCS package" optional spellcheck=${false} placeholder="did-rental" hint="A resold service, enabled while it is assigned." />
            <${Field} form=${form} name="account_code" label="Account code" optional spellcheck=${false} maxlength="50" hint="The account that its charges are booked to." />
            <${Field} form=${form} name="tax_code" label="Tax code" optional spellcheck=${false} maxlength="50" hint="The tax rate that its charges are booked with." />
          </div>
        <//>
        <div class="form-actions">
          <${Button} type="submit" needs="write" look="primary" busy=${form.busy} busyLabel="Saving…">${verb}<//>
          <a class="button" href=${cancel}>Cancel</a>
        </div>
    </form>`;
}
