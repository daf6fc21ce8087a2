// The state of a review: what is shown now, what comes next, and what can be undone.
//
// The page never waits for a decision: the next item is here already, and the outbox records.

import { call } from "../api.js";
import { Outbox, itemsOf } from "../outbox.js";

/**
 * @typedef {object} Item - as `private.show_item` returns it; a blind one has no prediction
 * @property {number} item
 * @property {number} rank
 * @property {string} text
 * @property {[string, string]} [intents] - of a blind item: what two models say, in random order
 * @property {string} predicted_intent
 * @property {string[]} predicted_secondary_intents
 * @property {number} confidence
 * @property {string | null} runner_up_intent
 * @property {number | null} runner_up_confidence
 * @property {string[]} reasons
 * @property {number} times_sent
 * @property {string[]} context
 * @property {Vote[]} votes
 * @property {{ item: number, text: string }[]} near_duplicates
 * @property {number} seen
 * @property {{ intent: string }} [conflict] - the own decision that was not recorded
 *
 * @typedef {{ intent: string, secondary_intents: string[] | null, notes: string | null,
 *   is_own: boolean }} Vote
 *
 * @typedef {object} Decision
 * @property {string} intent
 * @property {string[] | null} secondary - null: the reviewer does not say
 * @property {string} note
 * @property {number[]} near - the near-duplicates that are decided with it
 *
 * @typedef {{ further: string[] | null, note: string, near: number[] }} Draft
 *
 * @typedef {object} Done - a decision or a skip that can be undone
 * @property {number} entry - its entry in the outbox
 * @property {Item} item
 * @property {Decision} [decision] - none: a skip
 * @property {Draft} draft - what was prepared
 * @property {Item[]} removed - the near-duplicates that no longer had to be shown
 */

/** The reason for which the pool of disagreements is listed, which is reviewed blind. */
export const BLIND = "model_disagreement";

const withNear = ({ near }) => (near.length ? ` with near-duplicates: ${near.length}` : "");

const isBlind = (item) => item.intents !== undefined;

const EMPTY = { further: null, note: "", near: [] };

/** What was prepared for a decision that cannot be undone here, as after a reload. @returns {Draft} */
const draftOf = (body) => ({
  further: body.corrected_secondary_intents,
  note: body.notes ?? "",
  near: body.near_duplicates,
});

const BATCH = 20;
const REFILL_BELOW = 10;
const MAX_UNDONE = 20;

export class Review {
  /** @param {string} userId @param {() => void} onChange @param {(error: any) => void} onFailure */
  constructor(userId, onChange, onFailure) {
    this.onChange = onChange;
    this.onFailure = onFailure;
    /** @type {Item[]} */
    this.items = [];
    /** @type {Done[]} */
    this.done = [];
    /** What is prepared for each item. @type {Map<number, Draft>} */
    this.drafts = new Map();
    /** @type {string | null} */
    this.reason = null;
    this.isComplete = false;
    this.isLoading = false;
    this.message = "";
    this.position = {};
    this.decided = 0;
    /** Whether models disagree about a text that waits for this reviewer. */
    this.hasDisagreements = false;
    /** Counts the lists that were begun: what arrives for an earlier one is not shown. */
    this.list = 0;
    this.outbox = new Outbox(userId, {
      onChange,
      onResult: (entry, result) => this.take(entry, result),
      onFailure: (entry, error) => this.takeFailure(entry, error),
    });
    this.outbox.flush();
  }

  /** Stops sending; what waits is kept for the next sign-in of this user. */
  close() {
    this.outbox.close();
  }

  /** @returns {Item | undefined} */
  get current() {
    return this.items[0];
  }

  /** @returns {Draft} */
  get draft() {
    return this.drafts.get(this.current?.item) ?? EMPTY;
  }

  /** @param {Partial<Draft>} changes */
  prepare(changes) {
    this.drafts.set(this.current.item, { ...this.draft, ...changes });
    this.onChange();
  }

  /** Fetches the next items where few are left. */
  async refill() {
    if (this.isLoading || this.isComplete || this.items.length >= REFILL_BELOW) return;
    this.isLoading = true;
    const { list } = this;
    let isRead = false;
    try {
      const found = await call("console_items", {
        ...this.position,
        reason: this.reason,
        max_items: BATCH,
      });
      if (list === this.list) {
        this.append(found);
        this.isComplete = found.length < BATCH;
      }
      isRead = true;
    } catch (error) {
      this.onFailure(error);
    } finally {
      this.isLoading = false;
      this.onChange();
      // A list that begins meanwhile, or of which all that was read is decided already.
      if (isRead || list !== this.list) this.refill();
    }
  }

  /** Looks for disagreements of models, which are reviewed apart from the queue. */
  async lookForDisagreements() {
    try {
      const found = await call("console_items", { reason: BLIND, max_items: 1 });
      this.hasDisagreements = found.length > 0;
      this.onChange();
    } catch (error) {
      this.onFailure(error);
    }
  }

  /** Whether an item is among those to show, or its decision waits. @param {Item} item */
  holds({ item }) {
    const waiting = this.outbox.entries.flatMap(itemsOf);
    return waiting.includes(item) || this.items.some((shown) => shown.item === item);
  }

  /** @param {Item[]} found */
  append(found) {
    this.items.push(...found.filter((item) => !this.holds(item)));
    const last = found.at(-1);
    if (last) this.position = { after_rank: last.rank, after_item: last.item };
  }

  /** Starts again from the best item. @param {string | null} [reason] - items of this reason alone */
  restart(reason = this.reason) {
    this.reason = reason;
    this.items = this.items.filter(({ conflict }) => conflict);
    this.position = {};
    this.isComplete = false;
    this.list += 1;
    this.lookForDisagreements();
    return this.refill();
  }

  /** Shows an item of a list next. @param {Item} item */
  open(item) {
    this.items = [item, ...this.items.filter((other) => other.item !== item.item)];
    this.onChange();
  }

  /** The near-duplicates of the current item that were not decided here meanwhile. */
  get nearDuplicates() {
    const decided = new Set(
      this.done.flatMap(({ item, decision }) => (decision ? [item.item, ...decision.near] : [])),
    );
    return (this.current?.near_duplicates ?? []).filter(({ item }) => !decided.has(item));
  }

  /** @param {Decision} decision */
  decide(decision) {
    const { item, seen } = this.current;
    this.finish("decide", decision, {
      item,
      seen,
      is_blind: isBlind(this.current),
      corrected_intent: decision.intent,
      corrected_secondary_intents: decision.secondary,
      notes: decision.note || null,
      near_duplicates: decision.near,
    });
    this.decided += 1;
    const all = [decision.intent, ...(decision.secondary ?? [])].join(" and ");
    this.say(`Recorded as ${all}${withNear(decision)}.`);
  }

  /** @param {string} reason */
  skip(reason) {
    this.finish("skip", undefined, { item: this.current.item, reason });
    this.say("Skipped.");
  }

  /** Leaves what somebody else decided meanwhile as it is. */
  dismiss() {
    this.items.shift();
    this.say("Left as it was decided.");
    this.refill();
  }

  finish(kind, decision, body) {
    const { draft } = this;
    const item = this.items.shift();
    this.drafts.delete(item.item);
    const isNear = (other) => decision?.near.includes(other.item);
    const removed = this.items.filter(isNear);
    this.items = this.items.filter((other) => !isNear(other));
    const entry = this.outbox.add({ kind, body });
    this.done = [...this.done, { entry, item, decision, draft, removed }].slice(-MAX_UNDONE);
    this.refill();
  }

  /** Takes the latest decision or skip back, and shows its item again. */
  undo() {
    const last = this.done.pop();
    if (!last) return this.say("There is nothing to undo.");
    if (last.decision) this.decided -= 1;
    if (!this.outbox.cancel(last.entry)) {
      const body = { item: last.item.item };
      if (last.decision) this.outbox.add({ kind: "undo", body, undoes: last.entry });
      else this.outbox.add({ kind: "skip", body });
    }
    this.items.unshift(last.item, ...last.removed);
    this.drafts.set(last.item.item, last.draft);
    this.say(
      last.decision ? `Undone: ${last.decision.intent}${withNear(last.decision)}.` : "Undone: the skip.",
    );
  }

  /** Takes what the database answered. */
  take(entry, result) {
    if (result.state === "recorded" && entry.kind !== "decide") this.replace(result.item);
    if (result.state === "recorded") {
      const lost = (entry.body.near_duplicates?.length ?? 0) - (result.near_duplicates?.length ?? 0);
      if (lost > 0) {
        this.say(`Near-duplicates left out, since they were or must be decided themselves: ${lost}.`);
      }
      return;
    }
    const done = this.forget(entry.id);
    this.items.splice(1, 0, ...(done?.removed ?? []));
    const isUncounted = done?.decision && entry.kind === "decide";
    if (isUncounted) this.decided -= 1;
    if (result.state === "gone") {
      this.say("The message was deleted meanwhile. Nothing was recorded.");
    } else if (result.state === "blind") {
      this.say("The message is reviewed blind since. Nothing was recorded.");
    } else if (entry.kind === "undo") {
      this.replace(result.item);
      this.say("A later decision stands. Nothing was undone.");
    } else {
      const conflict = { intent: entry.body.corrected_intent };
      const changed = { ...result.item, votes: result.votes, conflict };
      // A decision that was taken back meanwhile is shown, or made again, already.
      if (this.holds(changed)) this.replace(changed);
      else this.insertNext(changed, done?.draft ?? draftOf(entry.body));
      this.say("Somebody else decided this message meanwhile. Yours was not recorded.");
    }
  }

  takeFailure(entry, error) {
    const done = this.forget(entry.id);
    if (done) {
      this.insertNext(done.item, done.draft);
      this.items.push(...done.removed);
    }
    if (done?.decision) this.decided -= 1;
    this.say(`Not recorded: ${error.message}`);
    if (error.reason === "forbidden") this.onFailure(error);
  }

  /** Shows an item next: not at once, since a key that is pressed now is meant for another one. */
  insertNext(item, draft) {
    this.drafts.set(item.item, draft);
    this.items.splice(this.items.length ? 1 : 0, 0, item);
  }

  forget(entryId) {
    const done = this.done.find(({ entry }) => entry === entryId);
    this.done = this.done.filter(({ entry }) => entry !== entryId);
    return done;
  }

  /** Shows the current state of an item that is shown already: its `seen` has changed. */
  replace(item) {
    this.items = this.items.map((shown) => (shown.item === item.item ? { ...shown, ...item } : shown));
    this.onChange();
  }

  /** @param {string} message - for everybody, screen readers included */
  say(message) {
    this.message = message;
    this.onChange();
  }
}
