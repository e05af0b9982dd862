"""`al model-card`: what a run's trained pipeline is made from, written into it."""

from pathlib import Path
from typing import Annotated

import typer

Run = Annotated[Path, typer.Argument(help="Folder of a run that has ended", exists=True, file_okay=False)]


def model_card_cli(run: Run) -> None:
    """
    Write RUN/model/README.md and figures in its meta.json: data, rounds, scores with intervals, biases, versions.

    Example:

        python -m spacy al model-card runs/mnlp
    """
    from ..report.card import write_model_card
    from .common import fail_clearly

    with fail_clearly():
        typer.echo(f"Written: {write_model_card(run)}")
