// Rankings of intents, and of what is taken for what.

import { Ranking } from "../charts/ranking.js";
import { html } from "../vendor/preact.js";
import { percent } from "../ui.js";
import { share } from "./series.js";

const count = (value) => (value === null ? "–" : Math.round(value).toLocaleString());

/** @param {{ intents: any[] }} props - those that cost most failures first */
export function Intents({ intents }) {
  return html`
    <${Ranking} title="Intents by volume and failures"
      hint="Expected failures: the messages of an intent times its share of failures among known outcomes."
      headings=${["Intent", "Messages", "Failed", "Expected failures"]}
      rows=${intents.map((one) => ({
        cells: [
          one.predicted_intent,
          count(one.messages),
          one.with_outcome
            ? `${count(one.failed)} of ${count(one.with_outcome)}, ${percent(share(one.failed, one.with_outcome), 1)}`
            : "–",
          count(one.expected_failures),
        ],
        value: one.expected_failures ?? 0,
      }))} />
  `;
}

/** @param {{ confusions: any[] }} props - the most frequent first */
export function Confusions({ confusions }) {
  return html`
    <${Ranking} title="What is taken for what"
      hint="From the completed audits. Messages: an estimate for all messages of the period."
      headings=${["Predicted", "Right", "Audits", "Messages"]}
      rows=${confusions.map((one) => ({
        cells: [one.predicted_intent, one.label, count(one.audited), count(one.messages)],
        value: one.messages,
      }))} />
  `;
}
