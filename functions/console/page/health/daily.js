// The charts over time.

import { html } from "../vendor/preact.js";
import { percent } from "../ui.js";
import { marksByDay } from "./marks.js";
import { ageInDays, align, countsOf, daysOf, interval, rollingSums, share } from "./series.js";
import { TimeChart } from "./time_chart.js";

const WEEK = 7;
const inPercent = (value) => percent(value, 1);
const onAxis = (value) => percent(value, Number.isInteger(Math.round(value * 1e6) / 1e4) ? 0 : 1);
const count = (value) => (value === null ? "–" : value.toLocaleString());
const inDays = (value) => (value === null ? "–" : `${Number(value.toFixed(1))} d`);
const inHours = (value) => (value === null ? "–" : `${Number((24 * value).toFixed(1))} h`);

/** @param {{ health: any }} props */
export function DailyCharts({ health }) {
  const days = daysOf(health);
  const counts = countsOf(days, health.days);
  const common = { days, marks: marksByDay(days, health.marks) };
  const values = (name) => counts.map((one) => one[name]);
  const ofCounts = (name, part, draw) => ({ name, values: values(part), write: count, draw });
  const shareChart = (title, hint, [wholeName, whole], [partName, part]) => html`
    <${TimeChart} title=${title} hint=${hint} write=${onAxis} ...${common} columns=${[
      ofCounts(wholeName, whole),
      ofCounts(partName, part),
      {
        name: "Share", draw: "line", write: inPercent,
        values: counts.map((one) => share(one[part], one[whole])),
      },
    ]} />
  `;
  return html`
    <${TimeChart} title="Messages by source" hint="Predicted by rules or by the model."
      isWhole write=${count} ...${common}
      columns=${[ofCounts("Rules", "by_rule", "bars"), ofCounts("Model", "by_model", "bars")]} />
    <${TimeChart} title="Live accuracy"
      hint="The share of right predictions among the decided audits of the seven days up to each day, with a 95 % interval, as far as the audit is complete."
      startsAtZero=${false} write=${onAxis} ...${common} columns=${accuracy(health, days, values)} />
    ${shareChart("Completeness of the audit", "The share of audited messages that reviewers decided.",
      ["Audited", "audited"], ["Decided", "decided"])}
    ${shareChart("Answered with confidence",
      `The share of messages with a confidence of at least ${percent(health.review_threshold)}.`,
      ["Messages", "messages"], ["Confident", "confident"])}
    ${shareChart("Out of scope", "The share of messages that are not meant for the assistant, of those that the model judged.",
      ["Judged", "with_scope"], ["Out of scope", "out_of_scope"])}
    ${shareChart("Failed workflows", "The share of workflows that failed, of those whose outcome is known.",
      ["Outcomes", "with_outcome"], ["Failed", "failed"])}
    <${Backlog} health=${health} common=${common} />
  `;
}

/** The days whose audits are not complete have no figure: what is decided first is no fair sample. */
function accuracy({ audits_complete_before }, days, values) {
  const completeBefore = audits_complete_before?.slice(0, 10) ?? "";
  const complete = (name) =>
    rollingSums(values(name).map((value, index) => (days[index] < completeBefore ? value : 0)), WEEK);
  const [decided, right] = [complete("decided"), complete("correct")];
  const figure = (of) =>
    days.map((day, index) => (day < completeBefore && decided[index] ? of(right[index], decided[index]) : null));
  return [
    { name: "Decided", values: figure((_, all) => all), write: count },
    { name: "Right", values: figure((part) => part), write: count },
    { name: "Accuracy", values: figure(share), write: inPercent, draw: "line" },
    { name: "From", values: figure((...of) => interval(...of).lower), write: inPercent, draw: "lower" },
    { name: "To", values: figure((...of) => interval(...of).upper), write: inPercent, draw: "upper" },
  ];
}

function Backlog({ health, common }) {
  const backlog = align(common.days, health.backlog, null);
  const ages = backlog.map((one) => one && ageInDays(one.day, one.oldest_waiting_since, health.at));
  const isYoung = ages.every((age) => age === null || age < 1);
  const inUnit = isYoung ? inHours : inDays;
  return html`
    <${TimeChart} title="Waiting for review" hint="The texts that waited at the end of each day."
      isWhole write=${count} ...${common} columns=${[
        { name: "Waiting", values: backlog.map((one) => one?.waiting ?? null), write: count, draw: "line" },
        { name: "Audits", values: backlog.map((one) => one?.audits_waiting ?? null), write: count, draw: "line" },
      ]} />
    <${TimeChart} title="Age of the backlog" hint="How long the oldest text had waited."
      write=${inUnit} ...${common} columns=${[
        { name: "Oldest", write: inUnit, draw: "line", values: ages },
      ]} />
  `;
}
