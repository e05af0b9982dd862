"""`al convert`: a corpus in a file or folder to a DocBin, with a table of counts."""

import functools
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Optional, Sequence

import typer

from ..options import ConvertOptions, Rules
from .common import check_outputs, command


@command
def convert_cli(
    source: Annotated[
        Path,
        typer.Argument(metavar="IN", help="The corpus: a file, or a folder of *_gold_conll, .txt, .ann or .xmi files"),
    ],
    output: Annotated[
        Path, typer.Argument(metavar="OUT.spacy", help="The DocBin to write; OUT.labels.json goes beside it")
    ],
    options: ConvertOptions,
    rules: Rules,
    split: Annotated[
        Optional[float], typer.Option(help="Share of the sentences for OUT; the others go to --rest")
    ] = None,
    rest: Annotated[Optional[Path], typer.Option(metavar="REST.spacy", help="The other part of --split")] = None,
    split_by: Annotated[str, typer.Option(help="documents (each stays whole) or sentences")] = "documents",
    seed: Annotated[int, typer.Option(help="Seed of --split")] = 0,
    shard: Annotated[
        bool,
        typer.Option("--shard", help="OUT is one file of a pool in several, such as pool-1.spacy: ids go on from them"),
    ] = False,
) -> None:
    """
    Convert a corpus to spaCy's DocBin, one Doc per sentence, and print what is in it.

    Sentences without entities are O throughout; in text without labels entities are missing. Malformed input
    stops with its file and line, unless --on-error warn.

    Examples:

    python -m spacy al convert eng.train corpus/train.spacy

    python -m spacy al convert wikigold.conll.txt train.spacy --split 0.8 --rest test.spacy

    python -m spacy al convert articles.csv pool.spacy --text-field body

    python -m spacy al convert january.jsonl pool/news-01.spacy --shard
    """
    from tqdm import tqdm

    from ..corpus.conversion import convert
    from ..corpus.divide import make_division
    from ..corpus.labels import labels_path
    from ..corpus.numbering import number_files, shards
    from ..corpus.stats import format_repairs, format_table

    check_outputs([output, rest], [source])
    division = make_division(split, rest, unit=split_by, seed=seed)
    # tqdm shows nothing where standard error is not a terminal.
    bar = functools.partial(tqdm, unit=" sentences", disable=None, leave=False)
    done = convert(source, output, replace(options, rules=rules), division=division, watch=bar)
    if shard:
        number_files(sorted([output, *shards(output)]))
    typer.echo(f"{source}: {done.format}, {done.scheme}")
    typer.echo(format_table({path.name: part for path, part in done.parts.items()}))
    typer.echo(format_repairs(done.repairs))
    _tell_alike(done.labels)
    for path in done.parts:
        typer.echo(f"Written: {path}, {labels_path(path)}")


def _tell_alike(labels: Sequence[str]) -> None:
    """Say which types differ in capitals alone, and how they become one."""
    from ..corpus.labels import alike

    for first, *others in alike(labels):
        names = " ".join(f"--rename {shlex.quote(f'{other}={first}')}" for other in others)
        told = f"Types that differ in capitals alone: {', '.join([first, *others])}. If they are one: {names}"
        typer.secho(told, fg=typer.colors.YELLOW)
