"""Check files that are brought along (corpora, vectors, weights) against the SHA-256 in assets/checksums.json."""

import re
from pathlib import Path
from typing import Dict, List, Optional

import typer

from spacy_al.cli.common import fail_clearly
from spacy_al.errors import ALError, Errors
from spacy_al.files import check_sha256
from spacy_al.jsonl import parse_object

UNKNOWN = (
    "[A710] {path}: no SHA-256 of {name} is known. Known files: {known}. Give one of them, or add yours to that file."
)
NO_SUM = "[A711] {path}: the SHA-256 of {name} is {value!r}, and 64 hexadecimal digits were expected. Restore the file."


def main(
    files: Optional[List[str]] = typer.Argument(None, help="Files that must be there; default: check those that are"),
    checksums: Path = typer.Option(Path("assets/checksums.json"), help="SHA-256 of each file, by its path"),
) -> None:
    """Exit with status 1 and name the file when one is missing or not the one that was meant."""
    with fail_clearly():
        known = read_checksums(checksums)
        for name in files or [name for name in known if Path(name).is_file()]:
            if name not in known:
                raise ALError(UNKNOWN.format(path=checksums, name=name, known=", ".join(known)))
            check_sha256(Path(name), known[name], option="--vars of the workflow (see project.yml)")
            typer.echo(f"{name}: as expected")


def read_checksums(path: Path) -> Dict[str, str]:
    """The SHA-256 of each file by its path; raises ALError A003 or A711."""
    if not path.is_file():
        raise ALError(Errors.A003.format(path=path, cure="It is part of the project: restore it."))
    values = parse_object(path.read_bytes(), path=path, line=1)
    for name, value in values.items():
        if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
            raise ALError(NO_SUM.format(path=path, name=name, value=value))
    return {str(name): str(value) for name, value in values.items()}


if __name__ == "__main__":
    typer.run(main)
