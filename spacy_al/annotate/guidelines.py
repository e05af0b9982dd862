"""Guidelines in Markdown as safe HTML, and what they say of each label."""

import re
from pathlib import Path
from typing import Dict, Optional, Sequence

from ..files import check_file
from ..jsonl import decode

TAGS = set("h1 h2 h3 h4 p ul ol li em strong code pre blockquote hr br table thead tbody tr th td".split())


def read_guidelines(path: Optional[Path]) -> str:
    """The text of a Markdown file, empty without one; raises ALError A003 or A007."""
    if path is None:
        return ""
    check_file(path)
    return decode(path.read_bytes(), path).replace("\r\n", "\n")


def render(markdown: str) -> str:
    """Markdown as HTML without links, images, attributes or anything that could run."""
    import nh3
    from markdown_it import MarkdownIt

    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return nh3.clean(html, tags=TAGS, attributes={}, url_schemes=set(), link_rel=None)


def descriptions(markdown: str, labels: Sequence[str]) -> Dict[str, str]:
    """The first paragraph under a heading that is a label's name, by label."""
    parts = re.split(r"^#+[ \t]*(.+?)[ \t#]*$", markdown, flags=re.MULTILINE)
    found = {title.strip("` *"): body.strip().split("\n\n")[0] for title, body in zip(parts[1::2], parts[2::2])}
    return {label: " ".join(found[label].split()) for label in labels if found.get(label)}
