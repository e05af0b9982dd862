"""`al query`: the next batch of a run, or the top of a ranking, as a file for an annotation tool."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, List, Optional, Sequence

import typer

from ..errors import ALError, Errors
from .common import check_outputs, command

if TYPE_CHECKING:
    from ..tasks import Task

FORMATS = "prodigy, label_studio, doccano, argilla, conll, conll4, webanno, brat, hf or docbin"
Source = Annotated[
    Path, typer.Argument(metavar="RUN|RANKING", help="A run that waits for people, or JSONL from `al score`")
]
Output = Annotated[Path, typer.Argument(metavar="OUT", help="The file to write")]
Format = Annotated[str, typer.Option("--format", "-f", help=FORMATS)]


@dataclass(frozen=True)
class Asked:
    """Which sentences of a run or a ranking are meant, and their labels."""

    pool: Annotated[Optional[Path], typer.Option("--pool", metavar="POOL.spacy", help="The pool that was ranked")] = (
        None
    )
    limit: Annotated[
        Optional[int],
        typer.Option("--limit", "-n", min=1, help="At most so many sentences [100 of a ranking, all that a run asks]"),
    ] = None
    labels: Annotated[
        Optional[str], typer.Option(help="Labels, such as PER,LOC,ORG, or the .labels.json of `al convert`")
    ] = None


@dataclass(frozen=True)
class Shown:
    """What is shown beside the sentences."""

    suggest: Annotated[bool, typer.Option(help="Pre-annotate with the model's entities, for people to correct")] = False
    pipeline: Annotated[
        Optional[str], typer.Option("--pipeline", "-p", help="Pipeline for --suggest when ranking a pool")
    ] = None
    measure: Annotated[Optional[str], typer.Option(help="The ranking's measure to show, if it has several")] = None


@command
def query_cli(source: Source, output: Output, format_: Format, shown: Shown, asked: Asked) -> None:
    """
    Write the sentences that people should label next, best first.

    Examples:

    python -m spacy al query runs/news batch.jsonl --format prodigy

    python -m spacy al query ranking.jsonl batch.json -f label_studio --pool pool.spacy -n 50 --labels PER,LOC
    """
    from ..exchange.tool_files import write_tasks

    check_outputs([output], [source])
    tasks = open_source(source, asked, shown)
    labels = find_labels(asked.labels, source, tasks)
    if source.is_dir():
        from ..loop.session import Session

        keep_answers(source, output, format_, Session.open(source).asked())
    say_written(tasks, write_tasks(output, tasks, format_, labels))


def say_written(tasks: Sequence["Task"], paths: Sequence[Path]) -> None:
    """Print how many sentences were written, and where."""
    typer.echo(f"{len(tasks)} sentences in {', '.join(map(str, paths))}")


def open_source(source: Path, asked: Asked, shown: Shown = Shown(), *, earlier: bool = False) -> List["Task"]:
    """The tasks of a waiting run or of the top of a ranking; raises ALError A626 when it is neither.

    earlier (bool): Those of the run's earlier rounds too, with what was suggested.
    """
    if source.is_dir():
        from ..loop.session import Session

        session = Session.open(source)
        tasks = session.asked() if earlier else session.batch()[: asked.limit]
        return tasks if shown.suggest or earlier else [task.bare() for task in tasks]
    if not source.is_file():
        raise ALError(Errors.A626.format(path=source, cure="Check the path."))
    if asked.pool is None:
        raise ALError(Errors.A626.format(path=source, cure="If it is a ranking, give its pool with --pool."))
    if shown.suggest and shown.pipeline is None:
        cure = "To pre-annotate the sentences of a ranking, name a pipeline with --pipeline."
        raise ALError(Errors.A626.format(path=source, cure=cure))
    return _open_ranking(source, asked.pool, asked.limit or 100, shown)


def find_labels(given: Optional[str], source: Path, tasks: List["Task"]) -> List[str]:
    """Labels as given on the command line, else those of the run, else those of the suggestions.

    RAISES: ALError A633 for a label that the run does not know.
    """
    named = None if given is None else _read_labels(given)
    if source.is_dir():
        from ..loop.session import Session

        known = Session.open(source).labels
        unknown = [label for label in named or [] if known and label not in known]
        if unknown:
            shown = {"unknown": ", ".join(unknown), "labels": ", ".join(known)}
            raise ALError(Errors.A633.format(given=given, path=source, **shown))
        return named or known
    if named is not None:
        return named
    return sorted({label for task in tasks for _, _, label in task.spans or ()})


def keep_answers(run: Path, output: Path, name: str, asked: Sequence["Task"]) -> None:
    """Raise ALError A632 when the file to write holds answers that are nowhere else.

    asked (Sequence[Task]): All that the run has asked.
    """
    from ..exchange.intake import only_here
    from ..runs.folder import RunFolder

    n = only_here(output, name, asked, RunFolder(run).log.read())
    if n:
        raise ALError(Errors.A632.format(path=output, n=n, command=shlex.join(["ingest", str(run), str(output)])))


def _open_ranking(source: Path, pool: Path, limit: int, shown: Shown) -> List["Task"]:
    import spacy

    from ..acquisition.command import load_pipeline
    from ..exchange.ranked_tasks import read_ranking, suggest

    nlp = load_pipeline(shown.pipeline) if shown.pipeline and shown.suggest else spacy.blank("xx")
    tasks = read_ranking(source, pool, nlp.vocab, limit=limit, measure=shown.measure)
    return suggest(tasks, nlp) if shown.suggest else tasks


def _read_labels(given: str) -> List[str]:
    from ..corpus.labels import read_labels

    if given.endswith(".json"):
        return read_labels(Path(given))
    return [label.strip() for label in given.split(",") if label.strip()]
