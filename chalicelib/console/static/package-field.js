// A field for a package, found by typing its name.

import { all } from "./api.js";
import { Field } from "./fields.js";
import * as format from "./format.js";
import { useLoad } from "./hooks.js";
import { html, useMemo } from "./preact.js";

const KNOWN = 5000;

/** All packages, by what a person types: their names, with the id where several have one name. */
export function usePackages() {
  const { data, error } = useLoad(() => all("packages", {}, KNOWN), []);
  return { error, byName: useMemo(() => named(data ?? []), [data]) };
}

function named(packages) {
  const count = new Map();
  for (const { name } of packages) count.set(name, (count.get(name) ?? 0) + 1);
  return new Map(packages.map((one) => [count.get(one.name) === 1 ? one.name : `${one.name} (${one.package_id})`, one]));
}

/** The id of the package that was typed; null for nothing, what was typed for one that isn't known. */
export const packageId = (text, { byName }) => byName.get(text.trim())?.package_id ?? (text.trim() || null);

/** The names that `PackageField` offers; once on a page. */
export const PackageNames = ({ packages }) => html`
  <datalist id="packages">${[...packages.byName].map(([name, one]) => html`<option key=${one.package_id} value=${name}>${said(one)}</option>`)}</datalist>`;

/** @param {{form: Record<string, any>, packages: Record<string, any>, name?: string, label?: string, hint?: string, [attribute: string]: any}} props */
export function PackageField({ form, packages, name = "package", label = "Package", hint = "Type to find one.", ...rest }) {
  const chosen = packages.byName.get((form.values[name] ?? "").trim());
  return html`<${Field} form=${form} name=${name} label=${label} list="packages" spellcheck=${false} hint=${chosen ? said(chosen) : hint} ...${rest} />`;
}

const said = (one) => `${format.money(one.retail, one.currency)} ${one.currency}, ${format.rule(one).toLowerCase()}`;
