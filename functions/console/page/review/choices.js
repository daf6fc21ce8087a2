// Which intents the keys 1 to 9 stand for.

/** @typedef {{ intent: string, domain: string, description: string }} Intent */
/** @typedef {Intent & { origin: string }} Choice */

export const MAX_CHOICES = 9;

/**
 * The model's choices, then the intents that others voted for, then those of the same domain. Of a
 * blind item, both intents come in their random order, and look the same.
 * An intent that the catalogue no longer has cannot be chosen.
 * @param {import("./state.js").Item} item
 * @param {Intent[]} catalogue
 * @returns {Choice[]}
 */
export function choicesFor(item, catalogue) {
  const byName = new Map(catalogue.map((intent) => [intent.intent, intent]));
  /** @type {Map<string, Choice>} */
  const choices = new Map();
  const add = (name, origin) => {
    const intent = byName.get(name);
    if (!intent || choices.has(name) || choices.size === MAX_CHOICES) return;
    choices.set(name, { ...intent, origin });
  };
  if (item.intents) {
    for (const name of item.intents) add(name, "said by one model");
    add("unknown", "no intent fits");
    return [...choices.values()];
  }
  add(item.predicted_intent, "predicted");
  if (item.runner_up_intent) add(item.runner_up_intent, "second best");
  for (const name of item.predicted_secondary_intents) add(name, "predicted as a further intent");
  for (const { intent } of item.votes) add(intent, "chosen by a reviewer");
  const domain = byName.get(item.predicted_intent)?.domain;
  for (const { intent } of catalogue.filter((other) => other.domain === domain)) {
    add(intent, `also ${domain}`);
  }
  add("unknown", "no intent fits");
  return [...choices.values()];
}

/**
 * The intents that match what was typed, best first: by name, then by description.
 * @param {string} typed
 * @param {Intent[]} catalogue
 * @returns {Intent[]}
 */
export function searchIntents(typed, catalogue) {
  const words = fold(typed).split(/[\s_-]+/).filter(Boolean);
  const scored = catalogue.map((intent) => ({ intent, score: score(intent, words) }));
  return scored
    .filter((found) => found.score > 0)
    .sort((one, other) => other.score - one.score)
    .map(({ intent }) => intent);
}

const fold = (text) => text.normalize("NFKC").toLowerCase();

function score(intent, words) {
  const name = fold(intent.intent.replaceAll("_", " "));
  const [domain, description] = [fold(intent.domain), fold(intent.description)];
  let total = 1;
  for (const word of words) {
    if (name.startsWith(word)) total += 8;
    else if (name.includes(word)) total += 4;
    else if (domain.includes(word)) total += 2;
    else if (description.includes(word)) total += 1;
    else return 0;
  }
  return total;
}
