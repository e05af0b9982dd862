"""Writing files so that a reader sees the old content or the new, never half of it."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, Union

from .errors import ALError, Errors

CHUNK = 1 << 20


def check_file(path: Path, cure: str = "Check the path.") -> None:
    """Raise ALError A003, with its cure, when a file is not there."""
    if not path.is_file():
        raise ALError(Errors.A003.format(path=path, cure=cure))


def write_bytes(path: Path, data: bytes) -> None:
    """Replace the file at `path` by `data` in one step; see `write_chunks`."""
    write_chunks(path, (data,))


def write_chunks(path: Path, chunks: Iterable[bytes]) -> None:
    """Replace the file at `path` in one step; the folder is made if it is missing.

    path (Path): The file to write. The file that a link leads to is replaced, not the link; a device or a pipe, such
        as /dev/stdout, is written to.
    chunks (Iterable[bytes]): Its new content, which need not be in memory as a whole.
    RAISES: ALError A002 when the disk is full or the folder cannot be written; the old file is then untouched.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as stream:
                stream.writelines(chunks)
            return
        path = path.resolve() if path.is_symlink() else path
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        try:
            with os.fdopen(descriptor, "wb") as file_:
                file_.writelines(chunks)
                file_.flush()
                os.fsync(file_.fileno())
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
            _sync_folder(path.parent)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise ALError(Errors.A002.format(path=path, reason=say_why(error))) from error


def write_text(path: Path, text: str) -> None:
    """Replace a UTF-8 text file in one step. Raises as `write_bytes`."""
    write_bytes(path, text.encode("utf8"))


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file in one step, keys in their order, NaN refused. Raises as `write_bytes`."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_folder(path: Path, fill: Callable[[Path], None]) -> None:
    """Build a folder aside with `fill(folder)`, then rename it to `path`; an old folder there is replaced.

    path (Path): Where the folder ends up.
    fill (Callable[[Path], None]): Writes the content into the folder it is given.
    RAISES: ALError A002 on any error of the file system.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"))
        try:
            os.chmod(aside, 0o777 & ~_umask())
            fill(aside)
            if path.exists():
                old = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".old"))
                os.rename(path, old / "old")
                os.rename(aside, path)
                shutil.rmtree(old, ignore_errors=True)
            else:
                os.rename(aside, path)
            _sync_folder(path.parent)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
    except OSError as error:
        raise ALError(Errors.A002.format(path=path, reason=say_why(error))) from error


def say_why(error: OSError) -> str:
    """Why something cannot be written, in words for people."""
    if isinstance(error, FileExistsError):
        return f"{error.filename} is a file, and a folder of this name is needed"
    return error.strerror or str(error)


def sha256(path: Path) -> str:
    """The SHA-256 of a file's content, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for block in _blocks(path):
        digest.update(block)
    return digest.hexdigest()


def check_sha256(path: Path, expected: str, *, option: str) -> None:
    """Raise ALError A003 when the file is missing and A004 when its SHA-256 is not `expected`.

    path (Path): The file.
    expected (str): 64 hexadecimal digits.
    option (str): What a user sets to give a copy of their own, for the message.
    """
    check_file(path, f"Fetch it, or give your own copy with {option}.")
    found = sha256(path)
    if found != expected:
        raise ALError(Errors.A004.format(path=path, found=found, expected=expected, option=option))


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file_:
        while block := file_.read(CHUNK):
            yield block


def _umask() -> int:
    # mkstemp makes files private; the user's umask decides what the final file allows.
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(path: Union[str, Path]) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
