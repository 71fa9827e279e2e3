// The next due dates of a rule, asked of the API while somebody types: the schedule is computed in one place only.

import { get } from "./api.js";
import { settings } from "./auth.js";
import { day, readable } from "./format.js";
import { useDebounced, useLoad } from "./hooks.js";
import { html, useState } from "./preact.js";
import { Day, Problem } from "./ui.js";

const COUNT = 12;
const WAIT_MS = 250;

/** The first day of which due dates are shown: today, or the start where that is later. */
export const shownFrom = (start) => (/^\d{4}-\d{2}-\d{2}$/.test(start) && start < settings.today ? settings.today : start);

/**
 * @param {{rule: {frequency: string, frequency_match: (string|number)[], every: number|string}, start?: string, from?: string, until?: string, elsewhere?: string | null}} props
 *   without `start` the reader chooses one; the dates shown begin with `from`; `until` is an end date; what lies before `elsewhere` was
 *   charged by another system
 */
export function DueDates({ rule, start, from, until, elsewhere }) {
  const [chosen, setChosen] = useState(settings.today);
  const asked = useDebounced(
    {
      frequency: rule.frequency,
      frequency_match: (rule.frequency_match ?? []).join(","),
      every: Number(rule.every) > 1 ? rule.every : undefined,
      start: start ?? chosen,
      from,
      count: COUNT,
    },
    WAIT_MS,
  );
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(asked.start);
  const { data, error, loading } = useLoad(async () => (isDate ? get("schedule", asked) : null), [JSON.stringify(asked)]);
  return html`
    <section class="card quiet due" aria-label="Next due dates">
      <div class="card-head"><h2>${rule.frequency === "none" ? "Due date" : `Next ${COUNT} due dates`}</h2></div>
      ${
        start === undefined &&
        html`
        <div class="field inline"><label for="preview-start">If it starts on</label>
          <input id="preview-start" type="date" value=${chosen} onInput=${(event) => setChosen(event.target.value)} /></div>`
      }
      <div aria-live="polite" aria-busy=${loading}>
        ${error ? html`<${Problem} error=${error} />` : data ? html`<${Dates} schedule=${data} until=${until} elsewhere=${elsewhere} />` : html`<p class="muted">${isDate ? "…" : "Choose a date to see them."}</p>`}
      </div>
    </section>`;
}

function Dates({ schedule, until, elsewhere }) {
  const because = Object.fromEntries(schedule.clamped.map((one) => [one.date, one.explanation]));
  const dates = schedule.due_dates.filter((date) => !until || date <= until);
  return html`
    <p class="rule">${capital(readable(schedule.rule))}</p>
    <ol class="dates">
      ${dates.map(
        (date) => html`
        <li key=${date} class=${because[date] ? "moved" : ""}>
          <${Day} value=${date} /><span class="weekday">${weekday(date)}</span>
          ${elsewhere && date < elsewhere && html`<span class="because">charged elsewhere</span>`}
          ${because[date] && html`<span class="because">${because[date]}</span>`}
        </li>`,
      )}
    </ol>
    ${until && dates.length < schedule.due_dates.length && html`<p class="hint">Nothing is due after its end, ${day(until)}.</p>`}
    ${!dates.length && !until && html`<p class="hint">Nothing is due from today on.</p>`}`;
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);
const weekday = (iso) => new Date(`${iso}T00:00:00Z`).toLocaleDateString("en-GB", { weekday: "short", timeZone: "UTC" });
