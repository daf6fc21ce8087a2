// A ranking: a table whose rows have a bar each. The first ones are shown, and all of them on demand.

import { html, useState } from "../vendor/preact.js";

const FIRST_ROWS = 10;

/**
 * @param {{ title: string, hint: string, headings: string[], empty?: string,
 *   isWide?: boolean, rows: { cells: any[], value?: number, picture?: any }[] }} props
 *   A row without a `picture` has a bar that compares its `value` with the largest one.
 */
export function Ranking({ title, hint, headings, rows, empty = "None in this period.", isWide = false }) {
  const [isWhole, setWhole] = useState(false);
  const most = Math.max(1, ...rows.map(({ value }) => value ?? 0));
  return html`
    <section class=${isWide ? "chart wide" : "chart"} aria-label=${title}>
      <h3>${title}</h3>
      <p class="hint">${hint}</p>
      ${rows.length === 0 && html`<p class="empty">${empty}</p>`}
      ${rows.length > 0 &&
      html`
        <div class="scroll" tabindex="0" role="group" aria-label=${`Table: ${title}`}>
          <table class="bars">
            <thead>
              <tr>${headings.map((name) => html`<th key=${name} scope="col">${name}</th>`)}<td></td></tr>
            </thead>
            <tbody>
              ${rows.slice(0, isWhole ? undefined : FIRST_ROWS).map(
                ({ cells: [name, ...cells], value, picture }, index) => html`
                  <tr key=${index}>
                    <th scope="row">${name}</th>
                    ${cells.map((cell, column) => html`<td key=${column}>${cell}</td>`)}
                    <td>${picture ?? html`<meter aria-label=${`${title}: ${name}`} max=${most} value=${value}></meter>`}</td>
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
