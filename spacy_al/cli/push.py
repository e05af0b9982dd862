"""`al push`: the next batch straight into a project of a Label Studio server."""

from typing import Annotated, Optional

import typer

from .common import command
from .query import Asked, Shown, Source, find_labels, open_source


@command
def push_cli(
    source: Source,
    shown: Shown,
    asked: Asked,
    project: Annotated[Optional[int], typer.Option(help="The project's number; without it, one is made")] = None,
    title: Annotated[str, typer.Option(help="Title of the project that is made")] = "spacy_al",
) -> None:
    """
    Send the sentences that people should label next to Label Studio; those already there are left out.

    The server's address and a token come from LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY.

    Examples:

    python -m spacy al push runs/news --title "News, round 3"

    python -m spacy al push runs/news --project 7 --suggest
    """
    from ..exchange import label_studio_api as api

    server = api.connect()
    tasks = open_source(source, asked, shown)
    if project is None:
        project = api.create_project(server, title, find_labels(asked.labels, source, tasks))
    sent = api.push(server, project, tasks)
    there = f", {len(tasks) - sent} were there already" if sent < len(tasks) else ""
    typer.echo(f"{sent} sentences in {server.url}/projects/{project}{there}")
