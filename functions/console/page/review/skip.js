import { html, useLayoutEffect } from "../vendor/preact.js";
import { Dialog } from "../ui.js";
import { digitOf } from "./keys.js";

const REASONS = [
  ["unsure", "I am not sure"],
  ["unreadable", "I cannot read it"],
  ["no_intent_fits", "It needs a new intent"],
  ["needs_context", "It needs more context"],
];

/** @param {{ onSkip: (reason: string) => void, onClose: () => void }} props */
export function SkipDialog({ onSkip, onClose }) {
  useLayoutEffect(() => {
    const onKeyDown = (event) => {
      const reason = REASONS[digitOf(event) - 1];
      if (!reason || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      onSkip(reason[0]);
    };
    document.addEventListener("keydown", onKeyDown, true);
    return () => document.removeEventListener("keydown", onKeyDown, true);
  });
  return html`
    <${Dialog} title="Why do you skip it?" onClose=${onClose}>
      <p class="hint">The message waits on, for other reviewers.</p>
      <ol class="choices">
        ${REASONS.map(
          ([reason, name], index) => html`
            <li key=${reason}>
              <button type="button" class="choice" onClick=${() => onSkip(reason)}>
                <kbd>${index + 1}</kbd> <span class="intent">${name}</span>
              </button>
            </li>
          `,
        )}
      </ol>
      <div class="actions"><button type="button" onClick=${onClose}>Do not skip</button></div>
    <//>
  `;
}
