// Spans of a question and what can be done to them: pure functions, [first word, word after the last, label, origin].

export const at = (spans, word) => spans.findIndex(([start, end]) => start <= word && word < end);

const apart = (span, start, end) => span[1] <= start || end <= span[0];

const sorted = (spans) => [...spans].sort((one, two) => one[0] - two[0]);

export const put = (spans, start, end, label) =>
  sorted([...spans.filter((span) => apart(span, start, end)), [start, end, label, "me"]]);

export const drop = (spans, start, end) => spans.filter((span) => apart(span, start, end));

// Some words everywhere in the question, where nothing is marked yet.
function fill(words, spans, wanted, label, origin) {
  const found = [...spans];
  for (let place = 0; place + wanted.length <= words.length; place++) {
    const end = place + wanted.length;
    const same = wanted.every((word, step) => word === words[place + step]);
    if (same && found.every((span) => apart(span, place, end))) found.push([place, end, label, origin]);
  }
  return sorted(found);
}

export const everywhere = (words, spans, start, end, label) =>
  fill(words, put(spans, start, end, label), words.slice(start, end), label, "me");

// What was marked everywhere in another question of the document, as suggestions; what is not asked about stays bare.
export function alike(task, spans, marks) {
  const inside = ([start, end]) => !task.windows.length || task.windows.some(([first, last]) => first <= start && end <= last);
  const own = marks.filter((mark) => mark.document === task.document);
  const found = own.reduce((some, { words, label }) => fill(task.words, some, words, label, "model alike"), spans);
  return found.filter((span) => span[3] !== "model alike" || inside(span));
}

// Move the end of the span at a word; one that would become empty or run into another stays.
export function resize(spans, word, step, length) {
  const place = at(spans, word);
  if (place < 0) return spans;
  const [start, end, label] = spans[place];
  const rest = spans.filter((_, number) => number !== place);
  const free = rest.every((span) => apart(span, start, end + step));
  return end + step > start && end + step <= length && free ? put(rest, start, end + step, label) : spans;
}

export const plain = (spans) => spans.map(([start, end, label]) => [start, end, label]);
