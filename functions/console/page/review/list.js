// The list of what waits, best first.

import { call } from "../api.js";
import { html, useEffect, useState } from "../vendor/preact.js";
import { REASONS, percent, reasonName } from "../ui.js";
import { HelpDialog } from "./help.js";
import { useKeys } from "./keys.js";

const SHOWN = 50;

/**
 * @param {{ onOpen: (item: import("./state.js").Item, reason: string | null) => void,
 *   onBack: () => void, onFailure: (error: any) => void, initialReason: string | null }} props
 */
export function ListScreen({ onOpen, onBack, onFailure, initialReason }) {
  const [reason, setReason] = useState(initialReason ?? "");
  const [items, setItems] = useState(/** @type {any[] | null} */ (null));
  const [isHelpOpen, setHelpOpen] = useState(false);
  useKeys({ back: onBack, help: () => setHelpOpen(true) });
  useEffect(() => {
    let isCurrent = true;
    setItems(null);
    call("console_items", { reason: reason || null, max_items: SHOWN }).then(
      (found) => isCurrent && setItems(found),
      onFailure,
    );
    return () => {
      isCurrent = false;
    };
  }, [reason]);
  return html`
    <section aria-labelledby="list-heading">
      <h2 id="list-heading">What waits</h2>
      <label for="reason">Reason</label>
      <select id="reason" value=${reason} onChange=${(event) => setReason(event.currentTarget.value)}>
        <option value="">all</option>
        ${Object.entries(REASONS).map(([reason, name]) => html`<option key=${reason} value=${reason}>${name}</option>`)}
      </select>
      ${items === null
        ? html`<p class="empty">Loading …</p>`
        : html`<${Rows} items=${items} onOpen=${(item) => onOpen(item, reason || null)} />`}
      ${isHelpOpen && html`<${HelpDialog} onClose=${() => setHelpOpen(false)} />`}
    </section>
  `;
}

function Rows({ items, onOpen }) {
  if (!items.length) return html`<p class="empty">Nothing waits for you here.</p>`;
  return html`
    <ul class="rows">
      ${items.map(
        (item) => html`
          <li key=${item.item}>
            <button type="button" class="row" onClick=${() => onOpen(item)}>
              <span class="message" dir="auto">${item.text}</span>
              <span class="hint">
                ${item.intents
                  ? item.intents.join(" or ")
                  : `${item.predicted_intent}, ${percent(item.confidence)} · ${item.reasons.map(reasonName).join(", ")}`}
              </span>
            </button>
          </li>
        `,
      )}
    </ul>
    ${items.length === SHOWN && html`<p class="hint">The first ${SHOWN} are shown.</p>`}
  `;
}
