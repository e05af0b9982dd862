"""The commands of `python -m spacy al` and `spacy-al`; heavy imports wait until a command runs."""

import inspect
import signal
import sys

import typer

from .. import stop_loading
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
COMMANDS = (
    annotate_cli, convert_cli, evaluate_cli, fetch_cli, ingest_cli, init_cli, look_again_cli, model_card_cli, pull_cli,
    push_cli, query_cli, report_cli, run_cli, score_cli, status_cli, study_cli, train_successor_cli,
)  # fmt: skip
OVERRIDABLE = {"allow_extra_args": True, "ignore_unknown_options": True}  # settings of a config, as --section.key
for function in COMMANDS:
    name = function.__name__.removesuffix("_cli").replace("_", "-")
    overridable = "ctx" in inspect.signature(function).parameters
    al_cli.command(name, context_settings=OVERRIDABLE if overridable else None)(function)


def _register() -> None:
    # spaCy loads this module for every one of its commands, through the entry point group `spacy_cli`.
    from spacy.cli._util import app

    app.add_typer(al_cli)


def main() -> None:
    """The console script `spacy-al`: the same commands without `python -m spacy`."""
    if signal.getsignal(signal.SIGINT) is stop_loading:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(al_cli())


_register()
