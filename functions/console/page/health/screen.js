// The health of the deployment: figures by day, and what can explain a change. No text of a message.

import { Accuracy } from "../accuracy.js";
import { call } from "../api.js";
import { Calibration } from "../charts/calibration.js";
import { html, useEffect, useMemo, useState } from "../vendor/preact.js";
import { Time } from "../ui.js";
import { Alerts } from "./alerts.js";
import { DailyCharts } from "./daily.js";
import { Confusions, Intents } from "./ranking.js";
import { Changes, Tasks } from "./tasks.js";

const PERIODS = [30, 90, 365];
const FRESH_MS = 5_000;

const read = (days) => call("health", { days });
let begun = /** @type {Promise<any> | null} */ (null);

/** Begins to read the figures while the role is looked up, for the screen that is about to open. */
export function beginHealth() {
  begun = read(PERIODS[0]);
  begun.catch(() => {}); // The screen says so, if it opens.
  setTimeout(() => {
    begun = null;
  }, FRESH_MS);
}

/** @param {{ userId: string, role: string, onFailure: (error: any) => void }} props */
export function HealthScreen({ userId, role, onFailure }) {
  const [period, setPeriod] = useState(PERIODS[0]);
  const [health, setHealth] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let isCurrent = true;
    const answer = (period === PERIODS[0] && begun) || read(period);
    begun = null;
    answer.then((figures) => isCurrent && setHealth(figures), onFailure);
    return () => {
      isCurrent = false;
    };
  }, [period]);
  return html`
    <section class="health" aria-labelledby="health-heading">
      <div class="toolbar">
        <h2 id="health-heading">Health</h2>
        <select aria-label="Period" value=${period}
          onChange=${(event) => setPeriod(Number(event.currentTarget.value))}>
          ${PERIODS.map((days) => html`<option key=${days} value=${days}>Last ${days} days</option>`)}
        </select>
        ${health && html`<p class="hint">Counted <${Time} time=${health.counted_at} />. Days are UTC.</p>`}
      </div>
      <${Alerts} userId=${userId} mayHandle=${role !== "viewer"} onFailure=${onFailure} />
      ${health ? html`<${Figures} health=${health} />` : html`<p class="empty">Loading …</p>`}
    </section>
  `;
}

/** Alerts that change do not draw the charts again. */
function Figures({ health }) {
  return useMemo(
    () => html`
      <div class="charts">
        <${DailyCharts} health=${health} />
        <section class="chart" aria-label="Accuracy by version">
          <h3>Accuracy by version</h3>
          <${Accuracy} versions=${health.accuracy} />
        </section>
        <${Calibration} title="Calibration by version" unit="Audits" bands=${health.calibration}
          hint="The share of right predictions among the completed audits, by confidence."
          empty="No audit is complete in this period." />
        <${Intents} intents=${health.intents} />
        <${Confusions} confusions=${health.confusions} />
        <${Tasks} health=${health} />
        <${Changes} marks=${health.marks} />
      </div>
    `,
    [health],
  );
}
