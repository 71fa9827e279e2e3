// Addresses behind the #, so that every page can be linked to and the back button works.

import { useEffect, useState } from "./preact.js";

/** A part of an address as it was meant; as it stands if it is not encoded. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** "#/customers/acme?tab=x" -> {path: ["customers", "acme"], query: {tab: "x"}}. */
export function parse(hash) {
  const [where, query = ""] = hash.replace(/^#?\/?/, "").split("?");
  return { path: where.split("/").filter(Boolean).map(decoded), query: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a page from parts; empty query values are left out. */
export function link(parts, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value);
  return `#/${parts.map(encodeURIComponent).join("/")}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
}

export const go = (...target) => {
  location.hash = link(...target);
};
/** Like `go`, without a step in the history: for filters. */
export const replace = (...target) => {
  history.replaceState(null, "", link(...target));
  dispatchEvent(new HashChangeEvent("hashchange"));
};

export function useRoute() {
  const [route, setRoute] = useState(() => parse(location.hash));
  useEffect(() => {
    const follow = () => setRoute(parse(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}
