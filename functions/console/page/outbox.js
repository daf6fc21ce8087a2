// What the reviewer decided and the database has not recorded yet, in order.
//
// Decisions wait here while there is no connection or no session. They survive a reload of the tab
// (`sessionStorage`), and are sent only as the user who made them.

import { RequestFailed, call, sendReview } from "./api.js";

/**
 * @typedef {object} Entry
 * @property {number} id
 * @property {"decide" | "undo" | "skip"} kind
 * @property {any} body - what the function of the database receives
 * @property {number} [undoes] - the entry whose event an `undo` takes back
 */

const KEPT_EVENTS = 40;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

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
    /** @type {"idle" | "sending" | "unreachable" | "expired"} */
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
    const index = this.entries.findIndex((entry) => entry.id === id);
    if (index < 0 || (index === 0 && this.state === "sending")) return false;
    this.entries.splice(index, 1);
    this.save();
    return true;
  }

  /** Sends what waits, one after another; while it cannot be sent, tries again. */
  async flush() {
    this.wake();
    if (this.isRunning) return;
    this.isRunning = true;
    let pause = FIRST_PAUSE_MS;
    while (this.entries.length && !this.isClosed) {
      const failed = await this.sendFirst();
      if (!failed) {
        pause = FIRST_PAUSE_MS;
        continue;
      }
      if (failed === "expired") break;
      await this.sleep(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
    this.isRunning = false;
    if (!this.entries.length) this.setState("idle");
  }

  /** @returns {Promise<"unreachable" | "expired" | undefined>} why it waits on */
  async sendFirst() {
    const [entry] = this.entries;
    this.setState("sending");
    try {
      const result = await SENDERS[entry.kind](this.bodyOf(entry));
      if (result.event) this.events = [...this.events, [entry.id, result.event]].slice(-KEPT_EVENTS);
      this.drop(entry);
      this.listener.onResult(entry, result);
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
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
    const event = this.events.find(([id]) => id === entry.undoes)?.[1];
    return entry.kind === "undo" ? { ...entry.body, event } : entry.body;
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
