// Customers: the list, and the form that creates and edits one.

import { call, fault, get, isSearchable, path } from "./api.js";
import { settings } from "./auth.js";
import { useConflict } from "./conflict.js";
import { CurrencyField, Field, MoneyField } from "./fields.js";
import { Download, Import } from "./files.js";
import * as format from "./format.js";
import { useDebounced, useForm, useList, useLoad, useModule } from "./hooks.js";
import { SORTS } from "./orders.js";
import { html, useState } from "./preact.js";
import { go, link, replace, useRoute } from "./router.js";
import { announce } from "./toast.js";
import {
  Badge,
  Button,
  Card,
  Choice,
  CurrencyChoice,
  DASH,
  Empty,
  FILTERS,
  failed,
  Id,
  LinkButton,
  List,
  Money,
  Page,
  Problem,
  Skeleton,
  Table,
} from "./ui.js";

const STATES = [
  ["", "All"],
  ["held", "With held charges"],
  ["parked", "Parked"],
];

/** The list: found by words and states, as they are now or in an order of the latest overview. The address has what is chosen. */
export function Customers() {
  const { query } = useRoute();
  const { q = "", state = "", currency = "" } = query;
  const text = useDebounced(q.trim(), 200);
  const narrowed = { ...(isSearchable(text) && { search: text }), ...(state && { [state]: true }) };
  const sort = query.sort ?? "";
  const asked = { ...narrowed, currency };
  const values = useModule(() => import("./values.js"));
  const [importing, setImporting] = useState(null);
  const [imports, setImports] = useState(0);
  const imported = (count) => {
    setImporting(null);
    announce(`Imported ${format.plural(count, importing === "customers" ? "customer" : "assignment")}`);
    setImports(imports + 1);
  };
  const filter = (change) => replace(["customers"], { ...query, ...change });
  const create = html`
    <${Button} needs="write" look="quiet" onClick=${() => setImporting("customers")}>Import customers…<//>
    <${Button} needs="write" look="quiet" onClick=${() => setImporting("assignments")}>Import assignments…<//>
    <${LinkButton} href="#/customers/new" needs="write" look="primary">New customer<//>`;
  return html`
    <${Page} title="Customers" lead="Who is charged: each with a currency, a credit balance and, if you like, a debit limit." actions=${create}>
      <form ...${FILTERS} role="search" aria-label="Customers">
        <div class="field grow"><label for="q">Search</label>
          <input id="q" type="search" data-search placeholder="Name, id, e-mail or tag" value=${q} onInput=${(event) => filter({ q: event.target.value })} /></div>
        <${Choice} id="state" label="State" value=${state} options=${STATES} onChange=${(value) => filter({ state: value })} />
        ${!sort && html`<${CurrencyChoice} value=${currency} onChange=${(value) => filter({ currency: value })} />`}
        <${Choice} id="sort" label="Sorted by" value=${sort} options=${[["", "Id"], ...SORTS]} onChange=${(value) => filter({ sort: value, order: "" })} />
      </form>
      ${
        sort
          ? values && html`<${values.SortedCustomers} key=${imports} query=${query} narrowed=${narrowed} change=${filter} />`
          : html`<${Found} key=${imports} asked=${asked} narrowed=${Object.values(asked).some(Boolean)} />`
      }
      ${importing && html`<${Import} kind=${importing} close=${() => setImporting(null)} done=${imported} />`}
    <//>`;
}

function Found({ asked, narrowed }) {
  const list = useList("customers", asked);
  return html`
    <${List} list=${list} of="more customers" empty=${
      narrowed
        ? html`<${Empty} title="Nobody matches">Names, ids, e-mail addresses and tags are found by the beginnings of their words. <a href="#/customers">Show all customers</a><//>`
        : html`<${Empty} title="No customers yet">Create the first one, then assign a package to it.<//>`
    }>
      <div class="bar"><p class="count" role="status">${format.plural(list.items?.length ?? 0, "customer")}${list.hasMore ? " shown, there are more" : ""}</p><${Download} where="customers" query=${asked} name="customers" /></div>
      <${Table} caption="Customers" columns=${COLUMNS} rows=${list.items ?? []} id=${(one) => one.customer_id} />
    <//>`;
}

const COLUMNS = [
  {
    name: "name",
    label: "Customer",
    main: true,
    cell: (one) =>
      html`<a href=${link(["customers", one.customer_id])}>${one.name || one.customer_id}</a>${one.tags.map((tag) => html` <${Badge} key=${tag}>${tag}<//>`)}<${Id} value=${one.customer_id} />`,
  },
  {
    name: "state",
    label: "State",
    cell: (one) =>
      html`${one.parked && html`<${Badge} tone="bad">Parked<//> `}${one.held_charges > 0 && html`<${Badge} tone="warn">${one.held_charges} held<//>`}${!one.parked && !one.held_charges && DASH}`,
  },
  {
    name: "limit",
    label: "Debit limit",
    num: true,
    cell: (one) =>
      one.debit_limit === null
        ? html`<span class="muted">none</span>`
        : html`<span class="muted"><${Money} value=${one.debit_limit} of=${one.currency} /></span>`,
  },
  { name: "balance", label: "Balance", num: true, cell: (one) => html`<strong><${Money} value=${one.balance} currency=${one.currency} /></strong>` },
];

const NAMES = ["name", "currency", "debit_limit", "email", "external_id", "tags", "notes", "balance_notices"];
const splitTags = (text) =>
  text
    .split(/[;,]/)
    .map((tag) => tag.trim())
    .filter(Boolean);
/** "20/50; 5": below 20 and restored at 50, and below 5. Empty: the deployment's; "none": no notices. */
const readNotices = (text) => {
  const parts = text
    .split(";")
    .map((part) => part.trim())
    .filter(Boolean);
  if (parts.length === 1 && parts[0].toLowerCase() === "none") return [];
  const read = parts.map((part) => part.split("/").map((amount) => amount.trim()));
  return parts.length ? read.map(([below, restored_at]) => ({ below, restored_at: restored_at ?? null })) : null;
};
const writeNotices = (notices) =>
  notices && (notices.map((one) => (one.below === one.restored_at ? one.below : `${one.below}/${one.restored_at}`)).join("; ") || "none");
const body = (values) => ({
  name: values.name.trim(),
  currency: values.currency.trim().toUpperCase(),
  debit_limit: values.debit_limit.trim() || null,
  email: values.email.trim() || null,
  external_id: values.external_id.trim() || null,
  tags: splitTags(values.tags),
  notes: values.notes.trim(),
  balance_notices: readNotices(values.balance_notices),
});
/** What the form begins with: of a customer, or of none. */
const fieldsOf = (one) => ({
  ...one,
  debit_limit: one.debit_limit ?? "",
  email: one.email ?? "",
  external_id: one.external_id ?? "",
  tags: one.tags.join("; "),
  balance_notices: writeNotices(one.balance_notices) ?? "",
});

const Fields = ({ form }) => html`
  <${Field} form=${form} name="name" label="Name" wide maxlength="200" />
  <${CurrencyField} form=${form} name="currency" label="Currency" hint="Fixed once there is an assignment or a ledger entry." />
  <${MoneyField} form=${form} name="debit_limit" label="Debit limit" optional suffix=${form.values.currency.toUpperCase()} placeholder="no limit"
    hint="How far below zero charges may take the balance. A charge that would pass it is held, not lost. Empty: no limit." />
  <${Field} form=${form} name="email" label="E-mail" type="email" optional maxlength="254" spellcheck=${false} />
  <${Field} form=${form} name="external_id" label="Id elsewhere" optional maxlength="100" spellcheck=${false} hint="What another system, such as your CRM, calls the customer." />
  <${Field} form=${form} name="tags" label="Tags" optional wide placeholder="reseller; north" hint="Up to 20 words of your own, separated by semicolons." />
  <${Field} form=${form} name="notes" label="Notes" type="textarea" optional wide maxlength="2000" hint="For your own staff." />
  <${Field} form=${form} name="balance_notices" label="Low balance below" optional wide placeholder="as for all customers" spellcheck=${false}
    hint="Amounts at which others are told that the balance is low, separated by semicolons; 20/50 is told below 20, and again only after 50 was reached. Empty: as for all customers. none: never." />`;

const exists = (id) =>
  get(path("customers", id)).then(
    () => true,
    (error) => {
      if (error.status === 404) return false;
      throw error;
    },
  );

export function NewCustomer() {
  const form = useForm({
    name: "customer",
    initial: {
      customer_id: "",
      name: "",
      currency: settings.default_currency,
      debit_limit: "",
      email: "",
      external_id: "",
      tags: "",
      notes: "",
      balance_notices: "",
    },
    send: async (values) => {
      const id = values.customer_id.trim();
      if (!format.IS_ID.test(id)) throw fault("customer_id", "must be 1 to 64 characters of A-Z a-z 0-9 . _ : -");
      if (await exists(id)) throw fault("customer_id", `there is already a customer ${id}`);
      return call("PUT", path("customers", id), { body: body(values) });
    },
    done: (made) => {
      announce(`Created ${made.name || made.customer_id}`);
      go(["customers", made.customer_id]);
    },
  });
  return html`
    <${Page} title="New customer" back=${["#/customers", "Customers"]}>
      <form class="narrow-form" ...${form.own}>
        <${Problem} error=${form.problem} fields=${[...NAMES, "customer_id"]} retry=${form.retry} />
        <${Card}><div class="grid">
          <${Field} form=${form} name="customer_id" label="Customer id" wide spellcheck=${false} maxlength="64" hint="As your other systems know the customer; it never changes." />
          <${Fields} form=${form} />
        </div><//>
        <div class="form-actions"><${Button} type="submit" needs="write" look="primary" busy=${form.busy} busyLabel="Saving…">Create customer<//><a class="button" href="#/customers">Cancel</a></div>
      </form>
    <//>`;
}

export function EditCustomer({ id }) {
  const { data, error, reload } = useLoad(() => get(path("customers", id)), [id]);
  return html`
    <${Page} title=${`Edit ${data?.name || id}`} back=${[link(["customers", id]), data?.name || id]}>
      ${error ? failed(error, reload) : data ? html`<${Edit} one=${data} />` : html`<${Skeleton} />`}
    <//>`;
}

function Edit({ one }) {
  const where = ["customers", one.customer_id];
  const conflict = useConflict({ where: path(...where), seen: one, body, names: NAMES });
  const done = (saved) => {
    announce(`Saved ${saved.name || saved.customer_id}`);
    go(where);
  };
  const form = useForm({ name: `customer-${one.customer_id}`, initial: fieldsOf(one), send: conflict.send, done });
  return html`
    <form class="narrow-form" ...${form.own}>
      <${conflict.Choice} form=${form} done=${done} />
      <${Problem} error=${form.problem} fields=${NAMES} retry=${form.retry} />
      <${Card}><div class="grid"><${Fields} form=${form} /></div><//>
      <div class="form-actions"><${Button} type="submit" needs="write" look="primary" busy=${form.busy} busyLabel="Saving…">Save<//><a class="button" href=${link(where)}>Cancel</a></div>
    </form>`;
}
