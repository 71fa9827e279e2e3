// Lists as CSV files out, and packages, customers and assignments from CSV files in. What is done in the background, `imports` follows.

import { call, path, put } from "./api.js";
import * as format from "./format.js";
import { useAction, useIntent } from "./hooks.js";
import { html, useState } from "./preact.js";
import { go } from "./router.js";
import { Button, Dialog, Money, Problem, Table } from "./ui.js";
import { sentence } from "./warnings.js";

const SHOWN = 50;
const FIRST_LINES = 4;
/** Bytes that a request takes; a larger file is put into the bucket of the service. */
const REQUEST_BYTES_MAX = 4 * 1024 * 1024;

/** Hand a text to the browser as a CSV file of this name. */
export function save(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = `${name}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/**
 * A list as a CSV file; a plain link could not carry who is signed in. What is asked for with a `body` is posted.
 * @param {{where: string, name: string, query?: Record<string, any>, body?: Record<string, any>, look?: string, children?: any}} props
 */
export function Download({ where, query, body, name, look = "small", children = "Download CSV" }) {
  const method = body ? "POST" : "GET";
  const action = useAction((text) => save(text, name));
  return html`
    <${Button} look=${look} busy=${action.busy} busyLabel="Preparing…" onClick=${() => action.run(() => call(method, where, { query, body, accept: "text/csv" }))}>${children}<//>
    ${action.problem && html`<span class="fault" role="alert">${action.problem.message}</span>`}`;
}

const CHANGES = { created: "New", changed: "Changed", unchanged: "As it is" };
const CHANGE = { name: "change", label: "", cell: (row) => CHANGES[row.change] };

const KINDS = {
  packages: {
    title: "Import packages",
    one: "package",
    example: "name,retail,frequency,frequency_match\nFax number,2.50,monthly,1;15",
    columns: [
      { name: "name", label: "Package", main: true, cell: ({ package: one }) => one.name },
      CHANGE,
      { name: "charged", label: "Charged", cell: ({ package: one }) => format.rule(one) },
      { name: "retail", label: "Retail", num: true, cell: ({ package: one }) => html`<${Money} value=${one.retail} currency=${one.currency} />` },
    ],
  },
  customers: {
    title: "Import customers",
    one: "customer",
    example: "customer_id,name,currency,debit_limit,tags\nacme,Acme Ltd,USD,100,reseller;north",
    columns: [
      {
        name: "name",
        label: "Customer",
        main: true,
        cell: ({ customer: one }) => html`${one.name || one.customer_id}<span class="sub mono">${one.customer_id}</span>`,
      },
      CHANGE,
      {
        name: "limit",
        label: "Debit limit",
        num: true,
        cell: ({ customer: one }) => (one.debit_limit === null ? "–" : html`<${Money} value=${one.debit_limit} currency=${one.currency} />`),
      },
    ],
  },
  assignments: {
    title: "Import assignments",
    one: "assignment",
    example: "customer_id,package_id,did,quantity,start_date\nacme,01M8…,442079460001,1,2031-03-01",
    columns: [
      {
        name: "customer",
        label: "Customer",
        main: true,
        cell: ({ assignment: one }) => html`${one.customer_id}<span class="sub">${one.package.name}${one.did ? `, DID ${one.did}` : ""}</span>`,
      },
      CHANGE,
      { name: "from", label: "From", cell: ({ assignment: one }) => format.day(one.start_date) },
      {
        name: "backlog",
        label: "Charged at once",
        num: true,
        cell: (row) =>
          row.backlog?.length
            ? html`<${Money} value=${format.sum(...row.backlog.map((one) => one.retail))} currency=${row.assignment.package.currency} />`
            : "–",
      },
    ],
  },
};

const FAULTS = [
  { name: "row", label: "Row", cell: (one) => one.row },
  { name: "column", label: "Column", cell: (one) => one.column ?? "–" },
  { name: "detail", label: "What is wrong", main: true, cell: (one) => format.readable(one.detail) },
];

const WARNINGS = [
  { name: "row", label: "Row", cell: (one) => one.row },
  { name: "detail", label: "Worth a look", main: true, cell: (one) => one.warnings.map((warning, n) => html`<div key=${n}>${sentence(warning)}</div>`) },
];

/** A file as text: UTF-8 or UTF-16 as its mark says, without one UTF-8, or else Windows-1252, in which spreadsheets save plain CSV. */
export async function readFile(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const marked = { "255,254": "utf-16le", "254,255": "utf-16be" }[bytes.slice(0, 2)];
  if (marked) return { csv: new TextDecoder(marked).decode(bytes), from: "UTF-16" };
  try {
    return { csv: new TextDecoder("utf-8", { fatal: true }).decode(bytes), from: null };
  } catch {
    return { csv: new TextDecoder("windows-1252").decode(bytes), from: "Windows-1252" };
  }
}

/** A file is about to be chosen: one that was corrected meanwhile may have the same name, which would be no change. */
export const anew = (forget) => (event) => {
  event.target.value = "";
  forget();
};

const firstLines = (csv) =>
  csv
    .split(/\r\n|\r|\n/, FIRST_LINES)
    .map((line) => line.slice(0, 200))
    .join("\n");

/** Have a file checked that is too large for a request. */
async function upload(kind, csv, key) {
  const made = await call("POST", "imports", { key, body: { kind } });
  if (made.upload) await put(made.upload.link, csv);
  return call("POST", path("imports", made.import_id, "check"));
}

/** @param {{kind: "packages"|"customers"|"assignments", close: Function, done: (count: number) => void}} props checked first, then written whole or not at all */
export function Import({ kind, close, done }) {
  const { title, one, example, columns } = KINDS[kind];
  const [file, setFile] = useState(null);
  const [from, setFrom] = useState(null);
  const [checked, setChecked] = useState(null);
  const check = useIntent();
  const intent = useIntent();
  const busy = check.busy || intent.busy;
  const problem = check.problem ?? intent.problem;
  const follow = (answer) => {
    close();
    go(["imports", answer.import_id]);
  };
  const choose = async (chosen) => {
    setChecked(null);
    setFile(null);
    intent.setProblem(null);
    if (!chosen) return;
    const { csv, from: coding } = await readFile(chosen);
    setFile(csv);
    setFrom(coding);
    await intent.recall(kind + csv);
    const isLarge = new Blob([csv]).size > REQUEST_BYTES_MAX;
    const { answer } = (await check.send((key) => (isLarge ? upload(kind, csv, key) : call("POST", `${kind}/import/check`, { csv })))) ?? {};
    if (answer?.work) follow(answer);
    else if (answer) setChecked(answer);
  };
  const isKnown = problem?.code === "imported_before";
  const write = async () => {
    const query = { dry_run: "false", ...(isKnown && { again: "true" }) };
    const { answer } = (await intent.send((key) => call("POST", `${kind}/import`, { csv: file, key, query }), kind + file)) ?? {};
    if (answer?.work) follow(answer);
    else if (answer) done(answer.rows);
  };
  const label = isKnown ? "Import it again" : `Import ${format.plural(checked?.rows ?? 0, one)}`;
  const odd = checked?.items.filter((row) => row.warnings?.length) ?? [];
  const faults = problem?.errors.filter((fault) => fault.row) ?? [];
  return html`
    <${Dialog} title=${title} close=${close} busy=${busy}
      actions=${html`<${Button} needs="write" look="primary" disabled=${!checked} busy=${busy} busyLabel=${checked ? "Writing…" : "Checking…"} onClick=${write}>${checked ? label : "Import"}<//>`}>
      <div class="field"><label for="import-file">CSV file</label>
        <input id="import-file" type="file" accept=".csv,text/csv" aria-describedby="import-hint" onClick=${anew(choose)} onChange=${(event) => choose(event.target.files[0])} />
        <p class="hint" id="import-hint">The first row names the fields. A row with the id of what stands changes it. The file is checked at once, and nothing is written before you say so. A large file is checked and imported in the background.</p></div>
      <pre class="mono example" tabindex="0" aria-label=${file === null ? "Example" : "First rows"}>${file === null ? example : firstLines(file)}</pre>
      ${file !== null && from && html`<p class="hint">Read as ${from}: look whether letters with accents are right.</p>`}
      <div aria-live="polite">
        ${
          faults.length
            ? html`<p class="fault">${problem?.message}</p><${Table} caption="Faulty rows" rows=${faults} columns=${FAULTS} id=${(fault) => fault.pointer} />
              ${problem?.problem.errors_left_out > 0 && html`<p class="hint">and ${problem?.problem.errors_left_out} more</p>`}`
            : html`<${Problem} error=${problem} />`
        }
        ${
          odd.length > 0 &&
          html`
          <p class="above">${format.plural(odd.length, "row is", "rows are")} worth a look; nothing stands in the way:</p>
          <${Table} caption="Worth a look" rows=${odd.slice(0, SHOWN)} columns=${WARNINGS} id=${(row) => row.row} />
          ${odd.length > SHOWN && html`<p class="hint">and ${odd.length - SHOWN} more</p>`}`
        }
        ${
          checked &&
          html`
          <p class="above">${format.plural(checked.rows, one)} would be made or changed:</p>
          <${Table} caption="What would be made" rows=${checked.items.slice(0, SHOWN)} columns=${columns} id=${(row) => row.row} />
          ${checked.rows > SHOWN && html`<p class="hint">and ${checked.rows - SHOWN} more</p>`}`
        }
      </div>
    <//>`;
}
