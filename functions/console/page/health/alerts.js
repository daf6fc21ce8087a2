// The open alerts: what was seen, since when, and what to do. Whoever may, takes them over and mutes them.

import { call } from "../api.js";
import { html, useEffect, useState } from "../vendor/preact.js";
import { Time } from "../ui.js";
import { RUNBOOKS } from "./runbooks.js";

const WEEK_MS = 7 * 86_400_000;

/** @param {{ userId: string, mayHandle: boolean, onFailure: (error: any) => void }} props */
export function Alerts({ userId, mayHandle, onFailure }) {
  const [alerts, setAlerts] = useState(/** @type {any[] | null} */ (null));
  const [problem, setProblem] = useState("");
  const load = () => call("list_alerts").then(setAlerts, onFailure);
  useEffect(() => {
    load();
  }, []);
  const handle = async (name, body) => {
    setProblem("");
    try {
      await call(name, body);
    } catch (error) {
      if (error.reason === "expired" || error.reason === "forbidden") onFailure(error);
      else setProblem(error.message);
    }
    await load();
  };
  if (!alerts) return null;
  return html`
    <section aria-labelledby="alerts-heading">
      <h3 id="alerts-heading">Alerts</h3>
      <p role="alert" class="problem">${problem}</p>
      ${alerts.length
        ? alerts.map(
            (alert) => html`
              <${Alert} key=${alert.id} alert=${alert} userId=${userId} mayHandle=${mayHandle} onHandle=${handle} />
            `,
          )
        : html`<p class="empty">No alert is open.</p>`}
    </section>
  `;
}

function Alert({ alert, userId, mayHandle, onHandle }) {
  const name = alert.rule.replaceAll("_", " ");
  const isMuted = alert.state === "muted";
  const mute = (until) => onHandle("mute_alert", { id: alert.id, until: new Date(until).toISOString() });
  return html`
    <article class="card alert" aria-label=${`Alert ${alert.id}`}>
      <h4><span class="state">${alert.state}</span> ${name}${alert.subject ? `: ${alert.subject}` : ""}</h4>
      <p>${alert.summary}</p>
      <p class="hint">
        Since <${Time} time=${alert.since} />, last seen <${Time} time=${alert.last_seen_at} />.
        ${alert.acknowledged_at &&
        html` Taken over <${Time} time=${alert.acknowledged_at} />${alert.acknowledged_by === userId ? " by you" : ""}.`}
        ${isMuted && html` Muted until <${Time} time=${alert.muted_until} />.`}
      </p>
      <${Runbook} address=${alert.runbook} />
      ${mayHandle &&
      html`
        <div class="actions">
          ${!alert.acknowledged_at &&
          html`<button type="button" onClick=${() => onHandle("acknowledge_alert", { id: alert.id })}>Acknowledge</button>`}
          ${isMuted
            ? html`<button type="button" onClick=${() => mute(Date.now() - 1000)}>Unmute</button>`
            : html`<button type="button" onClick=${() => mute(Date.now() + WEEK_MS)}>Mute for a week</button>`}
        </div>
      `}
    </article>
  `;
}

/** The section of the documentation, as a copy: the page cannot know where the documentation is. */
function Runbook({ address }) {
  const runbook = RUNBOOKS[address.split("#")[1]];
  if (!runbook) return html`<p>What to do: <code>${address}</code></p>`;
  return html`
    <details>
      <summary>What to do</summary>
      ${runbook.text.map((paragraph) => html`<p key=${paragraph}><${WithCode} text=${paragraph} /></p>`)}
      <ol>${runbook.steps.map((step) => html`<li key=${step}><${WithCode} text=${step} /></li>`)}</ol>
      <p class="hint">From <code>${address}</code></p>
    </details>
  `;
}

function WithCode({ text }) {
  return text.split("`").map((part, index) => (index % 2 ? html`<code key=${index}>${part}</code>` : part));
}
