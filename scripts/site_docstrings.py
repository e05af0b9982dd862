"""Docstrings in spaCy's form, put into sections that the site's renderer reads."""

import re
from typing import Any, Dict, List, Tuple

import griffe

FIELD = r"(?:[a-z_]\w*(?:, [a-z_]\w*)* \([^()]*(?:\([^()]*\)[^()]*)*\)|(?:RETURNS|YIELDS) \([^()]*\)|RETURNS|RAISES): "
BEGIN = re.compile(rf"^{FIELD}")
BETWEEN = re.compile(rf"(?<=[.:;)`\]]) (?={FIELD})")
PARTS = re.compile(r"^([\w, ]+?)(?: \((.*?)\))?: (.*)$", re.DOTALL)
ERROR = re.compile(r"^(\w+Error) ")
GOOGLE = {"RETURNS": "Returns", "YIELDS": "Yields", "RAISES": "Raises"}


class SpacyDocstrings(griffe.Extension):
    """Rewrites each docstring before it is parsed."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Called for each module, class, function and attribute."""
        if obj.docstring is not None:
            arguments = obj.is_function or obj.name == "__init__"
            obj.docstring.value = to_google(obj.docstring.value, fields="Args" if arguments else "Attributes")


def to_google(text: str, *, fields: str) -> str:
    """A docstring with its fields in sections.

    text (str): With the indentation taken out. fields (str): What plain fields are: "Args" or "Attributes".
    """
    prose, found = split_fields(text)
    sections: Dict[str, List[str]] = {}
    for field in found:
        names, kind, description = PARTS.match(field).groups()  # type: ignore[union-attr]
        section = GOOGLE.get(names, fields)
        if section == "Raises":
            error = ERROR.match(description)
            kind, description = (error[1], description[error.end() :]) if error else ("ALError", description)
            sections.setdefault(section, []).append(f"{kind}: {description}")
        elif section == fields:
            sections.setdefault(section, []).extend(f"{name} ({kind}): {description}" for name in names.split(", "))
        else:
            sections.setdefault(section, []).append(f"{kind}: {description}" if kind else description)
    blocks = ["\n".join([f"{name}:", *(f"    {line}" for line in lines)]) for name, lines in sections.items()]
    return "\n\n".join([prose, *blocks]).strip()


def split_fields(text: str) -> Tuple[str, List[str]]:
    """Prose, and the fields one by one; a field goes on until a blank line or the next one."""
    prose, fields, inside = [], [], False
    for line in text.splitlines():
        starts = BEGIN.match(line.strip())
        inside = bool(line.strip()) and (inside or bool(starts))
        if not inside:
            prose.append(line)
        elif starts:
            fields.append(line.strip())
        else:
            fields[-1] += f" {line.strip()}"
    return "\n".join(prose), [part for field in fields for part in BETWEEN.split(field)]
