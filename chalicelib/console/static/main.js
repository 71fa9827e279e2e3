// The frame: settings, navigation, and which page an address stands for.

import { get, root } from "./api.js";
import { complete, isNeeded, session, settings, signOut } from "./auth.js";
import { OnlySigned, SignIn } from "./entry.js";
import * as format from "./format.js";
import { useModule } from "./hooks.js";
import { html, render, useEffect, useRef, useState } from "./preact.js";
import { go, useRoute } from "./router.js";
import { Toasts } from "./toast.js";
import { Page, Skeleton } from "./ui.js";
import { Warnings } from "./warnings.js";

const packages = () => import("./packages.js");
const packageForm = () => import("./package-form.js");
const customers = () => import("./customers.js");
const customer = () => import("./customer.js");
const numbers = () => import("./numbers.js");
const assign = () => import("./assign.js");
const handover = () => import("./handover.js");
const audits = () => import("./audits.js");
const runs = () => import("./runs.js");
const reconciliations = () => import("./reconciliations.js");
const changes = () => import("./changes.js");
const values = () => import("./values.js");

/**
 * @typedef {[pattern: RegExp, module: () => Promise<any>, page: string, of?: string[]]} Address
 *   the pattern of an address, the module with its page, the page's name there, and what it gets from the address
 * @type {Address[]}
 */
const PAGES = [
  [/^(?:home)?$/, () => import("./home.js"), "Home"],
  [/^values$/, customers, "Customers"], // where the sorted list was once
  [/^ending$/, values, "Ending"],
  [/^announced$/, values, "Announced"],
  [/^packages$/, packages, "Packages"],
  [/^packages\/new$/, packageForm, "NewPackage"],
  [/^packages\/([^/]+)$/, packages, "Package", ["id"]],
  [/^packages\/([^/]+)\/edit$/, packageForm, "EditPackage", ["id"]],
  [/^customers$/, customers, "Customers"],
  [/^customers\/new$/, customers, "NewCustomer"],
  [/^customers\/([^/]+)\/edit$/, customers, "EditCustomer", ["id"]],
  [/^customers\/([^/]+)\/assign$/, assign, "Assign", ["id"]],
  [/^customers\/([^/]+)\/assignments\/([^/]+)$/, () => import("./assignment.js"), "Assignment", ["customer", "id"]],
  [/^customers\/([^/]+)\/assignments\/([^/]+)\/edit$/, assign, "EditAssignment", ["customer", "id"]],
  [/^customers\/([^/]+)\/assignments\/([^/]+)\/replace$/, handover, "Replace", ["customer", "id"]],
  [/^dids\/(\d+)\/transfer$/, handover, "Transfer", ["did"]],
  [/^customers\/([^/]+)\/close$/, () => import("./closing.js"), "Close", ["id"]],
  [/^customers\/([^/]+)\/statement$/, () => import("./statement.js"), "Statement", ["id"]],
  [/^customers\/([^/]+)(?:\/(assignments|ledger|held|minutes|features|history))?$/, customer, "Customer", ["id", "tab"]],
  [/^dids$/, numbers, "Numbers"],
  [/^dids\/(\d+)$/, numbers, "Did", ["did"]],
  [/^runs$/, runs, "Runs"],
  [/^runs\/([^/]+)$/, runs, "Run", ["id"]],
  [/^held$/, () => import("./held.js"), "HeldCharges"],
  [/^forecast$/, () => import("./forecast.js"), "Forecast"],
  [/^forecast\/([^/]+)$/, () => import("./forecast-all.js"), "ForecastOfAll", ["id"]],
  [/^audits$/, audits, "Audits"],
  [/^audits\/([^/]+)$/, audits, "Audit", ["id"]],
  [/^imports\/([^/]+)$/, () => import("./imports.js"), "ImportPage", ["id"]],
  [/^changes$/, changes, "Changes"],
  [/^changes\/([^/]+)$/, changes, "ChangePage", ["id"]],
  [/^reconciliations$/, reconciliations, "Reconciliations"],
  [/^reconciliations\/([^/]+)$/, reconciliations, "Reconciliation", ["id"]],
  [/^exports$/, () => import("./exports.js"), "Exports"],
  [/^help$/, () => import("./help.js"), "Help"],
  [/^activity$/, () => import("./activity.js"), "Activity"],
  [/^run$/, () => import("./run.js"), "RunPackage"],
];
const NAVIGATION = [
  ["home", "Home"],
  ["packages", "Packages"],
  ["customers", "Customers"],
  ["dids", "Numbers"],
  ["changes", "Changes"],
  ["run", "Run Package"],
  ["runs", "Daily runs"],
  ["held", "Held charges"],
  ["forecast", "Forecast"],
  ["audits", "Audits"],
  ["reconciliations", "Carrier's numbers"],
  ["exports", "Exports"],
  ["activity", "Activity"],
  ["help", "Help"],
];

function App() {
  const { path } = useRoute();
  const here = path.join("/");
  const navigation = useRef(null);
  useEffect(() => {
    // on a narrow screen the links scroll sideways
    navigation.current.scrollLeft = (navigation.current.querySelector("[aria-current]")?.offsetLeft ?? 0) - 120;
  }, [path[0]]);
  const page = PAGES.find(([pattern]) => pattern.test(here));
  return html`
    <a class="skip" href="#main" onClick=${(event) => {
      event.preventDefault();
      document.getElementById("main")?.focus();
    }}>Skip to the content</a>
    <header class="side">
      <a class="brand" href="#/home"><img src=${new URL("icon.svg", import.meta.url).href} alt="" width="26" height="26" />Packages billing</a>
      <nav aria-label="Main" ref=${navigation}>${NAVIGATION.map(([where, name]) => html`<a key=${where} href=${`#/${where}`} aria-current=${(path[0] ?? "home") === where ? "page" : undefined}>${name}</a>`)}</nav>
      <${Find} />
      <div class="side-foot">
        ${session() && html`<div class="who"><span>${session().name}</span><button type="button" class="button small" onClick=${signOut}>Sign out</button></div>`}
        ${settings.docs && html`<a class="muted" href=${new URL("docs", root).href}>API</a>`}
        <${Theme} />
      </div>
    </header>
    <main id="main" tabindex="-1"><${Warnings} />${page ? shownPage(page, here) : html`<${Page} title="No such page"><p>There is nothing at this address. <a href="#/home">Go to the first page</a>.</p><//>`}</main>
    <${Toasts} />`;
}

/** @param {Address} page */
function shownPage([pattern, load, name, of = []], here) {
  const [, ...parts] = pattern.exec(here) ?? [];
  const props = Object.fromEntries(of.map((key, n) => [key, parts[n]]));
  return html`<${Later} key=${`${name} ${props.id ?? props.did}`} load=${load} name=${name} props=${props} />`;
}

/** A page whose module is loaded when it is first shown. */
function Later({ load, name, props }) {
  const module = useModule(load);
  return module ? html`<${module[name]} ...${props} />` : html`<${Skeleton} />`;
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
      <input id="find" type="search" placeholder="DID or customer" value=${text} onInput=${(event) => setText(event.target.value)} />
      <kbd aria-hidden="true">/</kbd>
    </form>`;
}

const THEMES = [
  ["", "System"],
  ["light", "Light"],
  ["dark", "Dark"],
];

function Theme() {
  const [theme, setTheme] = useState(document.documentElement.dataset.theme ?? "");
  const choose = (value) => {
    document.documentElement.dataset.theme = value;
    try {
      localStorage.setItem("theme", value);
    } catch {
      /* kept for this visit only */
    }
    setTheme(value);
  };
  return html`
    <label class="theme"><span>Theme</span>
      <select value=${theme} onChange=${(event) => choose(event.target.value)}>${THEMES.map(([value, name]) => html`<option value=${value}>${name}</option>`)}</select>
    </label>`;
}

/** "/" goes to the search field, as long as nobody is typing. */
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof Element && event.target.closest("input, textarea, select, dialog")) return;
  event.preventDefault();
  /** @type {HTMLElement | null} */ (document.querySelector("main [data-search]") ?? document.getElementById("find"))?.focus();
});

/** A menu closes on Escape, and when something else is pressed. */
addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target instanceof Element && event.target.closest(".menu[open]");
  if (!menu) return;
  menu.removeAttribute("open");
  menu.querySelector("summary")?.focus();
});
addEventListener("pointerdown", ({ target }) => {
  if (target instanceof Element && !target.closest(".menu, dialog")) document.querySelector(".menu[open]")?.removeAttribute("open");
});

/** What has the focus, with all that it is in. @type {Element[]} */
let focused = [];
addEventListener("focusin", ({ target }) => {
  focused = [];
  for (let one = /** @type {Element | null} */ (target); one; one = one.parentElement) focused.push(one);
});

/** Where what has the focus is taken away, the focus goes to the heading of the dialog, to the table that it was in, or to the page's heading. */
function refocus() {
  if (document.activeElement !== document.body || !focused.length || focused[0].isConnected) return;
  const place =
    [...document.querySelectorAll("dialog[open] > h2")].at(-1) ??
    focused.find((one) => one.isConnected && one.matches(".table-box")) ??
    document.querySelector("main h1");
  /** @type {HTMLElement | null} */ (place)?.focus({ preventScroll: true });
}
new MutationObserver(() => requestAnimationFrame(refocus)).observe(document.body, { childList: true, subtree: true });

/** The console, or what stands in its place. */
async function entry() {
  if (settings.auth_mode === "iam") return html`<${OnlySigned} />`;
  let refused = null;
  await complete().catch((error) => {
    refused = error;
  });
  return refused || isNeeded() ? html`<${SignIn} refused=${refused} />` : html`<${App} />`;
}

async function start() {
  const place = /** @type {HTMLElement} */ (document.getElementById("app"));
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
