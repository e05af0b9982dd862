"""`al look-again`: labelled sentences whose labels a model that has not seen them finds unlikely."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from .query import FORMATS

Run = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run", exists=True, file_okay=False)]
Output = Annotated[Path, typer.Argument(metavar="OUT", help="The file to write")]
Format = Annotated[str, typer.Option("--format", "-f", help=FORMATS)]
Limit = Annotated[Optional[int], typer.Option("--limit", "-n", min=1, help="At most so many sentences")]
Folds = Annotated[int, typer.Option(min=2, help="Models that are trained, each on all but one part of the labels")]
Gpu = Annotated[int, typer.Option("--gpu-id", "-g", help="GPU number, or -1 for the CPU")]


def look_again_cli(
    run: Run, output: Output, format_: Format = "prodigy", limit: Limit = None, folds: Folds = 5, use_gpu: Gpu = -1
) -> None:
    """
    Write the labelled sentences that are worth a second look, with the labels they have, least likely first.

    The answers go back with `al ingest`, as those to new sentences do:

    python -m spacy al look-again runs/news again.jsonl --limit 50

    python -m spacy al ingest runs/news again-answers.jsonl
    """
    from ..exchange.tool_files import write_tasks
    from ..loop.session import Session
    from .common import Console, fail_clearly, start_gpu

    with fail_clearly():
        session = Session.open(run, use_gpu=use_gpu, reporter=Console())
        start_gpu(session.config, use_gpu, quiet=True)
        tasks, lines = session.look_again(limit, folds=folds)
        written = write_tasks(output, tasks, format_, session.labels)
    for line in lines:
        typer.echo(line)
    typer.echo(f"{len(tasks)} sentences in {', '.join(str(path) for path in written)}")
