// The frame of a chart: its title, what it says, and its numbers as a table.

import { html, useLayoutEffect, useRef, useState } from "../vendor/preact.js";

/**
 * @param {{ title: string, hint: string, headings: string[], rows: () => any[][], children?: any }} props
 *   `rows`: the numbers, built when the table is opened
 */
export function Figure({ title, hint, headings, rows, children }) {
  return html`
    <figure class="chart">
      <figcaption>
        <h3>${title}</h3>
        <p class="hint">${hint}</p>
      </figcaption>
      ${children}
      <${Numbers} title=${title} headings=${headings} rows=${rows} />
    </figure>
  `;
}

function Numbers({ title, headings, rows }) {
  const [isOpen, setOpen] = useState(false);
  return html`
    <details onToggle=${(event) => setOpen(event.currentTarget.open)}>
      <summary aria-label=${`Numbers: ${title}`}>Numbers</summary>
      ${isOpen &&
      html`
        <div class="scroll numbers" tabindex="0" role="group" aria-label=${`Table: ${title}`}>
          <table>
            <thead>
              <tr>${headings.map((name) => html`<th key=${name} scope="col">${name}</th>`)}</tr>
            </thead>
            <tbody>
              ${rows().map(
                ([name, ...values], index) => html`
                  <tr key=${index}>
                    <th scope="row">${name}</th>
                    ${values.map((value, column) => html`<td key=${column}>${value}</td>`)}
                  </tr>
                `,
              )}
            </tbody>
          </table>
        </div>
      `}
    </details>
  `;
}

/** @returns {[any, number]} a reference to an element, and its width in pixels */
export function useWidth() {
  const element = useRef(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const measure = () => setWidth(element.current.clientWidth);
    const observer = new ResizeObserver(measure);
    measure();
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}
