// The one way to the API. Every refusal becomes an ApiError with the problem document's words.

import { authorization, fresh, isNew, signIn } from "./auth.js";
import { warn } from "./warnings.js";

/** The API's root: two folders above this file, whatever stage stands before it. */
export const root = new URL("../../", import.meta.url);

export class ApiError extends Error {
  /** @param {number} status 0 when no answer came @param {Record<string, any>} problem the problem document */
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? "Something went wrong");
    this.status = status;
    this.code = problem.code ?? "unknown";
    this.problem = problem;
    this.errors = problem.errors ?? [];
  }

  /** Whether the request may or may not have been carried out, so that it must be sent again as it was. */
  get isOpen() {
    return this.status === 0 || this.status === 429 || this.status >= 500 || this.code === "in_progress";
  }
}

/** A fault of a field that needs no request to be seen. */
export const fault = (field, detail) => new ApiError(422, { code: "invalid", title: "Some fields are not right", errors: [{ pointer: `/${field}`, detail }] });

/** The answer didn't come. */
export const lost = (method) =>
  new ApiError(0, {
    code: "network",
    title: "No answer came",
    detail:
      method === "GET" ? "Look whether you are connected, and try again." : "So it isn't known whether this was done. Trying again is safe: it is done once.",
  });

/**
 * @param {string} method
 * @param {string} path relative to the root: "packages/42"
 * @param {{query?: Record<string, any>, body?: Record<string, any>, csv?: string, key?: string, version?: number, accept?: string}} options `version` is sent as If-Match
 * @returns {Promise<any>} the parsed body; the text when `accept` asks for something else than JSON
 */
export async function call(method, path, { query = {}, body, csv, key, version, accept } = {}) {
  const url = new URL(path, root);
  for (const [name, value] of Object.entries(query)) {
    if (value !== "" && value !== null && value !== undefined) url.searchParams.set(name, value);
  }
  await fresh();
  /** @type {Record<string, string>} */
  const headers = { ...authorization(), Accept: accept ?? "application/json" };
  if (body !== undefined || csv !== undefined) headers["Content-Type"] = csv === undefined ? "application/json" : "text/csv";
  if (key) headers["Idempotency-Key"] = key;
  if (version !== undefined) headers["If-Match"] = `"${version}"`;
  const answer = await fetch(url, { method, headers, body: csv ?? (body && JSON.stringify(body)), cache: "no-store" }).catch(() => {
    throw lost(method);
  });
  if (answer.status === 401 && !isNew()) await signIn();
  const text = await answer.text().catch(() => {
    throw lost(method);
  });
  if (!answer.ok) throw new ApiError(answer.status, problemOf(answer, text));
  if (accept) return text;
  const parsed = text ? JSON.parse(text) : null;
  if (method !== "GET") warn(parsed?.warnings ?? []);
  return parsed;
}

/** Put a text where a link says that a file may be put. */
export async function put(link, text) {
  const answer = await fetch(link, { method: "PUT", body: new Blob([text]) }).catch(() => {
    throw lost("POST");
  });
  if (!answer.ok)
    throw new ApiError(answer.status, { title: "The file was not taken", detail: "The link may be too old, or the file too large: choose the file again." });
}

function problemOf(answer, text) {
  try {
    const problem = JSON.parse(text);
    if (answer.status >= 500 && !problem.detail) problem.detail = `${problem.title ?? "Something went wrong"}. ${requestName(problem)}`;
    return { detail: problem.message, ...problem };
  } catch {
    return { detail: `The server answered ${answer.status} without an explanation.` };
  }
}

const requestName = (problem) => (problem.request_id ? `The log knows it as request ${problem.request_id}.` : "");

export const get = (path, query) => call("GET", path, { query });
export const newKey = () => crypto.randomUUID();
/** A path from parts that may hold anything. */
export const path = (...parts) => parts.map(encodeURIComponent).join("/");

/** Every item of a list, at most `most` of them. */
export async function all(where, query = {}, most = 1000) {
  const items = [];
  let cursor;
  do {
    const page = await get(where, { ...query, limit: 200, cursor });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && items.length < most);
  return items;
}

const LOOKS = 5;

/** A page of a list. A search may have looked at much and found nothing yet: then it goes on, within a few looks. */
export async function pageOf(where, query) {
  let page = await get(where, query);
  for (let look = 1; look < LOOKS && page.next_cursor && page.items.length === 0; look += 1) {
    page = await get(where, { ...query, cursor: page.next_cursor });
  }
  return page;
}

/** Whether a text has something that can be searched for. */
export const isSearchable = (text) => /[\p{L}\p{N}]/u.test(text);

/** What the service finds by the words of a text: the first page that has something. */
export async function find(where, text, query = {}) {
  return isSearchable(text) ? (await pageOf(where, { ...query, search: text, limit: 20 })).items : [];
}
