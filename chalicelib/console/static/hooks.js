// What pages share: loading, lists by page, forms.

import { call, find, get, lost, newKey, pageOf } from "./api.js";
import { answered, moduleOf, nameOf, sending, take, watch } from "./drafts.js";
import { useEffect, useRef, useState } from "./preact.js";
import { announce } from "./toast.js";

export function useTitle(title) {
  useEffect(() => {
    document.title = title ? `${title} · Packages billing` : "Packages billing";
  }, [title]);
}

/**
 * A module that is loaded when it is first shown; null until then.
 * @param {() => Promise<Record<string, any>>} load
 */
export function useModule(load) {
  const [module, setModule] = useState(null);
  useEffect(() => {
    moduleOf(load).then(setModule);
  }, []);
  return module;
}

/**
 * Something loaded, anew whenever `deps` change; what was loaded before stays until then.
 * @param {() => Promise<any>} load
 */
export function useLoad(load, deps) {
  const [state, setState] = useState(/** @type {{data: any, error: any, loading: boolean}} */ ({ data: null, error: null, loading: true }));
  const turn = useRef(0);
  const reload = async () => {
    const mine = ++turn.current;
    setState((old) => ({ ...old, loading: true, error: null }));
    try {
      const data = await load();
      if (mine === turn.current) setState({ data, error: null, loading: false });
    } catch (error) {
      if (mine === turn.current) setState((old) => ({ ...old, error, loading: false }));
    }
  };
  useEffect(() => {
    reload();
    return () => {
      turn.current++;
    };
  }, deps);
  return { ...state, reload, set: (data) => setState({ data, error: null, loading: false }) };
}

/**
 * A list of the API, page by page.
 * @typedef {{asked: string, items: any[], cursor?: string | null, loading: boolean, error: any}} Page what was loaded after the first page
 */
export function useList(where, query = {}, limit = 50, load = pageOf) {
  const asked = JSON.stringify([where, query]);
  const [more, setMore] = useState(/** @type {Page} */ ({ asked, items: [], cursor: undefined, loading: false, error: null }));
  const first = useLoad(() => load(where, { ...query, limit }), [asked]);
  useEffect(() => {
    setMore({ asked, items: [], cursor: undefined, loading: false, error: null });
  }, [first.data]);
  const cursor = more.cursor === undefined ? first.data?.next_cursor : more.cursor;
  const loadMore = async () => {
    setMore((old) => ({ ...old, loading: true, error: null }));
    try {
      const page = await load(where, { ...query, limit, cursor });
      setMore((old) => (old.asked === asked ? { ...old, items: [...old.items, ...page.items], cursor: page.next_cursor, loading: false } : old));
      announce(`${page.items.length} more loaded`);
    } catch (error) {
      setMore((old) => ({ ...old, loading: false, error }));
    }
  };
  return { ...first, items: first.data ? [...first.data.items, ...more.items] : null, hasMore: Boolean(cursor), loadMore, more };
}

export function useDebounced(value, milliseconds) {
  const [settled, setSettled] = useState(value);
  const text = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

/** What the service finds by what is being typed; the first ones while nothing is. Null until there is an answer. */
export function useFound(where, typed, query = {}) {
  const sought = useDebounced(typed, 200);
  return useLoad(() => (sought ? find(where, sought, query) : get(where, { ...query, limit: 20 }).then((page) => page.items)), [sought]).data;
}

/**
 * The key of one intent: the same for every attempt of which it isn't known what became of it, a new one after an answer.
 * `send(run)` runs at most one request at a time; `run` gets the key. With `send(run, text)` the key belongs to the request
 * that `text` tells from all others, and outlives the page; `recall(text)` shows that such a request has no answer yet. What
 * else is `remembered` of the first attempt, every further one gets, too.
 * @param {{key: string, unanswered?: boolean}} [kept] what an earlier page left
 */
export function useIntent(kept) {
  const key = useRef(kept?.key ?? newKey());
  const busyRef = useRef(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(() => (kept?.unanswered ? lost("POST") : null));
  const send = async (run, text, remembered) => {
    if (busyRef.current) return undefined;
    busyRef.current = true;
    setBusy(true);
    setProblem(null);
    const name = text && (await nameOf(text));
    const settle = () => {
      key.current = newKey();
      if (name) answered(name);
    };
    try {
      const draft = (name && take(name)) ?? { key: name ? newKey() : key.current, remembered };
      key.current = draft.key;
      if (name) sending(name, draft);
      const answer = await run(draft.key, draft.remembered);
      settle();
      return { answer };
    } catch (error) {
      if (!error.isOpen) settle();
      setProblem(error);
      return { error };
    } finally {
      busyRef.current = false;
      setBusy(false);
    }
  };
  const recall = async (text) => {
    if (take(await nameOf(text))) setProblem(lost("POST"));
  };
  return { key, busy, problem, setProblem, send, recall };
}

/**
 * A form: values by field name, faults by field name, one request at a time.
 * @param {{name: string, initial: Record<string, any>, send: (values: Record<string, any>, key: string) => Promise<any>, done: (answer: any) => void, once?: boolean}} options
 *   `name` tells it from other forms, for drafts. `once`: what it sends must count once, so it is there again, with its key,
 *   until it has an answer: after a reload, and when the form was left.
 */
export function useForm({ name, initial, send, done, once }) {
  const [kept] = useState(() => take(name));
  const [values, setValues] = useState(kept?.values ?? initial);
  const [errors, setErrors] = useState({});
  const intent = useIntent(kept);
  const element = useRef(null);
  const latest = useRef(values);
  const confirmed = useRef(kept?.confirmed ?? {}); // sent along with these values, and again with every other try
  const unanswered = useRef(Boolean(kept?.unanswered));
  latest.current = values;
  const draft = () => ({ values: latest.current, confirmed: confirmed.current, key: intent.key.current, unanswered: unanswered.current });
  useEffect(() => watch(name, draft), [name]);
  const set = (field, value) => {
    confirmed.current = {};
    setValues((old) => ({ ...old, [field]: value }));
    setErrors((old) => Object.fromEntries(Object.entries(old).filter(([name]) => name !== field && !name.startsWith(`${field}.`))));
  };
  const submit = async (more = {}) => {
    setErrors({});
    confirmed.current = { ...confirmed.current, ...more };
    const outcome = await intent.send((key) => {
      if (once) sending(name, draft());
      return send({ ...latest.current, ...confirmed.current }, key);
    });
    if (!outcome) return;
    unanswered.current = Boolean(once && outcome.error?.isOpen);
    if (!outcome.error?.isOpen) {
      answered(name);
      confirmed.current = {};
    }
    if (outcome.error) setErrors(byField(faultsOf(outcome.error)));
    else done?.(outcome.answer);
  };
  useEffect(() => {
    element.current?.querySelector("[aria-invalid=true]")?.focus();
  }, [errors]);
  const own = {
    ref: element,
    noValidate: true,
    onSubmit: (event) => {
      event.preventDefault();
      submit();
    },
  };
  const retry = intent.problem?.isOpen ? () => submit() : undefined;
  return { name, values, set, errors, own, retry, submit, busy: intent.busy, problem: intent.problem, setProblem: intent.setProblem };
}

const FIELDS = { did_in_use: ["did"], minimum_days: ["end_date"], ended: ["end_date"], currency_fixed: ["currency"], over_credited: ["retail"] };

/** The faults of fields. A conflict concerns fields too: it is told there, and not once more above the form. */
function faultsOf(error) {
  if (error.errors.length) return error.errors;
  error.concerns = (Array.isArray(error.problem.fields) ? error.problem.fields : FIELDS[error.code]) ?? [];
  return error.concerns.map((field) => ({ pointer: `/${field}`, detail: error.message }));
}

/** "/frequency_match/0" is a fault of the field frequency_match, "/terms/0/from" also one of terms.0.from. */
function byField(errors) {
  const found = {};
  for (const { pointer, detail } of errors) {
    const parts = pointer.split("/").slice(1);
    for (const field of new Set([parts[0] ?? "", parts.join(".")])) found[field] = found[field] ? `${found[field]}; ${detail}` : detail;
  }
  return found;
}

/** An action behind a button: one request at a time, with an Idempotency-Key where one counts. */
export function useAction(done) {
  const intent = useIntent();
  return {
    ...intent,
    post: async (where, body) => {
      const outcome = await intent.send((key) => call("POST", where, { body, key }));
      if (outcome?.answer !== undefined) done(outcome.answer);
    },
    run: async (work) => {
      const outcome = await intent.send(work);
      if (outcome && !outcome.error) done(outcome.answer);
    },
  };
}
