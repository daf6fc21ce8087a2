// The screen of an operator: which model serves, which could, and what was decided.

import { call, hasModels } from "../api.js";
import { html, useEffect, useState } from "../vendor/preact.js";
import { Time } from "../ui.js";
import { DecisionDialog } from "./decision.js";
import { Evidence } from "./evidence.js";
import { SplitPanel, useSplit } from "./split.js";
import { Timeline } from "./timeline.js";
import { Verdict } from "./verdict.js";

/** @param {{ onFailure: (error: any) => void }} props */
export function ModelsScreen({ onFailure }) {
  const [registry, setRegistry] = useState(/** @type {any} */ (null));
  const [decision, setDecision] = useState(/** @type {any} */ (null));
  const comparison = useSplit({ onFailure });
  const load = () => call("console_models").then(setRegistry, onFailure);
  useEffect(() => {
    load();
  }, []);
  if (!registry) return html`<p class="empty">Loading …</p>`;
  const close = (isDone) => {
    setDecision(null);
    if (isDone) {
      load();
      comparison.reload();
    }
  };
  const champion = registry.models.find(({ state }) => state === "champion");
  const others = registry.models.filter((model) => model !== champion);
  const split = comparison.split?.share ? comparison.split : null;
  const shared = { events: registry.events, split, onDecide: setDecision, onFailure };
  return html`
    <section class="models" aria-labelledby="models-heading">
      <h2 id="models-heading">Models</h2>
      ${!hasModels && html`<p class="notice">Nothing is decided here: the console does not know the function models (MODELS_URL).</p>`}
      <${Champion} model=${champion} ...${shared} />
      ${hasModels && html`
        <h3>Split</h3>
        <${SplitPanel} ...${comparison} onDecide=${setDecision} />
      `}
      <h3>Other models</h3>
      ${others.length
        ? others.map((model) => html`<${Model} key=${model.version} model=${model} ...${shared} />`)
        : html`<p class="empty">None is registered. Publish one with prompt-capture models publish.</p>`}
      <h3>Ledger</h3>
      <${Timeline} events=${registry.events} onFailure=${onFailure} />
      ${decision &&
      html`<${DecisionDialog} ...${decision} events=${registry.events} split=${split}
        champion=${registry.champion} onClose=${close} onFailure=${onFailure} />`}
    </section>
  `;
}

function Champion({ model, ...shared }) {
  if (!model) {
    return html`
      <article class="card">
        <h3><span class="state">serves</span> The packaged model</h3>
        <p>No registered model is the champion. Promote one to serve it without a deployment.</p>
      </article>
    `;
  }
  return html`
    <article class="card champion">
      <h3><span class="state">serves</span> ${model.version}</h3>
      <${Facts} model=${model} />
      <${LatestVerdict} model=${model} ...${shared} />
      <${Actions} version=${model.version} onDecide=${shared.onDecide} kinds=${["rollback", "quarantine"]} />
    </article>
  `;
}

function Model({ model: { version, state, ...facts }, ...shared }) {
  const kinds = ["promote", ...(shared.split ? [] : ["split"]), "quarantine"];
  const model = { version, ...facts };
  return html`
    <article class="card">
      <h4><span class="state">${shared.split?.challenger === version ? "challenger" : state}</span> ${version}</h4>
      <${Facts} model=${model} />
      <${LatestVerdict} model=${model} ...${shared} />
      ${state !== "quarantined" && html`<${Actions} version=${version} onDecide=${shared.onDecide} kinds=${kinds} />`}
    </article>
  `;
}

const ACTIONS = { promote: "Promote", rollback: "Roll back", split: "Start a split", quarantine: "Quarantine" };

function Actions({ version, kinds, onDecide }) {
  if (!hasModels) return null;
  return html`
    <div class="actions">
      ${kinds.map(
        (kind) => html`
          <button key=${kind} type="button" class=${kind === "quarantine" ? "danger" : undefined}
            onClick=${() => onDecide({ kind, version })}>
            ${ACTIONS[kind]}
          </button>
        `,
      )}
    </div>
  `;
}

function LatestVerdict({ model, events, onFailure }) {
  const verdict = events.find(({ kind, version }) => kind === "verdict" && version === model.version);
  if (!verdict) return html`<p class="hint">No comparison of it is recorded.</p>`;
  return html`
    <section class="nested" aria-label=${`The latest verdict on ${model.version}`}>
      <p class="label">The latest verdict, <${Time} time=${verdict.at} /></p>
      <${Verdict} event=${verdict} onFailure=${onFailure} />
    </section>
  `;
}

function Facts({ model }) {
  const metrics = Object.keys(model.metrics).length > 0;
  return html`
    <p class="hint">
      Trained as ${model.mode}${model.parent ? ` from ${model.parent}` : ""}, registered
      ${" "}<${Time} time=${model.registered_at} />, ${model.labels.length} intents,
      ${" "}${(model.size_bytes / 1e6).toFixed(1)} MB.
    </p>
    ${metrics
      ? html`
          <p class="hint">
            Measured on the sample ${model.sample}${model.sample_messages
              ? `, ${model.sample_messages} messages`
              : ""}:
          </p>
          <${Evidence} content=${model.metrics} />
        `
      : html`<p class="hint">No figures were measured on a fair sample.</p>`}
  `;
}
