"""`al report`: learning curves, tables and one page to look at, from the folders of runs."""

from pathlib import Path
from typing import Annotated, List

import typer

from ..options import ReportOptions
from .common import command


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
    options: ReportOptions,
) -> None:
    """
    Compare runs: F1 against labelled tokens and sentences, label savings, tests, time, and what was chosen.

    Runs that differ only in their seed are one experiment. A run with rounds = 0 and seed_budget = 1.0 gives
    the full-corpus F1. The page report.html needs no network; its figures are beside it as PNG, for Markdown.

    Example:

    python -m spacy al report runs/random runs/mnlp --output report
    """
    from ..report.build import write_report

    files = write_report(runs, output, options)
    typer.echo("Written:\n" + "\n".join(f"  {path}" for path in files))
