"""What a record plainly says, read without the importers: the judge of `fuzz_importers.py`."""

import json
import re
from dataclasses import dataclass
from typing import Dict, Iterable, List, Optional, Tuple

from spacy.attrs import ENT_IOB, ENT_TYPE, ORTH
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_al.tasks import Task

Triple = Tuple[int, int, str]
Heard = Tuple[Optional[str], List[Triple], bool]  # verdict, character spans, whether other tokens are missing


@dataclass(frozen=True)
class Said:
    """One way to read a record: verdict (None: unanswered), token spans and tokens without a tag."""

    verdict: Optional[str]
    spans: Tuple[Triple, ...] = ()
    missing: Tuple[int, ...] = ()


def confirm(data: bytes, name: str) -> bytes:
    """The export of one task with its pre-annotation confirmed, as the tool would write it."""
    if name == "docbin":
        docs = list(DocBin(store_user_data=True).from_bytes(data).get_docs(Vocab()))
        for doc in docs:
            doc.user_data["answer"] = "accept"
        return DocBin(docs=docs, store_user_data=True).to_bytes()
    if name in ("conll", "conll4"):
        return data.replace(b"# answer = ?", b"# answer = accept")
    record = json.loads(data)
    item = record[0] if isinstance(record, list) else record
    if name == "prodigy":
        item |= {"answer": "accept", "_timestamp": 1700000000, "_annotator_id": "ann"}
    elif name == "label_studio":
        result = item.pop("predictions")[0]["result"]
        times = {"created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z", "lead_time": 2.5}
        item["annotations"] = [{"result": result, "was_cancelled": False, "completed_by": 1, **times}]
    elif name == "argilla":
        value = item.pop("suggestions")["entities"]["value"]
        item["responses"] = {"entities": [{"value": value, "user_id": "u", "status": "submitted"}]}
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


def read_plainly(data: bytes, name: str, task: Optional[Task]) -> List[Said]:
    """Every way to read the answers in a file, offsets as code points or as UTF-16 units.

    task (Task): The sentence; without it, only verdicts are read.
    """
    return [_trimmed(said, task) for said in _read(data, name, task)]


def _trimmed(said: Said, task: Optional[Task]) -> Said:
    """White space at the ends of a span is no part of the entity."""
    if task is None:
        return said
    return Said(said.verdict, tuple(trimmed(said.spans, task)), said.missing)


def trimmed(spans: Iterable[Triple], task: Task) -> List[Triple]:
    """Spans without tokens of white space at their ends, each once."""
    return sorted({(*_filled(start, end, task), label) for start, end, label in spans})


def _read(data: bytes, name: str, task: Optional[Task]) -> List[Said]:
    if name == "docbin":
        return [_doc(doc) for doc in _entities_only(data).get_docs(Vocab())]
    text = data.decode("utf8").removeprefix("\ufeff")
    if name in ("conll", "conll4"):
        return [_block(block) for block in re.split(r"\n(?:[ \t\r]*\n)+", text) if block.strip()]
    lines = [text] if text.lstrip()[:1] == "[" else [line for line in text.split("\n") if line.strip()]
    values = [json.loads(line) for line in lines]
    items = values[0] if values and isinstance(values[0], list) else values
    heard = [each for item in items for each in JSON_READERS[name](item)]
    return [said for each in heard for said in _tokens(each, task)]


def _tokens(heard: Heard, task: Optional[Task]) -> List[Said]:
    verdict, triples, partial = heard
    if task is None or verdict != "accept":
        return [Said(verdict)]
    starts = {start: number for number, (start, _) in enumerate(task.bounds)}
    ends = {end: number + 1 for number, (_, end) in enumerate(task.bounds)}
    found = []
    for unit in (len, lambda text: len(text.encode("utf-16-le")) // 2):
        table = {unit(task.text[:offset]): offset for offset in range(len(task.text) + 1)}
        places = [(_place(table.get(a), table.get(b), task, starts, ends), label) for a, b, label in triples]
        spans = [(*_filled(*place, task), label) for place, label in places]
        if all(start is not None and end is not None for start, end, _ in spans):
            inside = {token for start, end, _ in spans for token in range(start, end)}
            missing = [number for number in range(len(task.words)) if partial and number not in inside]
            found.append(Said(verdict, tuple(sorted(spans)), tuple(missing)))
    return found


def _place(
    start: Optional[int], end: Optional[int], task: Task, starts: Dict, ends: Dict
) -> Tuple[Optional[int], Optional[int]]:
    """The tokens between two characters, or between the first and the last that are not white space."""
    if (start in starts and end in ends) or start is None or end is None or not task.text[start:end].strip():
        return starts.get(start), ends.get(end)
    while task.text[start].isspace():
        start += 1
    while task.text[end - 1].isspace():
        end -= 1
    return starts.get(start), ends.get(end)


def _filled(start: Optional[int], end: Optional[int], task: Task) -> Tuple[Optional[int], Optional[int]]:
    if start is None or end is None:
        return start, end
    inside = [n for n in range(start, min(end, len(task.words))) if task.words[n].strip()]
    return (inside[0], inside[-1] + 1) if inside else (start, end)


def _prodigy(item: Dict) -> List[Heard]:
    triples = [(span["start"], span["end"], span["label"]) for span in item.get("spans") or []]
    partial = item.get("_view_id") in ("ner", "spans") or bool(item.get("_is_binary"))
    return [(item.get("answer"), triples, partial)]


def _label_studio(item: Dict) -> List[Heard]:
    heard: List[Heard] = []
    for annotation in item.get("annotations") or []:
        values = [result["value"] for result in annotation["result"] if result["type"] == "labels"]
        triples = [(value["start"], value["end"], *value["labels"]) for value in values]
        heard.append(("ignore" if annotation.get("was_cancelled") else "accept", triples, False))
    return heard


def _doccano(item: Dict) -> List[Heard]:
    return [("accept", [tuple(triple)[:3] for key in ("label", "labels") for triple in item.get(key) or []], False)]


def _argilla(item: Dict) -> List[Heard]:
    heard: List[Heard] = []
    for response in (item.get("responses") or {}).get("entities") or []:
        by_record = {"completed": "accept", "discarded": "ignore"}.get(item.get("status"))
        by_response = {"submitted": "accept", "discarded": "ignore", "draft": None}
        status = response.get("status")
        verdict = by_response[status] if status is not None else by_record
        values = response["value"] if verdict == "accept" else []
        heard.append((verdict, [(value["start"], value["end"], value["label"]) for value in values], False))
    return heard or [("ignore" if item.get("status") == "discarded" else None, [], False)]


JSON_READERS = {"prodigy": _prodigy, "label_studio": _label_studio, "doccano": _doccano, "argilla": _argilla}


def _block(block: str) -> Said:
    tags, verdict = [], None
    for line in block.strip("\n").split("\n"):
        comment = re.fullmatch(r"# (\w+) =(?: (.*))?", line.rstrip("\r"))
        if comment and comment[1] == "answer":
            verdict = comment[2]
        elif not comment:
            tags.append(line.rstrip(" \t\r").split("\t" if "\t" in line else " ")[-1])
    missing = tuple(number for number, tag in enumerate(tags) if tag == "-")
    if verdict is None:
        verdict = "accept" if len(missing) < len(tags) or not tags else "?"
    verdict = None if verdict == "?" else verdict
    return Said(verdict, _runs(tags), missing) if verdict == "accept" else Said(verdict)


def _entities_only(data: bytes) -> DocBin:
    # Damage in columns that have nothing to do with entities would keep spaCy from making the Docs.
    doc_bin = DocBin(store_user_data=True).from_bytes(data)
    kept = [number for number, attr in enumerate(doc_bin.attrs) if attr in (ORTH, ENT_IOB, ENT_TYPE)]
    doc_bin.attrs = [doc_bin.attrs[number] for number in kept]
    doc_bin.tokens = [tokens[:, kept] for tokens in doc_bin.tokens]
    return doc_bin


def _doc(doc: Doc) -> Said:
    missing = tuple(token.i for token in doc if not token.ent_iob)
    verdict = doc.user_data.get("answer") or ("accept" if len(missing) < len(doc) or not len(doc) else "?")
    verdict = None if verdict == "?" else verdict
    spans = tuple((ent.start, ent.end, ent.label_) for ent in doc.ents)
    return Said(verdict, spans, missing) if verdict == "accept" else Said(verdict)


def _runs(tags: List[str]) -> Tuple[Triple, ...]:
    spans: List[Triple] = []
    for number, tag in enumerate(tags):
        if tag.startswith("B-"):
            spans.append((number, number + 1, tag[2:]))
        elif tag.startswith("I-"):
            spans[-1] = (spans[-1][0], number + 1, spans[-1][2])
    return tuple(spans)
