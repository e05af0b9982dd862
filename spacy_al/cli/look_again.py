"""`al look-again`: labelled sentences whose labels a model that has not seen them finds unlikely."""

from typing import Annotated, Optional

import typer

from ..options import Code, Gpu, Run
from .common import Console, check_outputs, command, start_gpu
from .query import Format, Output, keep_answers, say_written


@command
def look_again_cli(
    run: Run,
    output: Output,
    format_: Format = "prodigy",
    limit: Annotated[Optional[int], typer.Option("--limit", "-n", min=1, help="At most so many sentences")] = None,
    folds: Annotated[
        int, typer.Option(min=2, help="Models that are trained, each on all but one part of the labels")
    ] = 5,
    use_gpu: Gpu = -1,
    code: Code = None,
) -> None:
    """
    Write the labelled sentences that are worth a second look, with the labels they have, least likely first.

    The answers go back with `al ingest`, as those to new sentences do:

    python -m spacy al look-again runs/news again.jsonl --limit 50

    python -m spacy al ingest runs/news again-answers.jsonl
    """
    from ..exchange.tool_files import write_tasks
    from ..loop.session import Session
    from ..runs.folder import RunFolder

    check_outputs([output])
    files = RunFolder(run)
    keep_answers(run, output, format_, files.every_task(files.read_state().round))
    console = Console()
    session = Session.open(run, use_gpu=use_gpu, reporter=console)
    start_gpu(session.config, use_gpu, quiet=True)
    tasks, lines = session.look_again(limit, folds=folds)
    console.close()
    written = write_tasks(output, tasks, format_, session.labels)
    for line in lines:
        typer.echo(line)
    say_written(tasks, written)
