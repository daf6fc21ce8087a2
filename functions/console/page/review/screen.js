// The screen of a reviewer: one message, its choices, and the keys.

import { html, useEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { Card } from "./card.js";
import { choicesFor } from "./choices.js";
import { HelpDialog } from "./help.js";
import { useKeys } from "./keys.js";
import { Search } from "./search.js";
import { SkipDialog } from "./skip.js";

/**
 * @param {{ review: import("./state.js").Review, catalogue: import("./choices.js").Intent[],
 *   onList: () => void }} props
 */
export function ReviewScreen({ review, catalogue, onList }) {
  const item = review.current;
  const [further, setFurther] = useState(/** @type {string[] | null} */ (null));
  const [notes, setNotes] = useState("");
  const [dialog, setDialog] = useState(/** @type {"skip" | "help" | null} */ (null));
  const heading = useRef(null);
  const search = useRef(null);
  const noteField = useRef(null);
  const choices = useMemo(() => (item ? choicesFor(item, catalogue) : []), [item, catalogue]);

  useEffect(() => {
    setFurther(null);
    setNotes("");
    heading.current?.focus({ preventScroll: true });
  }, [item?.item, item?.conflict]);

  const decide = (intent) => {
    const secondary = further && further.filter((name) => name !== intent);
    review.decide({ intent, secondary, notes: notes.trim() });
  };
  const toggle = (intent) =>
    setFurther((names) => {
      const rest = (names ?? []).filter((name) => name !== intent);
      return rest.length === (names ?? []).length ? [...rest, intent] : rest;
    });

  useKeys({
    choose: (index) => item && choices[index] && decide(choices[index].intent),
    chooseFurther: (index) => item && choices[index] && toggle(choices[index].intent),
    noFurther: () => setFurther((names) => (names?.length === 0 ? null : [])),
    search: () => search.current?.focus(),
    note: () => noteField.current?.focus(),
    skip: () => item && !item.conflict && setDialog("skip"),
    leave: () => item?.conflict && review.dismiss(),
    undo: () => review.undo(),
    list: onList,
    help: () => setDialog("help"),
  });

  return html`
    <section class="review" aria-label="Review">
      <p class="status" role="status">${review.message}</p>
      ${item
        ? html`
            <${Card} item=${item} headingRef=${heading} />
            <${Choices} choices=${choices} further=${further ?? []} onChoose=${decide}
              onFurther=${toggle} />
            <${Further} further=${further} onChange=${setFurther} />
            <${Search} catalogue=${catalogue} inputRef=${search}
              onChoose=${(intent, isFurther) => (isFurther ? toggle(intent) : decide(intent))} />
            <div class="notes">
              <label for="notes">Note <kbd>n</kbd></label>
              <textarea id="notes" ref=${noteField} rows="2" value=${notes}
                aria-describedby="notes-help" onInput=${(event) => setNotes(event.currentTarget.value)}
                onKeyDown=${(event) => {
                  if (event.key === "Escape") event.currentTarget.blur();
                }}></textarea>
              <p id="notes-help" class="hint">
                For other reviewers. It is recorded with your decision. Do not quote users.
              </p>
            </div>
          `
        : html`<${Empty} review=${review} />`}
      <div class="actions">
        ${item?.conflict
          ? html`<button type="button" onClick=${() => review.dismiss()}>Leave it <kbd>Enter</kbd></button>`
          : html`<button type="button" disabled=${!item} onClick=${() => setDialog("skip")}>
              Skip <kbd>s</kbd>
            </button>`}
        <button type="button" disabled=${!review.done.length} onClick=${() => review.undo()}>
          Undo <kbd>u</kbd>
        </button>
        <button type="button" onClick=${onList}>List <kbd>l</kbd></button>
        <button type="button" onClick=${() => setDialog("help")}>Keys <kbd>?</kbd></button>
      </div>
      ${dialog === "skip" &&
      html`<${SkipDialog} onClose=${() => setDialog(null)}
        onSkip=${(reason) => {
          setDialog(null);
          review.skip(reason);
        }} />`}
      ${dialog === "help" && html`<${HelpDialog} onClose=${() => setDialog(null)} />`}
    </section>
  `;
}

function Choices({ choices, further, onChoose, onFurther }) {
  return html`
    <ol class="choices" aria-label="Choices">
      ${choices.map(
        (choice, index) => html`
          <li key=${choice.intent}>
            <button type="button" class="choice" aria-keyshortcuts=${index + 1}
              onClick=${() => onChoose(choice.intent)}>
              <kbd>${index + 1}</kbd>
              <span class="intent">${choice.intent}</span>
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

function Further({ further, onChange }) {
  if (further === null) return null;
  if (!further.length) {
    return html`
      <p class="chips">
        <button type="button" class="chip" aria-label="Remove: no further intents"
          onClick=${() => onChange(null)}>no further intents ×</button>
      </p>
    `;
  }
  return html`
    <p class="chips">
      <span>Further intents:</span>
      ${further.map(
        (intent) => html`
          <button type="button" key=${intent} class="chip" aria-label=${`Remove ${intent}`}
            onClick=${() => {
              const rest = further.filter((name) => name !== intent);
              onChange(rest.length ? rest : null);
            }}>${intent} ×</button>
        `,
      )}
    </p>
  `;
}

function Empty({ review }) {
  if (review.isLoading || !review.isComplete) {
    return html`<p class="empty">Loading messages …</p>`;
  }
  return html`
    <div class="empty">
      <h2>Nothing waits for you</h2>
      <p>
        ${review.reason
          ? "No message waits for this reason."
          : "All messages are decided or skipped. New ones arrive as users send them."}
      </p>
      <button type="button" onClick=${() => review.restart(null)}>Look again</button>
    </div>
  `;
}
