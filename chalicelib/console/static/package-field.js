// Fields for a package, found by typing: the service searches, so one made a second ago is found among any number of them.

import { fault, find, get, path } from "./api.js";
import { Field } from "./fields.js";
import * as format from "./format.js";
import { useFound } from "./hooks.js";
import { html, useEffect, useRef, useState } from "./preact.js";

const ID_BEHIND = /\(([A-Za-z0-9._:-]{1,64})\)$/;

/**
 * The packages that a page has met so far, by what a person types: their names, with the id where several have one name.
 * @param {Record<string, any>} [query] which packages may be chosen, such as those of a currency
 */
export function usePackages(query = {}) {
  const known = useRef(new Map());
  const [, draw] = useState(0);
  const note = (packages) => {
    for (const one of packages) known.current.set(one.package_id, one);
    draw((count) => count + 1);
  };
  const byName = () => named([...known.current.values()]);
  const chosen = (text) => byName().get((text ?? "").trim()) ?? sole((text ?? "").trim().toLowerCase());
  const sole = (typed) => {
    const same = [...known.current.values()].filter((one) => one.name.toLowerCase() === typed);
    return same.length === 1 ? same[0] : undefined;
  };
  /** The package that was typed, looked up if it was sent faster than it was found; undefined if there is none. */
  const settle = async (text) => {
    const id = ID_BEHIND.exec(text.trim())?.[1];
    if (!chosen(text)) note(id ? [await get(path("packages", id))] : await find("packages", text.trim(), query));
    return chosen(text) ?? known.current.get(id ?? "");
  };
  /** The same for what has to be a package, or nothing. Throws a fault of `field` that says what to do. */
  const demand = async (text, field) => {
    if (!text.trim() || (await settle(text))) return;
    const several = [...known.current.values()].some((one) => one.name.toLowerCase() === text.trim().toLowerCase());
    const none = `there is no package of this name${query.currency ? ` in ${query.currency}` : ""}`;
    throw fault(field, `${several ? "several packages have this name" : none}: choose one from the list`);
  };
  return { query, known: known.current, note, byName, chosen, settle, demand };
}

function named(packages) {
  const count = new Map();
  for (const { name } of packages) count.set(name, (count.get(name) ?? 0) + 1);
  return new Map(packages.map((one) => [count.get(one.name) === 1 ? one.name : `${one.name} (${one.package_id})`, one]));
}

/** The id of the package that was typed; null for nothing, what was typed for one that isn't known. */
export const packageId = (text, packages) => packages.chosen(text)?.package_id ?? ID_BEHIND.exec(text.trim())?.[1] ?? (text.trim() || null);

/** Looks for what is being typed. */
function useSearch(packages, typed) {
  const found = useFound("packages", typed.trim(), packages.query);
  useEffect(() => {
    if (found) packages.note(found);
  }, [found]);
}

const Names = ({ id, packages }) => html`
  <datalist id=${id}>${[...packages.byName()].map(([name, one]) => html`<option key=${one.package_id} value=${name}>${said(one)}</option>`)}</datalist>`;

/** @param {{form: Record<string, any>, packages: Record<string, any>, name?: string, label?: string, hint?: string, [attribute: string]: any}} props */
export function PackageField({ form, packages, name = "package", label = "Package", hint = "Type to find one.", ...rest }) {
  const text = form.values[name] ?? "";
  const chosen = packages.chosen(text);
  const list = `${form.name}-${name}-packages`.replace(/[^A-Za-z0-9-]/g, "-");
  useSearch(packages, text);
  return html`
    <${Field} form=${form} name=${name} label=${label} list=${list} spellcheck=${false} hint=${chosen ? said(chosen) : hint} ...${rest} />
    <${Names} id=${list} packages=${packages} />`;
}

/** A filter of a list: `chosen` is a package's id or nothing, `choose` is told another one as soon as it is found. */
export function PackageFilter({ chosen, choose }) {
  const packages = usePackages();
  const [typed, setTyped] = useState("");
  useSearch(packages, typed);
  useEffect(() => {
    if (chosen && !typed)
      get(path("packages", chosen)).then(
        (one) => {
          packages.note([one]);
          setTyped(one.name);
        },
        () => setTyped(chosen),
      );
  }, [chosen]);
  const found = packages.chosen(typed)?.package_id ?? "";
  useEffect(() => {
    if (found && found !== chosen) choose(found);
  }, [found]);
  return html`
    <div class="field"><label for="of-package">Package</label>
      <input id="of-package" type="search" list="of-package-names" placeholder="All packages" spellcheck=${false} value=${typed} onInput=${(event) => {
        setTyped(event.target.value);
        if (!event.target.value.trim()) choose("");
      }} onBlur=${() => !found && setTyped(packages.known.get(chosen)?.name ?? "")} /></div>
    <${Names} id="of-package-names" packages=${packages} />`;
}

export const said = (one) => `${format.money(one.retail, one.currency)} ${one.currency}, ${format.rule(one).toLowerCase()}`;
