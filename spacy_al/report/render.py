"""A page in its two forms: one HTML file that needs nothing else, and Markdown that GitHub and pandoc show alike."""

import re

from markupsafe import Markup

from ..templates import environment
from .page import Page, code_parts

# What has a meaning inside a line of Markdown; hyphens, dots and parentheses have none there.
SPECIAL = re.compile(r"([\\*_\[\]<>|#~])")


def render_html(page: Page, *, footer: str) -> str:
    """The page as one self-contained file: no scripts, no network, drawings inline.

    page (Page): What to write. All of its text is escaped; only `Figure.svg` is taken as markup.
    footer (str): One line at the end, such as the version that made the page.
    RETURNS (str): HTML5.
    """
    templates = environment(__package__, finalize=_plain)
    templates.filters |= {"inline": _html_inline, "kind": _kind, "drawing": _drawing}
    return templates.get_template("report.html").render(page=page, footer=footer)


def render_markdown(page: Page) -> str:
    """The page as text; figures are references to the PNG files beside it.

    page (Page): What to write.
    RETURNS (str): Markdown (GitHub's tables), ending with a newline.
    """
    templates = environment(__package__, finalize=lambda value: value if isinstance(value, Markup) else escape(value))
    templates.filters |= {"inline": _markdown_inline, "kind": _kind}
    return templates.get_template("report.md").render(page=page)


def escape(value: object) -> Markup:
    """Text that Markdown shows as it is: special characters escaped, line ends turned into spaces."""
    return Markup(SPECIAL.sub(r"\\\1", " ".join(str(value).split())))


def _kind(block: object) -> str:
    return type(block).__name__


def _plain(value: object) -> object:
    # A number stays on one line with its percent sign.
    return re.sub(r"(?<=\d) %", "\u00a0%", value) if type(value) is str else value


def _html_inline(text: str) -> Markup:
    parts = [(Markup("<code>{}</code>") if code else Markup("{}"), part) for code, part in code_parts(text)]
    return Markup("").join(form.format(_plain(part)) for form, part in parts)


def _drawing(svg: str, prefix: str) -> Markup:
    # Drawings name their parts alike: without a prefix, the second would use the first one's markers.
    return Markup(re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{prefix}-", svg))


def _markdown_inline(text: str) -> Markup:
    # Spaces at the ends of a part are the spaces between code and words: `escape` would eat them.
    parts = []
    for code, part in code_parts(text):
        left, right = (" " if end.isspace() else "" for end in (part[:1], part[-1:]))
        parts.append(f"`{part}`" if code else f"{left}{escape(part)}{right}")
    return Markup("".join(parts).strip())
