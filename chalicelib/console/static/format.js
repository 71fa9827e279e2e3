// How amounts, dates and words are shown. Amounts are the API's decimal strings from end to end: they are cut and added as
// text and BigInt, never as floating-point numbers.

import { settings } from "./auth.js";

const SCALE = 6;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS = { mon: "Mon", tue: "Tue", wed: "Wed", thu: "Thu", fri: "Fri", sat: "Sat", sun: "Sun" };

/** "-1234.50" -> "−1,234.50": grouped, with a real minus sign, every digit as the API sent it; zeros at the end as its currency has them. */
export function money(amount, currency) {
  if (amount === null || amount === undefined) return "–";
  const [whole, sent = ""] = amount.replace("-", "").split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const fraction = currency ? sent.replace(/0+$/, "").padEnd(settings.decimals?.[currency] ?? 2, "0") : sent;
  return (amount.startsWith("-") ? "−" : "") + grouped + (fraction && `.${fraction}`);
}

const scaled = (amount) => {
  const [whole, fraction = ""] = amount.replace("-", "").split(".");
  const units = BigInt(whole + fraction.padEnd(SCALE, "0"));
  return amount.startsWith("-") ? -units : units;
};

const unscaled = (units) => {
  const digits = `${units < 0n ? -units : units}`.padStart(SCALE + 1, "0");
  const fraction = digits.slice(-SCALE).replace(/0{1,4}$/, "");
  return `${units < 0n ? "-" : ""}${digits.slice(0, -SCALE)}.${fraction}`;
};

/** The exact sum of decimal strings, with two decimals at least. */
export const sum = (...amounts) => unscaled(amounts.reduce((total, one) => total + scaled(one), 0n));
export const minus = (one, other) => unscaled(scaled(one) - scaled(other));

/** An amount of which nobody pays the last digits, such as what a month is worth: to the currency's own, half away from zero. */
export function rounded(amount, currency) {
  const step = 10n ** BigInt(SCALE - (settings.decimals?.[currency] ?? 2));
  const units = scaled(amount);
  return unscaled(((units < 0n ? units - step / 2n : units + step / 2n) / step) * step);
}

export const isNegative = (amount) => amount?.startsWith("-") && /[1-9]/.test(amount);
export const isZero = (amount) => !/[1-9]/.test(amount ?? "");

/** "2031-02-28" -> "28 Feb 2031". */
export function day(iso) {
  if (!iso) return "–";
  const [year, month, date] = iso.slice(0, 10).split("-");
  return `${Number(date)} ${MONTHS[Number(month) - 1]} ${year}`;
}

/** "2031-02" -> "Feb 2031". */
export const month = (iso) => `${MONTHS[Number(iso.slice(5, 7)) - 1]} ${iso.slice(0, 4)}`;

/** An instant as date and time of the billing time zone, with the zone's name given apart. */
export function instant(iso, timeZone) {
  if (!iso) return "–";
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat("en-GB", { timeZone, dateStyle: "short", timeStyle: "medium" }).formatToParts(new Date(iso)).map((p) => [p.type, p.value]),
  );
  return `${day(`${parts.year}-${parts.month}-${parts.day}`)}, ${parts.hour}:${parts.minute}:${parts.second}`;
}

const FIELDS = /\b(start|end|posted|charge|setup|minimum|free|customer|package|debit)_(date|from|to|cost|retail|days|spend|minutes|id|limit)\b/g;
/** Words of the API, with dates and fields in them as people write them. */
export const readable = (text) => text.replace(/\b\d{4}-\d{2}-\d{2}\b/g, day).replace(FIELDS, "$1 $2");

/** "/where/dids/1" -> "DIDs 2", "/rows/7/cost" -> "Row 7, cost": where a fault is that no field shows. */
export function place(pointer) {
  const [, first, ...rest] = pointer.split("/");
  if (first === "rows") return `Row ${rest.join(", ")}`;
  return [first, ...rest]
    .filter((part) => part !== "where")
    .map((part) => (/^\d+$/.test(part) ? Number(part) + 1 : title(part)))
    .join(" ");
}

/** The same, with a capital at its beginning. */
export const sentence = (text) => readable(text).replace(/^./, (first) => first.toUpperCase());

/** A date some days later. */
export function later(iso, days) {
  const moved = new Date(`${iso}T00:00:00Z`);
  moved.setUTCDate(moved.getUTCDate() + days);
  return moved.toISOString().slice(0, 10);
}

/** The month before a day: [first, last]. */
export function monthBefore(iso) {
  const last = later(`${iso.slice(0, 8)}01`, -1);
  return [`${last.slice(0, 8)}01`, last];
}

/** The same day of the month before, or the last one if that month is shorter. */
export function monthEarlier(iso) {
  const [, last] = monthBefore(iso);
  const same = `${last.slice(0, 8)}${iso.slice(8)}`;
  return same > last ? last : same;
}

/** A package's rule in a few words: "Monthly on 15, 31", "Every 4 weeks on Mon". */
export function rule({ frequency, frequency_match: match, every }) {
  if (frequency === "none") return "Once";
  const name = every > 1 ? `Every ${every} ${UNITS[frequency]}` : frequency[0].toUpperCase() + frequency.slice(1);
  return match.length ? `${name} on ${match.map((one) => WEEKDAYS[one] ?? one).join(", ")}` : name;
}

/** What `every` of a package counts. */
export const UNITS = { daily: "days", weekly: "weeks", monthly: "months" };

/** The digits of a number as people write it, without + or 00 before the country code; null for what is no number. */
export function digits(text) {
  const plain = text.replace(/[\s.()\u2010-\u2014\u2212-]/g, "");
  return /^\+?\d{3,22}$/.test(plain) ? plain.replace(/^(\+|00(?=[1-9]))/, "") : null;
}

/** "minimum_days" -> "Minimum days". */
export const title = (name) =>
  name
    .replaceAll("_", " ")
    .replace(/^./, (first) => first.toUpperCase())
    .replace(/^Did(s?)$/, "DID$1")
    .replace("Connexcs", "ConnexCS");

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** A count, grouped: "1,437". */
export const count = (number) => money(`${number}`);

/** Seconds as minutes: 90 -> "1:30". */
export const minutes = (seconds) => (seconds % 60 ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : `${seconds / 60}`);

/** A size in bytes, kB or MB. */
export const bytes = (size) => (size < 1000 ? `${size} B` : size < 1e6 ? `${Math.round(size / 1000)} kB` : `${(size / 1e6).toFixed(1)} MB`);

export const TYPES = { standard: "Standard", free_minutes: "Free minutes" };
/** "20 %" of a discount of "20.00". */
export const percent = (discount) => `${discount.replace(/\.?0+$/, "")} %`;

/** What may be an id. */
export const IS_ID = /^[A-Za-z0-9._:-]{1,64}$/;
/** The prices of a package. */
export const PRICES = [
  ["retail", "Retail"],
  ["cost", "Cost"],
  ["setup_retail", "Setup retail"],
  ["setup_cost", "Setup cost"],
];

export const KINDS = {
  setup: "Setup",
  recurring: "Recurring",
  minimum_spend: "Minimum spend",
  proration: "Proration",
  payment: "Payment",
  reversal: "Reversal",
  credit: "Credit",
  one_off: "One-off charge",
  adjustment: "Adjustment",
};
export const STATUSES = {
  simulated: "Would be charged",
  posted: "Posted",
  held: "Held",
  repeat: "Charged again",
  already_charged: "Already charged",
  skipped: "Left alone",
  written_off: "Left alone, written off",
  no_longer_due: "No longer due",
  not_over: "Period not over",
  cancelled: "Written off",
  running: "Running",
  finished: "Finished",
  finished_with_failures: "Finished with failures",
};
