// A chart over time: one position for each day, with marks where something changed.

import { html, useState } from "../vendor/preact.js";
import { Figure, useWidth } from "../charts/figure.js";
import { ticks } from "./series.js";

const HEIGHT = 170;
const LEFT = 46;
const RIGHT = 8;
const TOP = 14;
const BOTTOM = 22;

/**
 * @typedef {object} Column
 * @property {string} name
 * @property {(number | null)[]} values - by day. Null: there is none
 * @property {(value: number | null) => string} write
 * @property {"bars" | "line" | "lower" | "upper"} [draw] - bars are stacked; the two bounds make a
 *   band; a column without it is in the table alone
 */

/**
 * @param {{ title: string, hint: string, days: string[], marks: string[], columns: Column[],
 *   write: (value: number) => string, isWhole?: boolean, startsAtZero?: boolean }} props
 *   `marks`: what changed on each day; `write`: writes the numbers of the axis
 */
export function TimeChart({ title, hint, days, marks, columns, write, ...scale }) {
  const [pointed, setPointed] = useState(/** @type {number | null} */ (null));
  const [frame, width] = useWidth();
  const latest = days.findLastIndex((_, index) => columns.some(({ values }) => values[index] !== null));
  const hasData = columns.some(({ draw, values }) =>
    values.some((value) => (draw === "line" ? value !== null : value)));
  const shown = pointed ?? Math.max(0, latest);
  const rows = () =>
    days.map((day, index) => [
      day,
      ...columns.map(({ values, write: writeValue }) => writeValue(values[index])),
      marks[index],
    ]);
  const point = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const slot = (box.width - LEFT - RIGHT) / days.length;
    const index = Math.floor((event.clientX - box.left - LEFT) / slot);
    setPointed(index >= 0 && index < days.length ? index : null);
  };
  const summary = columns.map(({ name, values, write: writeValue }) => `${name} ${writeValue(values[shown])}`);
  return html`
    <${Figure} title=${title} hint=${hint} headings=${["Day", ...columns.map(({ name }) => name), "What changed"]}
      rows=${rows}>
      <div ref=${frame}>
        ${width > 0 &&
        html`
          <svg width=${width} height=${HEIGHT} role="img" onPointerMove=${point}
            onPointerLeave=${() => setPointed(null)}
            aria-label=${`${title} by day from ${days[0]} to ${days.at(-1)}. ${days[shown]}: ${summary.join(", ")}.`}>
            <${Plot} width=${width} days=${days} marks=${marks} columns=${columns} write=${write}
              pointed=${pointed} ...${scale} />
          </svg>
        `}
      </div>
      ${!hasData && html`<p class="hint">No data yet.</p>`}
      <p class="readout">
        <span>${dayName(days[shown])}</span>
        ${columns.map(
          ({ name, values, write: writeValue, draw }) => html`
            <span key=${name}>
              ${draw && html`<i class=${`swatch ${style(columns, name)}`}></i>`}
              ${" "}${name} <b>${writeValue(values[shown])}</b>
            </span>
          `,
        )}
        ${pointed !== null && marks[shown] && html`<span class="change">${marks[shown]}</span>`}
      </p>
    <//>
  `;
}

function Plot({ width, days, marks, columns, write, pointed, isWhole = false, startsAtZero = true }) {
  const bars = columns.filter(({ draw }) => draw === "bars");
  const lines = columns.filter(({ draw }) => draw === "line");
  const lower = columns.find(({ draw }) => draw === "lower")?.values;
  const upper = columns.find(({ draw }) => draw === "upper")?.values;
  const totals = days.map((_, index) => bars.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  const all = [...lines.map(({ values }) => values), lower ?? [], upper ?? [], bars.length ? totals : []]
    .flat()
    .filter((value) => value !== null);
  const low = startsAtZero || !all.length ? 0 : Math.min(...all);
  const steps = ticks(low, Math.max(low, ...all), isWhole);
  const [bottom, top] = [steps[0], /** @type {number} */ (steps.at(-1))];
  const slot = (width - LEFT - RIGHT) / days.length;
  const x = (index) => LEFT + slot * index;
  const y = (value) => TOP + ((HEIGHT - TOP - BOTTOM) * (top - value)) / (top - bottom);
  const base = HEIGHT - BOTTOM;
  const heights = days.map(() => 0);
  return html`
    ${steps.map(
      (value) => html`
        <line key=${value} class="grid" x1=${LEFT} x2=${width - RIGHT} y1=${y(value)} y2=${y(value)} />
        <text x=${LEFT - 6} y=${y(value) + 4} text-anchor="end">${write(value)}</text>
      `,
    )}
    ${dateLabels(days, slot).map(
      (index) => html`
        <text key=${days[index]} x=${x(index) + slot / 2} y=${HEIGHT - 6} text-anchor="middle">
          ${dayName(days[index])}
        </text>
      `,
    )}
    ${lower && upper && html`<path class="band" d=${columnsPath(x, slot, lower.map((low, index) =>
      low === null ? null : [y(low), y(upper[index])]))} />`}
    ${bars.map(({ name, values }) => {
      const path = values.map((value, index) => {
        const from = heights[index];
        heights[index] += value ?? 0;
        return value ? [y(from), y(heights[index])] : null;
      });
      return html`<path key=${name} class=${`bars ${style(columns, name)}`}
        d=${columnsPath((index) => x(index) + slot * 0.1, slot * 0.8, path)} />`;
    })}
    ${lines.map(
      ({ name, values }) => html`
        <path key=${name} class=${`line ${style(columns, name)}`}
          d=${linePath(values.map((value, index) => value === null ? null : [x(index) + slot / 2, y(value)]))} />
      `,
    )}
    ${marks.map(
      (text, index) =>
        text &&
        html`
          <g key=${index} class="mark">
            <title>${`${days[index]}: ${text}`}</title>
            <line x1=${x(index) + slot / 2} x2=${x(index) + slot / 2} y1=${TOP} y2=${base} />
            <path d=${`M${x(index) + slot / 2 - 5} ${TOP - 9}h10l-5 9z`} />
          </g>
        `,
    )}
    ${pointed !== null &&
    html`<rect class="pointed" x=${x(pointed)} y=${TOP} width=${slot} height=${base - TOP} />`}
  `;
}

/** Two bounds are one thing with the line between them. */
function style(columns, name) {
  const drawn = columns.filter(({ draw }) => draw === "bars" || draw === "line");
  const index = drawn.findIndex((column) => column.name === name);
  return index < 0 ? "bound" : `series-${index}`;
}

/** @param {([number, number] | null)[]} spans - from and to */
function columnsPath(x, width, spans) {
  return spans
    .map((span, index) => span && `M${round(x(index))} ${round(span[0])}V${round(span[1])}h${round(width)}V${round(span[0])}z`)
    .filter(Boolean)
    .join("");
}

/** @param {([number, number] | null)[]} points */
function linePath(points) {
  return points
    .map((point, index) => point && `${points[index - 1] ? "L" : "M"}${round(point[0])} ${round(point[1])}h0`)
    .filter(Boolean)
    .join("");
}

const round = (number) => Math.round(number * 10) / 10;

function dateLabels(days, slot) {
  const every = Math.max(1, Math.ceil(84 / slot));
  return days.map((_, index) => index).filter((index) => (days.length - 1 - index) % every === Math.floor(every / 2));
}

function dayName(day) {
  const format = { day: "numeric", month: "short", timeZone: "UTC" };
  return new Date(day).toLocaleDateString(undefined, /** @type {any} */ (format));
}
