"""`al ingest`: what people answered in an annotation tool, checked, into the run or a DocBin."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, FrozenSet, List, Optional

import typer

from .query import FORMATS, Labels, Limit, PoolPath, Source, find_labels, open_source

if TYPE_CHECKING:
    from ..exchange.reading import Reading
    from ..tasks import Task

Answers = Annotated[List[Path], typer.Argument(metavar="IN...", help="The tool's export; several are weighed together")]
Format = Annotated[Optional[str], typer.Option("--format", "-f", help=f"{FORMATS}; found out when not given")]
Output = Annotated[
    Optional[Path],
    typer.Option("--output", "-o", metavar="OUT.spacy", help="Labelled sentences, for a ranking"),
]
Several = Annotated[
    str, typer.Option(help="Several answers to a sentence: fail unless they agree, first, newest, vote")
]
Snap = Annotated[bool, typer.Option("--snap", help="Widen spans that cut tokens to whole tokens")]
Unlabelled = Annotated[str, typer.Option(help="What unmarked tokens are: outside (O) or missing")]
Untouched = Annotated[
    str,
    typer.Option(help="Sentences of which the tool does not say if anyone looked: fail, accept or skip"),
]
Units = Annotated[str, typer.Option(help="What offsets count: auto, codepoints or utf16")]
Partial = Annotated[bool, typer.Option("--partial", help="Take what is right, write the rest to a file")]
Rename = Annotated[
    Optional[List[str]], typer.Option(metavar="OLD=NEW", help="Take a label under another name; may be repeated")
]
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
    rename: Rename = None,
) -> None:
    """
    Check the answers of people and hand them to the run; a file with a bad record changes nothing.

    Examples:

    python -m spacy al ingest runs/news answers.jsonl

    python -m spacy al ingest runs/news ana.jsonl bo.jsonl --several vote

    python -m spacy al ingest ranking.jsonl export.json --pool pool.spacy --output labelled.spacy
    """
    from ..corpus.annotation.marks import parse_names
    from ..exchange.intake import take_files
    from ..exchange.reading import Options
    from .common import fail_clearly

    with fail_clearly():
        tasks = open_source(source, pool, limit, earlier=True)
        allowed = tuple(find_labels(labels, source, tasks)) or None
        names = parse_names(rename or [])
        taken = find_taken(source)
        options = Options(several, snap, unlabelled, untouched, units, allowed, names, taken)
        put_aside = [path.with_suffix(f".rest{path.suffix}") for path in answers] if partial else []
        if partial and rest is not None:
            put_aside = [rest, *put_aside[1:]]
        reading = take_files(answers, tasks, options, name=format_, rests=put_aside)
        hand_over(source, tasks, reading, output)
    tell(reading, put_aside)


def find_taken(source: Path) -> FrozenSet[str]:
    """Ids of sentences that were answered in earlier rounds of a run; none for a ranking."""
    if not source.is_dir():
        return frozenset()
    from ..runs.folder import RunFolder
    from ..runs.state import load_state

    folder = RunFolder(source)
    state = load_state(folder.state)
    return frozenset(state.labelled if state else ()) | {answer.id for answer in folder.log.read()}


def hand_over(source: Path, tasks: List["Task"], reading: "Reading", output: Optional[Path]) -> None:
    """Give answers to the run, or write those that teach something as a DocBin; ALError A626 without `output`."""
    if source.is_dir():
        from ..exchange.intake import log_lines, told_of
        from ..loop.session import Session
        from ..runs.folder import RunFolder

        lines, counts = log_lines(reading, RunFolder(source).log.read())
        Session.open(source).answer(lines)
        for told in told_of(counts):
            typer.echo(told)
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


def tell(reading: "Reading", rests: List[Path]) -> None:
    """Print what was taken in, and what was not and why."""
    from ..exchange.intake import summary

    for line in summary(reading):
        typer.echo(line)
    for problem in reading.problems:
        typer.secho(problem.message, fg=typer.colors.RED, err=True)
    if reading.problems:
        typer.echo(f"{len(reading.rest)} records were not taken: {', '.join(map(str, rests))}")
