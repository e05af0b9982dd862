"""What the commands share: options, clear errors, and the table of rounds with its progress bars."""

import contextlib
import functools
import inspect
import io
import shlex
import signal
import sys
import threading
import time
import warnings
from dataclasses import is_dataclass
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    get_origin,
    get_type_hints,
)

import typer

from ..errors import ALError, Errors, saying
from ..lending import lent

if TYPE_CHECKING:
    from tqdm import tqdm

    from ..runs.state import RunState

STOPPED = "\nStopped. What was finished is kept, and no file is half written: give the same command again to go on."
PYTHON_WARNING = warnings.formatwarning
COLUMNS = ("round", "sentences", "tokens", "share", "F1", "P", "R", "train s", "eval s")


def command(function: Callable[..., None]) -> Callable[..., None]:
    """A command of a function: errors that a user can mend are printed, and a dataclass that it takes is options.

    function (Callable): Each field of a dataclass among its parameters becomes an option of its own, if it is
        annotated as one.
    """
    hints = get_type_hints(function, include_extras=True)
    groups: Dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    parameters: List[inspect.Parameter] = []
    for one in inspect.signature(function).parameters.values():
        asked = options_of(groups[one.name]) if one.name in groups else [one]
        parameters += [each.replace(kind=one.KEYWORD_ONLY) for each in asked]

    @functools.wraps(function)
    def run(**given: Any) -> None:
        given = {name: at_home(value) for name, value in given.items()}
        for name, kind in groups.items():
            given[name] = kind(**{each.name: given.pop(each.name) for each in options_of(kind)})
        print_anything()
        with stop_clearly(), fail_clearly(), lent([(warnings, "formatwarning", in_a_line)]):
            function(**given)

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def print_anything() -> None:
    """Let labels and names of files that the terminal's encoding does not have be escapes, and end no command."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors in ("strict", "surrogateescape"):
        sys.stdout.reconfigure(errors="backslashreplace")


def in_a_line(message: Any, category: Any, *place: Any) -> str:
    """A warning with a code as its text alone, which is for users; others with their place, as Python shows them.

    message (Warning): With its category and place, as `warnings.formatwarning` takes them.
    """
    return f"{message}\n" if str(message).startswith("[W") else PYTHON_WARNING(message, category, *place)


def check_outputs(outputs: Sequence[Optional[Path]], inputs: Sequence[Path] = ()) -> None:
    """Raise ALError A017 for an output that is an input, A018 for one that would replace a file of a run."""
    from ..runs.folder import owner

    for path in filter(None, outputs):
        if path.is_file() and any(other.is_file() and path.samefile(other) for other in inputs):
            raise ALError(Errors.A017.format(path=path))
        if run := owner(path):
            raise ALError(Errors.A018.format(path=path, run=run))


def options_of(kind: Any) -> List[inspect.Parameter]:
    """The fields of a dataclass that are annotated as options."""
    return [each for each in inspect.signature(kind).parameters.values() if get_origin(each.annotation) is Annotated]


def at_home(value: Any) -> Any:
    """A path, or each of a list, with `~` for the home folder, which a shell leaves as it is in `--output=~/runs`."""
    if isinstance(value, list):
        return [at_home(item) for item in value]
    return value.expanduser() if isinstance(value, Path) else value


@contextlib.contextmanager
def fail_clearly() -> Iterator[None]:
    """Print errors a user can mend and exit with status 1; let all others show where they come from."""
    from catalogue import RegistryError
    from thinc.api import ConfigValidationError

    from ..files import is_refusal, say_why

    try:
        yield
    except ConfigValidationError as error:
        # Not the whole config, which its own text shows.
        desc = f"{error.desc or ''} Check the config and what --section.key says.".strip()
        brief = ConfigValidationError.from_error(error, desc=desc, show_config=False)
        typer.secho(f"\n{brief.text.strip()}", fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from error
    except (ALError, RegistryError) as error:
        typer.secho(f"\n{error}", fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from error
    except OSError as error:
        if not is_refusal(error):
            raise
        place = error.filename or "a file, or the output of this command"
        typer.secho(f"\n{Errors.A015.format(path=place, reason=say_why(error))}", fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from error


@contextlib.contextmanager
def stop_clearly() -> Iterator[None]:
    """Let Ctrl+C and SIGTERM clean up, say what has become of the work, and exit as shells expect (130 and 143)."""
    number = signal.SIGINT

    def end(*_: object) -> None:
        nonlocal number
        number = signal.SIGTERM
        raise KeyboardInterrupt

    # Signals go to the main thread; whoever has set SIGTERM himself, or ignores it, is left alone.
    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGTERM, end)
    try:
        yield
    except KeyboardInterrupt as error:
        typer.secho(STOPPED, fg=typer.colors.YELLOW, err=True)
        raise typer.Exit(128 + number) from error
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def only_settings(arguments: Sequence[str]) -> List[str]:
    """What no option took, as a list; raises ALError A013 for an option that is not known."""
    for name in (argument.split("=")[0] for argument in arguments):
        if name.startswith("--") and "." not in name:
            raise ALError(Errors.A013.format(option=name))
    return list(arguments)


def read_overrides(arguments: Sequence[str], config: Path) -> Dict[str, Any]:
    """Settings of a config given as --section.key.

    arguments (Sequence[str]): What no option took. config (Path): The file that they change.
    RAISES: ALError A012 for a file that is no config, A013 for an option that is not known, A001 for a name in [paths]
        or [system] that the config does not use; other sections are checked when a run is opened.
    """
    from configparser import Error as ParserError

    from spacy.cli._util import parse_config_overrides
    from spacy.language import DEFAULT_CONFIG
    from spacy.util import load_config

    from ..schemas import check_dollars

    given = parse_config_overrides(only_settings(arguments))
    check_dollars(given)
    with saying(Errors.A012, OSError, ParserError, UnicodeDecodeError, path=config):
        stands = load_config(config, interpolate=False)
    for section, _, key in (name.partition(".") for name in given):
        known = {*DEFAULT_CONFIG.get(section, {}), *stands.get(section, {})}
        known |= {"labels"} if section == "paths" else set()  # see `declared_labels`
        if section in ("paths", "system") and key not in known:
            raise ALError(Errors.A001.format(key=key, section=section, known=", ".join(sorted(known))))
    return given


def start_gpu(config: Mapping[str, Any], gpu_id: int, *, quiet: bool) -> None:
    """Choose the device as spaCy's commands do, after what a run with `deterministic = true` needs before CUDA starts.

    config (Mapping[str, Any]): Of a run. gpu_id (int): Number of a GPU, or -1 for the CPU.
    """
    from ..loop.determinism import prepare_cublas
    from ..loop.hardware import take_gpu

    if gpu_id >= 0 and config.get("active_learning", {}).get("deterministic"):
        prepare_cublas()
    take_gpu(gpu_id, quiet=quiet)


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

        self.close()
        if not self.quiet and sys.stderr.isatty():
            self.bar = tqdm(total=total or None, desc=f"round {round_}: {name}", leave=False, unit="")

    def step(self, done: int, total: int) -> None:
        """Move the bar."""
        if self.bar is not None:
            self.bar.total = total
            self.bar.update(done - self.bar.n)

    def row(self, metrics: Dict[str, Any]) -> None:
        """Print the row of an evaluated round."""
        self.close()
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

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None

    def end(self, output: Path, states: List["RunState"]) -> None:
        """Say where the results are, or what the run waits for."""
        self.close()
        minutes, seconds = divmod(int(time.monotonic() - self.started), 60)
        waiting = [state for state in states if state.phase == "waiting"]
        if waiting:
            command = f"python -m spacy al query {shlex.quote(str(output))} OUT.jsonl --format prodigy"
            typer.echo(f"Waiting for {len(waiting[0].pending)} answers: {command}")
        else:
            typer.echo(f"Done in {minutes} min {seconds} s. Metrics, model and labelled sentences are in {output}")
