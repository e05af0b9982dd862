"""`al pull`: answers straight from a project of a Label Studio server, checked as `al ingest` does."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from .ingest import (
    Output,
    Partial,
    Rename,
    Several,
    Snap,
    Units,
    Unlabelled,
    Untouched,
    find_taken,
    hand_over,
    tell,
)
from .query import Labels, Limit, PoolPath, Source, find_labels, open_source

Project = Annotated[int, typer.Option(help="The project's number")]
Rest = Annotated[Path, typer.Option(help="Where --partial writes what cannot be taken")]
Save = Annotated[Optional[Path], typer.Option(help="Also keep the server's export in this file")]


def pull_cli(
    source: Source,
    project: Project,
    output: Output = None,
    pool: PoolPath = None,
    limit: Limit = 100,
    several: Several = "fail",
    snap: Snap = False,
    unlabelled: Unlabelled = "outside",
    untouched: Untouched = "fail",
    units: Units = "auto",
    labels: Labels = None,
    partial: Partial = False,
    rest: Rest = Path("label_studio.rest.json"),
    save: Save = None,
    rename: Rename = None,
) -> None:
    """
    Take the answers of a Label Studio project in; a bad record changes nothing.

    The server's address and a token come from LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY.

    Example:

    python -m spacy al pull runs/news --project 7 --several vote
    """
    from ..corpus.annotation.marks import parse_names
    from ..exchange import label_studio_api as api
    from ..exchange.intake import take_bytes
    from ..exchange.reading import Options
    from ..files import write_bytes
    from .common import fail_clearly

    with fail_clearly():
        tasks = open_source(source, pool, limit, earlier=True)
        allowed = tuple(find_labels(labels, source, tasks)) or None
        names = parse_names(rename or [])
        options = Options(several, snap, unlabelled, untouched, units, allowed, names, find_taken(source))
        export = api.pull(api.connect(), project)
        if save is not None:
            write_bytes(save, export)
        name = save or Path(f"project-{project}.json")
        put_aside = rest if partial else None
        reading = take_bytes(export, name, tasks, options, name="label_studio", rest=put_aside)
        hand_over(source, tasks, reading, output)
    tell(reading, [put_aside] if put_aside else [])
