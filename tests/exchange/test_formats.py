"""What is particular to each tool's files."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_al.corpus.annotation import argilla, blocks, docbin_tasks, label_studio, prodigy
from spacy_al.corpus.annotation.chunks import split_array
from spacy_al.corpus.annotation.tools import FORMATS, detect
from spacy_al.corpus.task_docs import answer_doc, make_task, task_doc
from spacy_al.errors import ALError
from spacy_al.exchange.tool_files import write_tasks
from spacy_al.tasks import Answer, Task

from .cases import OTHER, TASK, TASKS, annotation, codes, read, studio

SUGGESTED = Task(TASK.id, TASK.words, TASK.spaces, ((0, 1, "PER"), (3, 5, "PER")), rank=1, measure="mnlp", utility=0.5)


def test_prodigy_task_as_documented():
    record = prodigy.to_record(SUGGESTED)
    assert record["tokens"][3] == {"text": "Al", "start": 10, "end": 12, "id": 3, "ws": False}
    assert record["spans"][1] == {"start": 10, "end": 14, "token_start": 3, "token_end": 4, "label": "PER"}
    assert record["meta"] == {"al_id": "ab-0", "round": 0, "rank": 1, "measure": "mnlp", "utility": 0.5}
    assert (record["_view_id"], "_task_hash" in record) == ("ner_manual", False)


def test_prodigy_without_answer_is_unanswered():
    reading = read(FORMATS["prodigy"].dump([SUGGESTED]))
    assert (reading.answers, reading.counts) == ([], {"unanswered": 1})


def test_prodigy_refuses_other_interfaces():
    assert codes(read([prodigy.to_record(TASK) | {"_view_id": "image", "answer": "accept"}])) == ["A608"]


def test_labelling_config_escapes_labels():
    labels = ["PER", 'A "quoted" <&>', "Ä"]
    buttons = ElementTree.fromstring(label_studio.labelling_config(labels)).iter("Label")
    assert [button.get("value") for button in buttons] == labels


def test_label_studio_prediction():
    (prediction,) = label_studio.to_record(SUGGESTED)["predictions"]
    values = [result["value"] for result in prediction["result"]]
    assert values[1] == {"start": 10, "end": 14, "text": "Al's", "labels": ["PER"]}
    assert prediction["score"] == pytest.approx(0.6065, abs=1e-4)


def test_label_studio_skipped_is_ignored():
    skipped = annotation((0, 3, "PER"), was_cancelled=True)
    assert read([studio(skipped)], "label_studio").answers[0].verdict == "ignore"


def test_label_studio_other_results_are_counted():
    with_choice = annotation((0, 3, "PER"))
    with_choice["result"].append({"type": "choices", "value": {"choices": ["x"]}})
    assert read([studio(with_choice)], "label_studio").counts == {"other_results": 1}


def test_label_studio_region_without_one_label():
    empty = annotation((0, 3, "PER"))
    empty["result"][0]["value"]["labels"] = []
    assert codes(read([studio(empty)], "label_studio")) == ["A608"]


def test_label_studio_json_min():
    item = {"text": TASK.text, "al_id": TASK.id, "annotation_id": 4, "annotator": 2, "lead_time": 1.5}
    item["label"] = [{"start": 0, "end": 3, "text": "Bob", "labels": ["PER"]}]
    answer = read([item], "label_studio").answers[0]
    assert (answer.spans, answer.seconds, answer.annotator) == (((0, 1, "PER"),), 1.5, "2")


def test_json_min_without_spans_is_not_taken_for_empty():
    item = {"text": TASK.text, "al_id": TASK.id, "annotation_id": 4}
    assert codes(read([item], "label_studio")) == ["A619"]
    assert read([item], "label_studio", untouched="skip").counts == {"unanswered": 1}


def test_doccano_empty_is_not_taken_for_no_entities():
    records = FORMATS["doccano"].dump([TASK])
    assert codes(read(records, "doccano")) == ["A619"]
    assert read(records, "doccano", untouched="accept").answers[0].spans == ()


@pytest.mark.parametrize("label", ["news", ["news"], 3])
def test_doccano_entities_beside_the_label_of_a_whole_text(label):
    entity = {"label": "PER", "start_offset": 0, "end_offset": 3}
    record = {"text": TASK.text, "entities": [entity], "label": label, "al_id": TASK.id}
    assert read([record], "doccano").answers[0].spans == ((0, 1, "PER"),)


def test_doccano_with_relations():
    entity = {"id": 1, "label": "PER", "start_offset": 0, "end_offset": 3}
    record = {"text": TASK.text, "entities": [entity], "relations": [{"id": 1}], "al_id": TASK.id}
    reading = read([record], "doccano")
    assert (reading.answers[0].spans, reading.counts) == (((0, 1, "PER"),), {"other_results": 1})


def argilla_record(**changes):
    value = [{"start": 0, "end": 3, "label": "PER"}]
    response = {"value": value, "user_id": "u"} | changes.pop("response", {})
    return argilla.to_record(TASK) | {"responses": {"entities": [response]}} | changes


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"status": "completed"}, "accept"),
        ({"status": "discarded"}, "ignore"),
        ({"status": "pending", "response": {"status": "submitted"}}, "accept"),
        ({"status": "completed", "response": {"status": "discarded", "value": None}}, "ignore"),
    ],
)
def test_argilla_status(changes, verdict):
    assert read([argilla_record(**changes)], "argilla").answers[0].verdict == verdict


@pytest.mark.parametrize("changes", [{"status": "pending"}, {"status": "completed", "response": {"status": "draft"}}])
def test_argilla_drafts_are_no_answers(changes):
    assert read([argilla_record(**changes)], "argilla").counts == {"unanswered": 1}


def test_conll_columns():
    two, four = (FORMATS[name].dump([SUGGESTED]).decode().split("\n") for name in ("conll", "conll4"))
    assert two[3:8] == ["# text = Bob 😀 met Al's cat", "# answer = ?", "Bob\tB-PER", "😀\tO", "met\tO"]
    assert four[8:10] == ["Al\t-X-\t-X-\tB-PER", "'s\t-X-\t-X-\tI-PER"]


def test_conll_dash_is_missing():
    data = blocks.dump([TASK], columns=2).decode().replace("Bob\t-", "Bob\tB-PER").replace("met\t-", "met\tO")
    answer = read(data.encode(), "conll").answers[0]
    assert (answer.spans, answer.missing) == (((0, 1, "PER"),), (1, 3, 4, 5))


def test_conll_space_separated_without_ids():
    data = b"-DOCSTART- -X- O O\r\n\r\nRome NNP B-NP B-LOC\r\n! . O O\r\n"
    assert read(data, "conll").answers == [Answer(OTHER.id, "accept", ((0, 1, "LOC"),), round=0)]


def test_label_studio_writes_no_empty_line_after_docstart():
    data = b"-DOCSTART- -X- O\nRome -X- _ B-LOC\n! -X- _ O\n\n"
    assert read(data, "conll").answers == [Answer(OTHER.id, "accept", ((0, 1, "LOC"),), round=0)]


def test_a_label_studio_choice_that_alone_marks_a_place_is_no_empty_sentence():
    made = annotation((0, 3, "PER", "Bob"))
    made["result"][0]["id"] = "r1"
    value = {"start": 0, "end": 3, "text": "Bob", "taxonomy": [["PER"]]}
    beside = {"id": "r1", "type": "taxonomy", "value": value}
    assert codes(read([studio(made | {"result": [*made["result"], beside]})], "label_studio")) == []
    reading = read([studio(made | {"result": [beside]})], "label_studio")
    assert "result[0].type: this taxonomy marks a place" in reading.problems[0].message


def test_label_studio_labels_of_another_text_are_not_placed_on_this_one():
    made = annotation((0, 3, "PER", "Bob"))
    other = {**made["result"][0], "to_name": "title", "value": {"start": 0, "end": 3, "labels": ["PER"]}}
    first = {**made["result"][0], "to_name": "text"}
    reading = read([studio(made | {"result": [first, other]})], "label_studio")
    assert "labels are of several texts (text, title)" in reading.problems[0].message


@pytest.mark.parametrize(
    ("row", "code"), [("Rome\tI-LOC", "A614"), ("Rome\tLOC", "A608"), ("Rome", "A608"), ("Rom\tO", "A612")]
)
def test_conll_problems_name_the_line(row, code):
    reading = read(f"\n\n{row}\n!\tO\n".encode(), "conll")
    assert codes(reading) == [code]
    assert ":3" in reading.problems[0].message


def test_docbin_without_annotation_is_unanswered():
    assert read(docbin_tasks.dump([TASK]), "docbin").counts == {"unanswered": 1}


def test_docbin_that_accepts_without_annotation_is_refused():
    doc = task_doc(TASK, Vocab())
    doc.user_data["answer"] = "accept"
    said = DocBin(store_user_data=True, docs=[doc]).to_bytes()
    assert codes(read(said, "docbin")) == ["A608"]
    doc.ents = []
    answers = read(DocBin(store_user_data=True, docs=[doc]).to_bytes(), "docbin").answers
    assert [(one.verdict, one.spans, one.missing) for one in answers] == [("accept", (), ())]


def test_docbin_keeps_missing_and_outside_apart():
    doc = task_doc(TASK, Vocab())
    doc.set_ents([doc.char_span(0, 3, "PER")], missing=[doc[1:2]], default="outside")
    answer = read(DocBin(docs=[doc], store_user_data=True).to_bytes(), "docbin").answers[0]
    assert (answer.spans, answer.missing) == (((0, 1, "PER"),), (1,))


def test_no_bytes_of_a_docbin_are_taken_for_columns():
    assert not FORMATS["conll"].claims(b"\x78\x9c\0\n\0 B-PER\nAna O\n", None)


def test_docbin_tokenized_anew_is_refused():
    doc = Doc(Vocab(), words=["Bob😀"], ents=["O"])
    doc.user_data["id"] = TASK.id
    assert codes(read(DocBin(docs=[doc], store_user_data=True).to_bytes(), "docbin")) == ["A604"]


@pytest.mark.parametrize("data", [b"", b"\x78\x9c", b"PK\x03\x04", docbin_tasks.dump([TASK])[:-5]])
def test_damaged_docbins(data):
    with pytest.raises(ALError, match="A615"):
        docbin_tasks.split(data, Path("in.spacy"))


@pytest.mark.parametrize("data", ["[1,]", "[", "[{}", "[{} {}]", "[{}] x", '[{"a":]', "[\n\n{},\n{]"])
def test_broken_arrays(data):
    with pytest.raises(ALError, match="A622"):
        split_array(data.encode(), Path("in.json"))


def test_array_items_know_their_lines():
    chunks = split_array(b'[\n {"a": "\\n"},\n\n {"b":\n1}, {"c": 2}]', Path("in.json"))
    assert [(chunk.line, chunk.item, json.loads(chunk.raw)) for chunk in chunks] == [
        (2, 0, {"a": "\n"}), (4, 1, {"b": 1}), (5, 2, {"c": 2}),
    ]  # fmt: skip


@pytest.mark.parametrize("data", [b"hello", b"{}", b"[]", b'{"text": "x"}', b"\x00\x01"])
def test_unclear_formats_are_not_guessed(data):
    with pytest.raises(ALError, match="A602"):
        detect(data, Path("in"))


def test_a_broken_first_record_does_not_hide_the_format():
    assert detect(b"{\n" + FORMATS["prodigy"].dump([TASK]), Path("in")) == "prodigy"


def test_batches_are_written_in_order_of_rank(tmp_path):
    write_tasks(tmp_path / "out.jsonl", [OTHER, TASK], "doccano", [])
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [json.loads(line)["al_id"] for line in lines] == list(TASKS)


def test_label_studio_gets_its_config(tmp_path):
    written = write_tasks(tmp_path / "out.json", [TASK], "label_studio", ["PER"])
    assert [path.name for path in written] == ["out.json", "out.config.xml"]
    with pytest.raises(ALError, match="A620"):
        write_tasks(tmp_path / "none.json", [TASK], "label_studio", [])


def test_answers_as_docs():
    answer = Answer(TASK.id, "accept", ((3, 5, "PER"),), missing=(1,), annotator="u", seconds=2.0)
    doc = answer_doc(TASK, answer, Vocab())
    assert [token.ent_iob_ for token in doc] == ["O", "", "O", "B", "I", "O"]
    assert doc.user_data == {"id": TASK.id, "answer": "accept", "annotator": "u", "seconds": 2.0}


def test_ignored_answers_stay_missing():
    doc = answer_doc(TASK, Answer(TASK.id, "ignore"), Vocab())
    assert not doc.has_annotation("ENT_IOB")


def test_doc_to_task_and_back():
    doc = task_doc(SUGGESTED, Vocab())
    task = replace(make_task(doc, TASK.id, suggest=True), rank=1, measure="mnlp", utility=0.5)
    assert task == SUGGESTED
    assert doc.text == task.text


@pytest.mark.parametrize(
    "changes",
    [
        {"words": ("a", "")},
        {"spaces": (True,)},
        {"spans": ((0, 3, "X"),)},
        {"spans": ((0, 2, "X"), (1, 2, "X"))},
        {"spans": ((0, 1, "X\n"),)},
        {"utility": float("nan")},
        {"words": ("\ud83d", "b")},
        {"id": "a\n"},
    ],
)
def test_tasks_that_cannot_be_written(changes):
    values = {"id": "x-0", "words": ("a", "b"), "spaces": (False, False)} | changes
    with pytest.raises(ALError, match="A600"):
        Task(**values)


@pytest.mark.parametrize("tags", ["PER I-PER O", "b-PER i-PER o", "B-PER;x O O"])
@pytest.mark.parametrize("head", ["# id = ab-0\n", '"# id = ab-0"\n', "Bo\tO\n\n"])
def test_columns_with_a_wrong_tag_are_known_as_columns_so_that_its_line_is_named(head, tags):
    rows = "".join(f"w\t{tag}\n" for tag in tags.split())
    assert detect((head + rows).encode(), Path("in")) == "conll"


def test_questions_of_a_run_are_no_answers():
    with pytest.raises(ALError, match="A602"):
        detect(json.dumps(replace(TASK, spans=((0, 1, "PER"),)).to_row()).encode(), Path("in"))


@pytest.mark.parametrize("data", [b"", b"\n \n"])
def test_an_empty_file_holds_no_answers(data):
    with pytest.raises(ALError, match="A627"):
        detect(data, Path("in"))


def test_an_object_that_fills_the_file_is_one_record():
    item = json.dumps(studio(annotation((0, 3, "PER"))), indent=1).encode()
    assert detect(item, Path("in")) == "label_studio"
    assert [one.spans for one in read(item, "label_studio").answers] == [((0, 1, "PER"),)]


@pytest.mark.parametrize("name", ["conll", "docbin"])
@pytest.mark.parametrize(("entity", "said"), [("B-PER", []), ("B-LOC", ["A634"])])
def test_changed_suggestions_that_still_say_unanswered_are_no_suggestions(name, entity, said):
    shown = replace(TASK, spans=((0, 1, entity[2:]),))
    asked = {TASK.id: replace(TASK, spans=((0, 1, "PER"),))}
    assert codes(read(FORMATS[name].dump([shown]), name, tasks=asked)) == said
