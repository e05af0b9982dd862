"""Values set in the text of a config, so that its comments stay."""

import json
import re
from typing import Any, List, Mapping, Sequence


def set_values(text: str, values: Mapping[str, Any]) -> str:
    """A config's text with other values; a key that a section lacks is added at its end.

    text (str): The config. values (Mapping[str, Any]): By dotted names, such as "active_learning.rounds"; strings that
        begin with "${" are references.
    RETURNS (str): All else as it was, comments included.
    """
    lines = text.splitlines()
    for name, value in values.items():
        section, _, key = name.rpartition(".")
        start, end = _section(lines, section)
        new = f"{key} = {_written(value)}"
        places = [number for number in range(start, end) if re.match(rf"{re.escape(key)}\s*=", lines[number])]
        if places:
            lines[places[0]] = new
        else:
            lines.insert(end, new)
    return "\n".join(lines) + "\n"


def add_defaults(text: str, defaults: Mapping[str, Any], sections: Sequence[str]) -> str:
    """A config's text with what it leaves to defaults written out, as `spacy debug config` wants it.

    text (str): The config. defaults (Mapping[str, Any]): A whole config. sections (Sequence[str]): Those to complete;
        a block that names a registered function in either is left as it is.
    """
    for section in sections:
        text = _complete(text, section, defaults.get(section, {}))
    return text


def _complete(text: str, section: str, block: Mapping[str, Any]) -> str:
    there = f"[{section}]" in text.splitlines()
    if there and any(key.startswith("@") for key in block):
        return text
    if not there:
        text = f"{text}\n[{section}]\n"
    start, end = _section(text.splitlines(), section)
    known = {line.partition("=")[0].strip() for line in text.splitlines()[start:end]}
    plain = {key: value for key, value in block.items() if not isinstance(value, dict) and key not in known}
    text = set_values(text, {f"{section}.{key}": value for key, value in plain.items()})
    for key, value in block.items():
        if isinstance(value, dict):
            text = _complete(text, f"{section}.{key}", value)
    return text


def _section(lines: List[str], name: str) -> "tuple[int, int]":
    """The first line after a section's head, and the one after its last that holds anything."""
    start = lines.index(f"[{name}]") + 1
    end = next((number for number in range(start, len(lines)) if lines[number].startswith("[")), len(lines))
    while end > start and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return start, end


def _written(value: Any) -> str:
    return value if isinstance(value, str) and value.startswith("${") else json.dumps(value, ensure_ascii=False)
