// Calibration: how often a model is right, by how confident it was.

import { html } from "../vendor/preact.js";
import { percent } from "../ui.js";
import { Figure, useWidth } from "./figure.js";

const SHOWN_VERSIONS = 4;
const HEIGHT = 220;
const LEFT = 46;
const TOP = 10;
const BOTTOM = 24;
const STEPS = [0, 0.25, 0.5, 0.75, 1];

const READING = "On the diagonal, a confidence means what it says; below it, the model is too sure. Larger points stand on more of them.";

/**
 * @param {{ title: string, hint: string, unit: string, empty: string, bands: any[] }} props
 *   `bands`: what was decided, by version and tenth of the confidence; `unit`: what a band counts
 */
export function Calibration({ title, hint, unit, empty, bands }) {
  const [frame, width] = useWidth();
  const versions = mostAudited(bands);
  const size = Math.min(width - LEFT - 8, HEIGHT * 1.8);
  const x = (share) => LEFT + share * size;
  const y = (share) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - share);
  const points = (version) =>
    bands
      .filter(({ model_version }) => model_version === version)
      .map((band) => ({ ...band, x: x(band.confidence_band / 10 + 0.05), y: y(band.accuracy) }));
  return html`
    <${Figure} title=${title} hint=${`${hint} ${READING}`}
      headings=${["Version", "Confidence", unit, "Right", "Accuracy"]}
      rows=${() => bands.map((band) => [
        band.model_version, bandName(band), band.decided, band.correct, percent(band.accuracy, 1),
      ])}>
      <div ref=${frame}>
        ${width > 0 &&
        html`
          <svg width=${width} height=${HEIGHT} role="img"
            aria-label=${`Accuracy by confidence of ${versions.join(", ") || "no version"}.`}>
            ${STEPS.map(
              (step) => html`
                <line key=${step} class="grid" x1=${LEFT} x2=${x(1)} y1=${y(step)} y2=${y(step)} />
                <text x=${LEFT - 6} y=${y(step) + 4} text-anchor="end">${percent(step)}</text>
                <text x=${x(step)} y=${HEIGHT - 6} text-anchor="middle">${percent(step)}</text>
              `,
            )}
            <line class="diagonal" x1=${x(0)} y1=${y(0)} x2=${x(1)} y2=${y(1)} />
            ${versions.map(
              (version, index) => html`
                <polyline key=${version} class=${`line series-${index}`}
                  points=${points(version).map((point) => `${point.x},${point.y}`).join(" ")} />
                ${points(version).map(
                  (point) => html`
                    <circle key=${`${version} ${point.confidence_band}`} class=${`points series-${index}`}
                      cx=${point.x} cy=${point.y} r=${Math.min(9, 2.5 + Math.sqrt(point.decided) / 3)}>
                      <title>${`${version}, ${bandName(point)}: ${percent(point.accuracy, 1)} of ${point.decided}`}</title>
                    </circle>
                  `,
                )}
              `,
            )}
          </svg>
        `}
      </div>
      <p class="readout">
        ${versions.map(
          (version, index) => html`
            <span key=${version}><i class=${`swatch series-${index}`}></i>${" "}<b>${version}</b></span>
          `,
        )}
        ${!versions.length && html`<span>${empty}</span>`}
      </p>
    <//>
  `;
}

function mostAudited(bands) {
  const audits = new Map();
  for (const { model_version, decided } of bands) {
    audits.set(model_version, (audits.get(model_version) ?? 0) + decided);
  }
  return [...audits.keys()]
    .sort((one, other) => audits.get(other) - audits.get(one))
    .slice(0, SHOWN_VERSIONS);
}

const bandName = ({ confidence_band }) => `${percent(confidence_band / 10)} to ${percent(confidence_band / 10 + 0.1)}`;
