"""`al convert`: a corpus in a file or folder to a DocBin, with a table of counts."""

import functools
from pathlib import Path
from typing import Annotated, List, Optional

import typer

from .common import fail_clearly

Source = Annotated[
    Path, typer.Argument(metavar="IN", help="The corpus: a file, or a folder of *_gold_conll, .txt, .ann or .xmi files")
]
Output = Annotated[
    Path, typer.Argument(metavar="OUT.spacy", help="The DocBin to write; OUT.labels.json goes beside it")
]
Format = Annotated[
    str,
    typer.Option(
        "--format", "-f", help="conll, ontonotes, jsonl, csv, txt, conllu, webanno, brat, uima, hf, marked, auto"
    ),
]
Scheme = Annotated[
    str,
    typer.Option("--scheme", "-s", help="Tags of a column format: IOB1, IOB2, BILOU (BIOES, BMES), IO, auto"),
]
OnError = Annotated[str, typer.Option(help="fail: stop at the first problem; warn: repair it and count")]
Split = Annotated[Optional[float], typer.Option(help="Share of the sentences for OUT; the others go to --rest")]
Rest = Annotated[Optional[Path], typer.Option(metavar="REST.spacy", help="The other part of --split")]
SplitBy = Annotated[str, typer.Option(help="documents (each stays whole) or sentences")]
Seed = Annotated[int, typer.Option(help="Seed of --split")]
PosColumn = Annotated[Optional[int], typer.Option(help="Column of part-of-speech tags, from 0; 1 if there are 3 or 4")]
TagColumn = Annotated[Optional[int], typer.Option(help="Column of entity tags, from 0; -1 is the last")]
WordColumn = Annotated[Optional[int], typer.Option(help="Column of words, from 0; the first that does not count")]
Lang = Annotated[str, typer.Option("--lang", "-l", help="Language of the tokenizer, for running text")]
Pipeline = Annotated[
    Optional[str],
    typer.Option("--pipeline", "-p", help="Pipeline that splits running text, in place of a sentencizer"),
]
TextField = Annotated[str, typer.Option(help="Key or column of the text (jsonl, csv)")]
IdField = Annotated[str, typer.Option(help="Key or column of the document's id (jsonl, csv)")]
PerLine = Annotated[bool, typer.Option("--per-line", help="Each line of a .txt file is a document")]
Shard = Annotated[
    bool,
    typer.Option("--shard", help="OUT is one file of a pool in several, such as pool-1.spacy: ids go on from them"),
]
Encoding = Annotated[str, typer.Option(help="Of text, columns and tables, such as latin-1")]
SpansField = Annotated[Optional[str], typer.Option(help="Key or column of entities or tags (jsonl, csv)")]
TagNames = Annotated[Optional[str], typer.Option(help="What numbers in ner_tags stand for, such as O,B-PER,I-PER")]
Several = Annotated[str, typer.Option(help="Several people's answers: fail unless they agree, first, newest, or vote")]
Untouched = Annotated[str, typer.Option(help="No entities, and no word if anyone looked: skip, accept or fail")]
Rename = Annotated[
    Optional[List[str]], typer.Option(metavar="OLD=NEW", help="Take a label under another name; may be repeated")
]


def convert_cli(
    source: Source,
    output: Output,
    format_: Format = "auto",
    scheme: Scheme = "auto",
    on_error: OnError = "fail",
    split: Split = None,
    rest: Rest = None,
    split_by: SplitBy = "documents",
    seed: Seed = 0,
    pos_column: PosColumn = None,
    tag_column: TagColumn = None,
    word_column: WordColumn = None,
    lang: Lang = "en",
    pipeline: Pipeline = None,
    text_field: TextField = "text",
    id_field: IdField = "id",
    per_line: PerLine = False,
    spans_field: SpansField = None,
    tag_names: TagNames = None,
    several: Several = "fail",
    untouched: Untouched = "skip",
    rename: Rename = None,
    shard: Shard = False,
    encoding: Encoding = "utf8",
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
    from ..corpus.labels import labels_path
    from ..corpus.numbering import number_files, shards
    from ..corpus.stats import format_repairs, format_table

    with fail_clearly():
        options = Options(
            format=format_,
            scheme=scheme,
            on_error=on_error,
            pos_column=pos_column,
            tag_column=tag_column,
            word_column=word_column,
            lang=lang,
            pipeline=pipeline,
            text_field=text_field,
            id_field=id_field,
            per_line=per_line,
            encoding=encoding,
            rules=make_rules(several, untouched, rename or [], spans_field, tag_names),
        )
        division = make_division(split, rest, unit=split_by, seed=seed)
        # tqdm shows nothing where standard error is not a terminal.
        bar = functools.partial(tqdm, unit=" sentences", disable=None, leave=False)
        done = convert(source, output, options, division=division, watch=bar)
        if shard:
            number_files(sorted([output, *shards(output)]))
    typer.echo(f"{source}: {done.format}, {done.scheme}")
    typer.echo(format_table({path.name: part for path, part in done.parts.items()}))
    typer.echo(format_repairs(done.repairs))
    for path in done.parts:
        typer.echo(f"Written: {path}, {labels_path(path)}")
