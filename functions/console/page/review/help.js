import { html, useState } from "../vendor/preact.js";
import { Dialog } from "../ui.js";
import { KEYS, areKeysOn, switchKeys } from "./keys.js";

/** @param {{ onClose: () => void }} props */
export function HelpDialog({ onClose }) {
  const [areOn, setOn] = useState(areKeysOn());
  return html`
    <${Dialog} title="Keys" onClose=${onClose} onKeyDown=${(event) => {
      if (event.key !== "?" || event.repeat) return;
      event.stopPropagation(); // The key would open the help again.
      onClose();
    }}>
      <dl class="keys">
        ${KEYS.map(([key, meaning]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${meaning}</dd></div>`)}
      </dl>
      <label class="switch">
        <input type="checkbox" checked=${areOn} onChange=${(event) => {
          switchKeys(event.currentTarget.checked);
          setOn(event.currentTarget.checked);
        }} />
        Single keys are on
      </label>
      <div class="actions"><button type="button" autofocus onClick=${onClose}>Close <kbd>Escape</kbd></button></div>
    <//>
  `;
}
