// Changes of many: what is to become of whom, what that would do, and what it did.

import { call, fault, get, path } from "./api.js";
import { settings } from "./auth.js";
import { bodyOf, ChangeFields, ChangeProblem, initialChange, placed, WHATS } from "./change-form.js";
import { CustomerField, withCustomer } from "./customer-field.js";
import { Check, CurrencyField, DayField, Field, Select } from "./fields.js";
import { Download } from "./files.js";
import * as format from "./format.js";
import { useAction, useForm, useLoad } from "./hooks.js";
import { PackageField, packageId, usePackages } from "./package-field.js";
import { html, useState } from "./preact.js";
import { go, link } from "./router.js";
import { Button, Card, DASH, Dialog, failed, Instant, LinkButton, Money, Page, Problem, Skeleton, Stat, Stats, Table } from "./ui.js";
import { Earlier, Failures, Progress, useWork, WorkState } from "./work.js";

const BACK = ["#/changes", "Changes"];
const NOTHING = { of: "", customer: "", customer_prefix: "", currency: "", dids: "", valid_on: "", all: false };

/** What is typed into the fields of whom it is for, as the API takes it. @param {string} what @param {Record<string, any>} values */
function whereOf(what, { of, customer, customer_prefix, currency, dids, valid_on }, packages) {
  const ofPackage = packageId(of, packages);
  const narrow = { packages: ofPackage ? [ofPackage] : [], currency: currency.trim().toUpperCase() || null };
  if (what === "price") return narrow;
  return {
    ...narrow,
    customers: customer.trim() ? [customer.trim()] : [],
    customer_prefix: customer_prefix.trim() || null,
    dids: dids
      .split(/[\n,;]/)
      .filter((one) => one.trim())
      .map((one) => one.trim()),
    valid_on: valid_on || null,
  };
}

export function Changes() {
  const packages = usePackages();
  const form = useForm({
    name: "change",
    initial: { what: "end", ...initialChange(), ...NOTHING },
    send: async (typed, key) => {
      const values = typed.customer.trim() ? await withCustomer(form, typed) : typed;
      await packages.demand(values.of, "of");
      const where = whereOf(values.what, values, packages);
      const narrowed = Object.values(where).some((one) => one?.length);
      if (!narrowed && !values.all) throw fault("all", "say for whom above, or tick this");
      return call("POST", "changes", { key, body: { ...(await bodyOf(values.what, values, packages)), where, ...(values.all && { all: true }) } });
    },
    done: (made) => go(["changes", made.work_id]),
  });
  const { what } = form.values;
  const shown = placed(form);
  return html`
    <${Page} title="Changes" lead="End many assignments, change their terms, replace their package, or change prices, in one go. First you see what that would do; nothing is written before you say so.">
      <form class="card" ...${form.own}>
        <${ChangeProblem} form=${form} />
        <h2 class="form-part">What</h2>
        <div class="grid">
          <${Select} form=${form} name="what" label="What becomes of them" options=${Object.entries(WHATS)} wide />
          <${ChangeFields} form=${form} what=${what} packages=${packages} />
        </div>
        <h2 class="form-part">For whom</h2>
        <p class="hint above">Those for whom all holds that you fill in. Single assignments are chosen in the list of a customer or of a package.</p>
        <div class="grid">
          <${PackageField} form=${shown} packages=${packages} name="of" label=${what === "price" ? "Package" : "Who has the package"} optional />
          <${CurrencyField} form=${shown} name="currency" label="Currency" optional />
          ${
            what !== "price" &&
            html`
            <${CustomerField} form=${shown} name="customer" label="Customer" optional />
            <${Field} form=${shown} name="customer_prefix" label="Customers whose id begins with" optional spellcheck=${false} />
            <${Field} form=${shown} name="dids" label="DIDs" type="textarea" optional hint="One a line." />
            <${DayField} form=${shown} name="valid_on" label="Valid on" optional hint="Only assignments that are valid on this day." />`
          }
          <${Check} form=${shown} name="all" label="Everything" hint="Must be ticked where nothing above is filled in." />
        </div>
        <div class="form-actions"><${Button} type="submit" look="primary" busy=${form.busy} busyLabel="Asking…">${form.problem?.isOpen ? "Try again" : "See what it does"}<//></div>
      </form>
      <${Earlier} kind="change" where="changes" title="Tried earlier" />
    <//>`;
}

/** A change in words: "End on 31 Mar 2031". */
function said(change, into) {
  const from = change.from && `from ${format.day(change.from)}`;
  if (change.what === "end") return `End on ${format.day(change.on)}`;
  if (change.what === "replace") return `Replace the package ${into ? `by ${into} ` : ""}${from}`;
  if (change.what === "price") {
    const step = change.percent === undefined ? change.amount : `${change.percent} %`;
    return `${(change.fields ?? ["retail"]).map((name, n) => (n ? format.title(name).toLowerCase() : format.title(name))).join(", ")} ${`${step}`.startsWith("-") ? step : `+${step}`} ${from}`;
  }
  const { until, ...terms } = change.terms;
  const named = Object.entries(terms).map(([name, value]) => TERMS[name]?.(value) ?? `${format.title(name).toLowerCase()} ${value}`);
  const text = [...named, from, until && `until ${format.day(until)}`].filter(Boolean).join(" ");
  return text[0].toUpperCase() + text.slice(1);
}
const TERMS = {
  paused: (value) => (value ? "pause" : "no pause"),
  discount: (value) => `discount ${value} %`,
  retail: (value) => (value === null ? "the package's retail" : `own retail ${value}`),
  cost: (value) => (value === null ? "the package's cost" : `own cost ${value}`),
  auto_decrement_credit: (value) => `auto decrement credit ${value ? "on" : "off"}`,
};

/** For whom, in words; what one of its items names, by that name. @param {Record<string, any>} one */
function meant({ change: { where: said, all }, items, refused }) {
  const where = said ?? {};
  const lists = [
    ["assignments", "chosen assignment"],
    ["packages", "package"],
    ["customers", "customer"],
    ["dids", "DID"],
  ];
  const listed = lists.filter(([name]) => where[name]?.length && !(name === "customers" && where.assignments?.length));
  const named = (kind, id) => [...(items ?? []), ...(refused ?? [])].find((item) => item[`${kind}_id`] === id)?.[`${kind}_name`] || id;
  const words = listed.map(([name, kind]) =>
    name !== "assignments" && where[name].length === 1 ? `${kind} ${named(kind, where[name][0])}` : format.plural(where[name].length, kind),
  );
  if (where.customer_prefix) words.push(`customers whose id begins with ${where.customer_prefix}`);
  if (where.currency) words.push(where.currency);
  if (where.valid_on) words.push(`valid on ${format.day(where.valid_on)}`);
  return words.join(", ") || (all ? "everything" : "");
}

const DOING = { change: "Finding whom it concerns", change_application: "Changing", change_undo: "Undoing" };
const ONE = { change: "Change", change_application: "Changed", change_undo: "Undone" };

/** @param {{id: string}} props of a dry run, its application, or the undoing of that */
export function ChangePage({ id }) {
  const { data, error, reload } = useWork(path("changes", id));
  const replacing = data?.change.package_id;
  const into = useLoad(async () => (replacing ? (await get(path("packages", replacing))).name : ""), [replacing]).data;
  if (!data) return html`<${Page} title="Change" back=${BACK}>${error ? failed(error, reload) : html`<${Skeleton} />`}<//>`;
  const isOver = data.status !== "running";
  const done = data.changes + data.refuses;
  return html`
    <${Page} title=${`${ONE[data.kind]}: ${said(data.change, into)}`} back=${data.of ? [link(["changes", data.of]), data.kind === "change_undo" ? "The change" : "What it was to do"] : BACK}
      lead=${`For ${meant(data)}.`} badges=${html`<${WorkState} one=${data} />`}>
      <p class="hint above">Asked for on <${Instant} value=${data.created_at} /> by ${data.created_by}. Kept until <${Instant} value=${data.expires_at} />.</p>
      ${error && failed(error, reload)}
      ${!isOver && html`<${Card} title=${DOING[data.kind]}><${Progress} one=${data} title="the change" changed=${reload} done=${done} of=${data.met} words=${data.met === null ? undefined : `${done} of ${data.met} done${data.refuses ? `, ${data.refuses} left as they are` : ""}`} /><//>`}
      <${Failures} one=${data}>These could not be looked at or changed:<//>
      ${data.status === "cancelled" && html`<p>It was cancelled.</p>`}
      ${data.items && html`<${Outcome} key=${data.work_id} one=${data} into=${into} />`}
    <//>`;
}

const things = (one, count) => format.plural(count, one.change.what === "price" ? "package" : "assignment");
/** What came of it, in the words of a dry run, of an application and of an undoing: of those that change, and of those that don't. */
const WORDS = {
  change: ["Would change", "Can't be changed", "Who would be changed", "Who can't be changed, and why"],
  change_application: ["Changed", "Failed", "Who was changed", "What failed, and why"],
  change_undo: ["Put back", "Left as they are", "Who is as before", "What is left as it is, and why"],
};

function Outcome({ one, into }) {
  const [can, cannot, who, whoNot] = WORDS[one.kind];
  const where = path("changes", one.work_id, "items");
  return html`
    <${Stats}>
      <${Stat} label="Met">${one.met}<//><${Stat} label=${can}>${one.changes}<//><${Stat} label=${cannot}>${one.refuses}<//>
    <//>
    ${one.sums?.length > 0 && html`<${Card} title="The next 31 days"><${Table} caption="The next 31 days, by currency" rows=${one.sums} columns=${SUMS} id=${(row) => row.currency} /><//>`}
    <${Next} one=${one} into=${into} />
    ${one.refuses > 0 && html`<${Card} title=${whoNot} aside=${html`<${Download} where=${where} query=${{ refused: true }} name="not-changed" />`}><${Listed} caption=${whoNot} rows=${one.refused} total=${one.refuses} columns=${[...WHO, WHY]} /><//>`}
    ${one.changes > 0 && html`<${Card} title=${who} aside=${html`<${Download} where=${where} name="changed" />`}><${Listed} caption=${who} rows=${one.items} total=${one.changes} columns=${WHO} /><//>`}`;
}

const NEXT = {
  change: ["application", "applied", "primary"],
  change_application: ["undo", "undone", "danger"],
};

/** What can be done with it now: apply it, or undo it, once. */
function Next({ one, into }) {
  const [verb, name, look] = NEXT[one.kind] ?? [];
  const [asking, setAsking] = useState(false);
  const next = verb && `${one.work_id}:${name}`;
  const { data, loading } = useLoad(
    async () => next && get(path("changes", next)).catch((error) => (error.status === 404 ? null : Promise.reject(error))),
    [next],
  );
  const action = useAction((made) => go(["changes", made.work_id]));
  const isUndo = verb === "undo";
  if (!next || loading || one.changes === 0) return null;
  if (data)
    return html`<p class="apply"><${LinkButton} href=${link(["changes", next])}>${isUndo ? "It was undone: see what became of it" : "It was applied: see what became of it"}<//></p>`;
  const day = one.change.on ?? one.change.from;
  if (isUndo && day <= settings.today) return html`<p class="hint">Its day, ${format.day(day)}, has come: it can't be undone any more.</p>`;
  const label = isUndo ? `Undo the change of ${things(one, one.changes)}` : `${said(one.change, into)}: ${things(one, one.changes)}`;
  const run = () => action.run((key) => call("POST", path("changes", one.work_id, verb), { key }));
  return html`
    <p class="apply"><${Button} needs="write" look=${look} onClick=${() => setAsking(true)}>${isUndo ? "Undo…" : `Apply to ${things(one, one.changes)}…`}<//></p>
    ${
      asking &&
      html`
      <${Dialog} title=${`${label}?`} close=${() => setAsking(false)} busy=${action.busy}
        actions=${html`<${Button} needs="write" look=${look} busy=${action.busy} busyLabel="Asking…" onClick=${run}>${isUndo ? "Undo" : "Apply"}<//>`}>
        <p>${isUndo ? "Each gets back what it had before. What somebody has touched since is left as it is, and told." : "Exactly those are changed that you see here, each once. What somebody changes meanwhile is left as it is, and told."}</p>
        ${!isUndo && (day > settings.today ? html`<p class="hint">It can be undone before ${format.day(day)}.</p>` : html`<p class="hint">It can't be undone as a whole: its day has come.</p>`)}
        <${Problem} error=${action.problem} />
      <//>`
    }`;
}

const SUMS = [
  { name: "currency", label: "Currency", main: true, cell: (row) => row.currency },
  { name: "customers", label: "Customers", num: true, cell: (row) => row.customers },
  { name: "before", label: "As it is", num: true, cell: (row) => html`<${Money} value=${row.before} of=${row.currency} />` },
  { name: "after", label: "With the change", num: true, cell: (row) => html`<${Money} value=${row.after} of=${row.currency} />` },
  {
    name: "difference",
    label: "Difference",
    num: true,
    cell: (row) => html`<strong><${Money} value=${row.difference} currency=${row.currency} sign /></strong>`,
  },
  { name: "cost", label: "Of the cost", num: true, cell: (row) => html`<${Money} value=${row.cost_difference} of=${row.currency} sign />` },
];
const WHO = [
  {
    name: "who",
    label: "Who",
    main: true,
    cell: (row) =>
      row.customer_id
        ? html`<a href=${link(["customers", row.customer_id, "assignments", row.new_id ?? row.assignment_id])}>${row.customer_name || row.customer_id}</a>${row.customer_name && html`<span class="sub mono">${row.customer_id}</span>`}`
        : html`<a href=${link(["packages", row.package_id])}>${row.package_name ?? row.package_id}</a>${row.currency && html`<span class="sub">${row.currency}</span>`}`,
  },
  { name: "package", label: "Package", cell: (row) => row.package_name ?? row.package_id },
  {
    name: "prices",
    label: "Prices",
    cell: (row) =>
      row.prices?.map(
        ({ name, before, after }) =>
          html`<div key=${name}>${format.title(name)} ${format.money(before, row.currency)} → <strong>${format.money(after, row.currency)}</strong></div>`,
      ),
  },
  { name: "did", label: "DID", cell: (row) => (row.did ? html`<span class="mono">${row.did}</span>` : DASH) },
];
/** A reason: of "/end_date: lies before…" the field in words. */
const inWords = (detail) => format.readable(detail.replace(/^\/([a-z_]+)[^:]*: /, (_, name) => `${format.title(name)}: `));
const WHY = { name: "why", label: "Why", cell: (row) => inWords(row.detail) };

const Listed = ({ caption, rows, total, columns }) => html`
  <${Table} caption=${caption} rows=${rows} columns=${columns.filter(({ name }) => (name === "prices" ? rows.some((row) => row.prices) : rows[0].customer_id || name === "who" || name === "why"))} id=${(row) => row.assignment_id ?? row.package_id} />
  ${total > rows.length && html`<p class="hint">and ${total - rows.length} more: all are in the CSV file</p>`}`;
