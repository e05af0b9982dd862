"""`al push`: the next batch straight into a project of a Label Studio server."""

from typing import Annotated, Optional

import typer

from .query import Labels, Limit, Measure, Pipeline, PoolPath, Source, Suggest, find_labels, open_source

Project = Annotated[Optional[int], typer.Option(help="The project's number; without it, one is made")]
Title = Annotated[str, typer.Option(help="Title of the project that is made")]


def push_cli(
    source: Source,
    project: Project = None,
    title: Title = "spacy_al",
    suggest: Suggest = False,
    pipeline: Pipeline = None,
    pool: PoolPath = None,
    limit: Limit = 100,
    measure: Measure = None,
    labels: Labels = None,
) -> None:
    """
    Send the sentences that people should label next to Label Studio; those already there are left out.

    The server's address and a token come from LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY.

    Examples:

    python -m spacy al push runs/news --title "News, round 3"

    python -m spacy al push runs/news --project 7 --suggest
    """
    from ..exchange import label_studio_api as api
    from .common import fail_clearly

    with fail_clearly():
        server = api.connect()
        tasks = open_source(source, pool, limit, measure=measure, suggest=suggest, pipeline=pipeline)
        number = project
        if number is None:
            number = api.create_project(server, title, find_labels(labels, source, tasks))
        sent = api.push(server, number, tasks)
    there = f", {len(tasks) - sent} were there already" if sent < len(tasks) else ""
    typer.echo(f"{sent} sentences in {server.url}/projects/{number}{there}")
