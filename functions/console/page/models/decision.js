// The confirmation of an operator's decision: what will happen, and why it is decided.

import { decideOnModel } from "../api.js";
import { html, useState } from "../vendor/preact.js";
import { Dialog } from "../ui.js";

const PACKAGED = "the packaged model";

/**
 * What a decision does, in sentences.
 * @param {{ kind: "promote" | "rollback" | "quarantine", version: string, champion: string | null,
 *   events: any[] }} decision
 * @returns {{ title: string, effects: string[], path: string }}
 */
export function describe({ kind, version, champion, events }) {
  const before = previous(champion, events);
  switch (kind) {
    case "promote":
      return {
        title: `Promote ${version}?`,
        path: `${version}/promote`,
        effects: [
          `${version} becomes the champion, and ${champion ?? PACKAGED} serves no more.`,
          "Running instances load it after their next response; no request waits for it.",
          "It can be taken back with Roll back.",
        ],
      };
    case "rollback":
      return {
        title: `Roll back ${version}?`,
        path: "rollback",
        effects: [
          `${version} serves no more, and ${before} serves again.`,
          "Running instances load it after their next response.",
          "A second rollback goes back one model further.",
        ],
      };
    default:
      return {
        title: `Quarantine ${version}?`,
        path: `${version}/quarantine`,
        effects: [
          `${version} never serves again. A quarantine is final.`,
          version === champion
            ? `It is rolled back in the same step: ${before} serves again.`
            : "What serves now does not change.",
        ],
      };
  }
}

/** The model that a rollback returns to, as far as the latest event says. */
function previous(champion, events) {
  const latest = events.find(({ kind }) => kind === "promoted" || kind === "rolled_back");
  const isClear = latest?.kind === "promoted" && latest.version === champion;
  if (!isClear) return "the model of the promotion before";
  const isQuarantined = events.some(
    ({ kind, version }) => kind === "quarantined" && version === latest.replaced,
  );
  return isQuarantined ? "the model of the promotion before" : (latest.replaced ?? PACKAGED);
}

/**
 * @param {{ kind: any, version: string, champion: string | null, events: any[],
 *   onClose: (isDone: boolean) => void, onFailure: (error: any) => void }} props
 */
export function DecisionDialog({ onClose, onFailure, ...decision }) {
  const { title, effects, path } = describe(decision);
  const [reason, setReason] = useState("");
  const [isForced, setForced] = useState(false);
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await decideOnModel(path, isForced ? { reason, force: true } : { reason });
      onClose(true);
    } catch (error) {
      setBusy(false);
      setProblem(
        error.reason === "unreachable"
          ? "There was no answer. The decision may have been recorded: close this, and look at the ledger before you repeat it."
          : error.message,
      );
      if (error.reason === "expired" || error.reason === "forbidden") {
        onClose(false);
        onFailure(error);
      }
    }
  };
  return html`
    <${Dialog} title=${title} onClose=${() => onClose(false)}>
      <ul>${effects.map((effect) => html`<li key=${effect}>${effect}</li>`)}</ul>
      <form onSubmit=${submit}>
        <label for="decision-reason">Why?</label>
        <textarea id="decision-reason" required rows="3" value=${reason}
          aria-describedby="decision-reason-help"
          onInput=${(event) => setReason(event.currentTarget.value)}></textarea>
        <p id="decision-reason-help" class="hint">It stays in the ledger, with your account.</p>
        ${decision.kind === "promote" &&
        html`
          <label class="switch">
            <input type="checkbox" checked=${isForced} onChange=${(event) => setForced(event.currentTarget.checked)} />
            Promote it although no verdict supports it
          </label>
        `}
        <p role="alert" class="problem">${problem}</p>
        <div class="actions">
          <button type="submit" class="primary" disabled=${isBusy || !reason.trim()}>
            ${title.replace("?", "")}
          </button>
          <button type="button" onClick=${() => onClose(false)}>Change nothing</button>
        </div>
      </form>
    <//>
  `;
}
