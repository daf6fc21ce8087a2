import { html } from "../vendor/preact.js";

/** @param {{ note: string, fieldRef: any, onChange: (note: string) => void }} props */
export function Note({ note, fieldRef, onChange }) {
  return html`
    <div>
      <label for="note">Note <kbd>n</kbd></label>
      <textarea id="note" ref=${fieldRef} rows="2" value=${note} aria-describedby="note-help"
        onInput=${(event) => onChange(event.currentTarget.value)}
        onKeyDown=${(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}></textarea>
      <p id="note-help" class="hint">
        Recorded with your decision, for other reviewers. Do not quote users. Escape leaves the field.
      </p>
    </div>
  `;
}
