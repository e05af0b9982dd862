"""A page as one HTML file that needs nothing else: no scripts, no network, drawings inline."""

import re
from html import escape
from typing import List, Union

from .page import Block, Cell, Examples, Figure, Page, Points, Row, Section, Sentence, Table, Text, code_parts
from .style import CSS

# The page itself forbids every request, so that a report from elsewhere can be opened without a thought.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
LONG_CELL = 28  # characters of a cell that may be broken into lines


def render_html(page: Page, *, footer: str) -> str:
    """The page as one self-contained file.

    page (Page): What to write. All of its text is escaped; only `Figure.svg` is taken as markup.
    footer (str): One line at the end, such as the version that made the page.
    RETURNS (str): HTML5.
    """
    links = "".join(f'<a href="#s{i}">{escape(s.title)}</a> ' for i, s in enumerate(page.sections))
    body = "\n".join(_section(i, section) for i, section in enumerate(page.sections))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(page.title)}</title>
<style>{CSS}</style>
</head>
<body>
<header><h1>{escape(page.title)}</h1><p>{_inline(page.subtitle)}</p><nav>{links}</nav></header>
<main>
{body}
</main>
<footer>{_inline(footer)}</footer>
</body>
</html>
"""


def _section(number: int, section: Section) -> str:
    blocks = "\n".join(_block(block, f"s{number}b{i}") for i, block in enumerate(section.blocks))
    return f'<section id="s{number}">\n<h2>{escape(section.title)}</h2>\n{blocks}\n</section>'


def _block(block: Block, prefix: str) -> str:
    if isinstance(block, Text):
        return f"<p>{_inline(block.text)}</p>"
    if isinstance(block, Points):
        return "<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in block.items) + "</ul>"
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Figure):
        return _figure(block, prefix)
    return _examples(block)


def _inline(text: str) -> str:
    return "".join(f"<code>{escape(p)}</code>" if code else _plain(p) for code, p in code_parts(text))


def _plain(text: str) -> str:
    # A number stays on one line with its percent sign.
    return re.sub(r"(?<=\d) %", "\u00a0%", escape(text))


def _note(note: str) -> str:
    return f'<p class="note">{_inline(note)}</p>' if note else ""


def _figure(figure: Figure, prefix: str) -> str:
    # Drawings name their parts alike: without a prefix, the second would use the first one's markers.
    svg = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{prefix}-", figure.svg)
    label = escape(figure.title)
    return (
        f'<figure role="group" aria-label="{label}">{svg}<figcaption>{label}</figcaption>{_note(figure.note)}</figure>'
    )


def _table(table: Table) -> str:
    head = _row(table.head, table.words, tag="th")
    rows = "\n".join(
        f'<tr class="break">{_row(row, table.words)}</tr>'
        if i in table.breaks and i
        else f"<tr>{_row(row, table.words)}</tr>"
        for i, row in enumerate(table.rows)
    )
    return (
        f'<div class="scroll"><table><caption>{escape(table.title)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{rows}\n</tbody></table>{_note(table.note)}</div>"
    )


def _row(row: Row, words: int, *, tag: str = "td") -> str:
    cells: List[str] = []
    for i, cell in enumerate(row):
        longest = len(cell) if isinstance(cell, str) else max(len(cell.text), len(cell.under))
        kind = "" if i >= words else ' class="w"' if longest <= LONG_CELL else ' class="w long"'
        scope = ' scope="col"' if tag == "th" else ""
        cells.append(f"<{tag}{kind}{scope}>{_cell(cell)}</{tag}>")
    return "".join(cells)


def _cell(cell: Union[str, Cell]) -> str:
    if isinstance(cell, str):
        return _inline(cell)
    text = f"<b>{_plain(cell.text)}</b>" if cell.strong else _plain(cell.text)
    return f"{text}<small>{_plain(cell.under)}</small>" if cell.under else text


def _examples(block: Examples) -> str:
    sentences = "\n".join(_sentence(sentence) for sentence in block.sentences)
    return f"<figcaption>{escape(block.title)}</figcaption>\n{sentences}{_note(block.note)}"


def _sentence(sentence: Sentence) -> str:
    words = [escape(word) for word in sentence.words]
    if sentence.shades:
        pairs = zip(words, sentence.shades, strict=True)
        words = [f'<mark style="--u:{shade:.2f}">{word}</mark>' for word, shade in pairs]
    source = escape(sentence.source)
    return f'<div class="example"><p>{" ".join(words)}</p><small>{source}</small></div>'
