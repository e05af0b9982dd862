"""Writing files so that a reader sees the old content or the new, never half of it."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, Union

from .errors import ALError, Errors

CHUNK = 1 << 20
REFUSALS = {
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE,
    errno.ENODEV, errno.EMFILE, errno.ENFILE, errno.ENAMETOOLONG,
}  # fmt: skip
# mkstemp makes files private; the user's umask decides what the final file allows. It cannot be read without being set
# for a moment, in which another thread's file would be open to all: so once, on import.
UMASK = os.umask(0o077)
os.umask(UMASK)


def check_file(path: Path, cure: str = "Check the path.") -> None:
    """Raise ALError A003, with its cure, when a file is not there."""
    if not path.is_file():
        cure = "It is a folder: give a file in it." if path.is_dir() else cure
        raise ALError(Errors.A003.format(path=path, cure=cure))


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Make the folder of a file or folder to be written; in the block any error of the file system is ALError A002."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise ALError(Errors.A002.format(path=path, reason=say_why(error))) from error


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
    # Before links are followed: /dev/stdout may be a link to a pipe, which has no name that can be opened.
    if path.exists() and not path.is_file() and not path.is_dir():
        with writing(path), path.open("wb") as stream:
            stream.writelines(chunks)
        return
    path = path.resolve() if path.is_symlink() else path
    with writing(path):
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        try:
            with os.fdopen(descriptor, "wb") as file_:
                file_.writelines(chunks)
                file_.flush()
                os.fsync(file_.fileno())
            os.chmod(temporary, 0o666 & ~UMASK)
            os.replace(temporary, path)
            _sync_folder(path.parent)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise


def write_text(path: Path, text: str) -> None:
    """Replace a UTF-8 text file in one step. Raises as `write_bytes`, and A002 for text that is not Unicode."""
    try:
        data = text.encode("utf8")
    except UnicodeEncodeError as error:
        reason = (
            f"{text[max(error.start - 40, 0) : error.end]!r} has bytes that are not UTF-8: rename that file or folder"
        )
        raise ALError(Errors.A002.format(path=path, reason=reason)) from error
    write_bytes(path, data)


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file in one step, keys in their order, NaN refused. Raises as `write_bytes`."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_folder(path: Path, fill: Callable[[Path], None]) -> None:
    """Build a folder aside with `fill(folder)`, then rename it to `path`; an old folder there is replaced.

    path (Path): Where the folder ends up.
    fill (Callable[[Path], None]): Writes the content into the folder it is given.
    RAISES: ALError A002 on any error of the file system.
    """
    with writing(path):
        aside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"))
        try:
            os.chmod(aside, 0o777 & ~UMASK)
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


def is_refusal(error: OSError) -> bool:
    """Whether the system would not do what it was asked: a full or lost disk, permissions, too many files."""
    return error.errno in REFUSALS


def say_why(error: OSError) -> str:
    """Why something cannot be written, in words for people."""
    if isinstance(error, FileExistsError):
        return f"{error.filename} is a file, and a folder of this name is needed"
    return error.strerror or str(error)


def sha256(path: Path) -> str:
    """The SHA-256 of a file's content, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file_:
        while block := file_.read(CHUNK):
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


def _sync_folder(path: Union[str, Path]) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
