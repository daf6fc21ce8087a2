// Values by day, from the figures that the database returns.

const DAY_MS = 86_400_000;
const EMPTY = {
  messages: 0, by_rule: 0, by_model: 0, confident: 0, with_scope: 0, out_of_scope: 0,
  with_outcome: 0, failed: 0, audited: 0, decided: 0, correct: 0,
};
const Z_95 = 1.959963984540054;

/** @param {{ first_day: string, last_day: string }} health @returns {string[]} such as `2026-11-28` */
export function daysOf({ first_day, last_day }) {
  const count = (Date.parse(last_day) - Date.parse(first_day)) / DAY_MS + 1;
  return Array.from({ length: count }, (_, index) =>
    new Date(Date.parse(first_day) + index * DAY_MS).toISOString().slice(0, 10),
  );
}

/**
 * The counts of each of the days. A day without messages is missing in what the database returns.
 * @template Row
 * @param {string[]} days @param {(Row & { day: string })[]} rows @param {Row | null} missing
 */
export function align(days, rows, missing) {
  const byDay = new Map(rows.map((row) => [row.day, row]));
  return days.map((day) => byDay.get(day) ?? missing);
}

/** @param {string[]} days @param {any[]} rows */
export const countsOf = (days, rows) => align(days, rows, EMPTY);

/** @returns {number | null} null: of nothing */
export const share = (part, whole) => (whole > 0 ? part / whole : null);

/**
 * The sum of the latest `width` values at each position.
 * @param {number[]} values @param {number} width
 */
export function rollingSums(values, width) {
  let sum = 0;
  return values.map((value, index) => {
    sum += value - (index >= width ? values[index - width] : 0);
    return sum;
  });
}

/**
 * Wilson's interval of a share, with a confidence of 95 %.
 * @param {number} right @param {number} all
 * @returns {{ lower: number | null, upper: number | null }}
 */
export function interval(right, all) {
  if (!all) return { lower: null, upper: null };
  const p = right / all;
  const z2 = Z_95 ** 2 / all;
  const middle = p + z2 / 2;
  const half = Math.sqrt(p * (1 - p) * z2 + z2 ** 2 / 4);
  return {
    lower: Math.max(0, (middle - half) / (1 + z2)),
    upper: Math.min(1, (middle + half) / (1 + z2)),
  };
}

/** How old something was at the end of each day, in days. The end of today is now. */
export function ageInDays(day, since, now) {
  if (!since) return null;
  const end = Math.min(Date.parse(day) + DAY_MS, Date.parse(now));
  return Math.max(0, end - Date.parse(since)) / DAY_MS;
}

/**
 * Round steps between two numbers, with which an axis is labelled. The first one is at most `low`,
 * the last one at least `high`.
 * @param {number} low @param {number} high @param {boolean} isWhole - of whole numbers alone
 */
export function ticks(low, high, isWhole) {
  const rough = (high - low || 1) / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const round = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough * 0.999);
  const step = isWhole ? Math.max(1, round) : round;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}
