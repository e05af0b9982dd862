"""`al ingest`: what people answered in an annotation tool, checked, into the run or a DocBin."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, List, Optional

import typer

from .query import FORMATS, Labels, Limit, PoolPath, Source, find_labels, open_source

if TYPE_CHECKING:
    from ..exchange.records import Reading
    from ..tasks import Task

Answers = Annotated[Path, typer.Argument(metavar="IN", help="The tool's export")]
Format = Annotated[Optional[str], typer.Option("--format", "-f", help=f"{FORMATS}; found out when not given")]
Output = Annotated[
    Optional[Path],
    typer.Option("--output", "-o", metavar="OUT.spacy", help="Labelled sentences, for a ranking"),
]
Several = Annotated[str, typer.Option(help="Several answers to a sentence: fail unless they agree, newest, or vote")]
Snap = Annotated[bool, typer.Option("--snap", help="Widen spans that cut tokens to whole tokens")]
Unlabelled = Annotated[str, typer.Option(help="What unmarked tokens are: outside (O) or missing")]
Untouched = Annotated[
    str,
    typer.Option(help="Sentences of which the tool does not say if anyone looked: fail, accept or skip"),
]
Units = Annotated[str, typer.Option(help="What offsets count: auto, codepoints or utf16")]
Partial = Annotated[bool, typer.Option("--partial", help="Take what is right, write the rest to a file")]
Rest = Annotated[
    Optional[Path], typer.Option(metavar="REST", help="That file; IN with .rest before its ending by default")
]


def ingest_cli(
    source: Source,
    answers: Answers,
    format_: Format = None,
    output: Output = None,
    pool: PoolPath = None,
    limit: Limit = 100,
    several: Several = "fail",
    snap: Snap = False,
    unlabelled: Unlabelled = "outside",
    untouched: Untouched = "fail",
    units: Units = "auto",
    labels: Labels = None,
    partial: Partial = False,
    rest: Rest = None,
) -> None:
    """
    Check the answers of people and hand them to the run; a file with a bad record changes nothing.

    Examples:

    python -m spacy al ingest runs/news answers.jsonl

    python -m spacy al ingest ranking.jsonl export.json --pool pool.spacy --output labelled.spacy
    """
    from ..exchange.ingest import take_file
    from ..exchange.records import Options
    from .common import fail_clearly

    with fail_clearly():
        tasks = open_source(source, pool, limit)
        allowed = tuple(find_labels(labels, source, tasks)) or None
        options = Options(several, snap, unlabelled, untouched, units, allowed)
        put_aside = (rest or answers.with_suffix(f".rest{answers.suffix}")) if partial else None
        reading = take_file(answers, tasks, options, name=format_, rest=put_aside)
        hand_over(source, tasks, reading, output)
    tell(reading, put_aside)


def hand_over(source: Path, tasks: List["Task"], reading: "Reading", output: Optional[Path]) -> None:
    """Give answers to the run, or write those that teach something as a DocBin; ALError A626 without `output`."""
    if source.is_dir():
        from ..loop.session import Session

        Session.open(source).answer(reading.answers)
        return
    from spacy.vocab import Vocab

    from ..corpus.reader import write_docs
    from ..corpus.task_docs import answer_doc
    from ..errors import ALError, Errors
    from ..files import write_bytes

    if output is None:
        cure = "For a ranking, say where the labelled sentences go with --output OUT.spacy."
        raise ALError(Errors.A626.format(path=source, cure=cure))
    by_id, vocab = {task.id: task for task in tasks}, Vocab()
    taken = [answer for answer in reading.answers if answer.teaches]
    write_bytes(output, write_docs(answer_doc(by_id[answer.id], answer, vocab) for answer in taken))
    typer.echo(f"{len(taken)} labelled sentences in {output}")


def tell(reading: "Reading", rest: Optional[Path]) -> None:
    """Print what was taken in, and what was not and why."""
    from ..exchange.ingest import summary

    for line in summary(reading):
        typer.echo(line)
    for problem in reading.problems:
        typer.secho(problem.message, fg=typer.colors.RED, err=True)
    if reading.problems:
        typer.echo(f"{len(reading.rest)} records were not taken: {rest}")
