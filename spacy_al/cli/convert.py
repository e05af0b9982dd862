"""`al convert`: a corpus in a file or folder to a DocBin, with a table of counts."""

import functools
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Optional

import typer

from .common import Rename, command


@dataclass(frozen=True)
class Reading:
    """Options of `spacy_al.corpus.conversion.Options`."""

    format: Annotated[
        str,
        typer.Option(
            "--format", "-f", help="conll, ontonotes, jsonl, csv, txt, conllu, webanno, brat, uima, hf, marked, auto"
        ),
    ] = "auto"
    scheme: Annotated[
        str,
        typer.Option(
            "--scheme", "-s", help="Tags of a column format: IOB1, IOB2, BILOU (BIOES, BMES), IOE1, IOE2, IO, auto"
        ),
    ] = "auto"
    on_error: Annotated[str, typer.Option(help="fail: stop at the first problem; warn: repair it and count")] = "fail"
    pos_column: Annotated[
        Optional[int], typer.Option(help="Column of part-of-speech tags, from 0; 1 if there are 3 or 4")
    ] = None
    tag_column: Annotated[Optional[int], typer.Option(help="Column of entity tags, from 0; -1 is the last")] = None
    word_column: Annotated[
        Optional[int], typer.Option(help="Column of words, from 0; the first that does not count")
    ] = None
    lang: Annotated[str, typer.Option("--lang", "-l", help="Language of the tokenizer, for running text")] = "en"
    pipeline: Annotated[
        Optional[str],
        typer.Option("--pipeline", "-p", help="Pipeline that splits running text, in place of a sentencizer"),
    ] = None
    text_field: Annotated[str, typer.Option(help="Key or column of the text (jsonl, csv)")] = "text"
    id_field: Annotated[str, typer.Option(help="Key or column of the document's id (jsonl, csv)")] = "id"
    per_line: Annotated[bool, typer.Option("--per-line", help="Each line of a .txt file is a document")] = False
    encoding: Annotated[str, typer.Option(help="Of text, columns and tables, such as latin-1")] = "utf8"


@dataclass(frozen=True)
class Said:
    """Options of `spacy_al.corpus.json_corpus.make_rules`."""

    spans_field: Annotated[Optional[str], typer.Option(help="Key or column of entities or tags (jsonl, csv)")] = None
    tag_names: Annotated[
        Optional[str], typer.Option(help="What numbers in ner_tags stand for, such as O,B-PER,I-PER")
    ] = None
    several: Annotated[
        str, typer.Option(help="Several people's answers: fail unless they agree, first, newest, or vote")
    ] = "fail"
    untouched: Annotated[str, typer.Option(help="No entities, and no word if anyone looked: skip, accept or fail")] = (
        "skip"
    )
    rename: Rename = None


@command
def convert_cli(
    source: Annotated[
        Path,
        typer.Argument(metavar="IN", help="The corpus: a file, or a folder of *_gold_conll, .txt, .ann or .xmi files"),
    ],
    output: Annotated[
        Path, typer.Argument(metavar="OUT.spacy", help="The DocBin to write; OUT.labels.json goes beside it")
    ],
    reading: Reading,
    said: Said,
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

    from ..corpus.conversion import Options, convert
    from ..corpus.divide import make_division
    from ..corpus.json_corpus import make_rules
    from ..corpus.labels import alike, labels_path
    from ..corpus.numbering import number_files, shards
    from ..corpus.stats import format_repairs, format_table

    options = Options(**vars(reading), rules=make_rules(**vars(said)))
    division = make_division(split, rest, unit=split_by, seed=seed)
    # tqdm shows nothing where standard error is not a terminal.
    bar = functools.partial(tqdm, unit=" sentences", disable=None, leave=False)
    done = convert(source, output, options, division=division, watch=bar)
    if shard:
        number_files(sorted([output, *shards(output)]))
    typer.echo(f"{source}: {done.format}, {done.scheme}")
    typer.echo(format_table({path.name: part for path, part in done.parts.items()}))
    typer.echo(format_repairs(done.repairs))
    for first, *others in alike(done.labels):
        names = " ".join(f"--rename {shlex.quote(f'{other}={first}')}" for other in others)
        told = f"Types that differ in capitals alone: {', '.join([first, *others])}. If they are one: {names}"
        typer.secho(told, fg=typer.colors.YELLOW)
    for path in done.parts:
        typer.echo(f"Written: {path}, {labels_path(path)}")
