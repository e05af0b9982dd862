"""`al pull`: answers straight from a project of a Label Studio server, checked as `al ingest` does."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from ..options import TakeOptions
from .common import check_outputs, command
from .ingest import Taking, hand_over, prepare
from .query import Asked, Source


@command
def pull_cli(
    source: Source,
    asked: Asked,
    taking: Taking,
    options: TakeOptions,
    project: Annotated[int, typer.Option(help="The project's number")],
    rest: Annotated[Path, typer.Option(help="Where --partial writes what cannot be taken")] = Path(
        "label_studio.rest.json"
    ),
    save: Annotated[Optional[Path], typer.Option(help="Also keep the server's export in this file")] = None,
) -> None:
    """
    Take the answers of a Label Studio project in; a bad record changes nothing.

    The server's address and a token come from LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY.

    Example:

    python -m spacy al pull runs/news --project 7 --several vote
    """
    from ..exchange import label_studio_api as api
    from ..exchange.intake import take
    from ..files import write_bytes

    check_outputs([rest if taking.partial else None, save, taking.output], [source])
    tasks, options = prepare(source, asked, taking, options)
    export = api.pull(api.connect(), project)
    if save is not None:
        write_bytes(save, export)
    name, rests = save or Path(f"project-{project}.json"), [rest] if taking.partial else []
    reading = take([(export, name, "label_studio")], tasks, options, rests)
    hand_over(source, tasks, reading, taking, rests)
