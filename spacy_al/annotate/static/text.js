// The text of a question: spaCy's own tokens as elements, entities around them, and the pointer on it.

import { h } from "./vendor/preact-11.2.0.js";
import htm from "./vendor/htm-3.1.1.js";

const html = htm.bind(h);

export const colour = (labels, label) => {
  const number = Math.max(labels.indexOf(label), 0);
  return `c${number % 8}${number >= 8 ? " again" : ""}`;
};

const inside = (windows, word) => !windows.length || windows.some(([start, end]) => start <= word && word < end);

export function Text({ question, labels, on }) {
  const { task, spans, selection, asked } = question;
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
      const words = [];
      for (word = start; word < end; word++) words.push(...token(task, word, chosen, label, word < end - 1));
      const kind = `${colour(labels, label)} ${origin} ${asked === undefined ? "" : asked === number ? "asked" : "aside"}`;
      parts.push(html`<span class="entity ${kind}" key=${`e${start}`}>${words}<b class="tag" aria-hidden="true">${label}</b></span>`);
      if (task.spaces[end - 1]) parts.push(html`<span class="gap" key=${`g${end - 1}`}> </span>`);
    }
  }
  const active = selection ? `w${selection[1]}` : undefined;
  return html`<div id="text" class="text" dir="auto" role="listbox" aria-multiselectable="true" tabindex="0"
    aria-label="Words of the question" aria-activedescendant=${active} onPointerDown=${on.down} onPointerMove=${on.move}
    onPointerUp=${on.up} onPointerCancel=${on.up} onDblClick=${on.twice}>${parts}</div>`;
}

function token(task, word, [first, last], label, gap) {
  const chosen = first <= word && word <= last;
  const shown = task.words[word];
  const line = shown.includes("\n") ? " line" : "";
  const state = `${chosen ? " chosen" : ""}${inside(task.windows, word) ? (task.windows.length ? " window" : "") : " context"}${line}`;
  const made = [
    html`<span class="word${state}" id=${`w${word}`} key=${`w${word}`} data-word=${word} role="option" aria-selected=${chosen}
      aria-label=${label ? `${shown}, ${label}` : undefined}>${shown}</span>`,
  ];
  const both = chosen && word < last;
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
