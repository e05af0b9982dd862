"""`al model-card`: what a run's trained pipeline is made from, written into it."""

import typer

from ..options import Run
from .common import command


@command
def model_card_cli(run: Run) -> None:
    """
    Write RUN/model/README.md and figures in its meta.json: data, rounds, scores with intervals, biases, versions.

    Example:

        python -m spacy al model-card runs/mnlp
    """
    from ..report.card import write_model_card

    typer.echo(f"Written: {write_model_card(run)}")
