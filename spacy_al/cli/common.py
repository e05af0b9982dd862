"""What the commands share: clear errors, and the table of rounds with its progress bars."""

import contextlib
import sys
import time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional

import typer

if TYPE_CHECKING:
    from tqdm import tqdm

    from ..runs.state import RunState

COLUMNS = ("round", "sentences", "tokens", "share", "F1", "P", "R", "train s", "eval s")


class Engine(str, Enum):
    """Where work is done: here, or on a Ray cluster."""

    local = "local"
    ray = "ray"


@contextlib.contextmanager
def fail_clearly() -> Iterator[None]:
    """Print errors a user can mend and exit with status 1; let all others show where they come from."""
    from catalogue import RegistryError
    from thinc.api import ConfigValidationError

    from ..errors import ALError

    try:
        yield
    except (ALError, ConfigValidationError, RegistryError) as error:
        typer.secho(f"\n{error}", fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from error


def start_gpu(config: Mapping[str, Any], gpu_id: int, *, quiet: bool) -> None:
    """Choose the device as spaCy's commands do, after what a run with `deterministic = true` needs before CUDA starts.

    config (Mapping[str, Any]): Of a run. gpu_id (int): Number of a GPU, or -1 for the CPU.
    """
    from spacy.cli._util import setup_gpu

    from ..loop.determinism import prepare_cublas

    if gpu_id >= 0 and config.get("active_learning", {}).get("deterministic"):
        prepare_cublas()
    setup_gpu(gpu_id, silent=quiet)


class Console:
    """A Reporter that prints a row for each round and a progress bar for each phase (bars on a terminal only)."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.bar: Optional[tqdm] = None
        self.header = False
        self.started = time.monotonic()

    def phase(self, round_: int, name: str, total: int) -> None:
        """Open a bar for a phase."""
        from tqdm import tqdm

        self._close()
        if not self.quiet and sys.stderr.isatty():
            self.bar = tqdm(total=total or None, desc=f"round {round_}: {name}", leave=False, unit="")

    def step(self, done: int, total: int) -> None:
        """Move the bar."""
        if self.bar is not None:
            self.bar.total = total
            self.bar.update(done - self.bar.n)

    def row(self, metrics: Dict[str, Any]) -> None:
        """Print the row of an evaluated round."""
        self._close()
        if self.quiet:
            return
        if not self.header:
            typer.echo(" ".join(f"{name:>9}" for name in COLUMNS))
            self.header = True
        scores = [
            "-" if metrics[key] is None else f"{100 * metrics[key]:.2f}" for key in ("ents_f", "ents_p", "ents_r")
        ]
        seconds = [f"{metrics['seconds'][key]:.1f}" for key in ("train", "evaluate")]
        share = f"{100 * metrics['labelled_fraction']:.2f}%"
        cells = [metrics["round"], metrics["labelled_sentences"], metrics["labelled_tokens"], share, *scores, *seconds]
        typer.echo(" ".join(f"{cell!s:>9}" for cell in cells))

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None

    def end(self, output: Path, states: List["RunState"]) -> None:
        """Say where the results are, or what the run waits for."""
        self._close()
        minutes, seconds = divmod(int(time.monotonic() - self.started), 60)
        waiting = [state for state in states if state.phase == "waiting"]
        if waiting:
            command = f"python -m spacy al query {output} OUT.jsonl --format prodigy"
            typer.echo(f"Waiting for {len(waiting[0].pending)} answers: {command}")
        else:
            typer.echo(f"Done in {minutes} min {seconds} s. Metrics, model and labelled sentences are in {output}")
