// The keys of the review. They can be switched off: single letters disturb some assistive software.

import { useLayoutEffect, useRef } from "../vendor/preact.js";

const SETTING = "keys-are-off";

export const areKeysOn = () => localStorage.getItem(SETTING) === null;

/** @param {boolean} areOn */
export function switchKeys(areOn) {
  if (areOn) localStorage.removeItem(SETTING);
  else localStorage.setItem(SETTING, "yes");
}

const COMMANDS = {
  "/": "search", n: "note", d: "near", s: "skip", enter: "leave", u: "undo", l: "list",
  b: "blind", "?": "help", escape: "back",
};

/** What every key does, for the help. */
export const KEYS = [
  ["1 to 9", "Decide: 1 confirms the prediction"],
  ["Shift with 1 to 9", "Add or remove a further intent"],
  ["0", "State that there are no further intents"],
  ["/", "Search the catalogue"],
  ["n", "Write a note"],
  ["d", "Choose all near-duplicates, or none: they are decided with the message"],
  ["s", "Skip, with a reason"],
  ["u, Ctrl with z", "Undo the latest decision, up to twenty"],
  ["l", "Show the list"],
  ["b", "Review disagreements of models blind, or go back to the queue"],
  ["?", "Show this help, or close it"],
  ["Escape", "Close a dialog, or go back from the list"],
];

/**
 * Calls a command for each key that is pressed outside fields and dialogs.
 * @param {Record<string, (index?: number) => void>} commands
 */
export function useKeys(commands) {
  const latest = useRef(commands);
  latest.current = commands;
  useLayoutEffect(() => {
    const onKeyDown = (event) => {
      const command = find(event);
      if (!command || !latest.current[command.name]) return;
      event.preventDefault();
      latest.current[command.name](command.index);
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}

function find(event) {
  if (!areKeysOn() || event.repeat || isOccupied(event)) return null;
  const { code, shiftKey } = event;
  // The letter on the key, whatever the script, and with Caps Lock.
  const key = (event.key > "\x7f" ? code.replace("Key", "") : event.key).toLowerCase();
  if (event.ctrlKey || event.metaKey) return key === "z" && !shiftKey ? { name: "undo" } : null;
  if (event.altKey) return null;
  // First, since "/" is above a digit on many keyboards.
  if (COMMANDS[key]) return { name: COMMANDS[key] };
  const digit = digitOf(event);
  if (digit === 0) return { name: "noFurther" };
  return digit && { name: shiftKey ? "chooseFurther" : "choose", index: digit - 1 };
}

/** The digit on a key. Without Num Lock, a number pad moves the page. */
export function digitOf({ key, code }) {
  const digit = key.length === 1 && /^(?:Digit|Numpad)(\d)$/.exec(code);
  return digit ? Number(digit[1]) : null;
}

/** Whether an input method, as for Chinese, uses a key. 229: in Safari. */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

/** Whether the key belongs to a field, a dialog or a button. */
function isOccupied(event) {
  if (document.querySelector("dialog[open]")) return true;
  const target = event.target instanceof HTMLElement ? event.target : document.body;
  if (target.matches("input:not([type=checkbox]), textarea, select")) return true;
  return event.key === "Enter" && target.matches("button, a, summary");
}
