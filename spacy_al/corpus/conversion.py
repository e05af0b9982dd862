"""Any supported corpus to DocBin files of one Doc per sentence, with the label list beside them."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Mapping, Optional, Tuple, Union

from spacy.language import Language
from spacy.tokens import DocBin
from spacy.vocab import Vocab
from srsly.msgpack import Packer

from ..errors import ALError, Errors
from ..files import write_bytes
from ..options import ConvertOptions as Options
from ..options import Rules, parse_names
from .annotation.marks import UNTOUCHED
from .annotation.merging import SEVERAL
from .column_corpus import read_columns
from .conllu_corpus import conllu_objects
from .detect import FORMATS, check_text, detect_format
from .divide import Division, divide
from .hf_corpus import hf_objects
from .json_corpus import Context, json_objects, read_objects
from .labels import labels_path, write_labels
from .marked import marked_objects
from .ontonotes import read_ontonotes
from .repairs import Repairs
from .sentence import Sentence, to_doc
from .splitter import make_splitter, make_vocab
from .standoff import brat_objects
from .stats import Statistics
from .table_corpus import csv_objects
from .text import read_folder, read_text
from .uima import uima_objects
from .webanno import webanno_objects

# Formats whose documents are read as records.
OBJECTS = {
    "jsonl": json_objects,
    "csv": csv_objects,
    "conllu": conllu_objects,
    "webanno": webanno_objects,
    "brat": brat_objects,
    "uima": uima_objects,
    "hf": hf_objects,
    "marked": marked_objects,
}
ATTRIBUTES = ("ORTH", "SPACY", "TAG", "ENT_IOB", "ENT_TYPE", "SENT_START")
TOKENIZED = ("conll", "ontonotes")  # formats whose tokens are those of the file


@dataclass(frozen=True)
class Conversion:
    """What `convert` did.

    format (str): The format that was read. scheme (str): Tag scheme of the corpus.
    labels (List[str]): All labels, sorted.
    parts (Dict[Path, Statistics]): Counts of each file written.
    repairs (Repairs): What was repaired or noted.
    """

    format: str
    scheme: str
    labels: List[str]
    parts: Dict[Path, Statistics]
    repairs: Repairs


Watch = Callable[[Iterator[Sentence]], Iterator[Sentence]]


def convert(
    source: Union[str, Path],
    output: Union[str, Path],
    options: Options = Options(),
    *,
    division: Optional[Division] = None,
    watch: Watch = iter,
) -> Conversion:
    """Write a corpus as a DocBin (with `user_data`) and its label list; nothing is written if reading fails.

    source (Union[str, Path]): A file, or a folder of `*_gold_conll` or text files.
    output (Union[str, Path]): The DocBin, OUT.spacy; its labels: OUT.labels.json, a list, as spaCy's
        `spacy.read_labels.v1` reads it.
    options (Options): How to read it.
    division (Optional[Division]): Divide it into two such files, which share the label list.
    watch (Callable): Wraps the sentences as they are read, for a progress bar.
    RETURNS (Conversion): Counts and repairs.
    RAISES: ALError A126 when a file to write does not end in ".spacy" or is written twice, A002 when it
        cannot be written, A104 or A628 for rules that are not known, and those of the reader.
    """
    source, output = Path(source), Path(output)
    outputs = [output] if division is None else [output, division.rest]
    _check_outputs(outputs)
    _check_rules(options.rules)
    repairs = Repairs(options.on_error, options.encoding)
    format_ = find_format(source, options.format, columns=options.scheme != "auto" or options.tag_column is not None)
    splits = format_ not in TOKENIZED or options.pipeline
    nlp = make_splitter(options.lang, options.pipeline) if splits else None
    vocab = make_vocab(options.lang) if nlp is None else nlp.vocab
    sentences = watch(read_corpus(source, format_, options, repairs, nlp=nlp))
    writers = [_Writer(vocab) for _ in outputs]
    for part, sentence in _parts(sentences, division):
        writers[part].add(sentence)
    labels = sorted(sum((writer.statistics.entities for writer in writers), Counter()))
    scheme = writers[0].scheme
    for path, writer in zip(outputs, writers, strict=True):
        write_bytes(path, writer.to_bytes())
        write_labels(labels_path(path), labels)
    parts = {path: writer.statistics for path, writer in zip(outputs, writers, strict=True)}
    return Conversion(format_, scheme, labels, parts, repairs)


def read_corpus(
    source: Path, format_: str, options: Options, repairs: Repairs, *, nlp: Optional[Language]
) -> Iterator[Sentence]:
    """Read a corpus in one of the formats.

    source (Path): The file or folder.
    format_ (str): A key of `detect.FORMATS`.
    options (Options): How to read it.
    repairs (Repairs): What to do about bad input.
    nlp (Optional[Language]): What splits text; may be None for a format of `TOKENIZED`.
    RETURNS (Iterator[Sentence]): Its sentences.
    """
    if format_ == "conll":
        return _renamed(read_columns(source, repairs, options), options.rules.names)
    if format_ == "ontonotes":
        return _renamed(read_ontonotes(source, repairs), options.rules.names)
    assert nlp is not None
    if format_ in OBJECTS:
        context = Context(source, repairs, nlp, options.text_field, options.id_field, options.rules)
        if format_ in ("hf", "jsonl", "csv"):
            return read_objects(OBJECTS[format_](source, context), context)
        # Records made here have keys of our own; what names a layer in the file is none of them.
        context = replace(context, text_field="text", id_field="id")
        named = replace(context, rules=replace(options.rules, spans_field=None))
        return read_objects(OBJECTS[format_](source, context), named)
    if source.is_dir():
        return read_folder(source, repairs, nlp=nlp, per_line=options.per_line)
    return read_text(source, repairs, nlp=nlp, per_line=options.per_line)


def _renamed(sentences: Iterator[Sentence], names: Mapping[str, str]) -> Iterator[Sentence]:
    """Sentences with labels under other names; JSON records bring theirs already."""
    for one in sentences:
        spans = one.spans and [(start, end, names.get(label, label)) for start, end, label in one.spans]
        yield replace(one, spans=spans) if names else one


def find_format(source: Path, format_: str, *, columns: bool = False) -> str:
    """The format asked for, or for "auto" the one that is detected.

    source (Path): The file or folder.
    format_ (str): A key of `detect.FORMATS`, or "auto".
    columns (bool): A tag scheme or column was named, so that what might be columns is.
    RETURNS (str): A key of `detect.FORMATS`.
    RAISES: ALError A003 (no such file), A104 (unknown format), A115 (unsure), A138 (no plain text).
    """
    if not source.exists():
        raise ALError(Errors.A003.format(path=source, cure="Check the path."))
    if source.is_file():
        check_text(source)
    if format_ == "auto":
        return detect_format(source, columns=columns)
    if format_ not in FORMATS:
        known = ", ".join(["auto", *FORMATS])
        raise ALError(Errors.A104.format(option="--format", value=format_, known=known))
    return format_


class _Writer:
    """One DocBin in the making, with its counts."""

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab
        self.docs = DocBin(attrs=ATTRIBUTES)
        self.packer = Packer()
        self.statistics = Statistics()
        self.scheme = "IOB2"

    def add(self, sentence: Sentence) -> None:
        doc = to_doc(sentence, self.vocab)
        self.docs.add(doc)
        # DocBin would make a packer, and look through all entry points, for every Doc.
        self.docs.user_data.append(self.packer.pack(doc.user_data))
        self.statistics.add(doc)
        self.scheme = sentence.scheme

    def to_bytes(self) -> bytes:
        self.docs.store_user_data = True
        return self.docs.to_bytes()


def _parts(sentences: Iterator[Sentence], division: Optional[Division]) -> Iterator[Tuple[int, Sentence]]:
    """Each sentence with the number of its file; to divide them, all are read first."""
    if division is None:
        yield from ((0, sentence) for sentence in sentences)
        return
    kept = list(sentences)
    for first, sentence in zip(divide([one.document for one in kept], division), kept, strict=True):
        yield (0 if first else 1), sentence


def _check_rules(rules: Rules) -> None:
    for option, value, known in (("--several", rules.several, SEVERAL), ("--untouched", rules.untouched, UNTOUCHED)):
        if value not in known:
            raise ALError(Errors.A104.format(option=option, value=value, known=", ".join(known)))
    parse_names(rules.rename or [])


def _check_outputs(paths: List[Path]) -> None:
    for path in paths:
        if path.suffix != ".spacy" or paths.count(path) > 1:
            raise ALError(Errors.A126.format(path=path))
