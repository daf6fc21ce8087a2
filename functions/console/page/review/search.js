// The search in the catalogue: a field with a list of matching intents.

import { html, useEffect, useState } from "../vendor/preact.js";
import { searchIntents } from "./choices.js";
import { isComposing } from "./keys.js";

/**
 * @param {{ catalogue: import("./choices.js").Intent[], inputRef: any,
 *   onChoose: (intent: string, isFurther: boolean) => void }} props
 */
export function Search({ catalogue, inputRef, onChoose }) {
  const [typed, setTyped] = useState("");
  const [position, setPosition] = useState(-1); // None: Enter in an empty field decides nothing.
  const [isOpen, setOpen] = useState(false);
  const found = isOpen ? searchIntents(typed, catalogue) : [];
  const active = found[Math.min(position, found.length - 1)];
  useEffect(() => {
    if (active) document.getElementById(`found-${active.intent}`)?.scrollIntoView({ block: "nearest" });
  });

  const close = () => {
    setTyped("");
    setPosition(-1);
    setOpen(false);
    inputRef.current?.blur();
  };
  const choose = (intent, isFurther) => {
    close();
    onChoose(intent, isFurther);
  };
  const onKeyDown = (event) => {
    if (isComposing(event)) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setOpen(true);
      setPosition(Math.max(0, Math.min(position + step, found.length - 1)));
    } else if (event.key === "Enter" && active) {
      event.preventDefault();
      choose(active.intent, event.shiftKey);
    } else if (event.key === "Escape") {
      close();
    }
  };
  const onInput = (event) => {
    setTyped(event.currentTarget.value);
    setPosition(event.currentTarget.value.trim() ? 0 : -1);
    setOpen(true);
  };

  return html`
    <div class="search">
      <label for="search">Search the catalogue <kbd>/</kbd></label>
      <input id="search" ref=${inputRef} type="text" role="combobox" autocomplete="off"
        spellcheck="false" aria-expanded=${found.length > 0} aria-controls="found"
        aria-autocomplete="list" aria-activedescendant=${active ? `found-${active.intent}` : ""}
        aria-describedby="search-help" value=${typed} onInput=${onInput} onKeyDown=${onKeyDown}
        onFocus=${() => setOpen(true)} onBlur=${() => setOpen(false)} />
      <ul id="found" role="listbox" aria-label="Intents" hidden=${found.length === 0}>
        ${found.map(
          (intent) => html`
            <li id=${`found-${intent.intent}`} key=${intent.intent} role="option"
              aria-selected=${intent === active}
              onMouseDown=${(event) => {
                event.preventDefault();
                choose(intent.intent, event.shiftKey);
              }}>
              <strong>${intent.intent}</strong> <span>${intent.description}</span>
            </li>
          `,
        )}
      </ul>
      <p id="search-help" class="hint" aria-live="polite">
        ${isOpen && !found.length ? "No intent matches." : "Enter decides; Shift with Enter adds a further intent."}
      </p>
    </div>
  `;
}
