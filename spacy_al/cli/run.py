"""`al run`: start or resume a run, with a table of rounds as it goes."""

from functools import partial
from pathlib import Path

import typer

from ..options import Code
from .common import Console, check_outputs, command, read_overrides, start_gpu


@command
def run_cli(
    ctx: typer.Context,
    config_path: Path = typer.Argument(..., help="Config with an [active_learning] block", exists=True, dir_okay=False),
    output: Path = typer.Option(..., "--output", "-o", help="Folder of the run; a run found there goes on"),
    use_gpu: int = typer.Option(-1, "--gpu-id", "-g", min=-1, help="GPU number, or -1 for the CPU"),
    repeats: int = typer.Option(1, "--repeats", "-r", min=1, help="Runs with seeds 0 to N-1, in folders of their own"),
    accept_changes: bool = typer.Option(
        False, "--accept-changes", help="Go on with a run although config, pool or versions have changed"
    ),
    code: Code = None,
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Print the end only"),
) -> None:
    """Start a run of active learning, or go on with an unfinished one.

    Any setting of the config can be overridden, as everywhere in spaCy:

        python -m spacy al run configs/al-minilm.cfg --output runs/mnlp --paths.pool train.spacy
        --paths.test test.spacy --paths.labels train.labels.json --active_learning.rounds 5
    """
    from spacy.util import load_config

    from ..loop.repeats import run_repeats
    from ..loop.session import run
    from ..runs.folder import RunFolder

    files = RunFolder(output)
    if not files.state.is_file():
        check_outputs([files.config], [config_path])
    overrides = read_overrides(ctx.args, config_path)
    config = load_config(config_path, overrides=overrides, interpolate=False)
    start_gpu(config, use_gpu, quiet=quiet)
    console = Console(quiet=quiet)
    start = partial(run, use_gpu=use_gpu, accept_changes=accept_changes, reporter=console)
    states = run_repeats(config, output, repeats, start)
    console.end(output, states)
