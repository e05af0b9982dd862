"""CoNLL-U with entities in its last column, as NorNE has them (name=B-PER), read by the library conllu."""

from pathlib import Path
from typing import Any, Iterator, List, Tuple

from ..errors import ALError, Errors, saying
from .annotation.any_span import TAGS
from .fields import Record
from .json_corpus import Context
from .lines import paragraphs, read_lines

KEYS = ("name", "NE", "ne", "NER", "ner", "Name")


def conllu_objects(path: Path, context: Context) -> Iterator[Tuple[int, Record]]:
    """The sentences of a file as records; contractions and empty nodes are left out and counted.

    path (Path): The file.
    context (Context): What reading needs; `spans_field` is the key of the tags.
    RAISES: ALError A136 for a sentence that is not CoNLL-U, or with tags under a key that is not known.
    """
    with saying(Errors.A137, ImportError, module="conllu", extra="conllu"):
        import conllu
    document = path.name
    for rows in paragraphs(read_lines(path, context.repairs)):
        line = rows[0].number
        try:
            (sentence,) = conllu.parse("\n".join(row.text for row in rows) + "\n\n") or [None]
            if any("misc" not in token or not token["form"] for token in sentence or ()):
                raise ValueError("a row has not all ten columns, or no word")
        except (conllu.exceptions.ParseException, ValueError) as error:
            problem = f"this is no sentence of CoNLL-U ({error})"
            context.repairs.problem("record", Errors.A136, path=path, line=line, problem=problem)
            continue
        if sentence is None or not any(isinstance(token["id"], int) for token in sentence):
            continue
        document = sentence.metadata.get("newdoc id") or document
        yield line, _record(sentence, document, line, path, context)


def _record(sentence: Any, document: str, line: int, path: Path, context: Context) -> Record:
    tokens = [token for token in sentence if isinstance(token["id"], int)]
    if len(tokens) < len(sentence):
        context.note("contraction", line)
    misc = [token["misc"] or {} for token in tokens]
    keys = (context.rules.spans_field,) if context.rules.spans_field else KEYS
    key = next((key for key in keys if any(key in values for values in misc)), None)
    stray = next((k for values in misc for k, v in values.items() if k not in keys and _is_entity(v)), None)
    if key is None:
        _check_columns(tokens, line, path)
    if key is None and stray is not None:
        problem = f"{stray!r} in the last column seems to hold entity tags; name it with --spans-field {stray}"
        raise ALError(Errors.A136.format(path=path, line=line, problem=problem))
    if any(str(values.get("Entity") or "").startswith("(") for values in misc):
        context.note("other_results", line)  # mentions of CorefUD, which nest
    record: Record = {
        "id": document,
        "tokens": [
            {"text": token["form"], "tag": token["xpos"] or token["upos"] or "", "ws": values.get("SpaceAfter") != "No"}
            for token, values in zip(tokens, misc, strict=True)
        ],
    }
    if key is not None:
        record["ner_tags"] = [values.get(key) or "O" for values in misc]
    return record


def _check_columns(tokens: List[Any], line: int, path: Path) -> None:
    """A136 for entity tags that stand where no NAME=TAG of the last column does."""
    for token in tokens:
        bare = next((name for name in token["misc"] or {} if _is_entity(name)), None)
        if bare is not None or _is_entity(token["deps"]):
            said, form = bare or token["deps"], token["form"]
            problem = f"{said!r} of {form!r} is a bare tag: write name={said} there, or read the file with -f conll"
            raise ALError(Errors.A136.format(path=path, line=line, problem=f"{problem} and --tag-column"))
        feature = next((f"{k}={v}" for k, v in (token["feats"] or {}).items() if _is_entity(v)), None)
        if feature is not None:
            problem = f"{feature!r} of {token['form']!r} stands among the features: move it to the last column"
            raise ALError(Errors.A136.format(path=path, line=line, problem=problem))


def _is_entity(value: object) -> bool:
    return isinstance(value, str) and value != "O" and bool(TAGS.fullmatch(value))
