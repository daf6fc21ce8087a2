// The screen of an operator: which model serves, which could, and what was decided.

import { call } from "../api.js";
import { html, useEffect, useState } from "../vendor/preact.js";
import { Time } from "../ui.js";
import { DecisionDialog } from "./decision.js";
import { Evidence } from "./evidence.js";
import { Timeline } from "./timeline.js";

/** @param {{ onFailure: (error: any) => void }} props */
export function ModelsScreen({ onFailure }) {
  const [registry, setRegistry] = useState(/** @type {any} */ (null));
  const [decision, setDecision] = useState(/** @type {any} */ (null));
  const load = () => call("console_models").then(setRegistry, onFailure);
  useEffect(() => {
    load();
  }, []);
  if (!registry) return html`<p class="empty">Loading …</p>`;
  const close = (isDone) => {
    setDecision(null);
    if (isDone) load();
  };
  const champion = registry.models.find(({ state }) => state === "champion");
  const others = registry.models.filter((model) => model !== champion);
  return html`
    <section aria-labelledby="models-heading">
      <h2 id="models-heading">Models</h2>
      <${Champion} model=${champion} onDecide=${setDecision} />
      <h3>Other models</h3>
      ${others.length
        ? others.map(
            (model) => html`<${Model} key=${model.version} model=${model} onDecide=${setDecision} />`,
          )
        : html`<p class="empty">None is registered. Publish one with prompt-capture models publish.</p>`}
      <h3>Ledger</h3>
      <${Timeline} events=${registry.events} />
      ${decision &&
      html`<${DecisionDialog} ...${decision} events=${registry.events}
        champion=${registry.champion} onClose=${close} onFailure=${onFailure} />`}
    </section>
  `;
}

function Champion({ model, onDecide }) {
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
      <div class="actions">
        <button type="button" onClick=${() => onDecide({ kind: "rollback", version: model.version })}>
          Roll back
        </button>
        <button type="button" class="danger"
          onClick=${() => onDecide({ kind: "quarantine", version: model.version })}>
          Quarantine
        </button>
      </div>
    </article>
  `;
}

function Model({ model, onDecide }) {
  const isQuarantined = model.state === "quarantined";
  return html`
    <article class="card">
      <h4><span class="state">${model.state}</span> ${model.version}</h4>
      <${Facts} model=${model} />
      ${!isQuarantined &&
      html`
        <div class="actions">
          <button type="button" onClick=${() => onDecide({ kind: "promote", version: model.version })}>
            Promote
          </button>
          <button type="button" class="danger"
            onClick=${() => onDecide({ kind: "quarantine", version: model.version })}>
            Quarantine
          </button>
        </div>
      `}
    </article>
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
