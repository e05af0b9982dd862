// Changes to the question on the screen, each of which can be undone.

import { at, drop, everywhere, put } from "./edit.js";
import { drafts, next } from "./questions.js";
import { range, say, state } from "./state.js";

export function change(spans, selection) {
  const { question } = state;
  if (!question || question.asked !== undefined || spans === question.spans) return;
  question.undo.push({ spans: question.spans, selection: question.selection });
  question.redo = [];
  question.spans = spans;
  if (selection) question.selection = selection;
  drafts.write(question.task, spans);
}

export function undo() {
  const { question } = state;
  if (state.busy) return;
  const before = question?.undo.pop();
  if (before) {
    question.redo.push({ spans: question.spans, selection: question.selection, asked: question.asked, said: question.said });
    Object.assign(question, before);
  } else if (state.past.length) {
    if (question) state.queue.unshift(question);
    const last = state.past.pop();
    state.ahead.push(last);
    const again = last.asked === undefined ? {} : { asked: 0, said: [] };
    state.question = { ...last, undo: [], redo: [], since: Date.now(), revisited: true, ...again };
    say("Back to the question before");
  }
}

export function redo() {
  const { question } = state;
  const after = question?.redo.pop();
  if (after) {
    question.undo.push({ spans: question.spans, selection: question.selection, asked: question.asked, said: question.said });
    Object.assign(question, after);
  } else if (question?.revisited && state.ahead.length && !question.undo.length) {
    state.past.push(state.ahead.pop());
    next();
    const following = state.ahead.at(-1);
    if (following && state.question?.task.id === following.task.id) state.question.revisited = true;
  }
}

export function label(name) {
  const { question } = state;
  if (!question || question.asked !== undefined) return;
  if (!question.selection) return say("Choose words first");
  let [start, end] = range();
  const place = end - start === 1 ? at(question.spans, start) : -1;
  if (place >= 0) [start, end] = question.spans[place];
  change(put(question.spans, start, end, name), [start, end - 1]);
  say(`${question.task.words.slice(start, end).join(" ")}: ${name}`);
}

// A click on a label: it labels what is selected, or from now on whatever is touched.
export function use(name) {
  state.finding = null;
  if (state.brush === name) state.brush = null;
  else if (state.brush === null && state.question?.picked) label(name);
  else state.brush = name;
}

export function remove() {
  const [start, end] = range();
  change(drop(state.question.spans, start, end));
  say("Removed");
}

export function markEverywhere() {
  const { question } = state;
  const place = at(question.spans, range()[0]);
  if (place < 0) return say("Mark an entity first");
  const [start, end, name] = question.spans[place];
  const before = question.spans.length;
  change(everywhere(question.task.words, question.spans, start, end, name));
  const { document, words } = question.task;
  const mark = { document, words: words.slice(start, end), label: name };
  const same = (other) => other.document === document && other.words.join(" ") === mark.words.join(" ");
  if (document) drafts.alike = [...drafts.alike.filter((other) => !same(other)), mark];
  say(`${question.spans.length - before} more marked${document ? "; suggested in other questions of this document" : ""}`);
}

export function toggleSuggestions() {
  const { question } = state;
  state.hidden = !state.hidden;
  if (question && question.asked === undefined) {
    const own = question.spans.filter((span) => span[3] === "me");
    const back = question.suggested.filter(([start, end]) => own.every((span) => span[1] <= start || end <= span[0]));
    change(state.hidden ? own : [...own, ...back].sort((one, two) => one[0] - two[0]));
  }
}

// Whether the selection is in an entity that can be changed.
export const marked = () => {
  const { question } = state;
  return question?.selection && question.asked === undefined && at(question.spans, range()[0]) >= 0;
};
