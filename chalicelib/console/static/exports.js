// Exports of all customers: asked for, followed, downloaded, cancelled.

import { ApiError, call, get, pageOf, path } from "./api.js";
import { settings } from "./auth.js";
import { DayField, Select } from "./fields.js";
import * as format from "./format.js";
import { useAction, useForm, useLoad } from "./hooks.js";
import { html, useEffect, useRef, useState } from "./preact.js";
import { announce } from "./toast.js";
import { Button, Card, Day, Empty, failed, Instant, Page, Problem, Skeleton, Table } from "./ui.js";
import { Failures, Progress, WorkState } from "./work.js";

const POLL_MS = 2000;
const SHOWN = 10;
const WHAT = {
  ledger: "Ledger",
  journal: "Journal for the books",
  customers: "Customers",
  assignments: "Assignments",
  packages: "Packages",
};
const FORMATS = [
  ["csv", "CSV"],
  ["jsonl", "JSON lines"],
];
const isPosted = (what) => ["ledger", "journal"].includes(what);

export function Exports() {
  const [count, setCount] = useState(SHOWN);
  const known = useRef({});
  const { data, error, reload } = useLoad(async () => {
    const page = await pageOf("work", { kind: "export", limit: count });
    const items = await Promise.all(page.items.map((one) => detailed(known.current, one)));
    return { items, hasMore: Boolean(page.next_cursor) };
  }, [count]);
  useEffect(() => {
    const timer = data?.items.some((one) => one.status === "running") && setTimeout(reload, POLL_MS);
    return () => clearTimeout(timer);
  }, [data, error]);
  return html`
    <${Page} title="Exports" lead="Files of all customers, made in the background and kept for 30 days.">
      <${Ask} done=${() => {
        announce("The export has begun");
        reload();
      }} />
      ${error && failed(error, reload)}
      ${
        !data
          ? !error && html`<${Skeleton} />`
          : !data.items.length
            ? html`<${Empty} title="No exports yet">Ask for one above.<//>`
            : html`
        ${data.items.map((one) => html`<${Export} key=${one.work_id} one=${one} changed=${reload} />`)}
        ${data.hasMore && html`<p class="load-more"><${Button} onClick=${() => setCount(count + SHOWN)}>Load earlier exports<//></p>`}`
      }
    <//>`;
}

/** An export with its files. What is over does not change, but for its links, which are made when somebody downloads. */
async function detailed(known, one) {
  if (one.status === "running" || !known[one.work_id]) {
    const found = await get(path("exports", one.work_id));
    if (found.status === "running") return found;
    known[one.work_id] = found;
  }
  return known[one.work_id];
}

function Ask({ done }) {
  const [from, to] = format.monthBefore(settings.today);
  const form = useForm({
    name: "export",
    initial: { what: "ledger", format: "csv", posted_from: from, posted_to: to },
    send: ({ what, posted_from, posted_to, ...rest }, key) =>
      call("POST", "exports", { key, body: { what, format: rest.format, ...(isPosted(what) && { posted_from, posted_to }) } }),
    done,
  });
  return html`
    <${Card} title="New export">
      <form class="grid" ...${form.own}>
        <${Select} form=${form} name="what" label="What" options=${Object.entries(WHAT)} />
        <${Select} form=${form} name="format" label="Format" options=${FORMATS} />
        ${
          isPosted(form.values.what) &&
          html`
          <${DayField} form=${form} name="posted_from" label="Posted from" />
          <${DayField} form=${form} name="posted_to" label="Through" hint="An export of days that are over never changes." />`
        }
        <div class="wide"><${Button} type="submit" look="primary" busy=${form.busy} busyLabel="Asking…">${form.problem?.isOpen ? "Try again" : "Export"}<//></div>
      </form>
      <${Problem} error=${form.problem} fields=${["what", "format", "posted_from", "posted_to"]} />
    <//>`;
}

function Export({ one, changed }) {
  const title = WHAT[one.what];
  return html`
    <${Card} title=${title} aside=${html`<${WorkState} one=${one} />`}>
      <p class="hint above">${one.posted_from && html`Posted <${Day} value=${one.posted_from} /> through <${Day} value=${one.posted_to} />. `}Asked for on <${Instant} value=${one.created_at} /> by ${one.created_by}.
        ${one.posted_from && !one.closed && " The last of these days was not over yet."}</p>
      ${one.status === "running" && html`<${Progress} one=${one} title=${title} changed=${changed} />`}
      <${Failures} one=${one}>Some customers are missing; ask again when this is mended:<//>
      ${one.files.length > 0 && html`<${Table} caption=${`Files: ${title}`} rows=${one.files} columns=${columns(one)} id=${(file) => file.name} />`}
    <//>`;
}

const columns = (one) => [
  { name: "name", label: "File", main: true, cell: (file) => html`${file.name}<span class="sub mono">SHA-256 ${file.sha256}</span>` },
  { name: "rows", label: "Rows", num: true, cell: (file) => file.rows },
  { name: "size", label: "Size", num: true, cell: (file) => format.bytes(file.size) },
  { name: "link", label: "Action", num: true, cell: (file) => html`<${Fetch} id=${one.work_id} file=${file} />` },
];

/** A link is valid for an hour at most, so it is asked for when somebody wants the file. */
function Fetch({ id, file }) {
  const action = useAction((found) => {
    const link = found.files.find((one) => one.name === file.name)?.link;
    if (link) location.assign(link);
    else action.setProblem(new ApiError(410, { code: "expired", detail: "The file has expired: export it again." }));
  });
  return html`
    <${Button} look="small" busy=${action.busy} busyLabel="Preparing…" aria-label=${`Download ${file.name}`} onClick=${() => action.run(() => get(path("exports", id)))}>Download<//>
    ${action.problem && html`<span class="fault" role="alert">${action.problem.message}</span>`}`;
}
