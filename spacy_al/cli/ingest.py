"""`al ingest`: what people answered in an annotation tool, checked, into the run or a DocBin."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, List, Optional, Sequence, Tuple

import typer

from ..errors import ALError, Errors
from ..options import Rename, TakeOptions, parse_names
from .common import check_outputs, command
from .query import FORMATS, Asked, Source, find_labels, open_source

if TYPE_CHECKING:
    from ..exchange.reading import Reading
    from ..tasks import Task


@dataclass(frozen=True)
class Taking:
    """Where answers to a ranking go, what becomes of those that are not taken, and other names of labels."""

    output: Annotated[
        Optional[Path],
        typer.Option("--output", "-o", metavar="OUT.spacy", help="Labelled sentences, for a ranking"),
    ] = None
    partial: Annotated[bool, typer.Option("--partial", help="Take what is right, write the rest to a file")] = False
    rename: Rename = None


@command
def ingest_cli(
    source: Source,
    answers: Annotated[
        List[Path], typer.Argument(metavar="IN...", help="The tool's export; several are weighed together")
    ],
    asked: Asked,
    taking: Taking,
    options: TakeOptions,
    format_: Annotated[
        Optional[str], typer.Option("--format", "-f", help=f"{FORMATS}; found out when not given")
    ] = None,
    rest: Annotated[
        Optional[Path], typer.Option(metavar="REST", help="That file; IN with .rest before its ending by default")
    ] = None,
) -> None:
    """
    Check the answers of people and hand them to the run; a file with a bad record changes nothing.

    Examples:

    python -m spacy al ingest runs/news answers.jsonl

    python -m spacy al ingest runs/news ana.jsonl bo.jsonl --several vote

    python -m spacy al ingest ranking.jsonl export.json --pool pool.spacy --output labelled.spacy
    """
    from ..exchange.intake import take_files

    rests = [path.with_suffix(f".rest{path.suffix}") for path in answers] if taking.partial else []
    if taking.partial and rest is not None:
        rests = [rest, *rests[1:]]
    check_outputs([*rests, taking.output], [source, *answers])
    check_inputs(source, answers)
    tasks, options = prepare(source, asked, taking, options)
    hand_over(source, tasks, take_files(answers, tasks, options, name=format_, rests=rests), taking, rests)


def check_inputs(source: Path, answers: Sequence[Path]) -> None:
    """Raise ALError A636 when a file to take in is the run's own, over which a tool's export was perhaps saved."""
    from ..runs.folder import RunFolder

    log = RunFolder(source).log.path
    for path in answers:
        if log.is_file() and path.is_file() and path.samefile(log):
            raise ALError(Errors.A636.format(path=path))


def prepare(source: Path, asked: Asked, taking: Taking, options: TakeOptions) -> Tuple[List["Task"], TakeOptions]:
    """What was asked, and how to take the answers to it."""
    tasks = open_source(source, asked, earlier=True)
    labels = tuple(find_labels(asked.labels, source, tasks)) or None
    names = parse_names(taking.rename or [])
    return tasks, replace(options, labels=labels, names=names)


def hand_over(source: Path, tasks: List["Task"], reading: "Reading", taking: Taking, rests: List[Path]) -> None:
    """Give answers to the run or write them as a DocBin; print what was taken in, and what was not and why."""
    from ..exchange.intake import summary

    if source.is_dir():
        _answer_run(source, reading)
    else:
        _write_labelled(source, tasks, reading, taking.output)
    for line in summary(reading):
        typer.echo(line)
    for problem in reading.problems:
        typer.secho(problem.message, fg=typer.colors.RED, err=True)
    if reading.problems:
        typer.echo(f"{len(reading.rest)} records were not taken: {', '.join(map(str, rests))}")


def _answer_run(source: Path, reading: "Reading") -> None:
    from ..exchange.intake import log_lines, told_of
    from ..loop.session import Session
    from ..runs.folder import RunFolder

    lines, counts = log_lines(reading, RunFolder(source).log.read())
    Session.open(source).answer(lines)
    for told in told_of(counts):
        typer.echo(told)


def _write_labelled(source: Path, tasks: List["Task"], reading: "Reading", output: Optional[Path]) -> None:
    """Write the answers that teach something; ALError A626 without `output`."""
    from spacy.vocab import Vocab

    from ..corpus.reader import write_docs
    from ..corpus.task_docs import answer_doc
    from ..files import write_bytes

    if output is None:
        cure = "For a ranking, say where the labelled sentences go with --output OUT.spacy."
        raise ALError(Errors.A626.format(path=source, cure=cure))
    by_id, vocab = {task.id: task for task in tasks}, Vocab()
    taken = [answer for answer in reading.answers if answer.teaches]
    write_bytes(output, write_docs(answer_doc(by_id[answer.id], answer, vocab) for answer in taken))
    typer.echo(f"{len(taken)} labelled sentences in {output}")
