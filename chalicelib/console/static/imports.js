// An import that is done in the background: how far it is, what failed, and the way to try again or to undo it.

import { call, get, path } from "./api.js";
import * as format from "./format.js";
import { useAction, useLoad } from "./hooks.js";
import { html, useEffect } from "./preact.js";
import { Button, Card, failed, Instant, Money, Page, Problem, Skeleton, Table } from "./ui.js";
import { Progress, WorkState } from "./work.js";

const POLL_MS = 1000;
const ONE = { packages: "package", customers: "customer", assignments: "assignment" };
const FAULTS = [
  { name: "row", label: "Row", cell: (one) => one.row },
  {
    name: "errors",
    label: "What is wrong",
    main: true,
    cell: (one) => one.errors.map((fault, n) => html`<div key=${n}>${fault.column && `${fault.column}: `}${format.readable(fault.detail)}</div>`),
  },
];
const REASONS = [
  { name: "row", label: "Row", cell: (one) => one.row },
  { name: "detail", label: "Why", main: true, cell: (one) => format.readable(one.detail) },
];

/** @param {{id: string}} props */
export function ImportPage({ id }) {
  const { data, error, reload } = useLoad(() => get(path("imports", id)), [id]);
  useEffect(() => {
    const timer = data?.work?.status === "running" ? setTimeout(reload, POLL_MS) : undefined;
    return () => clearTimeout(timer);
  }, [data, error]);
  if (error && !data) return html`<${Page} title="Import"><${Problem} error=${error} retry=${reload} /><//>`;
  if (!data) return html`<${Page} title="Import"><${Skeleton} /><//>`;
  const isOver = data.work?.status !== "running";
  return html`
    <${Page} title=${`Import of ${data.kind}`} lead="Rows are checked first, and applied one by one only if all of them are right." badges=${data.work && html`<${WorkState} one=${data.work} />`}>
      <p class="hint above">Asked for on <${Instant} value=${data.created_at} /> by ${data.created_by}. Kept until <${Instant} value=${data.expires_at} />.</p>
      ${error && failed(error, reload)}
      ${data.work && !isOver && html`<${Card} title=${DOING[data.work.kind] ?? "At work"}><${Progress} one=${data.work} title="the import" changed=${reload} done=${data.progress.applied} of=${data.progress.of} words=${soFar(data)} /><//>`}
      ${isOver && (data.step === "undo" ? html`<${Undone} one=${data} changed=${reload} />` : html`<${Rows} one=${data} changed=${reload} />`)}
    <//>`;
}

const DOING = { import_check: "Checking", import: "Importing", import_undo_check: "Looking what can be undone", import_undo: "Undoing" };

/** How far the work is, in words. */
function soFar({ work, progress, counts }) {
  const { checked, applied, of } = progress;
  if (of === null) return `${format.plural(checked, "row")} checked`;
  const failed = counts.failed ? `, ${counts.failed} of them failed` : "";
  return `${applied} of ${format.plural(of, "row")} ${DONE[work.kind] ?? "looked at"}${failed}`;
}
const DONE = { import: "imported", import_undo: "undone" };

/** What rows come to; what is next after that. */
function Rows({ one, changed }) {
  const { counts } = one;
  const isApplied = one.step === "application";
  const wasFaulty = counts.faulty > 0;
  const next = useAction(changed);
  const ask = (verb, query = {}) => next.run((key) => call("POST", path("imports", one.import_id, verb), { key, query }));
  const isBroken = !wasFaulty && counts.failed === 0 && one.work?.failures_total > 0;
  return html`
    <${Card} title=${isApplied && !wasFaulty ? "Imported" : "Checked"}>
      <p>${format.plural(counts.created, ONE[one.kind])} ${isApplied ? "made" : "to be made"}, ${counts.changed} ${isApplied ? "changed" : "to be changed"}, ${counts.unchanged} as they are.</p>
      ${!isApplied && one.backlog.map((sum) => html`<p key=${sum.currency}>Charged at once: ${format.plural(sum.lines, "charge")}, <${Money} value=${sum.retail} currency=${sum.currency} />.</p>`)}
      ${isBroken && html`<div class="banner warn"><p>${format.readable(one.work.failures[0].detail)}</p></div>`}
      ${!isApplied && !wasFaulty && one.work?.status === "finished" && html`<p><${Button} needs="write" look="primary" busy=${next.busy} busyLabel="Asking…" onClick=${() => ask("application", { confirm_backlog: "true" })}>${`Import ${format.plural(counts.created + counts.changed, ONE[one.kind])}`}<//></p>`}
      ${counts.failed > 0 && html`<p><${Button} needs="write" look="primary" busy=${next.busy} busyLabel="Asking…" onClick=${() => ask("retry", { confirm_backlog: "true" })}>Try the failed rows again<//></p>`}
      ${isApplied && counts.created + counts.changed > 0 && html`<p><${Button} needs="write" busy=${next.busy} busyLabel="Asking…" onClick=${() => ask("undo", { dry_run: "true" })}>Undo…<//></p>`}
      <${Problem} error=${next.problem} />
    <//>
    ${wasFaulty && html`<${Card} title="Faulty rows"><p>Nothing was written. Mend the file, and import it again.</p><${Listed} caption="Faulty rows" rows=${one.errors} columns=${FAULTS} more=${one.errors_left_out} /><//>`}
    ${counts.failed > 0 && html`<${Card} title="Failed rows"><p>Something came in the way of these rows. The others are imported.</p><${Listed} caption="Failed rows" rows=${one.failed} columns=${REASONS} more=${one.failed_left_out} /><//>`}`;
}

/** What undoing comes to, or came to. */
function Undone({ one, changed }) {
  const { undone } = one;
  const isForeseen = one.work.kind === "import_undo_check";
  const next = useAction(changed);
  const undo = () => next.run((key) => call("POST", path("imports", one.import_id, "undo"), { key }));
  return html`
    <${Card} title=${isForeseen ? "What would be undone" : "Undone"}>
      <p>${undone.removed} removed, ${undone.cancelled} cancelled, ${undone.restored} as before, ${undone.left} left as they are.</p>
      ${undone.credited.map((sum) => html`<p key=${sum.currency}>Credited: ${format.plural(sum.lines, "charge")}, <${Money} value=${sum.retail} currency=${sum.currency} />.</p>`)}
      ${isForeseen && html`<p><${Button} needs="write" look="danger" busy=${next.busy} busyLabel="Asking…" onClick=${undo}>Undo the import<//></p>`}
      <${Problem} error=${next.problem} />
    <//>
    ${undone.left > 0 && html`<${Card} title="Left as they are"><p>Somebody, or a run, has been at these since.</p><${Listed} caption="Left as they are" rows=${one.left} columns=${REASONS} more=${one.left_left_out} /><//>`}`;
}

const Listed = ({ caption, rows, columns, more }) => html`
  <${Table} caption=${caption} rows=${rows} columns=${columns} id=${(row) => row.row} />
  ${more > 0 && html`<p class="hint">and ${more} more</p>`}`;
