// The intents that can be chosen by key, and the further intents that were chosen.

import { html } from "../vendor/preact.js";

/** A name that breaks after "_" alone. @param {string} name */
const breakable = (name) => name.split(/(?<=_)/).map((part) => html`${part}<wbr />`);

/**
 * @param {{ choices: import("./choices.js").Choice[], further: string[],
 *   onChoose: (intent: string) => void, onFurther: (intent: string) => void }} props
 */
export function ChoiceList({ choices, further, onChoose, onFurther }) {
  return html`
    <ol class="choices" aria-label="Choices">
      ${choices.map(
        (choice, index) => html`
          <li key=${choice.intent}>
            <button type="button" class="choice" aria-keyshortcuts=${index + 1}
              onClick=${() => onChoose(choice.intent)}>
              <kbd>${index + 1}</kbd>
              <span class="intent">${breakable(choice.intent)}</span>
              <span class="origin">${choice.origin}</span>
              <span class="description">${choice.description}</span>
            </button>
            <button type="button" class="further" aria-pressed=${further.includes(choice.intent)}
              aria-label=${`${choice.intent} as a further intent`}
              onClick=${() => onFurther(choice.intent)}>+</button>
          </li>
        `,
      )}
    </ol>
  `;
}

/**
 * @param {{ further: string[] | null, onRemove: (intent: string) => void, onClear: () => void }} props -
 *   null: nothing is said about further intents; empty: there are none
 */
export function FurtherIntents({ further, onRemove, onClear }) {
  if (further === null) return null;
  if (!further.length) {
    return html`
      <p class="chips">
        <button type="button" class="chip" aria-label="Remove: no further intents"
          onClick=${onClear}>no further intents ×</button>
      </p>
    `;
  }
  return html`
    <p class="chips">
      <span>Further intents:</span>
      ${further.map(
        (intent) => html`
          <button type="button" key=${intent} class="chip" aria-label=${`Remove ${intent}`}
            onClick=${() => onRemove(intent)}>${intent} ×</button>
        `,
      )}
    </p>
  `;
}
