// The confirmation of an operator's decision: what will happen, and why it is decided.

import { decideOnModel } from "../api.js";
import { html, useState } from "../vendor/preact.js";
import { Dialog, percent } from "../ui.js";

const PACKAGED = "the packaged model";
const FIRST_SHARE = 0.1;
const AFTER_A_RESPONSE = "Running instances load it after their next response";

/**
 * What a decision does, in sentences.
 * @param {{ kind: "promote" | "rollback" | "quarantine" | "split" | "stop", version: string,
 *   champion: string | null, events: any[], split: any, share: number }} decision
 *   `split`: the one that is under way; `share`: of the users, for a split
 * @returns {{ title: string, effects: string[], path: string }}
 */
export function describe({ kind, version, champion, events, split, share }) {
  const before = previous(champion, events);
  const serving = champion ?? PACKAGED;
  const endsSplit = split ? [`The split with ${split.challenger} ends.`] : [];
  switch (kind) {
    case "promote":
      return {
        title: `Promote ${version}?`,
        path: `${version}/promote`,
        effects: [
          `${version} becomes the champion, and ${serving} serves no more.`,
          `${AFTER_A_RESPONSE}; no request waits for it.`,
          ...endsSplit,
          "It can be taken back with Roll back.",
        ],
      };
    case "rollback":
      return {
        title: `Roll back ${version}?`,
        path: "rollback",
        effects: [
          `${version} serves no more, and ${before} serves again.`,
          `${AFTER_A_RESPONSE}.`,
          ...endsSplit,
          "A second rollback goes back one model further.",
        ],
      };
    case "split":
      return split ? changeSplit(version, serving, split.share, share) : startSplit(version, serving, share);
    case "stop":
      return {
        title: `Stop the split with ${version}?`,
        path: "split/stop",
        effects: [
          `${serving} answers all users again, from the next message of each instance.`,
          "What the outcomes said so far stays visible here until another split begins.",
          "A new split divides the users anew.",
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
            : "Which model is the champion does not change.",
          ...(split && [champion, split.challenger].includes(version) ? endsSplit : []),
        ],
      };
  }
}

function startSplit(version, serving, share) {
  return {
    title: `Start a split with ${version}?`,
    path: `${version}/split`,
    effects: [
      `${version} answers ${percent(share, 1)} of the users, and ${serving} the others.`,
      `${AFTER_A_RESPONSE}. Users keep their model, and see nothing of it.`,
      "Their outcomes are compared each day. If it does harm, the split stops; it is never promoted by that.",
      "The split also ends when another model becomes the champion.",
    ],
  };
}

function changeSplit(version, serving, before, share) {
  const moved = share < before ? `${version} to ${serving}` : `${serving} to ${version}`;
  return {
    title: `Change the split with ${version}?`,
    path: `${version}/split`,
    effects: [
      `${version} answers ${percent(share, 1)} of the users instead of ${percent(before, 1)}.`,
      share === before ? "Nothing changes." : `Some users move from ${moved}; the others keep their model.`,
      "The outcomes so far go on counting.",
    ],
  };
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

/** Whether the latest verdict lets it replace the champion of now; the database also looks at the catalogue. */
function isSupported({ version, champion, events }) {
  const latest = events.find((event) =>
    event.kind === "verdict" ? event.version === version : ["promoted", "rolled_back"].includes(event.kind),
  );
  return latest?.evidence.decision === "promote" && latest.evidence.champion === champion;
}

/**
 * @param {{ kind: any, version: string, champion: string | null, events: any[], split: any,
 *   onClose: (isDone: boolean) => void, onFailure: (error: any) => void }} props
 */
export function DecisionDialog({ onClose, onFailure, ...decision }) {
  const isSplit = decision.kind === "split";
  const [share, setShare] = useState(decision.split?.share ?? FIRST_SHARE);
  const [reason, setReason] = useState("");
  const [isForced, setForced] = useState(false);
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const { title, effects, path } = describe({ ...decision, share: share ?? 0 });
  const lacksVerdict = decision.kind === "promote" && !isForced && !isSupported(decision);
  const lacks = [
    isSplit && share === null && "Enter a share from 0.1 to 99.9 %.",
    !reason.trim() && "Say why.",
    lacksVerdict && "No verdict supports it: tick the box to promote it nevertheless.",
  ].filter(Boolean).join(" ");
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await decideOnModel(path, { reason, ...(isForced && { force: true }), ...(isSplit && { share }) });
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
      <form onSubmit=${submit}>
        ${isSplit && html`<${ShareField} share=${share} onShare=${setShare} />`}
        <ul aria-live="polite">${effects.map((effect) => html`<li key=${effect}>${effect}</li>`)}</ul>
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
          <button type="submit" class="primary" disabled=${isBusy || lacks !== ""}
            aria-describedby="decision-lacks">
            ${title.replace("?", "")}
          </button>
          <button type="button" onClick=${() => onClose(false)}>Change nothing</button>
          <p id="decision-lacks" class="hint" aria-live="polite">${lacks}</p>
        </div>
      </form>
    <//>
  `;
}

function ShareField({ share, onShare }) {
  const onInput = ({ currentTarget }) => {
    onShare(currentTarget.validity.valid ? Number(currentTarget.value) / 100 : null);
  };
  const [first] = useState(Number((100 * share).toFixed(1)));
  return html`
    <label for="decision-share">Share of the users, in %</label>
    <input id="decision-share" type="number" required min="0.1" max="99.9" step="0.1"
      defaultValue=${first} onInput=${onInput} />
  `;
}
