// Rankings: tables whose rows have a bar.

import { html, useState } from "../vendor/preact.js";
import { percent } from "../ui.js";
import { share } from "./series.js";

const FIRST_ROWS = 10;
const count = (value) => (value === null ? "–" : Math.round(value).toLocaleString());

/** @param {{ intents: any[] }} props - those that cost most failures first */
export function Intents({ intents }) {
  return html`
    <${Ranking} title="Intents by volume and failures"
      hint="Expected failures: the messages of an intent times its share of failures among known outcomes."
      headings=${["Intent", "Messages", "Failed", "Expected failures"]}
      rows=${intents.map((one) => ({
        cells: [
          one.predicted_intent,
          count(one.messages),
          one.with_outcome
            ? `${count(one.failed)} of ${count(one.with_outcome)}, ${percent(share(one.failed, one.with_outcome), 1)}`
            : "–",
          count(one.expected_failures),
        ],
        value: one.expected_failures ?? 0,
      }))} />
  `;
}

/** @param {{ confusions: any[] }} props - the most frequent first */
export function Confusions({ confusions }) {
  return html`
    <${Ranking} title="What is taken for what"
      hint="From the completed audits. Messages: an estimate for all messages of the period."
      headings=${["Predicted", "Right", "Audits", "Messages"]}
      rows=${confusions.map((one) => ({
        cells: [one.predicted_intent, one.label, count(one.audited), count(one.messages)],
        value: one.messages,
      }))} />
  `;
}

function Ranking({ title, hint, headings, rows }) {
  const [isWhole, setWhole] = useState(false);
  const most = Math.max(1, ...rows.map(({ value }) => value));
  return html`
    <section class="chart" aria-label=${title}>
      <h3>${title}</h3>
      <p class="hint">${hint}</p>
      ${rows.length === 0 && html`<p class="empty">None in this period.</p>`}
      ${rows.length > 0 &&
      html`
        <div class="scroll" tabindex="0" role="group" aria-label=${`Table: ${title}`}>
          <table class="bars">
            <thead>
              <tr>${headings.map((name) => html`<th key=${name} scope="col">${name}</th>`)}<td></td></tr>
            </thead>
            <tbody>
              ${rows.slice(0, isWhole ? undefined : FIRST_ROWS).map(
                ({ cells: [name, ...cells], value }, index) => html`
                  <tr key=${index}>
                    <th scope="row">${name}</th>
                    ${cells.map((cell, column) => html`<td key=${column}>${cell}</td>`)}
                    <td><meter aria-label=${`${headings.at(-1)}: ${name}`} max=${most} value=${value}></meter></td>
                  </tr>
                `,
              )}
            </tbody>
          </table>
        </div>
      `}
      ${rows.length > FIRST_ROWS &&
      html`
        <button type="button" aria-expanded=${isWhole} onClick=${() => setWhole(!isWhole)}>
          ${isWhole ? `Show the first ${FIRST_ROWS}` : `Show all ${rows.length}`}
        </button>
      `}
    </section>
  `;
}
