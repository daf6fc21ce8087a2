// The screen of a reviewer: one message, its choices, and the keys.

import { html, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { Card } from "./card.js";
import { ChoiceList, FurtherIntents } from "./choice_list.js";
import { choicesFor } from "./choices.js";
import { HelpDialog } from "./help.js";
import { isComposing, useKeys } from "./keys.js";
import { NearDuplicates } from "./near_duplicates.js";
import { Search } from "./search.js";
import { SkipDialog } from "./skip.js";
import { BLIND } from "./state.js";

/**
 * @param {{ review: import("./state.js").Review, catalogue: import("./choices.js").Intent[],
 *   onList: () => void }} props
 */
export function ReviewScreen({ review, catalogue, onList }) {
  const item = review.current;
  const [dialog, setDialog] = useState(/** @type {"skip" | "help" | null} */ (null));
  const heading = useRef(null);
  const search = useRef(null);
  const noteField = useRef(null);
  const choices = useMemo(() => (item ? choicesFor(item, catalogue) : []), [item, catalogue]);
  const nearDuplicates = review.nearDuplicates;
  const { draft } = review;

  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), [item?.item, item?.conflict]);

  const decide = (intent) => {
    const secondary = draft.further && draft.further.filter((name) => name !== intent);
    const near = draft.near.filter((number) => nearDuplicates.some((other) => other.item === number));
    review.decide({ intent, secondary, note: draft.note.trim(), near });
  };
  const toggle = (intent) => {
    const names = draft.further ?? [];
    const rest = names.filter((name) => name !== intent);
    const changed = rest.length < names.length ? rest : [...names, intent];
    review.prepare({ further: changed.length ? changed : null });
  };
  const toggleNone = () => review.prepare({ further: draft.further?.length === 0 ? null : [] });
  const chooseAllNear = () => {
    const all = nearDuplicates.map((other) => other.item);
    review.prepare({ near: draft.near.length < all.length ? all : [] });
  };
  const skip = () => item && !item.conflict && setDialog("skip");

  useKeys({
    choose: (index) => item && choices[index] && decide(choices[index].intent),
    chooseFurther: (index) => item && choices[index] && toggle(choices[index].intent),
    noFurther: () => item && toggleNone(),
    search: () => search.current?.focus(),
    note: () => noteField.current?.focus(),
    near: () => item && nearDuplicates.length && chooseAllNear(),
    skip,
    leave: () => item?.conflict && review.dismiss(),
    undo: () => review.undo(),
    list: onList,
    blind: () => switchBlind(review),
    help: () => setDialog("help"),
  });

  return html`
    <section class="review" aria-label="Review">
      <${Toolbar} review=${review} onSkip=${skip} onList=${onList} onHelp=${() => setDialog("help")} />
      <${BlindReview} review=${review} />
      ${item
        ? html`
            <${Card} item=${item} headingRef=${heading} />
            <${NearDuplicates} texts=${nearDuplicates} chosen=${draft.near} onAll=${chooseAllNear}
              onChange=${(near) => review.prepare({ near })} />
            <${ChoiceList} choices=${choices} further=${draft.further ?? []} onChoose=${decide}
              onFurther=${toggle} />
            <${FurtherIntents} further=${draft.further} onRemove=${toggle} onClear=${toggleNone} />
            <div class="fields">
              <${Search} catalogue=${catalogue} inputRef=${search}
                onChoose=${(intent, isFurther) => (isFurther ? toggle(intent) : decide(intent))} />
              <${Note} note=${draft.note} fieldRef=${noteField}
                onChange=${(note) => review.prepare({ note })} />
            </div>
          `
        : html`<${Empty} review=${review} />`}
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

const isBlindReview = (review) => review.reason === BLIND;

function switchBlind(review) {
  if (isBlindReview(review)) review.restart(null);
  else if (review.hasDisagreements) review.restart(BLIND);
  else review.say("No disagreements wait.");
}

/** Offers the disagreements of models, which are reviewed apart from the queue, and the way back. */
function BlindReview({ review }) {
  const isBlind = isBlindReview(review);
  if (!isBlind && !review.hasDisagreements) return null;
  return html`
    <p class="blind">
      <span>${isBlind ? "Disagreements of models, blind." : "Two models disagree about some messages."}</span>
      <button type="button" onClick=${() => switchBlind(review)}>
        ${isBlind ? "Back to the queue" : "Review them blind"} <kbd>b</kbd>
      </button>
    </p>
  `;
}

function Note({ note, fieldRef, onChange }) {
  return html`
    <div>
      <label for="note">Note <kbd>n</kbd></label>
      <textarea id="note" ref=${fieldRef} rows="2" value=${note} aria-describedby="note-help"
        onInput=${(event) => onChange(event.currentTarget.value)}
        onKeyDown=${(event) => {
          if (event.key === "Escape" && !isComposing(event)) event.currentTarget.blur();
        }}></textarea>
      <p id="note-help" class="hint">
        Recorded with your decision, for other reviewers. Do not quote users. Escape leaves the field.
      </p>
    </div>
  `;
}

function Toolbar({ review, onSkip, onList, onHelp }) {
  const item = review.current;
  return html`
    <div class="toolbar">
      <p class="status" role="status">${review.message}</p>
      <div class="actions">
        ${item?.conflict
          ? html`<button type="button" onClick=${() => review.dismiss()}>Leave it <kbd>Enter</kbd></button>`
          : html`<button type="button" disabled=${!item} onClick=${onSkip}>Skip <kbd>s</kbd></button>`}
        <button type="button" disabled=${!review.done.length} onClick=${() => review.undo()}>
          Undo <kbd>u</kbd>
        </button>
        <button type="button" onClick=${onList}>List <kbd>l</kbd></button>
        <button type="button" onClick=${onHelp}>Keys <kbd>?</kbd></button>
      </div>
    </div>
  `;
}

function Empty({ review }) {
  if (review.isLoading) return html`<p class="empty">Loading messages …</p>`;
  return html`
    <div class="empty">
      <h2>${review.isComplete ? "Nothing waits for you" : "The messages could not be read"}</h2>
      ${review.isComplete && html`<p>${review.reason
        ? "No message waits for this reason."
        : "What you skipped, and disputes in which you voted, wait for other reviewers: Figures still counts them. Look again for what users sent meanwhile."}</p>`}
      <button type="button" onClick=${() => review.restart(null)}>Look again</button>
    </div>
  `;
}
