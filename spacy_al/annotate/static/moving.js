// Moving over the words of the question, by keys; the selection is [where it began, where it is].

import { at } from "./edit.js";
import { range, state } from "./state.js";

const head = () => (state.question.selection || [0, -1])[1];

export function go(word, extend) {
  const { question } = state;
  const to = Math.max(0, Math.min(question.task.words.length - 1, word));
  question.selection = extend ? [(question.selection || [to])[0], to] : [to, to];
  question.picked = true;
}

export function move(step, extend) {
  if (getComputedStyle(document.getElementById("text")).direction === "rtl") step = -step;
  go(head() + step, extend);
}

export function line(step) {
  const here = document.getElementById(`w${Math.max(head(), 0)}`).getBoundingClientRect();
  const middle = (here.left + here.right) / 2;
  let best = null;
  for (const word of document.querySelectorAll("#text .word")) {
    const box = word.getBoundingClientRect();
    const rows = Math.round(((box.top - here.top) * step) / here.height);
    if (rows < 1) continue;
    const far = [rows, Math.abs((box.left + box.right) / 2 - middle)];
    if (!best || far[0] < best.far[0] || (far[0] === best.far[0] && far[1] < best.far[1])) best = { far, word };
  }
  if (best) go(Number(best.word.dataset.word), false);
}

export function jump(step) {
  const { question } = state;
  const here = range()[0];
  const starts = question.spans.map(([start]) => start).filter((start) => (start - here) * step > 0);
  if (!starts.length) return;
  const start = step > 0 ? Math.min(...starts) : Math.max(...starts);
  const [, end] = question.spans[at(question.spans, start)];
  question.selection = [start, end - 1];
  question.picked = true;
}
