"""`al train-successor`: another model on what a finished run has labelled."""

from pathlib import Path
from typing import Annotated, List, Optional

import typer

from ..options import Code, Gpu, Quiet
from .common import Console, command, only_settings, start_gpu


@command
def train_successor_cli(
    ctx: typer.Context,
    run: Annotated[Path, typer.Argument(help="Folder of a run", exists=True, file_okay=False)],
    config: Annotated[Path, typer.Argument(help="Config of the other model", exists=True, dir_okay=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for its metrics, as `al report` reads them")],
    rounds: Annotated[
        Optional[str], typer.Option("--rounds", help="Rounds to train for, such as 0,5,10; all by default")
    ] = None,
    use_gpu: Gpu = -1,
    code: Code = None,
    quiet: Quiet = False,
) -> None:
    """Train another model on the sentences a run has chosen, round by round (the paper's Figures 3 and 4).

    The run's pool, test set and seed are used; they can be overridden where files have moved:

        python -m spacy al train-successor runs/distilbert configs/al-electra.cfg --output runs/successor
        --rounds 0,5,10 --paths.test test.spacy
    """
    from spacy.cli._util import parse_config_overrides
    from spacy.util import load_config

    from ..loop.successor import train_successor
    from ..runs.folder import RunFolder

    numbers = parse_rounds(rounds)
    overrides = parse_config_overrides(only_settings(ctx.args))
    stored = RunFolder(run).config
    settings = load_config(stored, overrides=overrides, interpolate=False) if stored.is_file() else {}
    start_gpu(settings, use_gpu, quiet=quiet)
    console = Console(quiet=quiet)
    rows = train_successor(run, config, output, rounds=numbers, overrides=overrides, use_gpu=use_gpu, reporter=console)
    typer.echo(f"Done: {len(rows)} rounds. Metrics are in {output}")


def parse_rounds(text: Optional[str]) -> Optional[List[int]]:
    """Whole numbers between commas; raises typer.BadParameter for anything else."""
    if text is None:
        return None
    if not all(part.strip().isdigit() for part in text.split(",")):
        raise typer.BadParameter(f"{text!r}: give whole numbers between commas, such as 0,5,10", param_hint="--rounds")
    return [int(part) for part in text.split(",")]
