// What is typed into forms, kept over a sign-in that leaves the page.

const KEPT = "drafts";
const open = new Map();

/** A form is open: `read` gives what is in it, with the key of its intent. */
export function watch(name, read) {
  open.set(name, read);
  return () => open.delete(name);
}

export const keep = () => sessionStorage.setItem(KEPT, JSON.stringify([...open].map(([name, read]) => [name, read()])));

/** What was kept of a form, once. */
export function take(name) {
  const kept = new Map(JSON.parse(sessionStorage.getItem(KEPT) ?? "[]"));
  const draft = kept.get(name);
  if (draft) {
    kept.delete(name);
    sessionStorage.setItem(KEPT, JSON.stringify([...kept]));
  }
  return draft;
}
