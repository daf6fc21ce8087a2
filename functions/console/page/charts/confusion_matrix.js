// A confusion matrix: what was right, and what was predicted instead. It is a table, so that it reads as one.

import { html } from "../vendor/preact.js";

const SHOWN_INTENTS = 8;
const SHADES = 5;

/**
 * @typedef {{ intent: string, predicted: string, texts: number }} Confusion
 * @param {{ title: string, confusions: Confusion[], results: Map<string, { texts: number, correct: number }> }} props
 *   `results`: how many texts an intent has, and how many of them were recognised
 */
export function ConfusionMatrix({ title, confusions, results }) {
  const intents = mostConfused(confusions);
  if (!intents.length) return html`<p class="empty">No text was taken for another intent.</p>`;
  const count = (intent, predicted) =>
    confusions.find((one) => one.intent === intent && one.predicted === predicted)?.texts ?? 0;
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label=${`Table: ${title}`}>
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">Right</th>
            ${intents.map((intent) => html`<th key=${intent} scope="col"><span>${intent}</span></th>`)}
            <th scope="col"><span>another</span></th>
          </tr>
        </thead>
        <tbody>
          ${intents.map((intent) => {
            const { texts, correct } = results.get(intent) ?? { texts: 0, correct: 0 };
            const cells = intents.map((predicted) => (predicted === intent ? correct : count(intent, predicted)));
            const another = texts - cells.reduce((sum, number) => sum + number, 0);
            return html`
              <tr key=${intent}>
                <th scope="row">${intent}</th>
                ${[...cells, Math.max(0, another)].map(
                  (number, column) => html`
                    <td key=${column} class=${shade(number, texts, intents[column] === intent)}>${number || ""}</td>
                  `,
                )}
              </tr>
            `;
          })}
        </tbody>
      </table>
    </div>
  `;
}

/** Those that lose or attract most texts. */
function mostConfused(confusions) {
  const counts = new Map();
  for (const { intent, predicted, texts } of confusions) {
    for (const one of [intent, predicted]) counts.set(one, (counts.get(one) ?? 0) + texts);
  }
  return [...counts.keys()]
    .sort((one, other) => counts.get(other) - counts.get(one) || one.localeCompare(other))
    .slice(0, SHOWN_INTENTS);
}

function shade(number, all, isRight) {
  if (!number || !all) return undefined;
  return `${isRight ? "right" : "wrong"} shade-${Math.min(SHADES, Math.ceil((SHADES * number) / all))}`;
}
