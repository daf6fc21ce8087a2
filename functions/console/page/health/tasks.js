// What is done regularly, and what changed.

import { html } from "../vendor/preact.js";
import { Time } from "../ui.js";
import { describeMark } from "./marks.js";

/** @param {{ health: any }} props */
export function Tasks({ health: { at, evaluated_at, tasks } }) {
  const { exports, retention, retraining, unfinished_captures: captures } = tasks;
  const rows = [
    ...exports.map((one) => ({
      name: `Export ${one.series}`, done: one.done_at, due: one.due_at, detail: `${one.lines.toLocaleString()} lines`,
    })),
    {
      name: "Retention", done: retention.done_at, due: retention.due_at,
      detail: retention.oldest_row_at
        ? html`the oldest message is of <${Time} time=${retention.oldest_row_at} />; messages are kept for ${retention.days} days`
        : "there are no messages",
    },
    {
      name: "Retraining", done: retraining.done_at, due: retraining.due_at,
      detail: html`${retraining.corrections_since.toLocaleString()} corrections since${describeRuns(retraining)}`,
    },
    { name: "Review", done: tasks.latest_decision_at, due: null, detail: "the latest decision" },
    { name: "Alerts", done: evaluated_at, due: null, detail: "the latest evaluation of the rules" },
    {
      name: "Captures", done: null, due: null,
      detail: captures.count
        ? html`${captures.count.toLocaleString()} wait for the job, since <${Time} time=${captures.oldest_at} />`
        : "none waits for the job",
    },
  ];
  return html`
    <section class="chart wide" aria-label="Tasks">
      <h3>Tasks</h3>
      <div class="scroll" tabindex="0" role="group" aria-label="Table: Tasks">
        <table>
          <thead>
            <tr><th scope="col">Task</th><th scope="col">Done</th><th scope="col">Due</th><th scope="col">Details</th></tr>
          </thead>
          <tbody>
            ${rows.map(
              ({ name, done, due, detail }) => html`
                <tr key=${name}>
                  <th scope="row">${name}</th>
                  <td><${Time} time=${done} /></td>
                  <td>
                    <${Time} time=${due} />
                    ${due && Date.parse(due) < Date.parse(at) && html` <strong class="overdue">overdue</strong>`}
                  </td>
                  <td>${detail}</td>
                </tr>
              `,
            )}
          </tbody>
        </table>
      </div>
    </section>
  `;
}

function describeRuns({ ran_at, failed_at }) {
  if (failed_at) return html`; <strong class="overdue">the run of <${Time} time=${failed_at} /> did not end</strong>`;
  return ran_at && html`; the latest run ended <${Time} time=${ran_at} />`;
}

/** @param {{ marks: import("./marks.js").Mark[] }} props */
export function Changes({ marks }) {
  return html`
    <section class="chart wide" aria-label="What changed">
      <h3>What changed</h3>
      <p class="hint">Promotions, the catalogue, deployments, and versions that one of these brought. The charts mark these days.</p>
      ${marks.length
        ? html`
            <ol class="timeline">
              ${marks.toReversed().map(
                (mark, index) => html`
                  <li key=${index} class=${mark.kind}>
                    <p>${describeMark(mark)} <span class="hint"><${Time} time=${mark.at} /></span></p>
                  </li>
                `,
              )}
            </ol>
          `
        : html`<p class="empty">Nothing in this period.</p>`}
    </section>
  `;
}
