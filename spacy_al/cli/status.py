"""`al status`: where a run is, and what it waits for."""

import typer

from ..options import Run
from .common import command


@command
def status_cli(run: Run) -> None:
    """Show the round and phase of a run, its sizes, the trend of F1, and what it waits for.

    Example:

        python -m spacy al status runs/mnlp
    """
    from ..loop.standing import describe

    for line in describe(run):
        typer.echo(line)
