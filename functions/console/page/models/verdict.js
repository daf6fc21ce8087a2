// A verdict: what it decided, by how much, and what changes for which intent.

import { call } from "../api.js";
import { Calibration } from "../charts/calibration.js";
import { ConfusionMatrix } from "../charts/confusion_matrix.js";
import { Figure } from "../charts/figure.js";
import { Ranking } from "../charts/ranking.js";
import { html, useState } from "../vendor/preact.js";
import { Interval, points } from "../ui.js";
import { Evidence } from "./evidence.js";

const DECISIONS = { promote: "Promote", hold: "Hold: the evidence does not decide yet", reject: "Reject" };

/** @param {{ event: any, onFailure: (error: any) => void }} props - `event`: a verdict in the ledger */
export function Verdict({ event: { id, evidence }, onFailure }) {
  const { verdict, reasons = [] } = evidence;
  if (typeof verdict?.labels !== "number") return html`<${Evidence} content=${evidence} />`;
  return html`
    <p class=${`decided ${verdict.decision}`}>
      <strong>${DECISIONS[verdict.decision] ?? verdict.decision}</strong>, compared with ${verdict.champion}
    </p>
    <ul>${reasons.map((reason) => html`<li key=${reason}>${reason}</li>`)}</ul>
    <dl class="tiles">
      <${DifferenceTile} name="difference in accuracy" value=${verdict.difference}
        lower=${verdict.ci_lower} upper=${verdict.ci_upper} />
      ${verdict.vetoes.map(
        (veto) => html`
          <${Tile} key=${`${veto.measure} ${veto.intent}`} value=${html`${veto.difference > 0 ? "+" : ""}${rounded(veto.difference)}
            <small>${rounded(veto.margin)} is allowed</small>`}
            name=${`veto: ${veto.measure.replaceAll("_", " ")} ${veto.intent ?? ""}`} />
        `,
      )}
      <${Tile} name="p-value" value=${html`${rounded(verdict.p_value)} <small>${rounded(verdict.level)} promotes</small>`} />
      <${Tile} name="labels" value=${html`${verdict.labels} <small>${verdict.gold} of them gold</small>`} />
      <${Tile} name="right with the candidate alone" value=${verdict.won} />
      <${Tile} name="right with the champion alone" value=${verdict.lost} />
      <${Tile} name="look" value=${html`${verdict.look} <small>${verdict.looks_left} left</small>`} />
      ${verdict.labels_missing !== null && html`<${Tile} name="labels that are missing" value=${verdict.labels_missing} />`}
    </dl>
    <${Backtest} id=${id} onFailure=${onFailure} />
  `;
}

/** A difference between two shares, in points, with its interval around 0. */
export function DifferenceTile({ name, value, lower, upper }) {
  const most = Math.max(0.01, Math.abs(lower), Math.abs(upper));
  return html`
    <${Tile} name=${name} value=${html`
      ${points(value)} points <small>${points(lower)} to ${points(upper)}</small>
      <${Interval} value=${value} lower=${lower} upper=${upper} from=${-most} to=${most} hasZero />
    `} />
  `;
}

const Tile = ({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

const rounded = (number) => String(Number(number.toPrecision(2)));

/** The charts, read when they are opened. */
function Backtest({ id, onFailure }) {
  const [backtest, setBacktest] = useState(/** @type {any} */ (null));
  const open = ({ currentTarget }) => {
    if (!currentTarget.open || backtest) return;
    call("console_verdict", { verdict: id }).then(({ evidence }) => setBacktest(evidence.backtest), onFailure);
  };
  return html`
    <details onToggle=${open}>
      <summary>By intent and confidence</summary>
      ${backtest && html`<${Charts} backtest=${backtest} />`}
    </details>
  `;
}

function Charts({ backtest }) {
  const { candidate, champion, changes = [] } = backtest;
  const models = [candidate, champion];
  const bands = models.flatMap(({ version, bands = [] }) =>
    bands.map(({ band, texts, correct }) => ({
      model_version: version, confidence_band: band, decided: texts, correct, accuracy: correct / texts,
    })),
  );
  return html`
    <div class="charts">
      <${Changes} changes=${changes} />
      <${Calibration} title="Reliability" unit="Gold texts" bands=${bands} empty="There are no gold texts."
        hint="The share of right predictions among the gold texts, by confidence." />
      <${Confusions} models=${models} changes=${changes} />
      <${Moves} intents=${backtest.intents} />
      <section class="chart" aria-label="What was compared">
        <h3>What was compared</h3>
        <${Evidence} content=${{ ...pick(backtest, COUNTS), models: models.map((model) => pick(model, FIGURES)) }} />
      </section>
    </div>
  `;
}

const COUNTS = [
  "captured", "left_out", "disagreements", "drawable", "gold", "decided", "learnt", "repeated", "outdated",
];
const FIGURES = [
  "version", "accuracy", "excess_calibration_error", "out_of_scope", "p50_ms", "p99_ms", "size_bytes",
];

/** The database keeps the fields of an object in an order of its own. */
const pick = (content, names) => Object.fromEntries(names.map((name) => [name, content[name]]));

function Moves({ intents }) {
  return html`
    <${Ranking} title="Captured texts by intent" empty="The models agree on all captured texts."
      hint="How many texts each model gives an intent, and how many the candidate gains or gives up."
      headings=${["Intent", "Champion", "Candidate", "Gained", "Given up"]}
      rows=${intents.map(({ intent, champion, candidate, gained, given_up }) => ({
        cells: [intent, champion, candidate, gained, given_up], value: gained + given_up,
      }))} />
  `;
}

function Changes({ changes }) {
  const most = Math.max(0.01, ...changes.flatMap(({ ci_lower, ci_upper }) => [-ci_lower, ci_upper]));
  return html`
    <${Ranking} isWide title="Changes by intent" empty="No text of the evidence is decided."
      hint="The recall of the candidate less that of the champion, in points, with a 95 % interval for each intent by itself. Gold texts: right with the champion, and with the candidate."
      headings=${["Intent", "Gold texts", "Champion", "Candidate", "Difference", "Interval"]}
      rows=${changes.map((one) => ({
        cells: [
          one.intent, one.gold, one.champion, one.candidate, points(one.difference),
          `${points(one.ci_lower)} to ${points(one.ci_upper)}`,
        ],
        picture: html`<${Interval} value=${one.difference} lower=${one.ci_lower} upper=${one.ci_upper}
          from=${-most} to=${most} hasZero />`,
      }))} />
  `;
}

function Confusions({ models, changes }) {
  const [isChampion, setChampion] = useState(false);
  const shown = models[Number(isChampion)];
  const results = new Map(
    changes.map(({ intent, gold, candidate, champion }) => [
      intent, { texts: gold, correct: isChampion ? champion : candidate },
    ]),
  );
  return html`
    <${Figure} title="Confusion matrix"
      hint="Gold texts: rows are what is right, columns what is predicted, for the intents that are confused most."
      headings=${["Right", "Predicted", "Model", "Gold texts"]}
      rows=${() => models.flatMap(({ version, confusions = [] }) =>
        confusions.map(({ intent, predicted, texts }) => [intent, predicted, version, texts]),
      )}>
      <label class="switch">
        <input type="checkbox" checked=${isChampion} onChange=${(event) => setChampion(event.currentTarget.checked)} />
        Of the champion
      </label>
      <${ConfusionMatrix} title=${`Confusions of ${shown.version}`} confusions=${shown.confusions ?? []} results=${results} />
    <//>
  `;
}
