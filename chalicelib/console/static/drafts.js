// What is typed into forms, kept over a sign-in that leaves the page; and the keys of requests that have no answer yet,
// kept as long as the tab lives: whoever sends such a request again, from wherever, sends it as the same one.

const KEPT = "drafts";
/** @type {Map<string, () => Record<string, any>>} */
const open = new Map();
/** @returns {Map<string, any>} */
const read = () => new Map(JSON.parse(sessionStorage.getItem(KEPT) ?? "[]"));
const write = (kept) => sessionStorage.setItem(KEPT, JSON.stringify([...kept]));

/** A form is open: `draft` gives what is in it, with the key of its intent. */
export function watch(name, draft) {
  open.set(name, draft);
  return () => open.delete(name);
}

export function keep() {
  const kept = read();
  for (const [name, draft] of open) kept.set(name, draft());
  write(kept);
}

/** A module of the page. Where a release has come since, its files have other addresses: the page is loaded anew, with what is typed. */
export const moduleOf = (load) =>
  load().catch(() => {
    keep();
    location.reload();
    return new Promise(() => {});
  });

/** A request is about to be sent that must count once: `draft` holds its key. */
export const sending = (name, draft) => write(read().set(name, { ...draft, unanswered: true }));

/** What became of it is known. */
export function answered(name) {
  const kept = read();
  if (kept.delete(name)) write(kept);
}

/** What was kept of a form: once, or until its request has an answer. */
export function take(name) {
  const draft = read().get(name);
  if (draft && !draft.unanswered) answered(name);
  return draft;
}

/** A short name for a request, by all that it asks for. */
export async function nameOf(text) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
