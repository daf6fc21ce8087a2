// Texts with nearly the same words, which can be decided with the message.

import { html } from "../vendor/preact.js";

/**
 * None is chosen at first: whoever decides a text has looked at it.
 * @param {{ texts: { item: number, text: string }[], chosen: number[],
 *   onChange: (chosen: number[]) => void, onAll: () => void }} props
 */
export function NearDuplicates({ texts, chosen, onChange, onAll }) {
  if (!texts.length) return null;
  const toggle = (item) =>
    chosen.includes(item) ? chosen.filter((number) => number !== item) : [...chosen, item];
  return html`
    <fieldset class="near">
      <legend>Near-duplicates, decided with the message where chosen</legend>
      ${texts.map(
        ({ item, text }) => html`
          <label key=${item}>
            <input type="checkbox" checked=${chosen.includes(item)}
              onChange=${() => onChange(toggle(item))} />
            <span dir="auto">${text}</span>
          </label>
        `,
      )}
      <button type="button" onClick=${onAll}>
        ${chosen.length < texts.length ? "Choose all" : "Choose none"} <kbd>d</kbd>
      </button>
    </fieldset>
  `;
}
