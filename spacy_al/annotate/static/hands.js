// What fingers do: the pointer on the text, and the keys.

import { tinykeys } from "./vendor/tinykeys-3.1.0.js";
import { change, label, markEverywhere, marked, redo, remove, toggleSuggestions, undo } from "./changes.js";
import { at, resize } from "./edit.js";
import { go, jump, line, move } from "./moving.js";
import { accept, judge, skip } from "./questions.js";
import { draw, range, state } from "./state.js";
import { wordAt } from "./text.js";

let drag = null;

export const pointer = {
  down(event) {
    const { question } = state;
    if (!question || event.button) return;
    const word = wordAt(event);
    if (word === null) return void (Object.assign(question, { selection: null, picked: false }), draw());
    drag = { id: event.pointerId, before: question.selection };
    go(word, event.shiftKey);
    draw();
    event.target.setPointerCapture?.(event.pointerId);
    if (event.pointerType === "mouse") event.preventDefault();
    document.getElementById("text").focus({ preventScroll: true });
  },
  move(event) {
    if (!drag || drag.id !== event.pointerId) return;
    const word = wordAt(event);
    if (word === null || word === state.question.selection[1]) return;
    go(word, true);
    draw();
  },
  up(event) {
    if (!drag || drag.id !== event.pointerId) return;
    const { before } = drag;
    drag = null;
    const { question } = state;
    const [start, end] = range();
    const place = end - start === 1 ? at(question.spans, start) : -1;
    if (event.type !== "pointerup") question.selection = before; // the finger scrolled
    else if (state.brush) label(state.brush);
    else if (place >= 0) question.selection = [question.spans[place][0], question.spans[place][1] - 1];
    draw();
  },
  twice() {
    if (marked()) remove(), draw();
  },
};

// --- keys

export const actions = {
  accept, skip, undo, redo, remove, everywhere: markEverywhere, suggestions: toggleSuggestions,
  left: () => move(-1, false), right: () => move(1, false), extend_left: () => move(-1, true),
  extend_right: () => move(1, true), up: () => line(-1), down: () => line(1), first: () => go(0, false),
  last: () => go(Infinity, false), next_entity: () => jump(1), previous_entity: () => jump(-1),
  grow: () => change(resize(state.question.spans, range()[0], 1, state.question.task.words.length)),
  shrink: () => change(resize(state.question.spans, range()[0], -1, state.question.task.words.length)),
  yes: () => judge(true), no: () => judge(false), labels: () => (state.finding = ""), help: () => (state.help = !state.help),
  cancel: () => Object.assign(state, { help: false, brush: null, finding: null, notice: "" }),
};
const ALWAYS = ["help", "cancel", "undo", "redo"];

export function bindKeys() {
  const map = {};
  for (const [action, keys] of Object.entries(state.config.keys)) {
    for (const key of keys) map[key] = (event) => press(event, action, () => actions[action]());
  }
  state.config.labels.slice(0, 20).forEach((name, number) => {
    // By the place of the key too: where digits need Shift, the key is the same.
    const digit = (number + 1) % 10;
    const key = number < 10 ? `(${digit}|Digit${digit})` : `Shift+Digit${digit}`;
    map[key] = (event) => press(event, "label", () => label(name));
  });
  tinykeys(window, map);
}

function press(event, action, work) {
  const target = event.target;
  const typing = target.matches?.("input, textarea, select");
  const clicking = target.matches?.("button, summary, a") && ["Enter", " "].includes(event.key);
  if (typing || clicking || (state.help && !["help", "cancel"].includes(action))) return;
  if (!state.question && !ALWAYS.includes(action)) return;
  event.preventDefault();
  act(work);
}

// Do something now, or after the answer that is on its way: nothing that is typed is lost.
const later = [];

function act(work) {
  if (state.busy) return void later.push(work);
  Promise.resolve(work()).then(() => {
    draw();
    while (later.length && !state.busy) act(later.shift());
  });
  draw();
}

// The same for a click; afterwards keys go to the text again.
export function click(work) {
  act(work);
  document.getElementById("text")?.focus({ preventScroll: true });
}
