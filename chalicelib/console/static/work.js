// Long work as pages follow it: asked for once, done in the background.

import { call, get, path } from "./api.js";
import * as format from "./format.js";
import { useAction, useList, useLoad } from "./hooks.js";
import { useNames } from "./names.js";
import { html, useEffect } from "./preact.js";
import { link } from "./router.js";
import { announce } from "./toast.js";
import { Badge, Button, Card, Instant, List, Problem, Table } from "./ui.js";

const POLL_MS = 1500;
const LISTED = 50;

/** A work, loaded again as long as it runs. @param {string} where its path */
export function useWork(where) {
  const loaded = useLoad(() => get(where), [where]);
  const { data, error, reload } = loaded;
  useEffect(() => {
    const timer = data?.status === "running" ? setTimeout(reload, POLL_MS) : undefined;
    return () => clearTimeout(timer);
  }, [data, error]);
  return loaded;
}

export const WorkState = ({ one }) => html`<${Badge} status=${one.status}>${one.status === "cancelled" ? "Cancelled" : undefined}<//>`;

/**
 * How far a running work is, and the way to stop it.
 * @param {{one: Record<string, any>, title: string, changed: () => void, done?: number, of?: number | null, words?: string}} props
 *   `done` of `of` things, and that in words, where more is known than which pieces are done
 */
export function Progress({ one, title, changed, done, of, words }) {
  const cancel = useAction(() => {
    announce("Cancelled");
    changed();
  });
  return html`
    <p><progress value=${of ? done : one.pieces_done} max=${of || one.pieces} aria-label=${`${title}: progress`}></progress> ${one.started_at ? (words ?? `${one.pieces_done} of ${format.plural(one.pieces, "piece")} done`) : "Waits for its turn"}</p>
    <p><${Button} look="small" busy=${cancel.busy} busyLabel="Cancelling…" aria-label=${`Cancel ${title}`} onClick=${() => cancel.run(() => call("DELETE", path("work", one.work_id)))}>Cancel<//></p>
    <${Problem} error=${cancel.problem} />`;
}

/** What of a work's customers failed. */
export function Failures({ one, children }) {
  const nameOf = useNames((one.failures ?? []).map((failure) => failure.customer));
  if (!one.failures_total) return null;
  return html`
  <div class="banner warn"><div><p class="banner-title">${children}</p>
    <ul>${one.failures.map((failure) => html`<li key=${failure.customer + failure.detail}><a href=${link(["customers", failure.customer])}>${nameOf(failure.customer)}</a>: ${format.readable(failure.detail)}</li>`)}</ul>
    ${one.failures_total > one.failures.length && html`<p>and ${one.failures_total - one.failures.length} more</p>`}</div></div>`;
}

/**
 * Works of a kind that were asked for lately; the page of each is at `where` and its id.
 * @param {{kind: string, where: string, title: string}} props
 */
export function Earlier({ kind, where, title }) {
  const list = useList("work", { kind }, LISTED);
  const columns = [
    {
      name: "at",
      label: "Asked for",
      main: true,
      cell: (one) => html`<a href=${link([where, one.work_id])}>${one.about ? format.sentence(one.about) : html`<${Instant} value=${one.created_at} />`}</a>`,
    },
    {
      name: "asked",
      label: "When, by whom",
      cell: (one) => html`<${Instant} value=${one.created_at} /><span class="sub">${one.created_by}</span>`,
    },
    { name: "state", label: "State", cell: (one) => html`<${WorkState} one=${one} />` },
  ];
  return html`
    <${List} list=${list} empty=${null}>
      <${Card} title=${title} quiet><${Table} caption=${title} rows=${list.items ?? []} columns=${columns} id=${(one) => one.work_id} /><//>
    <//>`;
}
