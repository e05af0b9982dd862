// The text of a question: spaCy's own tokens as elements, entities around them, and the pointer on it.

import { h } from "./vendor/preact-11.2.0.js";
import htm from "./vendor/htm-3.1.1.js";

const html = htm.bind(h);

export const colour = (labels, label) => {
  const number = Math.max(labels.indexOf(label), 0);
  return `c${number % 8}${number >= 8 ? " again" : ""}`;
};

const UNSEEN = /^[\s\p{Cf}\p{Cc}\u2800\u3164\uffa0]*$/u; // words without anything to see get a sign

const inside = (windows, word) => !windows.length || windows.some(([start, end]) => start <= word && word < end);

// Elements of the question on the screen, by what they look like: those that stay the same are not drawn anew.
let kept = { task: null, parts: new Map() };

const keep = (key, make) => {
  if (!kept.parts.has(key)) kept.parts.set(key, make());
  return kept.parts.get(key);
};

export function Text({ question, labels, on }) {
  const { task, spans, selection, asked } = question;
  if (kept.task !== task) kept = { task, parts: new Map() };
  const chosen = selection ? [Math.min(...selection), Math.max(...selection)] : [-1, -2];
  const starts = new Map(spans.map((span, number) => [span[0], number]));
  const parts = [];
  for (let word = 0; word < task.words.length; ) {
    const number = starts.get(word);
    if (number === undefined) {
      parts.push(...token(task, word, chosen, "", true));
      word += 1;
    } else {
      const [start, end, label, origin] = spans[number];
      const kind = `${colour(labels, label)} ${origin} ${asked === undefined ? "" : asked === number ? "asked" : "aside"}`;
      const overlap = `${Math.max(chosen[0], start)}-${Math.min(chosen[1], end)}`;
      const make = () => {
        const words = [];
        for (let own = start; own < end; own++) words.push(...token(task, own, chosen, label, own < end - 1));
        return html`<span class="entity ${kind}" key=${`e${start}`}>${words}<b class="tag" aria-hidden="true">${label}</b></span>`;
      };
      const shown = chosen[0] < end && chosen[1] >= start ? overlap : "";
      parts.push(keep(`e${start}-${end} ${label} ${kind} ${shown}`, make));
      if (task.spaces[end - 1]) parts.push(keep(`after${end}`, () => html`<span class="gap" key=${`g${end - 1}`}> </span>`));
      word = end;
    }
  }
  const active = selection ? `w${selection[1]}` : undefined;
  return html`<div id="text" class=${`text${question.picked ? "" : " fresh"}`} data-question=${task.id} dir="auto" role="listbox" aria-multiselectable="true" tabindex="0"
    aria-label="Words of the question" aria-activedescendant=${active} onPointerDown=${on.down} onPointerMove=${on.move}
    onPointerUp=${on.up} onPointerCancel=${on.up} onDblClick=${on.twice}>${parts}</div>`;
}

function token(task, word, range, label, gap) {
  const [first, last] = range;
  const chosen = first <= word && word <= last;
  return keep(`${word} ${chosen} ${word < last} ${label} ${gap}`, () => draw(task, word, chosen, label, gap, chosen && word < last));
}

function draw(task, word, chosen, label, gap, both) {
  const shown = task.words[word];
  const line = shown.includes("\n") ? " line" : UNSEEN.test(shown) ? " blank" : "";
  const state = `${chosen ? " chosen" : ""}${inside(task.windows, word) ? (task.windows.length ? " window" : "") : " context"}${line}`;
  const made = [
    html`<span class="word${state}" id=${`w${word}`} key=${`w${word}`} data-word=${word} role="option" aria-selected=${chosen}
      aria-label=${label ? `${shown}, ${label}` : undefined}>${shown}</span>`,
  ];
  if (gap && task.spaces[word]) {
    const between = inside(task.windows, word) && inside(task.windows, word + 1) && task.windows.length ? " window" : "";
    made.push(html`<span class="gap${both ? " chosen" : ""}${between}" key=${`g${word}`}> </span>`);
  }
  return made;
}

// The word at a point of the screen, or the nearest one to the pointer's element.
export function wordAt(event) {
  const element = document.elementFromPoint(event.clientX, event.clientY);
  const word = element?.closest?.(".word");
  return word ? Number(word.dataset.word) : null;
}
