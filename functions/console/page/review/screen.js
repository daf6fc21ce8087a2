// The screen of a reviewer: one message, its choices, and the keys.

import { html, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { Card } from "./card.js";
import { ChoiceList, FurtherIntents } from "./choice_list.js";
import { choicesFor } from "./choices.js";
import { HelpDialog } from "./help.js";
import { useKeys } from "./keys.js";
import { NearDuplicates } from "./near_duplicates.js";
import { Note } from "./note.js";
import { Search } from "./search.js";
import { SkipDialog } from "./skip.js";
import { BLIND } from "./state.js";

/**
 * What is prepared for one item: it never applies to another one, however fast the keys are.
 * @typedef {{ item: number | null, further: string[] | null, note: string, near: number[] }} Draft
 */

/** @type {Draft} */
const EMPTY = { item: null, further: null, note: "", near: [] };

/**
 * @param {{ review: import("./state.js").Review, catalogue: import("./choices.js").Intent[],
 *   onList: () => void }} props
 */
export function ReviewScreen({ review, catalogue, onList }) {
  const item = review.current;
  const [stored, setDraft] = useState(EMPTY);
  const [dialog, setDialog] = useState(/** @type {"skip" | "help" | null} */ (null));
  const heading = useRef(null);
  const search = useRef(null);
  const noteField = useRef(null);
  const choices = useMemo(() => (item ? choicesFor(item, catalogue) : []), [item, catalogue]);
  const nearDuplicates = review.nearDuplicates;
  const draft = stored.item === item?.item ? stored : EMPTY;
  const prepare = (changes) => setDraft({ ...draft, item: item.item, ...changes });

  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), [item?.item, item?.conflict]);

  const decide = (intent) => {
    const secondary = draft.further && draft.further.filter((name) => name !== intent);
    setDraft(EMPTY);
    const near = draft.near.filter((number) => nearDuplicates.some((other) => other.item === number));
    review.decide({ intent, secondary, note: draft.note.trim(), near }, draft);
  };
  const toggle = (intent) => {
    const names = draft.further ?? [];
    const rest = names.filter((name) => name !== intent);
    const changed = rest.length < names.length ? rest : [...names, intent];
    prepare({ further: changed.length ? changed : null });
  };
  const chooseAllNear = () => {
    const all = nearDuplicates.map((other) => other.item);
    prepare({ near: draft.near.length < all.length ? all : [] });
  };
  const undo = () => {
    const restored = review.undo();
    if (restored) setDraft(restored);
  };
  const skip = () => item && !item.conflict && setDialog("skip");

  useKeys({
    choose: (index) => item && choices[index] && decide(choices[index].intent),
    chooseFurther: (index) => item && choices[index] && toggle(choices[index].intent),
    noFurther: () => item && prepare({ further: draft.further?.length === 0 ? null : [] }),
    search: () => search.current?.focus(),
    note: () => noteField.current?.focus(),
    near: () => item && nearDuplicates.length && chooseAllNear(),
    skip,
    leave: () => item?.conflict && review.dismiss(),
    undo,
    list: onList,
    blind: () => switchBlind(review),
    help: () => setDialog("help"),
  });

  return html`
    <section class="review" aria-label="Review">
      <${Toolbar} review=${review} onSkip=${skip} onUndo=${undo} onList=${onList} onHelp=${() => setDialog("help")} />
      <${BlindReview} review=${review} />
      ${item
        ? html`
            <${Card} item=${item} headingRef=${heading} />
            <${NearDuplicates} texts=${nearDuplicates} chosen=${draft.near} onAll=${chooseAllNear}
              onChange=${(near) => prepare({ near })} />
            <${ChoiceList} choices=${choices} further=${draft.further ?? []} onChoose=${decide}
              onFurther=${toggle} />
            <${FurtherIntents} further=${draft.further} onChange=${(further) => prepare({ further })} />
            <div class="fields">
              <${Search} catalogue=${catalogue} inputRef=${search}
                onChoose=${(intent, isFurther) => (isFurther ? toggle(intent) : decide(intent))} />
              <${Note} note=${draft.note} fieldRef=${noteField}
                onChange=${(note) => prepare({ note })} />
            </div>
          `
        : html`<${Empty} review=${review} />`}
      ${dialog === "skip" &&
      html`<${SkipDialog} onClose=${() => setDialog(null)}
        onSkip=${(reason) => {
          setDialog(null);
          review.skip(reason, draft);
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

function Toolbar({ review, onSkip, onUndo, onList, onHelp }) {
  const item = review.current;
  return html`
    <div class="toolbar">
      <p class="status" role="status">${review.message}</p>
      <div class="actions">
        ${item?.conflict
          ? html`<button type="button" onClick=${() => review.dismiss()}>Leave it <kbd>Enter</kbd></button>`
          : html`<button type="button" disabled=${!item} onClick=${onSkip}>Skip <kbd>s</kbd></button>`}
        <button type="button" disabled=${!review.done.length} onClick=${onUndo}>
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
