// Small parts that several screens use.

import { html, useLayoutEffect, useRef } from "./vendor/preact.js";

/**
 * A modal dialog: keeps the focus inside, and closes with Escape.
 * @param {{ title: string, onClose: () => void, onKeyDown?: (event: KeyboardEvent) => void,
 *   children?: any }} props
 */
export function Dialog({ title, onClose, onKeyDown, children }) {
  const dialog = useRef(null);
  useLayoutEffect(() => {
    const opener = document.activeElement;
    dialog.current.showModal();
    return () => {
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return html`
    <dialog ref=${dialog} aria-labelledby="dialog-title" onKeyDown=${onKeyDown} onCancel=${(event) => {
      event.preventDefault();
      onClose();
    }}>
      <h2 id="dialog-title">${title}</h2>
      ${children}
    </dialog>
  `;
}

/** @param {number | null} share - from 0 to 1 @param {number} [digits] */
export function percent(share, digits = 0) {
  return share === null || share === undefined ? "–" : `${(100 * share).toFixed(digits)} %`;
}

/** @param {number} difference - between two shares @returns {string} in points, with its sign */
export function points(difference) {
  return `${difference > 0 ? "+" : ""}${(100 * difference).toFixed(1)}`;
}

/** The reasons of the queue, and their names. */
export const REASONS = {
  disagreement: "reviewers disagree",
  random_audit: "random audit",
  failed_workflow: "the workflow failed",
  out_of_scope: "out of scope",
  low_confidence: "low confidence",
  needs_review: "the model is unsure",
  random_fill: "random",
  model_disagreement: "two models disagree",
};

/** @param {string} reason - of an item @returns {string} */
export function reasonName(reason) {
  return REASONS[reason] ?? reason;
}

/** @param {string | null} time - as the database writes it */
export function Time({ time }) {
  if (!time) return "–";
  const shown = new Date(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  return html`<time datetime=${time}>${shown}</time>`;
}

/**
 * A number with its interval, on a line from 0 to 1 or between `from` and `to`.
 * @param {{ value: number | null, lower: number, upper: number, from?: number, to?: number,
 *   hasZero?: boolean }} props - `hasZero`: 0 is marked, where differences have their sign
 */
export function Interval({ value, lower, upper, from = 0, to = 1, hasZero = false }) {
  const x = (number) => (100 * (number - from)) / (to - from);
  return html`
    <svg class="interval" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect class="range" x="0" y="4" width="100" height="2" />
      <rect class="bar" x=${x(lower)} y="2" width=${Math.max(x(upper) - x(lower), 0.5)} height="6" />
      ${hasZero && html`<rect class="zero" x=${x(0) - 0.25} y="0" width="0.5" height="10" />`}
      ${value !== null && html`<rect class="mark" x=${x(value) - 0.5} y="0" width="1" height="10" />`}
    </svg>
  `;
}
