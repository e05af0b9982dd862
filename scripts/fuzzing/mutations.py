"""Ways to damage a file of one record: bytes, JSON values, offsets, text, columns, packed arrays."""

import json
import random
import unicodedata
import zlib
from typing import Callable, Dict, List, Tuple

JUNK = (
    None, True, False, 0, 1, -1, 2, 3, 7, 2**31, 10**40, 0.5, 1e308, -0.0, "", "x", "PER", "O", "\ud83d",
    "\x00", "accept", "reject", "ignore", "ner", "2024-01-01T00:00:00Z", [], {}, [[]], [None], {"a": []},
    [[0, 1, "PER"]],
)  # fmt: skip
RAW = (
    b"NaN",
    b"Infinity",
    b"1e999",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\x00",
    b"}",
    b"]",
    b",",
    b'"',
    b"\\ud83d",
    b"-",
)


def mutate(data: bytes, name: str, rng: random.Random) -> bytes:
    """Damage a file in one to three ways that suit its format."""
    ways = {
        "docbin": (_packed, _packed, _bytes),
        "conll": (_columns, _columns, _bytes),
        "conll4": (_columns, _bytes),
    }
    choices: Tuple[Callable[[bytes, random.Random], bytes], ...] = ways.get(
        name, (_json, _json, _json, _offsets, _text, _bytes, _nest)
    )
    for _ in range(rng.choice((1, 1, 2, 3))):
        data = rng.choice(choices)(data, rng)
    return data


def _bytes(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data) + 1)
    end = min(len(data), start + rng.choice((0, 1, 1, 2, 9, 60)))
    new = rng.choice((b"", data[start:end] * 2, rng.choice(RAW), bytes([rng.randrange(256)])))
    return data[:start] + new + data[end:]


def _json(data: bytes, rng: random.Random) -> bytes:
    value = _load(data)
    places = list(_places(value))
    if not places:
        return _bytes(data, rng)
    holder, key = rng.choice(places)
    way = rng.randrange(6)
    if way == 0:
        del holder[key]
    elif way == 1 and isinstance(holder, list):
        holder.insert(key, holder[rng.randrange(len(holder))])
    elif way == 2 and isinstance(holder, dict):
        holder[rng.choice(("al_id", "text", "spans", "answer", "start", key + " "))] = holder.pop(key)
    elif way == 3:
        other, other_key = rng.choice(places)
        holder[key] = json.loads(json.dumps(other[other_key]))
    elif way == 4:
        return _twice(value, key, rng)
    else:
        holder[key] = rng.choice(JUNK)
    return _dump(value)


def _offsets(data: bytes, rng: random.Random) -> bytes:
    value = _load(data)
    numbers = [(holder, key) for holder, key in _places(value) if type(holder[key]) is int]
    for holder, key in rng.sample(numbers, min(len(numbers), rng.choice((1, 2, 9)))):
        holder[key] += rng.choice((-2, -1, 1, 1, 2, 5))
    return _dump(value)


def _text(data: bytes, rng: random.Random) -> bytes:
    value = _load(data)
    texts = [(holder, key) for holder, key in _places(value) if isinstance(holder[key], str) and holder[key]]
    if not texts:
        return data
    holder, key = rng.choice(texts)
    text = holder[key]
    at = rng.randrange(len(text))
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC")]
    edits = [
        text.strip(),
        text.replace("\n", "\r\n"),
        text[:at] + text[at + 1 :],
        text[:at] + "x" + text[at:],
        text + " ",
    ]
    holder[key] = rng.choice(forms + edits)
    return _dump(value)


def _nest(data: bytes, rng: random.Random) -> bytes:
    depth = rng.choice((70, 1000, 100_000)) if rng.random() < 0.05 else 66
    return data.replace(b"{", b'{"deep": ' + b"[" * depth + b"]" * depth + b", ", 1)


def _columns(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    cells = lines[at].split(b"\t")
    way = rng.randrange(7)
    if way == 0:
        del lines[at]
    elif way == 1:
        lines.insert(at, lines[rng.randrange(len(lines))])
    elif way == 2:
        lines[at] = rng.choice((b" ", b"\t\t", b"", b"  ")).join(cells)
    elif way == 3:
        cells[-1] = rng.choice((b"O", b"-", b"B-PER", b"I-PER", b"I-LOC", b"B-", b"X", b"", b"b-per", b"L-PER"))
        lines[at] = b"\t".join(cells)
    elif way == 4:
        lines[at] += rng.choice((b"\r", b" ", b"\tO", b"\xc2\x85", b"\xe2\x80\xa8"))
    elif way == 5:
        lines.insert(
            at,
            rng.choice((b"# answer = reject", b"# id = 0001-0", b"# id = x", b"# seconds = -1", b"", b"#")),
        )
    else:
        lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
    return b"\n".join(lines)


def _packed(data: bytes, rng: random.Random) -> bytes:
    try:
        unpacked = zlib.decompress(data)
    except zlib.error:
        return _bytes(data, rng)
    return zlib.compress(_bytes(unpacked, rng), 1)


def _load(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf8", "surrogatepass") + b"\n" if value is not None else b"{"


def _places(value: object) -> List[Tuple[Dict, str]]:
    found, stack = [], [value]
    while stack:
        item = stack.pop()
        keys = list(item) if isinstance(item, dict) else range(len(item)) if isinstance(item, list) else ()
        for key in keys:
            found.append((item, key))
            stack.append(item[key])
    return found


def _twice(value: object, key: object, rng: random.Random) -> bytes:
    # A key that appears twice in one object, which json.loads would take the last of.
    text = json.dumps(value)
    name = json.dumps(key) + ": "
    at = text.find(name)
    return (text[:at] + name + json.dumps(rng.choice(JUNK)) + ", " + text[at:]).encode() if at > 0 else text.encode()
