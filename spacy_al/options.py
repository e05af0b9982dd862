"""Options that the library and the command line share: each with its help, whatever command it belongs to."""

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Dict, List, Mapping, Optional, Sequence, Tuple

import typer

from .errors import ALError, Errors

Run = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run", exists=True, file_okay=False)]
Pipeline = Annotated[str, typer.Argument(help="A trained pipeline: a folder, or the name of an installed one")]
Pipe = Annotated[Optional[str], typer.Option("--pipe", help="The NER component to ask [the first that can be asked]")]
Gpu = Annotated[int, typer.Option("--gpu-id", "-g", min=-1, help="GPU number, or -1 for the CPU")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the end only")]


def load_code(path: Optional[Path]) -> Optional[Path]:
    """Run a file that registers functions; returns its path."""
    if path is not None:
        from spacy.cli._util import import_code

        import_code(path)
    return path


Code = Annotated[
    Optional[Path], typer.Option(callback=load_code, help="Python file that registers functions of your own")
]
Rename = Annotated[
    Optional[List[str]], typer.Option(metavar="OLD=NEW", help="Take a label under another name; may be repeated")
]


class Engine(str, Enum):
    """Where work is done: here, or on a Ray cluster."""

    local = "local"
    ray = "ray"


@dataclass(frozen=True)
class Rules:
    """How to take what people said.

    spans_field (Optional[str]): Key of entities or tags; None: those that spaCy, Prodigy and others use.
    tag_names (Optional[str]): What tags stand for that are numbers, with commas between.
    several (str): Several answers to one text, one of `merging.SEVERAL`.
    untouched (str): Records without entities of which the tool does not say if anyone looked: "fail", "accept" as they
        are, or "skip" (not labelled).
    rename (Optional[List[str]]): New names of labels, each as OLD=NEW; OLD may be the number that a tool gives to one.
    """

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

    @cached_property
    def tags(self) -> List[str]:
        """What tags stand for that are numbers, in their order."""
        return [name.strip() for name in (self.tag_names or "").split(",") if name.strip()]

    @cached_property
    def names(self) -> Dict[str, str]:
        """New names of labels by old ones; raises ALError A628."""
        return parse_names(self.rename or [])


def parse_names(pairs: Sequence[str]) -> Dict[str, str]:
    """New names of labels by old ones, from OLD=NEW; raises ALError A628 for anything else."""
    names: Dict[str, str] = {}
    for pair in pairs:
        old, mark, new = pair.partition("=")
        if not mark or not old or new != new.strip() or not new or old in names:
            raise ALError(Errors.A628.format(option="--rename", value=pair, known="OLD=NEW, each OLD once"))
        names[old] = new
    return names


@dataclass(frozen=True)
class ConvertOptions:
    """How to read a corpus; what a format does not use is ignored.

    format (str): A key of `detect.FORMATS`, or "auto".
    scheme (str): Tag scheme of a column format (`schemes.SCHEMES`), or "auto".
    on_error (str): "fail" or "warn" (`repairs.Repairs`).
    pos_column (Optional[int]): Column of part-of-speech tags of a column format, from 0.
    tag_column (Optional[int]): Column of entity tags of a column format; negative counts from the last, which it is
        unless the file shows otherwise.
    word_column (Optional[int]): Column of words of a column format; the first, unless it counts tokens.
    lang (str): Language of the tokenizer, for text that comes without tokens.
    pipeline (Optional[str]): A pipeline that splits such text, in place of a blank one.
    text_field (str): Key or column of the text. id_field (str): That of the document's id.
    per_line (bool): Each line of a text file is a document.
    rules (Rules): How to take what people said in annotation tools, and where it stands.
    """

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
    rules: Rules = field(default_factory=Rules)


@dataclass(frozen=True)
class TakeOptions:
    """How to take answers in; every default refuses to guess.

    several (str): Several answers to one task: "fail" unless they agree, "first", "newest", or "vote" (majority).
    snap (bool): Widen spans that cut tokens to whole tokens, instead of refusing them.
    unlabelled (str): What unmarked tokens of an accepted sentence are: "outside" (O) or "missing".
    untouched (str): Sentences of which the tool does not say whether anyone looked: "fail", "accept" as they
        are, or "skip" (not answered).
    units (str): What offsets count: "codepoints", "utf16", or "auto" to find out from the spans themselves.
    labels (Tuple[str, ...]): The labels allowed; None allows any.
    names (Mapping[str, str]): Labels that are to be renamed, or numbers of labels, with their new names.
    """

    several: Annotated[
        str, typer.Option(help="Several answers to a sentence: fail unless they agree, first, newest, vote")
    ] = "fail"
    snap: Annotated[bool, typer.Option("--snap", help="Widen spans that cut tokens to whole tokens")] = False
    unlabelled: Annotated[str, typer.Option(help="What unmarked tokens are: outside (O) or missing")] = "outside"
    untouched: Annotated[
        str, typer.Option(help="Sentences of which the tool does not say if anyone looked: fail, accept or skip")
    ] = "fail"
    units: Annotated[str, typer.Option(help="What offsets count: auto, codepoints or utf16")] = "auto"
    labels: Optional[Tuple[str, ...]] = None
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ScoreOptions:
    """How to rank.

    pipe (Optional[str]): The component to ask; the first that can be asked by default.
    measures (Optional[List[str]]): The first ranks, the following break ties; None is mnlp alone.
    passes (int), seed (int): See `spacy_al.types.Sampler`.
    dropout (Optional[str]): None: "off", or where a measure compares passes "last", or what the tagger has.
    limit (Optional[int]): Rows to write.
    html (Optional[Path]), html_top (int): A page of that many sentences.
    engine (str): "local", or "ray" with use_gpu, share and jobs of `spacy_al.engines.scheduler.run_tasks`.
    """

    measures: Annotated[
        Optional[List[str]],
        typer.Option("--measure", "-m", help="What to rank by; more of them break ties and are written too [mnlp]"),
    ] = None
    pipe: Pipe = None
    passes: Annotated[int, typer.Option("--passes", min=1, help="Stochastic passes, where dropout is on")] = 10
    dropout: Annotated[
        Optional[str], typer.Option(help="off, last, word, locked or all [off, or last if a measure compares passes]")
    ] = None
    seed: Annotated[int, typer.Option(help="Seed of dropout and of the order of equal sentences")] = 0
    limit: Annotated[Optional[int], typer.Option(min=0, help="Write only so many of the most useful")] = None
    html: Annotated[
        Optional[Path], typer.Option(metavar="OUT.html", help="Also write the top as a page that shades tokens")
    ] = None
    html_top: Annotated[int, typer.Option("--html-top", min=0, help="Sentences on that page")] = 100
    engine: Annotated[
        Engine, typer.Option("--engine", help="ray: on the cluster at RAY_ADDRESS, or else on this machine's cores")
    ] = Engine.local
    share: Annotated[
        float, typer.Option("--share", min=0.01, help="With Ray: CPUs of a worker, or with --gpu-id 0 GPUs")
    ] = 1.0
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=0, help="With Ray: workers; 0: as many as there is room for")
    ] = 0
    use_gpu: Gpu = -1


@dataclass(frozen=True)
class AssessOptions:
    """What to ask. See `ScoreOptions`; `measures` empty: all that apply to the tagger.

    tie_measure (str): Deterministic measure that breaks ties, for comparison. bins (int): Of the diagrams.
    held_out (Optional[Path]): Other labelled sentences, for temperature scaling.
    output (Optional[Path]): JSON to write. plot (Optional[Path]): PNG to write.
    """

    measures: Annotated[
        Optional[List[str]], typer.Option("--measure", "-m", help="Measures to compare [those that apply]")
    ] = None
    tie_measure: Annotated[str, typer.Option("--tie-measure", help="Deterministic measure that breaks ties")] = "mnlp"
    pipe: Pipe = None
    passes: Annotated[int, typer.Option("--passes", min=2, help="Stochastic passes")] = 10
    dropout: Annotated[Optional[str], typer.Option(help="last, word, locked or all [last, if the tagger has it]")] = (
        None
    )
    seed: Annotated[int, typer.Option(help="Seed of dropout")] = 0
    bins: Annotated[int, typer.Option(min=1, help="Bins of the reliability diagrams")] = 15
    held_out: Annotated[
        Optional[Path],
        typer.Option("--held-out", metavar="DEV.spacy", help="Other labelled sentences, to fit a temperature on"),
    ] = None
    output: Annotated[Optional[Path], typer.Option("--output", "-o", metavar="OUT.json", help="All numbers")] = None
    plot: Annotated[Optional[Path], typer.Option(metavar="OUT.png", help="Reliability diagrams (needs matplotlib)")] = (
        None
    )


@dataclass(frozen=True)
class StudyOptions:
    """Where the cells of a study run, and for how long.

    engine, jobs, share: As in `ScoreOptions`. gpu_id (str): Numbers with commas between them.
    accept_changes (bool), code (Optional[Path]): Passed on to `al run`.
    """

    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="Runs side by side; 0: one for each GPU")] = 0
    gpu_id: Annotated[str, typer.Option("--gpu-id", "-g", help="GPU numbers such as 0 or 0,1,2,3; -1 for the CPU")] = (
        "-1"
    )
    minutes: Annotated[
        Optional[float], typer.Option("--minutes", min=0, help="Stop then; the same command goes on")
    ] = None
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Go on with cells begun with other settings")
    ] = False
    engine: Annotated[
        Engine, typer.Option("--engine", help="ray: on the cluster at RAY_ADDRESS, or else on this machine")
    ] = Engine.local
    code: Code = None
    share: Annotated[
        float,
        typer.Option("--share", min=0.01, help="With Ray: CPUs of a cell, or with --gpu-id 0 GPUs; 0.5: two on one"),
    ] = 1.0

    @property
    def seconds(self) -> Optional[float]:
        """When to stop; what runs then is ended and can be resumed. None: when all cells have ended."""
        return None if self.minutes is None else 60 * self.minutes


@dataclass(frozen=True)
class ReportOptions:
    """What a report shows.

    title (str): Headline. full_f1 (Optional[float]): F1 of a training on the whole corpus, 0..1, where no run
    gives it. examples (int): Example sentences of a round; 0 leaves corpus text out of the report.
    seed (int): Seed of the bootstrap. corpus (str): Name of the training corpus, "" to take it from its path.
    sections (Optional[List[str]]): Names in the registry `al_report_sections`, whose sections are added.
    """

    title: Annotated[str, typer.Option("--title", "-t", help="Headline of the report")] = "Active learning report"
    corpus: Annotated[
        str,
        typer.Option(
            "--corpus",
            "-c",
            metavar="NAME",
            help="Name of the training corpus, where its path does not say it, such as CoNLL-2003",
        ),
    ] = ""
    full_f1: Annotated[
        Optional[float],
        typer.Option(
            "--full-f1",
            metavar="F1",
            help="F1 of a training on the whole corpus, 0 to 1, for the one tagger of which no run gives it",
        ),
    ] = None
    examples: Annotated[
        int,
        typer.Option("--examples", "-n", min=0, help="Example sentences of a round; 0 leaves the corpus's text out"),
    ] = 3
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the bootstrap")] = 0
    sections: Annotated[
        Optional[List[str]],
        typer.Option(
            "--section",
            metavar="NAME",
            help="Add what another package has registered for reports; `paper`: this package's own study beside the "
            "paper's claims and numbers, as for runs of configs/paper; repeatable",
        ),
    ] = None


@dataclass(frozen=True)
class Opening:
    """What `al annotate` was asked for; see its help.

    run (Path): Folder of the run. text, config (Optional[Path]), labels (str), lang (str), overrides: For a new run.
    """

    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run that asks people, or of a new one")]
    text: Annotated[
        Optional[Path], typer.Option(help="For a new run: a folder of .txt files, or what `al convert` reads")
    ] = None
    labels: Annotated[
        str, typer.Option(help="For a new run: label names, such as PERSON,PLACE; else the page asks")
    ] = ""
    config: Annotated[
        Optional[Path],
        typer.Option("--config", "-c", help="For a new run: its config; else MiniLM for English, a small CNN"),
    ] = None
    lang: Annotated[str, typer.Option("--lang", "-l", help="For a new run: language of the tokenizer")] = "en"
    guidelines: Annotated[
        Optional[Path], typer.Option(help="Markdown shown beside the text; a heading that is a label describes it")
    ] = None
    one_by_one: Annotated[
        bool, typer.Option("--yes-no", help="Ask yes or no for each entity that the model suggests")
    ] = False
    overlap: Annotated[int, typer.Option(min=1, help="How many people each question goes to (?annotator=NAME)")] = 1
    batch: Annotated[
        Optional[int], typer.Option(min=1, help="Answers that start a round; as many as it asks, at most 20")
    ] = None
    keys: Annotated[Optional[Path], typer.Option(help='JSON file of keys, such as {"skip": ["s"]}')] = None
    host: Annotated[
        str, typer.Option(help="Address to listen at; another than this machine's own needs --password")
    ] = "127.0.0.1"
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any that is free")] = 8765
    password: Annotated[
        Optional[str], typer.Option(envvar="SPACY_AL_PASSWORD", help="Opens the page from other machines")
    ] = None
    name: Annotated[str, typer.Option(help="Name by which others reach the page, as that of a TLS proxy in front")] = ""
    use_gpu: Gpu = -1
    code: Code = None
    overrides: Optional[Mapping[str, Any]] = None
