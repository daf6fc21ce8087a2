// The accuracy of each model version on all messages, by the audit.

import { html } from "./vendor/preact.js";
import { Interval, percent } from "./ui.js";

/** @param {{ versions: any[] }} props */
export function Accuracy({ versions }) {
  if (!versions.length) return html`<p class="empty">No message was captured yet.</p>`;
  return html`
    <p class="hint">
      The share of right predictions among all messages of the last 30 days, by the audit, with a
      95 % confidence interval. Below 30 decided audits there is no figure.
    </p>
    <div class="scroll" tabindex="0" role="group" aria-label="Accuracy by model version">
      <table>
        <thead>
          <tr>
            <th scope="col">Version</th><th scope="col">Messages</th><th scope="col">Audited</th>
            <th scope="col">Accuracy</th><th scope="col">Interval</th>
          </tr>
        </thead>
        <tbody>
          ${versions.map(
            (row) => html`
              <tr key=${row.model_version}>
                <th scope="row">${row.model_version}</th>
                <td>${row.messages}</td>
                <td>${row.audited}</td>
                <td>${percent(row.accuracy, 1)}</td>
                <td>
                  ${row.ci_lower === null
                    ? "–"
                    : html`${percent(row.ci_lower, 1)} to ${percent(row.ci_upper, 1)}
                        <${Interval} value=${row.accuracy} lower=${row.ci_lower} upper=${row.ci_upper} />`}
                </td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
  `;
}
