"""Keys of the page: the usual ones, and those of a file, checked for clashes before anybody presses one."""

import json
from pathlib import Path
from typing import Dict, List, Optional

from ..errors import ALError, Errors
from ..files import check_file

# Action -> keys as tinykeys writes them; digits label, and are nobody else's.
KEYS: Dict[str, List[str]] = json.loads(Path(__file__).with_name("keys.json").read_bytes())


def read_keys(path: Optional[Path]) -> Dict[str, List[str]]:
    """The keys of every action: those of a JSON file in place of the usual ones.

    RAISES: ALError A003 when there is no such file, A717 when it is no such object or two actions share a key.
    """
    if path is None:
        return KEYS
    check_file(path)
    try:
        given = json.loads(path.read_bytes())
    except ValueError as error:
        raise _problem(path, f"not JSON ({error})") from error
    if not isinstance(given, dict):
        raise _problem(path, "not an object")
    for action, keys in given.items():
        if action not in KEYS:
            raise _problem(path, f"there is no action {action!r}")
        if not isinstance(keys, list) or not keys or not all(isinstance(key, str) and key.strip() for key in keys):
            raise _problem(path, f"the keys of {action!r} are not a list of names")
    merged = KEYS | given
    _check_clashes(path, merged)
    return merged


def _check_clashes(path: Path, keys: Dict[str, List[str]]) -> None:
    owner: Dict[str, str] = {str(digit): "a label" for digit in range(10)}
    for action, names in keys.items():
        for name in names:
            normal = normal_key(name)
            if owner.setdefault(normal, action) != action:
                raise _problem(path, f"the key {name!r} of {action!r} is already that of {owner[normal]!r}")


def normal_key(name: str) -> str:
    """One spelling for a key: parts in lower case, modifiers in order."""
    *modifiers, key = name.lower().rsplit("+", 1) if not name.endswith("++") else [name.lower()[:-2], "+"]
    parts = sorted(part for some in modifiers for part in some.split("+") if part)
    return "+".join([*parts, key.removeprefix("digit")])


def _problem(path: Path, problem: str) -> ALError:
    return ALError(Errors.A717.format(path=path, problem=problem, known=", ".join(KEYS)))
