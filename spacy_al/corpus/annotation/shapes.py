"""Records that trainers and services write in a shape of their own, as plain ones: text or tokens, and spans."""

from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional, Tuple

from ...errors import ALError, Errors
from ..align import BadRecord, from_utf16
from ..fields import Record, as_object, get, number

Shape = Callable[[Record, Path], Iterator[Record]]


def plain_records(value: object, path: Path) -> Optional[List[Record]]:
    """The plain records that a JSON value stands for; None if it is in no shape that is known here.

    value (object): A line or item of a file, or a whole file.
    path (Path): The file, beside which texts may lie.
    RAISES: BadRecord for a known shape that is not as its maker writes it, A003 for a text that is not there.
    """
    if isinstance(value, list):
        return [_pair(value)]
    record = as_object(value, "record")
    shape = find_shape(record)
    return None if shape is None else list(shape(record, path))


def find_shape(record: Record) -> Optional[Shape]:
    """What makes plain records of one; None for a record in no shape that is known here."""
    known = () if "text" in record else SHAPES
    return next((shape for keys, shape in known if all(key in record for key in keys) and _fits(shape, record)), None)


def _fits(shape: Shape, record: Record) -> bool:
    return shape is not _ground_truth or any(key.endswith("-metadata") for key in record)


def _pair(value: List[object]) -> Record:
    """A tuple of spaCy 2: the text, and an object with its "entities"."""
    if len(value) != 2 or not isinstance(value[0], str) or not isinstance(value[1], dict):
        raise BadRecord(
            "a record is an object, or a pair of a text and an object such as {'entities': [[0, 3, 'PER']]}"
        )
    return {"text": value[0], **value[1]}


def _pairs(record: Record, path: Path) -> Iterator[Record]:
    """The file of an annotator that writes pairs of spaCy 2 beside a list of classes."""
    for value in get(record, "annotations", list) or []:
        if value is not None:  # a text that nobody came to
            yield _pair(value if isinstance(value, list) else [value])


def _spacy2(record: Record, path: Path) -> Iterator[Record]:
    """spaCy 2's own JSON: paragraphs of sentences of tokens, with BILUO tags under "ner", "-" where missing."""
    for paragraph in _objects(record, "paragraphs"):
        if "sentences" not in paragraph:
            text = paragraph.get("raw", paragraph.get("text"))
            yield {"id": record.get("id"), "text": text, **_keep(paragraph, "entities", "spans")}
        for sentence in _objects(paragraph, "sentences"):
            tokens = _objects(sentence, "tokens")
            tags = [token.get("ner") or "-" for token in tokens]
            known = {"ner_tags": tags} if set(tags) != {"-"} else {}
            yield {"id": record.get("id"), **known, "tokens": [
                {"text": token.get("orth"), "tag": token.get("tag")} for token in tokens
            ]}  # fmt: skip


def _gliner(record: Record, path: Path) -> Iterator[Record]:
    """GLiNER: entities by token, the last one inclusive."""
    words = get(record, "tokenized_text", list) or []
    others = {key: value for key, value in record.items() if key not in ("tokenized_text", "ner")}
    yield {**others, "tokens": words, **_by_token(record.get("ner"), len(words), 0)}


def _sentences(record: Record, path: Path) -> Iterator[Record]:
    """DyGIE and SciREX: sentences of words, entities of each by token of the document, the last one inclusive."""
    begin = 0
    sentences = get(record, "sentences", list) or []
    named = get(record, "ner", list)
    if named is not None and len(named) != len(sentences):
        raise BadRecord(f"'ner' has {len(named)} lists for {len(sentences)} sentences")
    for place, words in enumerate(sentences):
        spans = _by_token(None if named is None else named[place], len(words), begin)
        yield {"id": record.get("doc_key"), "tokens": words, **spans}
        begin += len(words)


def _ubiai(record: Record, path: Path) -> Iterator[Record]:
    """UBIAI: its "tokens" are entities."""
    spans = [_keep(span, "start", "end", "text", "entityLabel") for span in _objects(record, "tokens")]
    yield {"id": record.get("documentName"), "text": record.get("document"), "spans": spans}


def _lighttag(record: Record, path: Path) -> Iterator[Record]:
    """LightTag: examples with their annotations."""
    for key in ("examples", "annotations_and_examples"):
        for example in _objects(record, key):
            spans = [
                {**_keep(span, "start", "end", "tag"), "text": span.get("value")}
                for span in _objects(example, "annotations")
            ]
            labels = {"spans": spans} if "annotations" in example else {}
            yield {"id": example.get("example_id"), "text": example.get("content"), **labels}


def _azure(record: Record, path: Path) -> Iterator[Record]:
    """A project of Azure's Language Studio: labels of texts that lie in files beside it."""
    unit = record.get("stringIndexType", "Utf16CodeUnit")
    if unit not in ("Utf16CodeUnit", "UnicodeCodePoint"):
        raise BadRecord(f"'stringIndexType' is {unit!r}; Utf16CodeUnit and UnicodeCodePoint can be read")
    for document in _objects(as_object(record["assets"], "project"), "documents"):
        text = read_beside(path, get(document, "location", str) or "")
        table = from_utf16(text) if unit == "Utf16CodeUnit" else list(range(len(text) + 1))
        labels = [label for region in _objects(document, "entities") for label in _objects(region, "labels")]
        places = [(number(label, "offset"), number(label, "length"), label.get("category")) for label in labels]
        stray = next((place for place in places if not 0 <= place[0] <= place[0] + place[1] < len(table)), None)
        if stray is not None:
            raise BadRecord(f"{stray[:2]} are no offset and length in the text {document['location']}")
        spans = [[table[start], table[start + length], label] for start, length, label in places]
        yield {"id": document["location"], "text": text, "spans": spans}


def _vertex(record: Record, path: Path) -> Iterator[Record]:
    """Vertex AI of Google."""
    yield {"text": record["textContent"], "spans": record["textSegmentAnnotations"]}


def _automl(record: Record, path: Path) -> Iterator[Record]:
    """AutoML of Google, which came before."""
    spans = []
    for item in _objects(record, "annotations"):
        place = as_object(as_object(item.get("text_extraction"), "text_extraction").get("text_segment"), "text_segment")
        spans.append({**_keep(place, "start_offset", "end_offset"), "label": item.get("display_name")})
    yield {"text": as_object(record["text_snippet"], "text_snippet").get("content"), "spans": spans}


def _ground_truth(record: Record, path: Path) -> Iterator[Record]:
    """An augmented manifest of SageMaker Ground Truth, which Comprehend reads: "source" and a job's labels."""
    jobs = [key for key in record if f"{key}-metadata" in record]
    if len(jobs) > 1:
        raise BadRecord(f"{', '.join(map(repr, jobs))} are labels of several jobs; leave one of them")
    if not jobs:
        raise BadRecord("no labels belong to the job that '...-metadata' tells of")
    given = as_object(as_object(record[jobs[0]], jobs[0]).get("annotations"), "annotations")
    yield {"text": record["source"], "spans": given.get("entities")}


def _rasa(record: Record, path: Path) -> Iterator[Record]:
    """Rasa's JSON: the value of an entity is what it means, not the words."""
    for example in _objects(as_object(record["rasa_nlu_data"], "rasa_nlu_data"), "common_examples"):
        spans = [_keep(span, "start", "end", "entity") for span in _objects(example, "entities")]
        yield {"text": example.get("text"), "spans": spans}


def _snips(record: Record, path: Path) -> Iterator[Record]:
    """Snips' JSON: utterances in pieces, some of which are entities."""
    for intent in as_object(record["intents"], "intents").values():
        for utterance in _objects(as_object(intent, "intent"), "utterances"):
            text, spans = "", []  # type: str, List[object]
            for piece in _objects(utterance, "data"):
                begin, text = len(text), text + (get(piece, "text", str) or "")
                spans += [[begin, len(text), piece["entity"]]] if piece.get("entity") else []
            yield {"text": text, "spans": spans}


def _elsewhere(record: Record, path: Path) -> Iterator[Record]:
    raise BadRecord(
        f"its text lies elsewhere ({', '.join(key for key in record if key in ELSEWHERE)}): put it in under 'text', and"
        " its entities under 'spans' as [start, end, label]"
    )


ELSEWHERE = ("textGcsUri", "source-ref", "annotatable", "instances")
SHAPES: Tuple[Tuple[Tuple[str, ...], Shape], ...] = (
    (("tokenized_text",), _gliner),
    (("sentences", "ner"), _sentences),
    (("paragraphs",), _spacy2),
    (("classes", "annotations"), _pairs),
    (("document", "tokens"), _ubiai),
    (("examples", "schema"), _lighttag),
    (("annotations_and_examples",), _lighttag),
    (("assets", "stringIndexType"), _azure),
    (("textContent", "textSegmentAnnotations"), _vertex),
    (("text_snippet", "annotations"), _automl),
    (("source",), _ground_truth),
    (("rasa_nlu_data",), _rasa),
    (("intents",), _snips),
    (("textGcsUri",), _elsewhere),
    (("source-ref",), _elsewhere),
    (("annotatable", "entities"), _elsewhere),  # tagtog
    (("metadata", "instances"), _elsewhere),  # SuperAnnotate
)


def read_beside(path: Path, name: str) -> str:
    """The text of a file in the folder of another, which names it; raises ALError A003 where it is not there."""
    file = path.parent / name
    if not name or Path(name).name != name or not file.is_file():
        raise ALError(Errors.A003.format(path=file, cure=f"{path} names this text: put it into the same folder."))
    try:
        return file.read_bytes().decode("utf8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise BadRecord(f"{file}: byte {error.start + 1} is not UTF-8") from error


def _by_token(named: object, words: int, begin: int) -> Record:
    """Spans out of [first token, last token, label], which count from the token `begin` on; nothing for None."""
    if named is None:
        return {}
    spans: List[object] = []
    for item in named if isinstance(named, list) else [named]:
        if not isinstance(item, list) or len(item) < 3 or not all(type(place) is int for place in item[:2]):
            raise BadRecord(f"{item!r} is no entity such as [first token, last token, label]")
        first, last = item[0] - begin, item[1] - begin
        if not 0 <= first <= last < words:
            raise BadRecord(f"{item!r} is not within the {words} tokens (the last token is inclusive)")
        spans.append({"token_start": first, "token_end": last, "label": item[2]})
    return {"spans": spans}


def _objects(record: Record, key: str) -> List[Record]:
    return [as_object(item, key) for item in get(record, key, list) or []]


def _keep(record: Record, *keys: str) -> Dict[str, object]:
    return {key: record[key] for key in keys if key in record}
