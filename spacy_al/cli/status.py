"""`al status`: where a run is, and what it waits for."""

from pathlib import Path
from typing import Annotated

import typer


def status_cli(run: Annotated[Path, typer.Argument(help="Folder of a run", exists=True, file_okay=False)]) -> None:
    """Show the round and phase of a run, its sizes, the trend of F1, and what it waits for.

    Example:

        python -m spacy al status runs/mnlp
    """
    from ..loop.standing import describe
    from .common import fail_clearly

    with fail_clearly():
        for line in describe(run):
            typer.echo(line)
