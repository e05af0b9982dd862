// Spans of a question and what can be done to them: pure functions, [first word, word after the last, label, origin].

export const at = (spans, word) => spans.findIndex(([start, end]) => start <= word && word < end);

const apart = (span, start, end) => span[1] <= start || end <= span[0];

const sorted = (spans) => [...spans].sort((one, two) => one[0] - two[0]);

export const put = (spans, start, end, label) =>
  sorted([...spans.filter((span) => apart(span, start, end)), [start, end, label, "me"]]);

export const drop = (spans, start, end) => spans.filter((span) => apart(span, start, end));

// The same words everywhere in the question, where nothing is marked yet.
export function everywhere(words, spans, start, end, label) {
  let found = put(spans, start, end, label);
  const size = end - start;
  for (let place = 0; place + size <= words.length; place++) {
    const same = words.slice(start, end).every((word, step) => word === words[place + step]);
    if (same && found.every((span) => apart(span, place, place + size))) found = put(found, place, place + size, label);
  }
  return found;
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
