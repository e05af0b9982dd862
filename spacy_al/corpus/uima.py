"""UIMA CAS, as INCEpTION, WebAnno and DKPro write it (XMI with its type system, or JSON), read by dkpro-cassis."""

from pathlib import Path
from typing import Any, Iterator, List, Optional, Tuple

from ..errors import ALError, Errors, saying
from .fields import Record
from .json_corpus import Context

CORE = "de.tudarmstadt.ukp.dkpro.core.api."
ENTITY, TOKEN = CORE + "ner.type.NamedEntity", CORE + "segmentation.type.Token"
SENTENCE = CORE + "segmentation.type.Sentence"
SYSTEM = "TypeSystem.xml"
FEATURES = ("value", "label", "identifier")


def uima_objects(path: Path, context: Context) -> Iterator[Tuple[int, Record]]:
    """The documents of an .xmi file, a JSON CAS, or a folder of them, as records.

    path (Path): The file or folder; TypeSystem.xml stands beside .xmi files.
    context (Context): What reading needs; `spans_field` is the type of entities, in place of DKPro's NamedEntity.
    RAISES: ALError A136 (a file that cannot be read, no such type, an entity without a label), A137 (no package).
    """
    with saying(Errors.A137, ImportError, module="cassis", extra="uima"):
        import cassis
    files = sorted((*path.rglob("*.xmi"), *path.rglob("*.json"))) if path.is_dir() else [path]
    for file in files:
        yield 1, _record(_load(cassis, file), file, context)


def _load(cassis: Any, file: Path) -> Any:
    try:
        with file.open("rb") as stream:
            if file.suffix == ".json":
                return cassis.load_cas_from_json(stream)
            with (file.parent / SYSTEM).open("rb") as types:
                return cassis.load_cas_from_xmi(stream, typesystem=cassis.load_typesystem(types))
    except Exception as error:  # cassis and lxml each raise their own
        problem = f"this CAS cannot be read ({type(error).__name__}: {str(error)[:200]}); {SYSTEM} belongs beside .xmi"
        raise ALError(Errors.A136.format(path=file, line=1, problem=problem)) from error


def _record(cas: Any, file: Path, context: Context) -> Record:
    kind = context.rules.spans_field or ENTITY
    types = {one.name for one in cas.typesystem.get_types()}
    names = [name for name in types if name == kind or name.rsplit(".", 1)[-1] == kind]
    custom = sorted(
        name for name in types if name.startswith(("webanno.custom.", "custom.")) and list(cas.select(name))
    )
    if len(names) != 1 or (kind == ENTITY and custom and not list(cas.select(ENTITY))):
        problem = (
            f"no type {kind} has entities; name their type with --spans-field, such as {', '.join(custom) or ENTITY}"
        )
        raise ALError(Errors.A136.format(path=file, line=1, problem=problem))
    record: Record = {"text": cas.sofa_string, "id": file.stem}
    record["spans"] = [[one.begin, one.end, _label(one, file)] for one in cas.select(names[0])]
    if TOKEN in types and (tokens := _places(cas, TOKEN)):
        record["tokens"] = tokens
        if SENTENCE in types and (sentences := _places(cas, SENTENCE)):
            record["sents"] = sentences
    return record


def _places(cas: Any, kind: str) -> List[Record]:
    return [{"start": one.begin, "end": one.end} for one in cas.select(kind)]


def _label(entity: Any, file: Path) -> str:
    label: Optional[str] = next((value for key in FEATURES if (value := getattr(entity, key, None))), None)
    if label is None:
        problem = f"the entity at {entity.begin} to {entity.end} has no label (of: {', '.join(FEATURES)})"
        raise ALError(Errors.A136.format(path=file, line=1, problem=problem))
    return label
