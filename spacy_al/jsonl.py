"""Reading JSONL that somebody else wrote: strict, with limits, and every problem named by file and line."""

import contextlib
import json
import re
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

from pydantic import ValidationError

from .errors import ALError, Errors
from .files import check_file, write_bytes

MAX_LINE = 16 * 1024 * 1024  # bytes
MAX_DEPTH = 64
BOM = b"\xef\xbb\xbf"
QUOTES = "“”„‟«»‘’'"  # where JSON has straight double ones
SAVE = "save the file as UTF-8 where it comes from, or convert it, such as with `iconv -f cp1252 -t utf-8`"
HALVES = re.compile("[\ud800-\udfff]")  # of surrogate pairs, which are no characters


def read_jsonl(path: Path) -> Iterator[Tuple[int, Dict[str, Any]]]:
    """Yield (line number, object) of a JSONL file; blank lines, a byte order mark and CRLF are accepted.

    path (Path): A UTF-8 file, one JSON object a line.
    YIELDS (Tuple[int, Dict[str, Any]]): The line's number from 1, and its object.
    RAISES: ALError A003 (no file), A005 (not JSON), A006 (line too long), A007 (not UTF-8, not an object,
        duplicate keys, NaN or Infinity, nested deeper than MAX_DEPTH).
    """
    check_file(path)
    for number, raw in raw_lines(path):
        check_size(raw, path, number)
        if raw.strip():
            yield number, parse_object(raw, path=path, line=number)


def raw_lines(path: Path, max_line: int = MAX_LINE) -> Iterator[Tuple[int, bytes]]:
    """The lines of a file, from 1, without a byte order mark; of one that is too long only the beginning."""
    with path.open("rb") as file_:
        for number, raw in enumerate(iter(lambda: file_.readline(max_line + 1), b""), start=1):
            yield number, raw.removeprefix(BOM) if number == 1 else raw
            while raw and len(raw) > max_line and not raw.endswith(b"\n"):
                raw = file_.readline(max_line + 1)


def check_size(raw: bytes, path: Path, line: int, limit: int = MAX_LINE) -> None:
    """Raise ALError A006 for a line or record that is longer than the limit."""
    if len(raw) > limit:
        raise ALError(Errors.A006.format(path=path, line=line, size=f"over {limit}", limit=limit))


def parse_object(raw: bytes, *, path: Path, line: int) -> Dict[str, Any]:
    """Parse one line as a JSON object under the same rules and errors as `read_jsonl`."""
    value = parse_value(raw, path=path, line=line)
    if not isinstance(value, dict):
        problem = f"a JSON object was expected, found {type(value).__name__}"
        raise ALError(Errors.A007.format(path=path, line=line, problem=problem))
    return value


def parse_value(raw: bytes, *, path: Path, line: int) -> Any:
    """Parse any JSON value under these rules."""
    text = decode(raw, path, line)
    try:
        value = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except _Strict as error:
        raise ALError(Errors.A007.format(path=path, line=line, problem=error)) from error
    except RecursionError as error:
        raise ALError(Errors.A007.format(path=path, line=line, problem="nested too deeply")) from error
    except json.JSONDecodeError as error:
        raise ALError(Errors.A005.format(path=path, line=line, reason=_reason(text, error))) from error
    except ValueError as error:
        raise ALError(Errors.A005.format(path=path, line=line, reason=error)) from error
    if _depth(value) > MAX_DEPTH:
        raise ALError(Errors.A007.format(path=path, line=line, problem=f"nested deeper than {MAX_DEPTH} levels"))
    return value


def decode(data: bytes, path: Path, line: Optional[int] = None) -> str:
    """The text of a file, or of one of its lines; raises ALError A007 with the place where it is not UTF-8."""
    try:
        return data.decode("utf8")
    except UnicodeDecodeError as error:
        at = data.count(b"\n", 0, error.start) + 1 if line is None else line
        problem = f"byte {error.start + 1} of the {'file' if line is None else 'line'} is not UTF-8 ({SAVE})"
        raise ALError(Errors.A007.format(path=path, line=at, problem=problem)) from error


def unfit(error: ValidationError) -> Tuple[str, object, str]:
    """The first value that pydantic found wrong: its keys with dots between, the value, and what is wrong with it."""
    first = error.errors()[0]
    value = None if first["type"] == "missing" else first["input"]
    problem = first["msg"].removeprefix("Value error, ")
    return ".".join(map(str, first["loc"])), value, problem[:1].lower() + problem[1:]


@contextlib.contextmanager
def fitting(message: str, *, problem: Optional[str] = None, **values: object) -> Iterator[None]:
    """What pydantic refuses in the block becomes ALError with a message, for the first value at fault.

    message (str): One of `Errors`. It may name the {key}, also as {field}, its {value} and what is the {problem}; both
        are the {reason}. values (object): What else it names.
    problem (str): Words of ours in place of the problem, around {reason}.
    """
    try:
        yield
    except ValidationError as error:
        key, value, said = unfit(error)
        reason = f"{key or 'all of it'}: {said}"
        told = said if problem is None else problem.replace("{reason}", reason)
        shown = {"key": key, "field": key, "value": value, "reason": reason, "problem": told}
        raise ALError(message.format(**shown, **values)) from error


def dump_line(value: Dict[str, Any]) -> str:
    """One object as a line of JSONL, NaN refused, without the line end."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def write_jsonl(path: Path, values: Iterable[Dict[str, Any]]) -> None:
    """Replace a JSONL file in one step. Raises ALError A002 when it cannot be written."""
    write_bytes(path, "".join(dump_line(value) + "\n" for value in values).encode("utf8"))


class _Strict(Exception):
    """A problem that json.loads would let pass."""


def _reason(text: str, error: json.JSONDecodeError) -> str:
    quote = text[error.pos : error.pos + 1]
    if quote and quote in QUOTES:
        return f'{error}: {quote} stands there, where JSON has ". Some editors put such quotes: switch that off'
    if error.pos >= len(text.rstrip()):
        return f"{error.msg}: the line ends there; if objects go over several lines, `jq -c . FILE` makes each one line"
    return str(error)


def _no_duplicates(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: Dict[str, Any] = {}
        for key, value in pairs:
            if key in seen:
                raise _Strict(f"key {key!r} appears twice in one object")
            seen[key] = value
    return result


def _no_constant(name: str) -> Any:
    raise _Strict(f"{name} is not a JSON number")


def _depth(value: Any) -> int:
    deepest, stack = 0, [(value, 1)]
    while stack:
        item, depth = stack.pop()
        deepest = max(deepest, depth)
        if isinstance(item, dict):
            stack.extend((child, depth + 1) for child in item.values())
        elif isinstance(item, list):
            stack.extend((child, depth + 1) for child in item)
    return deepest
