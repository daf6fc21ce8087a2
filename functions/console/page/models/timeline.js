// The ledger of models, the newest event first.

import { html } from "../vendor/preact.js";
import { Time } from "../ui.js";
import { Evidence } from "./evidence.js";
import { Verdict } from "./verdict.js";

const PACKAGED = "the packaged model";

const SENTENCES = {
  registered: ({ version }) => `${version} was registered`,
  promoted: ({ version, replaced }) => `${version} replaced ${replaced ?? PACKAGED}`,
  rolled_back: ({ version, replaced }) => `${replaced} was rolled back to ${version ?? PACKAGED}`,
  quarantined: ({ version }) => `${version} was quarantined`,
  verdict: ({ version }) => `${version} was compared`,
  split_started: ({ version }) => `A split with ${version} began`,
  split_changed: ({ version }) => `The split with ${version} changed`,
  split_stopped: ({ version }) => `The split with ${version} ended`,
};

/** @param {{ events: any[], onFailure: (error: any) => void }} props */
export function Timeline({ events, onFailure }) {
  if (!events.length) return html`<p class="empty">Nothing was decided yet.</p>`;
  return html`
    <ol class="timeline">
      ${events.map(
        (event) => html`
          <li key=${event.id} class=${event.kind}>
            <p>
              <strong>${(SENTENCES[event.kind] ?? (() => event.kind))(event)}</strong>${" "}
              <span class="hint"><${Time} time=${event.at} />, by ${event.actor}</span>
            </p>
            <p class="reason" dir="auto">${event.reason}</p>
            ${Object.keys(event.evidence).length > 0 &&
            html`
              <details>
                <summary>What it rests on</summary>
                ${event.kind === "verdict"
                  ? html`<${Verdict} event=${event} onFailure=${onFailure} />`
                  : event.evidence.forced === true
                    ? html`<p>Forced by the operator: no verdict supported it.</p>`
                    : html`<${Evidence} content=${event.evidence} />`}
              </details>
            `}
          </li>
        `,
      )}
    </ol>
  `;
}
