// What the page knows at this moment, and drawing it anew.

import { recall } from "./wire.js";

export const state = {
  config: null, status: null, question: null, queue: [], past: [], ahead: [], brush: null, finding: null, help: false,
  hidden: false, notice: "", busy: false, differences: null, theme: recall("al:theme") || "",
};

let paint = () => {};

export const drawWith = (work) => (paint = work);
export const draw = () => paint();

// First word of the selection and word after its last.
export function range() {
  const [one, two] = state.question?.selection || [0, 0];
  return [Math.min(one, two), Math.max(one, two) + 1];
}

export function say(text) {
  document.getElementById("live").textContent = text;
}
