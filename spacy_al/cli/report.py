"""`al report`: learning curves, tables and one page to look at, from the folders of runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, List, Optional

import typer

from .common import command


@dataclass(frozen=True)
class Look:
    """Options of `spacy_al.report.build.Options`."""

    title: Annotated[str, typer.Option("--title", "-t", help="Headline of the report")] = "Active learning report"
    corpus: Annotated[
        str,
        typer.Option(
            "--corpus",
            "-c",
            metavar="NAME",
            help="Name of the training corpus, where its path does not say it, such as CoNLL-2003",
        ),
    ] = ""
    full_f1: Annotated[
        Optional[float],
        typer.Option(
            "--full-f1",
            metavar="F1",
            help="F1 of a training on the whole corpus, 0 to 1, for the one tagger of which no run gives it",
        ),
    ] = None
    examples: Annotated[
        int,
        typer.Option("--examples", "-n", min=0, help="Example sentences of a round; 0 leaves the corpus's text out"),
    ] = 3
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the bootstrap")] = 0
    sections: Annotated[
        Optional[List[str]],
        typer.Option(
            "--section",
            metavar="NAME",
            help="Add what another package has registered for reports; `paper`: this package's own study beside the "
            "paper's claims and numbers, as for runs of configs/paper; repeatable",
        ),
    ] = None


@command
def report_cli(
    runs: Annotated[
        List[Path],
        typer.Argument(metavar="RUN", help="Folders of runs, of runs with repeats, or of whole studies"),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Folder for the report; files of an earlier one are replaced"
        ),
    ],
    look: Look,
) -> None:
    """
    Compare runs: F1 against labelled tokens and sentences, label savings, tests, time, and what was chosen.

    Runs that differ only in their seed are one experiment. A run with rounds = 0 and seed_budget = 1.0 gives
    the full-corpus F1. The page report.html needs no network; its figures are beside it as PNG, for Markdown.

    Example:

    python -m spacy al report runs/random runs/mnlp --output report
    """
    from ..report.build import Options, write_report

    options = Options(**{**vars(look), "sections": look.sections or ()})
    files = write_report(runs, output, options)
    typer.echo("Written:\n" + "\n".join(f"  {path}" for path in files))
