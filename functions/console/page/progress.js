// The figures: what waits, how far the audit is, and how often the models are right.

import { Accuracy } from "./accuracy.js";
import { call } from "./api.js";
import { html, useEffect, useState } from "./vendor/preact.js";
import { Time, reasonName } from "./ui.js";

/** @param {{ onFailure: (error: any) => void }} props */
export function ProgressScreen({ onFailure }) {
  const [progress, setProgress] = useState(null);
  const [accuracy, setAccuracy] = useState(null);
  useEffect(() => {
    call("console_progress").then(setProgress, onFailure);
    call("console_accuracy").then(setAccuracy, onFailure);
  }, []);
  return html`
    <section aria-labelledby="figures-heading">
      <h2 id="figures-heading">Figures</h2>
      ${progress ? html`<${Progress} progress=${progress} />` : html`<p class="empty">Loading …</p>`}
      <h3>Accuracy</h3>
      ${accuracy ? html`<${Accuracy} versions=${accuracy} />` : html`<p class="empty">Loading …</p>`}
    </section>
  `;
}

function Progress({ progress }) {
  const { audit, reasons } = progress;
  const most = Math.max(1, ...Object.values(reasons));
  return html`
    <dl class="tiles">
      <${Tile} name="waiting" value=${progress.waiting} />
      <${Tile} name="decided today" value=${progress.decided_today} />
      <${Tile} name="by you today" value=${progress.own_today} />
      <${Tile} name="decided as near-duplicates" value=${progress.near_duplicates} />
      <${Tile} name="skipped by you" value=${progress.own_skipped} />
      <${Tile} name="audited messages decided" value=${`${audit.decided} of ${audit.messages}`} />
    </dl>
    <p>
      ${progress.oldest ? html`The oldest has waited since <${Time} time=${progress.oldest} />. ` : ""}
      ${audit.complete_before
        ? html`The audit is complete up to <${Time} time=${audit.complete_before} />. `
        : "The audit is not complete for any time yet. "}
      ${progress.champion
        ? `${progress.champion} serves. Of the decided texts, ${progress.not_learnt} were decided after it was registered, so it has not learnt from these decisions.`
        : "The packaged model serves."}
    </p>
    <h3>Why messages wait</h3>
    <table class="bars">
      <thead><tr><th scope="col">Reason</th><th scope="col">Messages</th><td></td></tr></thead>
      <tbody>
        ${Object.entries(reasons)
          .sort(([, one], [, other]) => other - one)
          .map(
            ([reason, count]) => html`
              <tr key=${reason}>
                <th scope="row">${reasonName(reason)}</th>
                <td>${count}</td>
                <td><meter aria-label=${reasonName(reason)} max=${most} value=${count}></meter></td>
              </tr>
            `,
          )}
      </tbody>
    </table>
  `;
}

function Tile({ name, value }) {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}
