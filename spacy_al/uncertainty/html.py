"""Sentences as a page on which uncertain tokens are shaded, in the manner of displaCy."""

from dataclasses import dataclass, field
from html import escape
from typing import Dict, List, Optional, Sequence, Tuple

STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --line: #ccc; --soft: #666;
  --shade: 213, 94, 0; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eee; --paper: #16181c; --line: #444; --shade: 240, 140, 60; --soft: #aaa; }
}
body { font: 16px/2.1 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; line-height: 1.3; }
.note, .facts { color: var(--soft); font-size: .8rem; line-height: 1.5; }
ol { padding-left: 2.5rem; }
li { padding: .4rem 0; border-bottom: 1px solid var(--line); break-inside: avoid; }
.t { border-radius: .2em; padding: .15em .05em; print-color-adjust: exact;
  -webkit-print-color-adjust: exact; }
.e { border: 1px solid var(--soft); border-radius: .35em; padding: .2em .3em; }
.e small { font-weight: 600; font-size: .65em; margin-left: .4em; color: var(--soft); }
""".strip()

META = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'


@dataclass(frozen=True)
class ShadedSentence:
    """One sentence to show.

    words (Sequence[str]), spaces (Sequence[bool]): Tokens, and whether a space follows.
    values (Sequence[float]): Uncertainty of each token, not negative.
    entities (Sequence[Tuple]): First token, token after the last, label, and confidence in 0..1 or None.
    facts (Dict[str, float]): Numbers to show under the sentence, by name.
    """

    words: Sequence[str]
    spaces: Sequence[bool]
    values: Sequence[float]
    entities: Sequence[Tuple[int, int, str, Optional[float]]] = ()
    facts: Dict[str, float] = field(default_factory=dict)


def render_sentences(sentences: Sequence[ShadedSentence], *, title: str, note: str = "", page: bool = True) -> str:
    """HTML of sentences: the darker a token, the less sure the tagger; entities are boxed, with confidence.

    sentences (Sequence[ShadedSentence]): In the order to show.
    title (str): Heading. note (str): Text under it.
    page (bool): A whole page that needs no other file; or else the list alone, to put into one's own page.
    RETURNS (str): HTML; all text from the sentences is escaped.
    """
    top = max((value for one in sentences for value in one.values), default=0.0)
    items = "\n".join(f"<li>{_sentence(one, top)}</li>" for one in sentences)
    body = f"<ol>\n{items}\n</ol>"
    if not page:
        return body
    scale = f"Unshaded: 0. Darkest: {top:.3g}, the highest here. Point at a token to read its number."
    head = f"{META}<title>{escape(title)}</title>"
    notes = "".join(f'<p class="note">{escape(text)}</p>' for text in (note, scale) if text)
    return (
        f"<!DOCTYPE html>\n<html>\n<head>{head}\n<style>\n{STYLE}\n</style></head>\n"
        f"<body>\n<h1>{escape(title)}</h1>\n{notes}\n{body}\n</body>\n</html>\n"
    )


def _sentence(sentence: ShadedSentence, top: float) -> str:
    starts = {start: (end, label, confidence) for start, end, label, confidence in sentence.entities}
    parts: List[str] = []
    place = 0
    while place < len(sentence.words):
        end, label, confidence = starts.get(place, (place + 1, "", None))
        tokens = "".join(_token(sentence, number, top, last=number == end - 1) for number in range(place, end))
        parts.append(_entity(tokens, label, confidence) if label else tokens)
        parts.append(" " if sentence.spaces[end - 1] else "")
        place = end
    facts = " · ".join(f"{escape(name)} {value:.4g}" for name, value in sentence.facts.items())
    return f'<span dir="auto">{"".join(parts)}</span><br><span class="facts">{facts}</span>'


def _token(sentence: ShadedSentence, number: int, top: float, *, last: bool) -> str:
    value = sentence.values[number]
    space = " " if sentence.spaces[number] and not last else ""
    strength = 0.85 * value / top if top > 0 else 0.0
    style = f' style="background: rgba(var(--shade), {strength:.2f})"' if strength >= 0.005 else ""
    return f'<span class="t" title="{value:.4g}"{style}>{escape(sentence.words[number])}</span>{space}'


def _entity(tokens: str, label: str, confidence: Optional[float]) -> str:
    shown = escape(label) if confidence is None else f"{escape(label)} {confidence:.2f}"
    return f'<span class="e">{tokens}<small>{shown}</small></span>'
