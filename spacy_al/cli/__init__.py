"""The commands of `python -m spacy al` and `spacy-al`; heavy imports wait until a command runs."""

import sys

import typer

from .annotate import annotate_cli
from .convert import convert_cli
from .evaluate import evaluate_cli
from .fetch import fetch_cli
from .ingest import ingest_cli
from .init import init_cli
from .look_again import look_again_cli
from .model_card import model_card_cli
from .pull import pull_cli
from .push import push_cli
from .query import query_cli
from .report import report_cli
from .run import run_cli
from .score import score_cli
from .status import status_cli
from .study import study_cli
from .train_successor import train_successor_cli

al_cli = typer.Typer(
    name="al",
    help="Active learning for named entity recognition: label the sentences that teach the model most.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
al_cli.command("annotate", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(annotate_cli)
al_cli.command("convert")(convert_cli)
al_cli.command("evaluate")(evaluate_cli)
al_cli.command("fetch")(fetch_cli)
al_cli.command("ingest")(ingest_cli)
al_cli.command("init")(init_cli)
al_cli.command("look-again")(look_again_cli)
al_cli.command("model-card")(model_card_cli)
al_cli.command("pull")(pull_cli)
al_cli.command("push")(push_cli)
al_cli.command("query")(query_cli)
al_cli.command("report")(report_cli)
al_cli.command("run", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(run_cli)
al_cli.command("score")(score_cli)
al_cli.command("status")(status_cli)
al_cli.command("study", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(study_cli)
al_cli.command("train-successor", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
    train_successor_cli
)


def _register() -> None:
    # spaCy loads this module for every one of its commands, through the entry point group `spacy_cli`.
    from spacy.cli._util import app

    app.add_typer(al_cli)


def main() -> None:
    """The console script `spacy-al`: the same commands without `python -m spacy`."""
    sys.exit(al_cli())


_register()
