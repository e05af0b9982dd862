"""A page as Markdown that GitHub and pandoc show alike; figures are references to the PNG files beside it."""

import re
from typing import List, Union

from .page import Block, Cell, Examples, Figure, Page, Points, Row, Sentence, Table, Text, code_parts

# What has a meaning inside a line of Markdown; hyphens, dots and parentheses have none there.
SPECIAL = re.compile(r"([\\*_\[\]<>|#~])")


def render_markdown(page: Page) -> str:
    """The page as text.

    page (Page): What to write.
    RETURNS (str): Markdown (GitHub's tables), ending with a newline.
    """
    lines = [f"# {escape(page.title)}", "", escape(page.subtitle), ""]
    for section in page.sections:
        lines += [f"## {escape(section.title)}", ""]
        for block in section.blocks:
            lines += [*_block(block), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def escape(text: str) -> str:
    """Text that Markdown shows as it is: special characters escaped, line ends turned into spaces."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _block(block: Block) -> List[str]:
    if isinstance(block, Text):
        return [_inline(block.text)]
    if isinstance(block, Points):
        return [f"- {_inline(item)}" for item in block.items]
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Figure):
        note = ["", _inline(block.note)] if block.note else []
        return [f"![{escape(block.title)}]({block.png})", "", f"**{escape(block.title)}**", *note]
    return _examples(block)


def _inline(text: str) -> str:
    # Spaces at the ends of a part are the spaces between code and words: `escape` would eat them.
    parts = []
    for is_code, part in code_parts(text):
        left = " " if part[:1].isspace() else ""
        right = " " if part[-1:].isspace() else ""
        parts.append(f"`{part}`" if is_code else f"{left}{escape(part)}{right}")
    return "".join(parts).strip()


def _table(table: Table) -> List[str]:
    columns = len(table.head)
    marks = ["---" if i < table.words else "---:" for i in range(columns)]
    lines = [f"**{escape(table.title)}**", "", _row(table.head), "|" + "|".join(marks) + "|"]
    lines += [_row(row) for row in table.rows]
    return [*lines, "", _inline(table.note)] if table.note else lines


def _row(row: Row) -> str:
    return "| " + " | ".join(_cell(cell) for cell in row) + " |"


def _cell(cell: Union[str, Cell]) -> str:
    if isinstance(cell, str):
        return _inline(cell)
    text = f"**{escape(cell.text)}**" if cell.strong else escape(cell.text)
    return f"{text} ({escape(cell.under)})" if cell.under else text


def _examples(block: Examples) -> List[str]:
    lines = [f"**{escape(block.title)}**", ""]
    for sentence in block.sentences:
        lines += [f"> {_sentence(sentence)}  ", f"> {escape(sentence.source)}", ""]
    return [*lines, _inline(block.note)] if block.note else lines[:-1]


def _sentence(sentence: Sentence) -> str:
    # Markdown has no shades: the words above half of the scale stand in bold.
    if not sentence.shades:
        return escape(" ".join(sentence.words))
    pairs = zip(sentence.words, sentence.shades, strict=True)
    return " ".join(f"**{escape(word)}**" if shade > 0.5 else escape(word) for word, shade in pairs)
