// What to do when: the jobs of a billing department, each in three steps. docs/tasks.md has them in full, by the same names.

import { html } from "./preact.js";
import { link, replace, useRoute } from "./router.js";
import { Empty, FILTERS, Page } from "./ui.js";

/**
 * @typedef {[title: string, of: RegExp, steps: [any, any, any]]} Job `of`: the addresses of the pages that lead to it
 * @type {Job[]}
 */
const JOBS = [
  [
    "Something new is sold, or somebody new buys",
    /^(packages|packages\/[^/]+(\/edit)?|customers|customers\/new|customers\/[^/]+(\/(edit|assign|assignments))?|imports\/.*)$/,
    [
      html`<a href="#/packages/new">New package</a>: prices and rhythm. The next due dates stand beside the form.`,
      html`<a href="#/customers/new">New customer</a>: currency, and how far below zero charges may take the balance.`,
      "On the customer, Assign a package: to them or to a number. What is charged at once is shown first. Many at a time: Import…",
    ],
  ],
  [
    "A price was wrong, and everybody was charged",
    /^runs?(\/[^/]+)?$/,
    [
      html`Correct it: <a href="#/packages">Packages</a>, the package, Change price…, from the first wrong day, with a reason.`,
      "Take back what was charged: reverse the Run Package, or credit each charge in the customer's ledger so that it can be charged anew.",
      html`Charge it anew: <a href="#/run">Run Package</a>, all customers, Leave alone. Simulate, look, run it live.`,
    ],
  ],
  [
    "A charge is held",
    /^(held|customers\/[^/]+\/held)$/,
    [
      "It would pass the debit limit. Record a payment on the customer, or raise the limit.",
      html`The next daily run tries it again. To have it at once: <a href="#/held">Held charges</a>, Try now.`,
      "If nobody will pay it: Write off…",
    ],
  ],
  [
    "Who is about to run short",
    /^(home)?$|^values$/,
    [
      html`The next 31 days: <a href="#/customers?sort=short_on">Who runs short</a>, soonest first.`,
      html`Further ahead: <a href="#/forecast">Forecast</a>, all customers, through the last day that matters to you.`,
      "Each has the payment that is just enough, and by when it must be there. Download the list.",
    ],
  ],
  [
    "What would another price or a discount bring",
    /^forecast(\/[^/]+)?$/,
    [
      html`<a href="#/forecast">Forecast</a>, then Try a price or Try a discount.`,
      "Say for which package, from which day, for all or for new ones only.",
      "Read before, after and difference: who pays more, who pays less, who falls below cost. Nothing is written.",
    ],
  ],
  [
    "A price rises from next month",
    /^packages\/(?!new$)[^/]+$/,
    [
      html`<a href="#/packages">Packages</a>, the package, Change price…: the first of next month is offered.`,
      "Show what it changes: assignments and units, a month before and after, who falls below cost.",
      "Change price enters exactly that. Until the day is evaluated it can be removed.",
    ],
  ],
  [
    "Many prices rise, or many assignments change or end",
    /^changes(\/[^/]+)?$|^ending$|^announced$/,
    [
      html`<a href="#/changes">Changes</a>, or select rows in a list: what is to become of whom, from which day.`,
      "Read the dry run: who is met, who can't be changed and why, what the next 31 days bring more or less.",
      "Apply it: exactly those are changed. It can be undone while its day lies ahead.",
    ],
  ],
  [
    "A number starts, ends or pauses in the middle of a month",
    /^packages\/[^/]+\/edit$/,
    [
      "By default each due date charges a whole period, and nothing is given back.",
      "For days only: a package with Charge by the day. One that was assigned can't change this: Make a copy.",
      "On the assignment, Replace package… by the copy, from a day on.",
    ],
  ],
  [
    "A customer gets a price of their own, a discount or a free month",
    /^customers\/[^/]+\/assignments\/[^/]+(\/(edit|replace))?$/,
    [
      "Open the customer, then the assignment.",
      "Change terms…: own price, discount, quantity or pause, from which day and until when.",
      "A discount of 100 % is a free period, apart from the setup. What it skips or makes due is shown.",
    ],
  ],
  [
    "A customer leaves, or pauses",
    /^customers\/[^/]+\/close$/,
    [
      "Leaves: the customer, More, Close customer…, the last day.",
      "Read what ends when, what minimum days allow, what is still due and the final balance; then confirm once.",
      "Pauses: More, Pause…, the first and the last day. One assignment: Pause… on its page.",
    ],
  ],
  [
    "A number goes to another customer",
    /^dids(\/.*)?$/,
    [
      html`<a href="#/dids">Numbers</a>, the first digits, Transfer…`,
      "The new customer and their first day. What each side is charged is shown.",
      "Confirm. Until that day, deleting the new assignment undoes it.",
    ],
  ],
  [
    "Something has to be charged that no package covers",
    /^customers\/[^/]+\/(minutes|features)$/,
    [
      html`<a href="#/customers">Customers</a>, the customer, More, One-off charge…`,
      "What it is for, cost and retail, and whether the balance pays it.",
      "To correct a balance without a charge: More, Adjustment…, with a reason.",
    ],
  ],
  [
    "Compare with the carrier's bill",
    /^reconciliations(\/[^/]+)?$/,
    [
      "Export the numbers from the carrier's portal; name the columns did, cost, currency and customer_id. Only did is needed.",
      html`<a href="#/reconciliations">Carrier's numbers</a>, the file, Compare.`,
      "Bill what nobody pays for, or give it back; end what the carrier has taken back; correct costs with Change price…",
    ],
  ],
  [
    "The month is over",
    /^(audits(\/[^/]+)?|exports|customers\/[^/]+\/statement)$/,
    [
      html`<a href="#/runs">Daily runs</a>: is every day finished? <a href="#/audits">Audits</a>: a clean one is a certificate.`,
      html`<a href="#/exports">Exports</a>: the ledger or the journal, posted from the first to the last of the month.`,
      "Send customers the Statement of the month, to print or as CSV.",
    ],
  ],
  [
    "Somebody asks why an amount is what it is, or who changed it",
    /^customers\/[^/]+\/(ledger|history)$|^activity$/,
    [
      "The customer, Ledger: open the charge. It says what it was computed from.",
      "History of the package, the customer or the assignment: who changed what, when, before and after.",
      "A wrong one is credited there: Credit…",
    ],
  ],
];

/** What of a job is searched: its words as they stand. */
const textOf = (part) => (typeof part === "string" ? part : Array.isArray(part) ? part.map(textOf).join(" ") : part?.props ? textOf(part.props.children) : "");

/** The job of a page: the last one that names it, the first where none does. */
const jobOf = (address) => JOBS.findLast(([, of]) => of.test(address)) ?? JOBS[0];

export function Help() {
  const { query } = useRoute();
  const sought = (query.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const found = JOBS.filter((job) => sought.every((word) => `${job[0]} ${textOf(job[2])}`.toLowerCase().includes(word)));
  const own = query.for === undefined || sought.length ? null : jobOf(query.for);
  return html`
    <${Page} title="What to do when" lead="The jobs of a billing department, each in three steps.">
      <form ...${FILTERS} role="search" aria-label="Help">
        <div class="field grow"><label for="q">Search</label>
          <input id="q" type="search" data-search placeholder="price, held, number, month" value=${query.q ?? ""} onInput=${(event) => replace(["help"], { q: event.target.value })} /></div>
      </form>
      <p class="count" role="status">${sought.length ? `${found.length} of ${JOBS.length} jobs` : ""}</p>
      ${own && html`<${OneJob} job=${own} isOpen />`}
      ${found.filter((job) => job !== own).map((job) => html`<${OneJob} key=${job[0]} job=${job} isOpen=${sought.length > 0} />`)}
      ${!found.length && html`<${Empty} title="No job is called so">Try another word, or <a href=${link(["help"])}>see all</a>.<//>`}
    <//>`;
}

const OneJob = ({ job: [title, , steps], isOpen }) => html`
  <details class="card job" open=${isOpen}><summary><h2>${title}</h2></summary><ol>${steps.map((step, n) => html`<li key=${n}>${step}</li>`)}</ol></details>`;
