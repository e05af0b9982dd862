"""Weights that lie on public hosts as plain files: fetched, and checked against a SHA-256, published or first seen."""

import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Optional

from ..errors import ALError, Errors, saying
from ..files import CHUNK, check_sha256, sha256, write_json

PINS = "sha256.json"  # beside the files: what was first seen of those whose SHA-256 nobody published
PATIENCE = 60  # seconds without a byte


@dataclass(frozen=True)
class Published:
    """Files of one model.

    urls (Dict[str, str]): Where each file lies, by its name; one of a commit never changes, one of `main` may.
    sums (Dict[str, str]): SHA-256 of those that have one.
    """

    urls: Dict[str, str]
    sums: Dict[str, str] = field(default_factory=dict)


# What is known of every model that can be fetched: files on their own, and encoders in parts (see `encoders`).
KNOWN: Dict[str, Dict[str, Any]] = json.loads(Path(__file__).with_name("published.json").read_bytes())
PUBLISHED = {name: Published(**one) for name, one in KNOWN["files"].items()}


def fetch_published(model: Published, folder: Path, *, tell: Callable[[str], None] = lambda line: None) -> bool:
    """Put a model's files into a folder; those that are there are checked, and not fetched again.

    model (Published): Such as one of PUBLISHED. folder (Path): Where its files go.
    tell (Callable[[str], None]): Takes a line on what is being done.
    RETURNS (bool): False if every file was there.
    RAISES: ALError A004 for a file with another SHA-256 than the published one or that of the first time, A549 if a
        file cannot be fetched, A002 if it cannot be written.
    """
    pins = _read_pins(folder / PINS)
    before = dict(pins)
    missing = [name for name in model.urls if not (folder / name).is_file()]
    for name, url in model.urls.items():
        expected, path = model.sums.get(name, pins.get(name)), folder / name
        if name in missing:
            tell(f"fetching {url}")
            _download(url, path, expected)
        elif expected:
            check_sha256(path, expected, option="--paths")
        if expected is None:
            pins[name] = sha256(path)
            tell(f"{name}: no SHA-256 of it is published; that of this copy is kept in {folder / PINS}: {pins[name]}")
    if pins != before:
        write_json(folder / PINS, pins)
    return bool(missing)


def _read_pins(path: Path) -> Dict[str, str]:
    if not path.is_file():
        return {}
    with saying(Errors.A542, ValueError, AttributeError, path=path):
        return {str(name): str(digest) for name, digest in json.loads(path.read_bytes()).items()}


def _download(url: str, path: Path, expected: Optional[str]) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(url, timeout=PATIENCE) as source, part.open("wb") as target:
            while block := source.read(CHUNK):
                target.write(block)
            length = source.headers.get("Content-Length")
        found = part.stat().st_size
        if length is not None and found != int(length):
            raise ALError(Errors.A549.format(url=url, reason=f"{found} of {length} bytes came", path=path))
        if expected:
            check_sha256(part, expected, option="--paths")
        os.replace(part, path)
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise ALError(Errors.A549.format(url=url, reason=reason, path=path)) from error
    finally:
        part.unlink(missing_ok=True)
