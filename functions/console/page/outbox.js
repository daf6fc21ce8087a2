// What the reviewer decided and the database has not recorded yet, in order.
//
// Decisions wait here while there is no connection or no session. They survive a reload of the tab
// (`sessionStorage`), and are sent only as the user who made them. One that the server fails to
// record does not hold up the others: it is tried again later, after longer and longer pauses.

import { RequestFailed, call, sendReview } from "./api.js";

/**
 * @typedef {object} Entry
 * @property {number} id
 * @property {"decide" | "undo" | "skip"} kind
 * @property {any} body - what the function of the database receives
 * @property {number} [undoes] - the entry whose event an `undo` takes back
 * @property {boolean} [isTried] - whether it was sent: it may be recorded, even without a response
 * @property {number} [failures] - how often the server failed to record it
 * @property {number} [notBefore] - when it is tried again, after a failure
 */

const KEPT_EVENTS = 40;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/** @param {Entry} entry @returns {number[]} the items that it decides */
export const itemsOf = (entry) => [entry.body.item, ...(entry.body.near_duplicates ?? [])];

const pauseAfter = (failures) => Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);

const SENDERS = {
  decide: sendReview,
  undo: (body) => call("console_undo", body),
  skip: (body) => call("console_skip", body),
};

export class Outbox {
  /**
   * @param {string} userId
   * @param {{ onChange: () => void, onResult: (entry: Entry, result: any) => void,
   *   onFailure: (entry: Entry, error: RequestFailed) => void }} listener
   */
  constructor(userId, listener) {
    this.key = `outbox-${userId}`;
    this.listener = listener;
    const stored = JSON.parse(sessionStorage.getItem(this.key) ?? "{}");
    /** @type {Entry[]} */
    this.entries = stored.entries ?? [];
    /** The event that each of the latest decisions was recorded as. @type {[number, number][]} */
    this.events = stored.events ?? [];
    this.nextId = stored.nextId ?? 1;
    /** @type {"idle" | "sending" | "unreachable" | "failing" | "expired"} */
    this.state = "idle";
    this.isRunning = false;
    this.wake = () => {};
    this.retry = () => this.flush();
    addEventListener("online", this.retry);
  }

  close() {
    removeEventListener("online", this.retry);
    this.isClosed = true;
    this.wake();
  }

  /** Adds an entry and sends it. @param {Omit<Entry, "id">} entry @returns {number} its id */
  add(entry) {
    const id = this.nextId++;
    this.entries.push({ ...entry, id });
    this.save();
    this.flush();
    return id;
  }

  /**
   * Removes an entry that was not sent yet.
   * @param {number} id
   * @returns {boolean} whether it was
   */
  cancel(id) {
    const cancelled = this.entries.find((entry) => entry.id === id && !entry.isTried);
    if (cancelled) this.drop(cancelled);
    return cancelled !== undefined;
  }

  /** How many entries the server has failed to record so far. */
  get failing() {
    return this.entries.filter(({ failures }) => failures).length;
  }

  /** Sends what waits, one after another; while it cannot be sent, tries again. */
  async flush() {
    this.wake();
    if (this.isRunning) return;
    this.isRunning = true;
    let pause = FIRST_PAUSE_MS;
    while (this.entries.length && !this.isClosed) {
      const entry = this.next();
      const early = (entry.notBefore ?? 0) - Date.now();
      if (early > 0) {
        this.setState("failing");
        await this.sleep(early);
        continue;
      }
      const failed = await this.send(entry);
      if (failed === "expired") break;
      if (failed === "unreachable") {
        await this.sleep(pause);
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      } else {
        pause = FIRST_PAUSE_MS;
      }
    }
    this.isRunning = false;
    if (!this.entries.length) this.setState("idle");
  }

  /**
   * The entry to send next: the first one that never failed, else the one whose pause ends first.
   * No entry overtakes another one about the same item.
   * @returns {Entry}
   */
  next() {
    const free = this.entries.filter((entry, index) => {
      const items = itemsOf(entry);
      return !this.entries.slice(0, index).some((earlier) =>
        itemsOf(earlier).some((item) => items.includes(item)));
    });
    return free.reduce((best, entry) =>
      (entry.notBefore ?? 0) < (best.notBefore ?? 0) ? entry : best);
  }

  /** @param {Entry} entry @returns {Promise<"unreachable" | "expired" | undefined>} why nothing can be sent */
  async send(entry) {
    if (entry.kind === "undo" && this.eventOf(entry) === undefined) {
      this.drop(entry); // What it takes back was not recorded.
      return undefined;
    }
    entry.isTried = true;
    this.setState("sending");
    this.save();
    try {
      const result = await SENDERS[entry.kind](this.bodyOf(entry));
      if (result.event) this.events = [...this.events, [entry.id, result.event]].slice(-KEPT_EVENTS);
      this.drop(entry);
      this.listener.onResult(entry, result);
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
      if (error.reason === "unreachable" && error.isAnswered) {
        entry.failures = (entry.failures ?? 0) + 1;
        entry.notBefore = Date.now() + pauseAfter(entry.failures);
        this.save();
        return undefined;
      }
      if (error.reason === "unreachable" || error.reason === "expired") {
        this.setState(error.reason);
        return error.reason;
      }
      this.drop(entry);
      this.listener.onFailure(entry, error);
    }
    return undefined;
  }

  bodyOf(entry) {
    return entry.kind === "undo" ? { ...entry.body, event: this.eventOf(entry) } : entry.body;
  }

  /** The event that an undo takes back. */
  eventOf(entry) {
    return this.events.find(([id]) => id === entry.undoes)?.[1];
  }

  drop(entry) {
    this.entries = this.entries.filter(({ id }) => id !== entry.id);
    this.save();
  }

  save() {
    const { entries, events, nextId } = this;
    sessionStorage.setItem(this.key, JSON.stringify({ entries, events, nextId }));
    this.listener.onChange();
  }

  setState(state) {
    this.state = state;
    this.listener.onChange();
  }

  /** @param {number} milliseconds */
  sleep(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }
}
