// The split: a challenger answers a share of the users, and their outcomes are compared.

import { readSplit } from "../api.js";
import { html, useEffect, useState } from "../vendor/preact.js";
import { Interval, Time, percent, points } from "../ui.js";

const PACKAGED = "the packaged model";

/**
 * The latest split. It is read apart from the registry: its figures come from the function models.
 * @param {{ onFailure: (error: any) => void }} handlers
 * @returns {{ split: any, problem: string, reload: () => void }} `split`: undefined until it is
 *   read, null where there was none
 */
export function useSplit({ onFailure }) {
  const [split, setSplit] = useState(/** @type {any} */ (undefined));
  const [problem, setProblem] = useState("");
  const reload = async () => {
    try {
      setSplit((await readSplit()).split);
      setProblem("");
    } catch (error) {
      if (error.reason === "expired" || error.reason === "forbidden") onFailure(error);
      else setProblem(`The split cannot be read: ${error.message}`);
    }
  };
  useEffect(() => {
    reload();
  }, []);
  return { split, problem, reload };
}

/** @param {{ split: any, problem: string, onDecide: (decision: any) => void }} props */
export function SplitPanel({ split, problem, onDecide }) {
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (split === undefined) return html`<p class="empty">Loading …</p>`;
  if (split === null) {
    return html`<p class="hint">There was none. Start one to compare a model with the champion on a share of the users.</p>`;
  }
  return html`
    <article class="card" aria-label="The latest split">
      <${State} split=${split} />
      <${Arms} arms=${split.arms} />
      <${Comparison} split=${split} />
      ${split.share !== null &&
      html`
        <div class="actions">
          <button type="button" onClick=${() => onDecide({ kind: "split", version: split.challenger })}>
            Change the share
          </button>
          <button type="button" onClick=${() => onDecide({ kind: "stop", version: split.challenger })}>
            Stop the split
          </button>
        </div>
      `}
    </article>
  `;
}

function State({ split: { share, challenger, champion, started_at, stopped, messages, fallbacks } }) {
  return html`
    <h4>
      <span class="state">${share === null ? "ended" : "under way"}</span>
      ${" "}${challenger} ${share === null ? "was compared" : `answers ${percent(share, 1)} of the users`}
    </h4>
    <p class="hint">
      In place of ${champion ?? PACKAGED}, since <${Time} time=${started_at} />.
      ${stopped && html` Stopped <${Time} time=${stopped.at} /> by ${stopped.actor}: ${stopped.reason}`}
      ${" "}The champion answered ${percent(messages ? fallbacks / messages : null, 1)} of the challenger's
      messages, because it was not loaded.
    </p>
  `;
}

function Arms({ arms }) {
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label="Table: Outcomes by arm">
      <table class="bars">
        <thead>
          <tr>
            <th scope="col">Arm</th><th scope="col">Users</th><th scope="col">Outcomes</th>
            <th scope="col">Succeeded</th><td></td>
          </tr>
        </thead>
        <tbody>
          ${["champion", "challenger"].map((arm) => {
            const { users = 0, outcomes = 0, success_rate: rate = null } = arms[arm] ?? {};
            return html`
              <tr key=${arm}>
                <th scope="row">${arm}</th><td>${users.toLocaleString()}</td>
                <td>${outcomes.toLocaleString()}</td><td>${percent(rate, 1)}</td>
                <td><meter aria-label=${`Succeeded: ${arm}`} value=${rate ?? 0}></meter></td>
              </tr>
            `;
          })}
        </tbody>
      </table>
    </div>
  `;
}

function Comparison({ split: { difference, highest_difference: highest, shows_harm, icc, arms, sample_size } }) {
  if (difference === null) return html`<p class="hint">There is nothing to compare until both arms have outcomes.</p>`;
  const isBounded = highest !== null && highest < 1;
  const most = Math.max(0.02, Math.abs(difference), Math.abs(highest ?? 0));
  return html`
    <dl class="tiles">
      <div>
        <dt>difference</dt>
        <dd>
          ${points(difference)} points
          ${" "}<small>${isBounded ? `at most ${points(highest)}` : "too few outcomes for a bound"}</small>
          ${isBounded &&
          html`<${Interval} value=${difference} lower=${-most} upper=${highest} from=${-most} to=${most} hasZero />`}
        </dd>
      </div>
      <div><dt>alike within a user (ICC)</dt><dd>${icc.toFixed(3)}</dd></div>
      ${["champion", "challenger"].map(
        (arm) => html`
          <div key=${arm}>
            <dt>outcomes of the ${arm}</dt>
            <dd>
              ${arms[arm].outcomes.toLocaleString()} <small>of ${sample_size[arm].toLocaleString()}</small>
              <meter aria-label=${`Outcomes of the ${arm}`} max=${sample_size[arm]} value=${arms[arm].outcomes}></meter>
            </dd>
          </div>
        `,
      )}
    </dl>
    <p class="hint">
      ${shows_harm ? html`<strong class="overdue">The challenger does harm.</strong>${" "}` : ""}
      The bound holds on all days together with a probability of 95 %: below 0, the daily evaluation
      stops the split. So many outcomes find a loss of 2 points with a probability of 80 %.
    </p>
  `;
}
