// The frame: settings, navigation, and which page an address stands for.

import { get, root } from "./api.js";
import { complete, isNeeded, session, settings, signOut } from "./auth.js";
import { Assign, Assignment, EditAssignment } from "./assign.js";
import { Customer, Did } from "./customer.js";
import { Customers, EditCustomer, NewCustomer } from "./customers.js";
import { OnlySigned, SignIn } from "./entry.js";
import { HeldCharges } from "./held.js";
import * as format from "./format.js";
import { EditPackage, NewPackage } from "./package-form.js";
import { Package, Packages } from "./packages.js";
import { html, render, useEffect, useRef, useState } from "./preact.js";
import { go, useRoute } from "./router.js";
import { RunPackage } from "./run.js";
import { Run, Runs } from "./runs.js";
import { Toasts } from "./toast.js";
import { Page } from "./ui.js";
import { Warnings } from "./warnings.js";

const PAGES = [
  [/^$/, () => html`<${Packages} />`],
  [/^packages$/, () => html`<${Packages} />`],
  [/^packages\/new$/, () => html`<${NewPackage} />`],
  [/^packages\/([^/]+)$/, (id) => html`<${Package} key=${id} id=${id} />`],
  [/^packages\/([^/]+)\/edit$/, (id) => html`<${EditPackage} key=${id} id=${id} />`],
  [/^customers$/, () => html`<${Customers} />`],
  [/^customers\/new$/, () => html`<${NewCustomer} />`],
  [/^customers\/([^/]+)\/edit$/, (id) => html`<${EditCustomer} key=${id} id=${id} />`],
  [/^customers\/([^/]+)\/assign$/, (id) => html`<${Assign} key=${id} id=${id} />`],
  [/^customers\/([^/]+)\/assignments\/([^/]+)$/, (customer, id) => html`<${Assignment} key=${id} customer=${customer} id=${id} />`],
  [/^customers\/([^/]+)\/assignments\/([^/]+)\/edit$/, (customer, id) => html`<${EditAssignment} key=${id} customer=${customer} id=${id} />`],
  [/^customers\/([^/]+)(?:\/(assignments|ledger|held|minutes|features))?$/, (id, tab) => html`<${Customer} key=${id} id=${id} tab=${tab} />`],
  [/^dids\/(\d+)$/, (did) => html`<${Did} key=${did} did=${did} />`],
  [/^runs$/, () => html`<${Runs} />`],
  [/^runs\/([^/]+)$/, (id) => html`<${Run} key=${id} id=${id} />`],
  [/^held$/, () => html`<${HeldCharges} />`],
  [/^run$/, () => html`<${RunPackage} />`],
];
const NAVIGATION = [
  ["packages", "Packages"], ["customers", "Customers"], ["run", "Run Package"], ["runs", "Daily runs"], ["held", "Held charges"],
];

function App() {
  const { path } = useRoute();
  const here = path.join("/");
  const navigation = useRef(null);
  useEffect(() => { // on a narrow screen the links scroll sideways
    navigation.current.scrollLeft = (navigation.current.querySelector("[aria-current]")?.offsetLeft ?? 0) - 120;
  }, [path[0]]);
  const found = PAGES.map(([pattern, page]) => [pattern.exec(here), page]).find(([match]) => match);
  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById("main").focus(); }}>Skip to the content</a>
    <header class="side">
      <a class="brand" href="#/packages"><img src=${new URL("icon.svg", import.meta.url).href} alt="" width="26" height="26" />Packages billing</a>
      <nav aria-label="Main" ref=${navigation}>${NAVIGATION.map(([where, name]) => html`<a key=${where} href=${`#/${where}`} aria-current=${(path[0] ?? "packages") === where ? "page" : undefined}>${name}</a>`)}</nav>
      <${Find} />
      <div class="side-foot">
        ${session() && html`<div class="who"><span>${session().name}</span><button type="button" class="button small" onClick=${signOut}>Sign out</button></div>`}
        ${settings.docs && html`<a class="muted" href=${new URL("docs", root).href}>API</a>`}
        <${Theme} />
      </div>
    </header>
    <main id="main" tabindex="-1"><${Warnings} />${found ? found[1](...found[0].slice(1)) : html`<${Page} title="No such page"><p>There is nothing at this address. <a href="#/packages">Go to the packages</a>.</p><//>`}</main>
    <${Toasts} />`;
}

/** Who has a number, or a customer by id: one field on every page. */
function Find() {
  const [text, setText] = useState("");
  const submit = (event) => {
    event.preventDefault();
    const wanted = text.trim();
    const did = format.digits(wanted);
    if (did) go(["dids", did], { q: wanted });
    else if (wanted) go(["customers"], { q: wanted });
    setText("");
  };
  return html`
    <form class="find" role="search" aria-label="Everywhere" onSubmit=${submit}>
      <label class="hidden" for="find">Find a DID or a customer</label>
      <input id="find" type="search" placeholder="Find a DID or a customer" value=${text} onInput=${(event) => setText(event.target.value)} />
      <kbd aria-hidden="true">/</kbd>
    </form>`;
}

const THEMES = [["", "System"], ["light", "Light"], ["dark", "Dark"]];

function Theme() {
  const [theme, setTheme] = useState(document.documentElement.dataset.theme ?? "");
  const choose = (value) => {
    document.documentElement.dataset.theme = value;
    try { localStorage.setItem("theme", value); } catch { /* kept for this visit only */ }
    setTheme(value);
  };
  return html`
    <label class="theme"><span>Theme</span>
      <select value=${theme} onChange=${(event) => choose(event.target.value)}>${THEMES.map(([value, name]) => html`<option value=${value}>${name}</option>`)}</select>
    </label>`;
}

/** "/" goes to the search field, as long as nobody is typing. */
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog")) return;
  event.preventDefault();
  (document.querySelector("main [data-search]") ?? document.getElementById("find"))?.focus();
});

/** The console, or what stands in its place. */
async function entry() {
  if (settings.auth_mode === "iam") return html`<${OnlySigned} />`;
  let refused = null;
  await complete().catch((error) => { refused = error; });
  return refused || isNeeded() ? html`<${SignIn} refused=${refused} />` : html`<${App} />`;
}

async function start() {
  const place = document.getElementById("app");
  try {
    Object.assign(settings, await get("console/settings.json"));
    const shown = await entry();
    place.textContent = "";
    render(shown, place);
  } catch (error) {
    place.textContent = `The console can't reach the service at ${root.href}: ${error.message} Reload the page to try again.`;
  }
}

start();
