// What can explain a change of the figures.

const SENTENCES = {
  promoted: (subject) => `${subject} was promoted`,
  rolled_back: (subject) => `rolled back to ${subject}`,
  quarantined: (subject) => `${subject} was quarantined`,
  intent_added: (subject) => `the intent ${subject} was added`,
  intent_retired: (subject) => `the intent ${subject} was retired`,
  deployed: (subject) => `the package ${subject} was deployed`,
  new_version: (subject) => `first message of the version ${subject}`,
};

/** @typedef {{ at: string, kind: string, subject: string }} Mark */

/** @param {Mark} mark */
export function describeMark({ kind, subject }) {
  return (SENTENCES[kind] ?? (() => `${kind} ${subject}`))(subject);
}

/** @param {string[]} days @param {Mark[]} marks @returns {string[]} what changed on each day */
export function marksByDay(days, marks) {
  const byDay = new Map();
  for (const mark of marks) {
    const day = new Date(mark.at).toISOString().slice(0, 10);
    byDay.set(day, [...(byDay.get(day) ?? []), describeMark(mark)]);
  }
  return days.map((day) => byDay.get(day)?.join("; ") ?? "");
}
