"""Label Studio: tasks with predictions, the labelling config, and the JSON and JSON_MIN exports."""

import math
from dataclasses import replace
from typing import Dict, List, Optional, Sequence, Set, Tuple
from xml.sax.saxutils import quoteattr

from ...errors import ALError, Errors
from ...tasks import Task
from .any_span import looks_labelled, one_key, refuse_stray
from .chunks import Chunk
from .marks import Mark, Record
from .values import Fields, find_task, open_chunk

CONTROL, OBJECT = "label", "text"  # names of the two tags in our labelling config
REGIONS = ("labels", "hypertextlabels", "paragraphlabels")  # types of results that mark text
# Types of results that are no entities; of any other type, nobody knows what is lost.
OTHERS = ("relation", "choices", "textarea", "rating", "number", "datetime", "taxonomy", "pairwise", "ranker")
ANSWERS = ("annotations", "completions")  # "completions" until version 1.0
OURS = ("al_id", "measure", "source", "created_at", "updated_at", "annotator")
COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#999999")


def beside(tasks: Sequence[Task], labels: Sequence[str]) -> Dict[str, str]:
    """The labelling config that Label Studio needs beside the tasks. RAISES: ALError A620 without labels."""
    return {".config.xml": labelling_config(labels)}


def labelling_config(labels: Sequence[str]) -> str:
    """The XML of a project in which these labels can be given to spans of the text.

    labels (Sequence[str]): Entity labels, in the order of the buttons.
    RETURNS (str): XML. White space is kept as it is, so that what people see is what offsets count.
    RAISES: ALError A620 without labels.
    """
    if not labels:
        raise ALError(Errors.A620.format())
    buttons = "\n".join(
        f"    <Label value={quoteattr(label)} background={quoteattr(COLOURS[number % len(COLOURS)])}/>"
        for number, label in enumerate(labels)
    )
    return (
        "<View>\n"
        "  <Style>.htx-text, .lsf-htx-richtext { white-space: pre-wrap; }</Style>\n"
        f'  <Labels name="{CONTROL}" toName="{OBJECT}">\n{buttons}\n  </Labels>\n'
        f'  <Text name="{OBJECT}" value="$text"/>\n'
        "</View>\n"
    )


def to_record(task: Task) -> Dict[str, object]:
    """One task for Label Studio's import.

    A prediction's score is exp(-utility), which Label Studio shows as a percentage and sorts by, low first:
    for MNLP it is the geometric mean of the probabilities of the best tags, for other measures only an
    order.
    """
    record: Dict[str, object] = {"data": {"text": task.text, **task.about()}}
    if task.spans is not None:
        results = [_result(number, task.text, *span) for number, span in enumerate(task.char_spans)]
        model, score = f"spacy_al round {task.round}", math.exp(-max(task.utility, 0.0))
        record["predictions"] = [{"model_version": model, "score": score, "result": results}]
    return record


def parse(chunk: Chunk) -> List[Record]:
    """One task of an export with all its annotations; one without any has not been answered.

    The text is data["text"], or the one string in "data" if it has another name.
    RAISES: ALError A005, A007, A608.
    """
    fields = open_chunk(chunk)
    if "annotation_id" in fields.values:
        return [_parse_min(fields, chunk)]
    refuse_stray(fields, (*ANSWERS, "predictions", "drafts"), "'annotations'")
    data = fields.child("data")
    text, (id_, round_) = _text(data), find_task(data)
    key = one_key(fields, ANSWERS)
    annotations = fields.objects(key) if key else []
    if not annotations:
        return [Record(chunk, id_, None, text=text)]
    return [replace(_annotation(annotation, chunk, id_, text), round=round_) for annotation in annotations]


def claims(first: Dict[str, object]) -> bool:
    """Whether a record looks like Label Studio's."""
    return "annotation_id" in first or isinstance(first.get("data"), dict)


def _result(number: int, text: str, start: int, end: int, label: str) -> Dict[str, object]:
    value = {"start": start, "end": end, "text": text[start:end], "labels": [label]}
    return {"id": f"al{number}", "from_name": CONTROL, "to_name": OBJECT, "type": "labels", "value": value}


def _text(data: Fields) -> str:
    if data.has(OBJECT):
        return data.text(OBJECT)
    texts = [key for key, value in data.values.items() if isinstance(value, str) and key not in OURS]
    if len(texts) != 1:
        raise data.fail(OBJECT, f"it is missing, and which of {', '.join(texts) or 'no texts'} it is cannot be told")
    return data.text(texts[0])


def _annotation(annotation: Fields, chunk: Chunk, id_: Optional[str], text: str) -> Record:
    results = annotation.objects("result")
    regions = [result for result in results if result.choice("type", (*REGIONS, *OTHERS)) in REGIONS]
    _check_others(results, {region.values.get("id") for region in regions})
    texts = sorted({str(region.values["to_name"]) for region in regions if region.has("to_name")})
    if len(texts) > 1:
        problem = f"labels are of several texts ({', '.join(texts)}); leave those of all but one out"
        raise annotation.fail("result", problem)
    spans = [region.child("value") for region in regions]
    cancelled = annotation.flag("was_cancelled") or annotation.flag("skipped")
    return Record(
        chunk,
        id_,
        "ignore" if cancelled else "accept",
        tuple(_mark(span, text) for span in spans),
        text=text,
        seconds=annotation.number("lead_time"),
        annotator=_annotator(annotation),
        when=annotation.time("updated_at" if annotation.has("updated_at") else "created_at"),
        left_out=len(results) - len(spans),
    )


def _check_others(results: Sequence[Fields], regions: Set[object]) -> None:
    """A608 for a choice or taxonomy that is all that marks a place: that of a region has the region's id."""
    for result in results:
        value = result.values.get("value")
        marks = isinstance(value, dict) and bool(value.keys() & {"start", "startOffset"})
        if marks and result.values["type"] in OTHERS and result.values.get("id") not in regions:
            raise result.fail(
                "type", f"this {result.text('type')} marks a place and no label does: use <Labels> for it"
            )


def _parse_min(fields: Fields, chunk: Chunk) -> Record:
    # JSON_MIN and CSV leave the key out both for "no entities" and for a skipped task: nobody can tell which.
    spans = [
        fields.wrap(item, f"{key}[{number}]")
        for key, value in fields.values.items()
        if isinstance(value, list)
        for number, item in enumerate(value)
        if looks_labelled([item]) or key == CONTROL
    ]
    text, (id_, round_) = _text(fields), find_task(fields)
    return Record(
        chunk,
        id_,
        "accept",
        tuple(_mark(span, text) for span in spans),
        text=text,
        unsure=not spans,
        round=round_,
        seconds=fields.number("lead_time"),
        annotator=fields.name("annotator"),
        when=fields.time("updated_at" if fields.has("updated_at") else "created_at"),
    )


def _mark(span: Fields, text: str) -> Mark:
    key = next((key for key in REGIONS if span.has(key)), "labels")
    label, covered = span.only_label(key), span.maybe("text")
    return Mark(label, _chars(span, text, covered), text=covered)


def _chars(span: Fields, text: str, covered: Optional[str]) -> Tuple[int, int]:
    """Where a region lies: by its offsets in the text, or in a page of HTML by those into all of its text."""
    if span.has("globalOffsets"):
        whole = span.child("globalOffsets")
        return whole.integer("start"), whole.integer("end")
    if not span.has("startOffset"):
        return span.integer("start"), span.integer("end")
    if covered and text.count(covered) == 1:
        start = text.index(covered)
        return start, start + len(covered)
    problem = "a place in HTML, without globalOffsets or a text that occurs once; mark it in a project with <Text>"
    raise span.fail("start", problem)


def _annotator(annotation: Fields) -> Optional[str]:
    if isinstance(annotation.values.get("completed_by"), dict):
        return annotation.child("completed_by").name("id")
    return annotation.name("completed_by")
