// What a decision or a model rests on, whatever its form: figures as tiles, those with an interval
// with a line, lists of like objects as tables, and anything else as text.

import { html } from "../vendor/preact.js";
import { Interval } from "../ui.js";

const MAX_ROWS = 100;
const BOUNDS = [["lower", "upper"], ["ci_lower", "ci_upper"], ["low", "high"]];

/** @param {{ content: Record<string, any> }} props */
export function Evidence({ content }) {
  const entries = Object.entries(content);
  const figures = entries.filter(([, value]) => !isNested(value) || intervalOf(value));
  const nested = entries.filter(([, value]) => isNested(value) && !intervalOf(value));
  return html`
    ${figures.length > 0 &&
    html`
      <dl class="tiles">
        ${figures.map(([name, value]) => html`<${Figure} key=${name} name=${name} value=${value} />`)}
      </dl>
    `}
    ${nested.map(
      ([name, value]) => html`
        <div class="nested" key=${name}>
          <p class="label">${title(name)}</p>
          <${Nested} value=${value} />
        </div>
      `,
    )}
  `;
}

function Figure({ name, value }) {
  const interval = intervalOf(value);
  return html`
    <div>
      <dt>${title(name)}</dt>
      <dd>
        ${interval
          ? html`${write(interval.value)} <small>${write(interval.lower)} to ${write(interval.upper)}</small>
              <${Interval} ...${interval} from=${Math.min(0, interval.lower)}
                to=${Math.max(1e-9, interval.upper, interval.lower < 0 ? 0 : 1)} />`
          : write(value)}
      </dd>
    </div>
  `;
}

function Nested({ value }) {
  if (!Array.isArray(value)) return html`<${Evidence} content=${value} />`;
  if (value.every((row) => row !== null && typeof row === "object" && !Array.isArray(row))) {
    return html`<${Table} rows=${value} />`;
  }
  return html`<p>${value.slice(0, MAX_ROWS).map(write).join(", ")}${value.length > MAX_ROWS ? " …" : ""}</p>`;
}

function Table({ rows }) {
  const columns = [...new Set(rows.flatMap(Object.keys))];
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label="Table">
      <table>
        <thead><tr>${columns.map((name) => html`<th key=${name} scope="col">${title(name)}</th>`)}</tr></thead>
        <tbody>
          ${rows.slice(0, MAX_ROWS).map(
            (row, index) => html`
              <tr key=${index}>${columns.map((name) => html`<td key=${name}>${write(row[name])}</td>`)}</tr>
            `,
          )}
        </tbody>
      </table>
    </div>
    ${rows.length > MAX_ROWS && html`<p class="hint">The first ${MAX_ROWS} of ${rows.length} rows.</p>`}
  `;
}

/**
 * An object of two bounds, and of nothing else but what they bound.
 * @returns {{ value: number | null, lower: number, upper: number } | null}
 */
function intervalOf(value) {
  if (!isNested(value) || Array.isArray(value) || Object.keys(value).length > 3) return null;
  const bounds = BOUNDS.find((names) => names.every((name) => typeof value[name] === "number"));
  if (!bounds) return null;
  const estimate = Object.entries(value).find(
    ([name, other]) => !bounds.includes(name) && typeof other === "number",
  );
  return { value: estimate ? estimate[1] : null, lower: value[bounds[0]], upper: value[bounds[1]] };
}

const isNested = (value) => value !== null && typeof value === "object";

const NAMES = {
  ece: "expected calibration error, 0 to 1",
  macro_f1: "macro F1, 0 to 1",
  oos_found_at_95_kept: "out-of-scope messages found when 95 % in scope are kept",
  oos_false_accept_rate: "out-of-scope messages accepted with confidence",
  p50_ms: "median latency, ms",
  p99_ms: "99th percentile of the latency, ms",
  size_bytes: "size, bytes",
};

const title = (name) => NAMES[name] ?? name.replaceAll("_", " ");

function write(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number" && !Number.isInteger(value)) return String(Number(value.toPrecision(4)));
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
