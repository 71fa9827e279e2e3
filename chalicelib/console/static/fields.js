// Form fields: a label, what it means, the control, and the API's fault below it.

import { settings } from "./auth.js";
import { sentence } from "./format.js";
import { html } from "./preact.js";

/** A whole number as the API takes it, null for nothing; anything else goes as typed, for the API to refuse. */
export const whole = (text) => (/^\d{1,15}$/.test(text.trim()) ? Number(text) : text.trim() || null);

const idOf = (form, name) => `${form.name}-${name}`.replace(/[^A-Za-z0-9-]/g, "-");

/** What every control gets: its id, its fault, its descriptions. What `form.fixed` names can't be changed; it says why. */
function wiring(form, name, hint) {
  const id = idOf(form, name);
  const error = form.errors[name];
  const why = form.fixed?.[name];
  const notes = { id, hint: why ?? hint, error };
  const described = [notes.hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  const control = { id, name, disabled: why !== undefined, "aria-invalid": error ? "true" : undefined, "aria-describedby": described || undefined };
  return { id, error, notes, control };
}

const Notes = ({ id, hint, error }) => html`
  ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
  ${error && html`<p class="fault" id=${`${id}-error`}>${sentence(error)}</p>`}`;

/** @param {{form: Record<string, any>, name: string, label: string, hint?: any, type?: string, suffix?: string, optional?: boolean, wide?: boolean, [attribute: string]: any}} props */
export function Field({ form, name, label, hint, type = "text", suffix, optional, wide, ...rest }) {
  const { id, error, notes, control } = wiring(form, name, hint);
  const common = { ...control, ...rest, value: form.values[name] ?? "", onInput: (event) => form.set(name, event.target.value) };
  return html`
    <div class=${`field${wide ? " span" : ""}${error ? " faulty" : ""}`}>
      <label for=${id}>${label}${optional && html` <span class="optional">optional</span>`}</label>
      ${
        type === "textarea"
          ? html`<textarea rows="2" ...${common}></textarea>`
          : html`<div class=${suffix ? "with-suffix" : ""}><input type=${type} autocomplete="off" ...${common} />${suffix && html`<span aria-hidden="true">${suffix}</span>`}</div>`
      }
      <${Notes} ...${notes} />
    </div>`;
}

export const MoneyField = (props) => html`<${Field} inputmode="decimal" spellcheck=${false} class="amount" placeholder="0.00" ...${props} />`;
export const DayField = (props) => html`<${Field} type="date" min="1900-01-01" max="2999-12-31" ...${props} />`;
export const NumberField = (props) => html`<${Field} inputmode="numeric" class="amount" ...${props} />`;

export function Select({ form, name, label, hint, options, wide, onChange, ...rest }) {
  const { id, error, notes, control } = wiring(form, name, hint);
  return html`
    <div class=${`field${wide ? " span" : ""}${error ? " faulty" : ""}`}>
      <label for=${id}>${label}</label>
      <select ...${control} ...${rest} value=${form.values[name]} onChange=${(event) => {
        form.set(name, event.target.value);
        onChange?.(event.target.value);
      }}>
        ${options.map(([value, text]) => html`<option key=${value} value=${value} selected=${value === form.values[name]}>${text}</option>`)}
      </select>
      <${Notes} ...${notes} />
    </div>`;
}

export function Check({ form, name, label, hint, ...rest }) {
  const { id, notes, control } = wiring(form, name, hint);
  return html`
    <div class="field check span">
      <input type="checkbox" ...${control} ...${rest} checked=${Boolean(form.values[name])} onChange=${(event) => form.set(name, event.target.checked)} />
      <div><label for=${id}>${label}</label><${Notes} ...${notes} /></div>
    </div>`;
}

/** One of a few: [value, text, explanation]. */
export function Radios({ form, name, label, options, hint }) {
  const { id, notes, control } = wiring(form, name, hint);
  return html`
    <fieldset class="field span radios" disabled=${control.disabled} aria-describedby=${control["aria-describedby"]}>
      <legend>${label}</legend>
      <div class="radio-row">
      ${options.map(
        ([value, text, meaning]) => html`
        <div class="radio" key=${value}>
          <input type="radio" id=${`${id}-${value}`} name=${id} value=${value} checked=${form.values[name] === value}
            aria-describedby=${meaning ? `${id}-${value}-meaning` : undefined} onChange=${() => form.set(name, value)} />
          <div><label for=${`${id}-${value}`}>${text}</label>${meaning && html`<p class="hint" id=${`${id}-${value}-meaning`}>${meaning}</p>`}</div>
        </div>`,
      )}
      </div>
      <${Notes} ...${notes} />
    </fieldset>`;
}

/** Several of a few, as small squares: [value, text, full name]. */
export function Chips({ form, name, label, options, hint }) {
  const { error, notes, control } = wiring(form, name, hint);
  const chosen = form.values[name] ?? [];
  const order = options.map(([value]) => value);
  const toggle = (value) =>
    form.set(
      name,
      order.filter((one) => (one === value) !== chosen.includes(one)),
    );
  return html`
    <fieldset class=${`field span chips${error ? " faulty" : ""}`} disabled=${control.disabled} aria-describedby=${control["aria-describedby"]}>
      <legend>${label}</legend>
      <div class=${options.length > 7 ? "chip-grid days" : "chip-grid"}>
        ${options.map(
          ([value, text, full], n) => html`
          <label class="chip" key=${value}>
            <input type="checkbox" checked=${chosen.includes(value)} aria-label=${full} onChange=${() => toggle(value)}
              aria-invalid=${error && n === 0 ? "true" : undefined} /><span aria-hidden="true">${text}</span>
          </label>`,
        )}
      </div>
      <${Notes} ...${notes} />
    </fieldset>`;
}

/** A currency: three letters, with the known ones to choose from. */
export const CurrencyField = (props) => html`
  <${Field} maxlength="3" list="currencies" spellcheck=${false} class="upper" ...${props} />
  <datalist id="currencies">${settings.currencies.map((code) => html`<option key=${code} value=${code}></option>`)}</datalist>`;
