// The message that is to be decided, with what the model said and what others decided.

import { html } from "../vendor/preact.js";
import { percent, reasonName } from "../ui.js";

/**
 * The message is the heading, which gets the focus: so it is read aloud, and can be scrolled by key.
 * @param {{ item: import("./state.js").Item, headingRef: any }} props
 */
export function Card({ item, headingRef }) {
  return html`
    <article class="card" aria-label="Message">
      ${item.context.length > 0 && html`<${Context} messages=${item.context} />`}
      <h2 class="message" dir="auto" tabindex="0" ref=${headingRef}>${item.text}</h2>
      ${item.intents ? html`<${Blind} />` : html`<${Facts} item=${item} />`}
      ${item.conflict && html`<${Conflict} item=${item} />`}
      ${item.votes?.length > 0 && html`<${Votes} votes=${item.votes} />`}
    </article>
  `;
}

const WHY = {
  random_audit: "Drawn at random, to measure how often the model is right",
  low_confidence: "The confidence is below the threshold for review",
  needs_review: "The confidence is below the threshold of the service or of the intent",
};

function Facts({ item }) {
  return html`
    <ul class="facts" aria-label="Why it is here">
      ${item.reasons.map((reason) => html`<li key=${reason} title=${WHY[reason]}>${reasonName(reason)}</li>`)}
      <li>${item.times_sent === 1 ? "sent once" : `sent ${item.times_sent} times`}</li>
      <li>predicted ${item.predicted_intent}, ${percent(item.confidence)}</li>
    </ul>
  `;
}

function Blind() {
  return html`
    <p class="hint">
      Two models disagree. Which one says which is not shown, and both may be wrong: decide by the
      message alone.
    </p>
  `;
}

function Context({ messages }) {
  return html`
    <section class="context" aria-label="Earlier in the conversation">
      <p class="label">Earlier in the conversation</p>
      ${messages.map((message, index) => html`<p key=${index} dir="auto">${message}</p>`)}
    </section>
  `;
}

function Conflict({ item }) {
  return html`
    <p class="notice">
      Somebody else decided this message while you looked at it. Your decision,
      <strong>${item.conflict.intent}</strong>, was not recorded. Decide again to add yours as a
      second vote, or press <kbd>Enter</kbd> to leave it.
    </p>
  `;
}

function Votes({ votes }) {
  return html`
    <section class="votes" aria-label="Votes">
      <h3 class="label">Votes</h3>
      <ul>
        ${votes.map(
          (vote, index) => html`
            <li key=${index}>
              ${vote.is_own ? "You" : "Another reviewer"}: <strong>${vote.intent}</strong>
              ${vote.secondary_intents?.length > 0 && ` and ${vote.secondary_intents.join(", ")}`}
              ${vote.notes && html`<span class="note" dir="auto">${vote.notes}</span>`}
            </li>
          `,
        )}
      </ul>
    </section>
  `;
}
