"""JSONL records of spaCy and Prodigy."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_al.corpus.conversion import Options, read_corpus
from spacy_al.corpus.json_corpus import Rules
from spacy_al.corpus.repairs import Repairs
from spacy_al.corpus.sentence import to_doc
from spacy_al.corpus.splitter import make_splitter
from spacy_al.corpus.stats import format_repairs
from spacy_al.errors import ALError

TEXT = "Angela Merkel went to Rome."
TOKENS = [
    {"text": "Angela", "start": 0, "end": 6, "id": 0, "ws": True},
    {"text": "Merkel", "start": 7, "end": 13, "id": 1, "ws": True},
    {"text": "went", "start": 14, "end": 18, "id": 2, "ws": True},
    {"text": "to", "start": 19, "end": 21, "id": 3, "ws": True},
    {"text": "Rome", "start": 22, "end": 26, "id": 4, "ws": False},
    {"text": ".", "start": 26, "end": 27, "id": 5, "ws": False},
]
PERSON = {"start": 0, "end": 13, "token_start": 0, "token_end": 1, "label": "PERSON"}
TASK = {"text": TEXT, "tokens": TOKENS, "spans": [PERSON], "answer": "accept", "_view_id": "ner_manual"}


def read_records(path, repairs, *, nlp, **options):
    return read_corpus(path, "jsonl", Options(**options), repairs, nlp=nlp)


@pytest.fixture
def read(write, nlp):
    def read_(*records, repairs=None, **options):
        lines = "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in records)
        return list(read_records(write("f.jsonl", lines), repairs or Repairs(), nlp=nlp, **options))

    return read_


def test_a_prodigy_task_has_inclusive_token_ends(read):
    (sentence,) = read(TASK)
    assert sentence.words == ["Angela", "Merkel", "went", "to", "Rome", "."]
    assert sentence.spans == [(0, 2, "PERSON")]
    assert to_doc(sentence, Vocab()).text == TEXT


def test_a_span_may_be_given_by_tokens_alone(read):
    (sentence,) = read({**TASK, "spans": [{"token_start": 4, "token_end": 4, "label": "GPE"}]})
    assert sentence.spans == [(4, 5, "GPE")]


def test_a_task_with_an_empty_list_of_spans_has_no_entities(read):
    (sentence,) = read({**TASK, "spans": []})
    assert sentence.spans == []


def test_a_record_without_spans_is_unlabelled(read):
    assert [one.spans for one in read({"text": TEXT}, {**TASK, "spans": None})] == [None, None]


ELSEWHERE = {
    "objects": {"named": [PERSON]},
    "triples": {"gold": [[0, 13, "PERSON"]]},
    "tags": {"gold": ["B-PERSON", "I-PERSON", "O", "O", "O", "O"]},
    "by label": {"gold": {"PERSON": [[0, 13]]}},
    "points": {"gold": [{"label": ["PERSON"], "points": [{"start": 0, "end": 12, "text": "Angela Merkel"}]}]},
    "lengths": {"gold": [{"offset": 0, "length": 13, "category": "PERSON"}]},
    "begins": {"gold": [{"beginOffset": 0, "endOffset": 13, "type": "PERSON"}]},
    "as text": {"gold": ["0:13:PERSON"]},
    "as one text": {"gold": "0:13:PERSON"},
    "as text, label first": {"gold": ["PERSON:0:13", "LOC:20:26"]},
    "as pairs": {"gold": [{"idx": [0, 13], "type": "PERSON"}]},
    "by person": {"people": {"ana": [[0, 13, "PERSON"]]}},
    "of one type": {"PERSON": [[0, 13]]},
    "results": {"gold": [{"type": "labels", "value": {"start": 0, "end": 13, "labels": ["PERSON"]}}]},
}


@pytest.mark.parametrize("labels", ELSEWHERE.values(), ids=ELSEWHERE)
def test_entities_under_another_key_are_refused_not_dropped(read, labels):
    key = next(iter(labels))
    with pytest.raises(ALError, match=rf"A007.*f\.jsonl:1: '{key}' seems to hold entities.*--spans-field {key}"):
        read({"text": TEXT, "tokens": TOKENS, **labels})


@pytest.mark.parametrize(
    "more",
    [
        {"BBOX": [[0, 3]], "SIZE": [640, 480]},
        {"keywords": ["S-Bahn", "U-Bahn"], "roads": ["I-95", "B-52"], "group": ["O"]},
        {
            "sections": [{"id": 1, "title": "News", "start": 0, "end": 27}],
            "words": [{"text": "Rome", "start": 22, "end": 26}],
        },
        {"label": "news", "labels": ["news", "sport"]},
        {"label": 3},
    ],
)
def test_what_else_a_record_says_of_its_text_hides_no_entities(read, more):
    for entities in ([[0, 13, "PERSON"]], [{"start_offset": 0, "end_offset": 13, "label": "PERSON"}]):
        assert read({"text": TEXT, "entities": entities, **more})[0].spans == [(0, 2, "PERSON")]


@pytest.mark.parametrize("value", ["10:30:PM", ["10:30:15", "11:30:AM"], "2026-11-29", ["a:1:2"], "http://a:80:b"])
def test_times_and_the_like_are_no_entities(read, value):
    assert read({"text": TEXT, "seen": value})[0].spans is None


@pytest.mark.parametrize("key", ["words", "sentence"])
def test_words_under_another_key_are_told_with_a_cure_that_works(read, key):
    with pytest.raises(ALError, match=rf"A007.*words seem to stand in '{key}', and are read from 'tokens'"):
        read({key: ["Ana", "slept"], "ner_tags": ["B-PER", "O"]})
    assert read({"tokens": ["Ana", "slept"], "ner_tags": ["B-PER", "O"]})[0].spans == [(0, 1, "PER")]


def test_the_key_of_entities_can_be_named(read):
    rules = Rules(spans_field="gold")
    assert read({"text": TEXT, "gold": [[0, 13, "PERSON"]]}, rules=rules)[0].spans == [(0, 2, "PERSON")]
    tags = ["B-PERSON", "I-PERSON", "O", "O", "O", "O"]
    assert read({"text": TEXT, "tokens": TOKENS, "gold": tags}, rules=rules)[0].spans == [(0, 2, "PERSON")]


def test_two_lists_of_entities_are_refused(read):
    assert read({"text": TEXT, "spans": [], "entities": [[0, 13, "PERSON"]]})[0].spans == [(0, 2, "PERSON")]
    with pytest.raises(ALError, match="A608.*entities: entities stand in 'spans' too"):
        read({"text": TEXT, "spans": [[22, 26, "GPE"]], "entities": [[0, 13, "PERSON"]]})


PERSONS = {
    "doccano": {"label": [[0, 13, "PERSON"]]},
    "doccano 1.0": {"labels": [[0, 13, "PERSON"]]},
    "doccano relations": {
        "entities": [{"id": 1, "label": "PERSON", "start_offset": 0, "end_offset": 13}],
        "relations": [{"id": 1, "from_id": 1, "to_id": 1, "type": "x"}],
    },
    "doccano old": {"annotations": [{"label": "PERSON", "start_offset": 0, "end_offset": 13, "user": 1}]},
    "doccano numbers": {"annotations": [{"label": 7, "start_offset": 0, "end_offset": 13, "user": 1}]},
    "rubrix": {"annotation": [["PERSON", 0, 13]], "prediction": [["ORG", 0, 6, 0.5]], "tokens": TEXT.split()},
    "rubrix objects": {"annotation": [{"label": "PERSON", "start": 0, "end": 13}], "status": "Validated"},
    "rubrix people": {"annotations": {"ana": {"entities": [{"label": "PERSON", "start": 0, "end": 13}]}}},
    "spacy 2": {"entities": [[0, 13, "PERSON"]]},
    "with scores": {"entities": [["PERSON", 0, 13, 0.9]]},
}


@pytest.mark.parametrize("labels", PERSONS.values(), ids=PERSONS)
def test_each_tool_says_the_same(read, labels):
    (sentence,) = read({"text": TEXT, **labels}, rules=Rules(rename=["7=PERSON"]))
    assert sentence.spans == [(0, 2, "PERSON")]
    assert sentence.missing == []


def test_numbers_of_labels_want_names(read):
    with pytest.raises(ALError, match=r"A133.*f\.jsonl:1: the label 7 .*--rename 7=NAME"):
        read({"text": TEXT, **PERSONS["doccano numbers"]})


UNANSWERED = {
    "doccano": {"label": []},
    "rubrix": {"prediction": [["PERSON", 0, 13]], "annotation": None},
    "rubrix discarded": {"annotation": [["PERSON", 0, 13]], "status": "Discarded"},
    "rubrix predictions alone": {"prediction": [["PERSON", 0, 13]]},
}


@pytest.mark.parametrize("labels", UNANSWERED.values(), ids=UNANSWERED)
def test_what_nobody_answered_is_no_label(read, labels):
    repairs = Repairs()
    (sentence,) = read({"text": TEXT, **labels}, repairs=repairs)
    assert sentence.spans is None
    assert sum(repairs.counts.values()) == 1


def test_no_entities_in_doccano_can_be_taken_as_they_are(read):
    assert read({"text": TEXT, "label": []}, rules=Rules(untouched="accept"))[0].spans == []
    with pytest.raises(ALError, match="A619"):
        read({"text": TEXT, "label": []}, rules=Rules(untouched="fail"))


def test_several_people_are_weighed(read):
    by = [{"label": "P", "start_offset": a, "end_offset": b, "user": user} for a, b, user in ((0, 13, 1), (22, 26, 2))]
    record = {"text": TEXT, "annotations": by}
    with pytest.raises(ALError, match="A607.*they differ"):
        read(record)
    assert read(record, rules=Rules(several="first"))[0].spans == [(0, 2, "P")]
    (vote,) = read(record, rules=Rules(several="vote"))
    assert (vote.spans, vote.missing) == ([], [0, 1, 4])


def studio(*values, text=TEXT, **annotation):
    result = [{"type": kind, "from_name": "l", "to_name": "t", "value": value} for kind, value in values]
    return {"id": 1, "data": {"text": text}, "annotations": [{"result": result, **annotation}]}


REGIONS = {
    "labels": ("labels", {"start": 0, "end": 13, "text": "Angela Merkel", "labels": ["PERSON"]}),
    "hypertext": (
        "hypertextlabels",
        {
            "start": "/p[1]/text()[1]", "end": "/p[1]/text()[1]", "startOffset": 3, "endOffset": 16,
            "globalOffsets": {"start": 0, "end": 13}, "text": "Angela Merkel", "hypertextlabels": ["PERSON"],
        },
    ),
    "hypertext by text": (
        "hypertextlabels",
        {"start": "/p[1]", "end": "/p[1]", "startOffset": 3, "endOffset": 16, "text": "Angela Merkel",
         "hypertextlabels": ["PERSON"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
def test_regions_of_label_studio(read, region):
    (sentence,) = read("[" + json.dumps(studio(region)) + "]")
    assert sentence.spans == [(0, 2, "PERSON")]


def test_json_min_and_old_completions_of_label_studio(read):
    value = REGIONS["labels"][1]
    old = {"data": {"body": TEXT}, "completions": [{"result": [{"type": "labels", "value": value}]}]}
    small = {"id": 1, "text": TEXT, "ner": [value], "annotation_id": 3, "choice": "x"}
    assert [one.spans for one in read(old, small)] == [[(0, 2, "PERSON")]] * 2


def test_results_of_an_unknown_type_are_refused(read):
    with pytest.raises(ALError, match=r"A608.*f\.jsonl:1: annotations\[0\]\.result\[0\]\.type: 'rectanglelabels'"):
        read(studio(("rectanglelabels", {"x": 1})))
    repairs = Repairs()
    assert read(studio(("choices", {"choices": ["a"]})), repairs=repairs)[0].spans == []
    assert ["not entities" in what for what in repairs.counts] == [True]


def test_html_that_cannot_be_placed_is_refused(read):
    value = {"start": "/p[1]", "end": "/p[1]", "startOffset": 0, "endOffset": 1, "text": "e", "hypertextlabels": ["X"]}
    with pytest.raises(ALError, match="A608.*globalOffsets"):
        read(studio(("hypertextlabels", value)))


def test_a_span_that_is_not_its_text_is_refused(read):
    with pytest.raises(ALError, match="A007.*says 'Rome', but the text there is 'Angela'"):
        read(studio(("labels", {"start": 0, "end": 6, "text": "Rome", "labels": ["X"]})))


def test_utf16_units_are_seen_by_the_text(read):
    value = {"start": 3, "end": 7, "text": "Rome", "labels": ["GPE"]}
    assert read(studio(("labels", value), text="😀 Rome"))[0].spans == [(1, 2, "GPE")]


BINARY = {
    "ner": {"_view_id": "ner"},
    "spans": {"_view_id": "spans"},
    "blocks": {"_view_id": "blocks", "_is_binary": True},
}


@pytest.mark.parametrize("view", BINARY.values(), ids=BINARY)
def test_after_a_yes_the_rest_is_missing_in_every_view(read, view):
    (sentence,) = read({**TASK, **view})
    assert (sentence.spans, sentence.missing) == ([(0, 2, "PERSON")], [2, 3, 4, 5])


def test_an_unknown_view_is_refused(read):
    with pytest.raises(ALError, match="A608.*_view_id: 'image'"):
        read({**TASK, "_view_id": "image"})


@pytest.mark.parametrize("space", [" ", "  ", "\t", "\u00a0", "\n", " \u00a0\t"])
@pytest.mark.parametrize("key", ["spans", "label"])
def test_white_space_at_both_ends_of_a_span_is_trimmed_and_counted(read, space, key):
    repairs = Repairs()
    text = f"so{space}Ana{space}left"
    span = [2, 2 + 2 * len(space) + 3, "PER"]
    (sentence,) = read({"text": text, key: [span]}, repairs=repairs)
    assert [sentence.words[a:b] for a, b, _ in sentence.spans] == [["Ana"]]
    assert ["trimmed" in what for what in repairs.counts] == [True]


def test_the_same_span_twice_counts_once(read):
    repairs = Repairs()
    assert read({**TASK, "spans": [PERSON, PERSON]}, repairs=repairs)[0].spans == [(0, 2, "PERSON")]
    assert ["counted once" in what for what in repairs.counts] == [True]


@pytest.mark.parametrize("tags", [["B-X", "I-X", "O"], ["I-X", "I-X", "O"], ["B-X", "E-X", "O"], ["B-X", "L-X", "O"]])
@pytest.mark.parametrize("key", ["ner_tags", "tags", "labels"])
def test_tags_of_tokens_are_read(read, tags, key):
    (sentence,) = read(
        {"tokens": ["New", "York", "fell"], key: tags, "pos_tags": [1, 2, 3], "chunk_tags": ["B-NP"] * 3}
    )
    assert sentence.spans == [(0, 2, "X")]


def test_an_ending_tag_among_others_is_not_lost(read):
    tags = ["B-X", "I-X", "B-Y", "I-Y", "B-Z", "I-Z", "L-Z", "O", "E-X"]
    (sentence,) = read({"tokens": ["w"] * len(tags), "ner_tags": tags})
    assert sentence.spans == [(0, 2, "X"), (2, 4, "Y"), (4, 7, "Z"), (8, 9, "X")]


@pytest.mark.parametrize(("key", "value", "told"), [("label", "PER", 1), ("labels", ["POS"], 1), ("label", "", 0)])
def test_a_label_of_the_whole_text_is_noted(read, key, value, told):
    repairs = Repairs()
    assert read({"text": TEXT, key: value}, repairs=repairs)[0].spans is None
    assert sum("label of a whole text" in what for what in repairs.counts) == told


def test_numbers_of_tags_want_names(read):
    record = {"tokens": ["New", "York", "fell"], "ner_tags": [1, 2, 0]}
    assert read(record, rules=Rules(tag_names="O,B-X,I-X"))[0].spans == [(0, 2, "X")]
    with pytest.raises(ALError, match="A134.*1 in 'ner_tags'.*--tag-names"):
        read(record)


@pytest.mark.parametrize("tags", [["B-X", "O"], ["B-X", "x", "O"]])
def test_tags_that_do_not_fit_are_refused(read, tags):
    with pytest.raises(ALError, match="A007"):
        read({"tokens": ["New", "York", "fell"], "ner_tags": tags})


@pytest.mark.parametrize("value", [["O Globo", "news"], [[0, 13]], [1, 2], [], "PERSON", {"start": 0}])
def test_other_keys_are_no_labels(read, value):
    assert [one.spans for one in read({"text": TEXT, "label": value})] == [None]


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_an_answer_that_is_not_accept_is_no_label(read, answer):
    repairs = Repairs()
    (sentence,) = read({**TASK, "answer": answer}, repairs=repairs)
    assert sentence.spans is None
    assert ["reject or ignore" in what for what in repairs.counts] == [True]


def test_after_a_binary_decision_the_rest_is_missing(read):
    (sentence,) = read({**TASK, "_view_id": "ner"})
    assert (sentence.spans, sentence.missing) == ([(0, 2, "PERSON")], [2, 3, 4, 5])


def test_text_without_tokens_is_split_but_never_inside_an_entity(read):
    text = "He met St. John. Then he left."
    first, second = read({"text": text, "spans": [{"start": 7, "end": 15, "label": "PERSON"}]})
    assert text[first.start : first.end] == "He met St. John."
    assert (first.spans, second.spans) == ([(2, 4, "PERSON")], [])


def test_an_entity_across_a_border_joins_two_sentences(read):
    text = "Yahoo! Inc. rose. It fell."
    sentences = read({"text": text, "spans": [[0, 10, "ORG"]]}, repairs=Repairs("warn"))
    assert text[sentences[0].start : sentences[0].end].startswith("Yahoo! Inc.")
    assert [label for one in sentences for _, _, label in one.spans] == ["ORG"]


def test_what_doc_to_json_writes_is_read(read):
    doc = Doc(
        Vocab(),
        words=["Rome", "fell", ".", "It", "rose"],
        tags=["A", "B", "C", "D", "E"],
        sent_starts=[1, 0, 0, 1, 0],
    )
    doc.set_ents([Span(doc, 0, 1, label="GPE")])
    first, second = read(doc.to_json())
    assert (first.words, first.pos, first.spans) == (["Rome", "fell", "."], ["A", "B", "C"], [(0, 1, "GPE")])
    assert (second.words, second.spans, second.number) == (["It", "rose"], [], 1)


def test_tokens_may_be_strings(read):
    (sentence,) = read({"tokens": ["New", "York", "!"], "entities": [[0, 8, "GPE"]]})
    assert (sentence.words, sentence.spans) == (["New", "York", "!"], [(0, 2, "GPE")])


def test_documents_take_their_id_or_their_line(read):
    found = [(one.document, one.file) for one in read({"text": "a", "id": 7}, {"text": "b"}, {"text": "c", "id": "x"})]
    assert found == [("7", "f.jsonl#7"), ("f.jsonl-2", "f.jsonl#f.jsonl-2"), ("x", "f.jsonl#x")]


def test_other_keys_can_be_named(read):
    (sentence,) = read({"body": "a b", "key": "k"}, text_field="body", id_field="key")
    assert (sentence.words, sentence.document) == (["a", "b"], "k")


def test_offsets_count_characters_not_utf16_units(read):
    (sentence,) = read({"text": "😀 Rome", "spans": [{"start": 2, "end": 6, "label": "GPE"}]})
    assert to_doc(sentence, Vocab()).ents[0].text == "Rome"


def test_offsets_of_a_java_tool_are_refused_with_the_reason(read):
    with pytest.raises(ALError, match=r"A122.*f.jsonl:1: .*'ome'.*not bytes or UTF-16 units"):
        read({"text": "😀 Rome!", "spans": [{"start": 3, "end": 6, "label": "GPE"}]})


def test_a_span_off_token_borders_is_widened_and_counted(read):
    repairs = Repairs("warn")
    (sentence,) = read({"text": "Rome fell", "spans": [{"start": 1, "end": 4, "label": "GPE"}]}, repairs=repairs)
    assert sentence.spans == [(0, 1, "GPE")]
    assert ["widened" in what for what in repairs.counts] == [True]


def test_spans_that_overlap_are_refused(read):
    with pytest.raises(ALError, match=r"A127.*f.jsonl:1: the span 'Angela' \(X\) overlaps"):
        read({**TASK, "spans": [PERSON, {"start": 0, "end": 6, "label": "X"}]})


def test_of_spans_that_overlap_the_longest_is_kept_and_the_others_counted(read):
    repairs = Repairs("warn")
    (sentence,) = read({**TASK, "spans": [[0, 6, "X"], [7, 13, "Y"], PERSON]}, repairs=repairs)
    assert sentence.spans == [(0, 2, "PERSON")]
    assert list(repairs.counts.values()) == [2]


BAD = {
    "kind of text": ({"text": 5}, "'text' must be of kind str"),
    "no text": ({"txt": "a"}, "neither 'text' nor 'tokens' is there; name the text's key with --text-field, of: txt"),
    "answer": ({**TASK, "answer": "yes"}, "'answer' must be one of accept, reject, ignore"),
    "label": ({**TASK, "spans": [{"start": 0, "end": 6}]}, r"spans\[0\].label: it is missing"),
    "label of blanks": ({**TASK, "spans": [[0, 6, " "]]}, r"spans\[0\].label: ' ' is no name of a label"),
    "outside": ({**TASK, "spans": [[0, 99, "X"]]}, "empty or outside"),
    "negative": ({**TASK, "spans": [[-3, 6, "X"]]}, "empty or outside"),
    "true is no number": ({**TASK, "spans": [[True, 6, "X"]]}, r"spans\[0\].start: a whole number"),
    "a fraction": ({**TASK, "spans": [[0.5, 6, "X"]]}, r"spans\[0\].start: a whole number"),
    "exclusive token_end": ({**TASK, "spans": [{**PERSON, "token_end": 2}]}, "'token_end' is the last token"),
    "token outside": ({**TASK, "spans": [{**PERSON, "token_end": 6}]}, "not among the 6 tokens"),
    "said text": ({**TASK, "spans": [{**PERSON, "text": "Angela"}]}, "says 'Angela', but"),
    "spans no list": ({**TASK, "spans": "none"}, "spans: an array was expected"),
    "span no object": ({**TASK, "spans": [7]}, r"spans\[0\]: \[start, end, label\] or an object"),
    "tokens of numbers": ({"tokens": [1]}, "must be an object"),
    "other token": (
        {**TASK, "tokens": [{**TOKENS[0], "text": "Anja"}, *TOKENS[1:]]},
        "token 0 is 'Anja', but",
    ),
    "token left out": ({**TASK, "tokens": TOKENS[1:]}, "leaves 'Angela ' out|leaves out 'Angela '"),
    "empty token": ({"tokens": ["a", ""]}, r"token 1 \(''\)"),
    "sentence off tokens": ({**TASK, "sents": [{"start": 3, "end": 27}]}, "a sentence starts at character 3"),
    "id": ({"text": "a", "id": [1]}, "'id' must be a string or a whole number"),
    "not JSON": ('{"text": ', "A005"),
    "not an object": ("[1]", "a record is an object, or a pair"),
    "twice": ('{"text": "a", "text": "b"}', "appears twice"),
}


@pytest.mark.parametrize(("record", "problem"), BAD.values(), ids=BAD)
def test_a_bad_record_is_refused_with_its_line(read, record, problem):
    with pytest.raises(ALError, match=f"(?s)(?:A00[57]|A608).*f.jsonl:2: .*(?:{problem})|A005.*f.jsonl:2"):
        read({"text": "fine"}, record)


@pytest.mark.parametrize(("record", "problem"), BAD.values(), ids=BAD)
def test_a_bad_record_is_left_out_and_counted(read, record, problem):
    repairs = Repairs("warn")
    assert [one.words for one in read({"text": "one"}, record, {"text": "two"}, repairs=repairs)] == [
        ["one"],
        ["two"],
    ]
    assert list(repairs.counts.values()) == [1]


def test_an_endless_line_is_left_out_and_the_next_read(read, monkeypatch):
    monkeypatch.setattr("spacy_al.corpus.json_values.MAX_LINE", 50)
    repairs = Repairs("warn")
    assert [one.words for one in read({"text": "a" * 500}, {"text": "two"}, repairs=repairs)] == [["two"]]
    assert list(repairs.counts.values()) == [1]


def test_a_record_without_text_is_noted(read):
    repairs = Repairs()
    assert len(read({"text": " \n"}, {"text": "a"}, repairs=repairs)) == 1
    assert ["documents without text" in what for what in repairs.counts] == [True]


def test_a_file_without_text_is_refused(read):
    with pytest.raises(ALError, match="A110"):
        read({"text": ""})


def test_a_byte_order_mark_blank_lines_and_crlf_are_accepted(write, nlp):
    path = write("f.jsonl", b'\xef\xbb\xbf{"text": "a"}\r\n\r\n{"text": "b"}')
    assert [one.line for one in read_records(path, Repairs(), nlp=nlp)] == [1, 3]


@given(
    st.lists(st.tuples(st.text(alphabet="aé😀\u05d0'-", min_size=1), st.booleans()), min_size=1, max_size=8),
    st.data(),
)
def test_a_prodigy_task_comes_back_as_it_went_out(tmp_path_factory, tokens, data):
    doc = Doc(Vocab(), words=[word for word, _ in tokens], spaces=[space for _, space in tokens])
    start = data.draw(st.integers(0, len(doc) - 1))
    span = doc[start : data.draw(st.integers(start + 1, len(doc)))]
    given_tokens = [
        {"text": t.text, "start": t.idx, "end": t.idx + len(t), "id": t.i, "ws": bool(t.whitespace_)} for t in doc
    ]
    task = {
        "text": doc.text,
        "tokens": given_tokens,
        "spans": [{"start": span.start_char, "end": span.end_char, "label": "X"}],
    }
    path = tmp_path_factory.mktemp("task") / "f.jsonl"
    path.write_text(json.dumps(task), encoding="utf8")
    (sentence,) = read_records(path, Repairs(), nlp=NLP)
    assert (sentence.words, sentence.spans) == ([t.text for t in doc], [(span.start, span.end, "X")])
    assert to_doc(sentence, Vocab()).text == doc.text.removesuffix(" ")


NLP = make_splitter("en")


UNREAD = [
    {"ner_tags": ["PER", "PER", "O"]},
    {"ner_tags": ["b-per", "i-per", "o"]},
    {"ner_tags": ["1", "2", "0"]},
    {"ner_tags": [1.0, 2.0, 0.0]},
    {"ner_tags": ["B-PER", "I-PER", None]},
    {"ner_tags": "B-PER I-PER O"},
    {"tags": ["PER", "PER", "O"]},
    {"ner": {"PER": ["Ana Lee"]}},
    {"fine_ner_tags": [1, 2, 0]},
]


@pytest.mark.parametrize("tags", UNREAD)
@pytest.mark.parametrize("text", [{"tokens": ["Ana", "Lee", "left"]}, {"text": "Ana Lee left"}])
def test_tags_in_a_form_that_is_not_read_are_refused_by_their_key(read, tags, text):
    with pytest.raises(ALError, match=rf"A007.*f.jsonl:1.*{next(iter(tags))}"):
        read(text | tags)


@pytest.mark.parametrize("tags", [{"tags": ["NNP", "NNP", "VBD"]}, {"ner_tags": None}, {"labels": ["news", "sport"]}])
def test_what_is_no_entity_tag_leaves_a_sentence_unlabelled(read, tags):
    assert read({"tokens": ["Ana", "Lee", "left"]} | tags)[0].spans is None


def test_a_second_list_of_tags_is_noted_and_can_be_named(read):
    record = {"tokens": ["Ana", "left"], "ner_tags": ["B-PER", "O"], "fine_ner_tags": ["B-PER-artist", "O"]}
    repairs = Repairs()
    assert read(record, repairs=repairs)[0].spans == [(0, 1, "PER")]
    assert [("second list" in what, count) for what, count in repairs.counts.items()] == [(True, 1)]
    assert read(record, repairs=(none := Repairs()), rules=Rules(spans_field="fine_ner_tags"))[0].spans == [
        (0, 1, "PER-artist")
    ]
    assert not none.counts


@pytest.mark.parametrize(
    "hit", [[[0, 3], "PER"], {"type": "PER", "location": [0, 3]}, {"label": "PER", "at": [[0, 3]]}]
)
def test_places_in_pairs_are_places_too(read, hit):
    with pytest.raises(ALError, match="A007.*f.jsonl:1.*'hits' seems to hold entities"):
        read({"text": "Ana left", "hits": [hit]})


@pytest.mark.parametrize("half", ['{"text": "Ana \\ud83d"}', '{"text": "Ana", "id": "\\uD83D"}'])
def test_half_of_a_surrogate_pair_is_named(read, half):
    with pytest.raises(ALError, match="A007.*f.jsonl:2.*surrogate"):
        read('{"text": "\\ud83d\\ude00"}', half)


def test_keys_that_may_hold_entities_and_are_not_read_are_told_once(read):
    repairs = Repairs()
    read(*[{"text": TEXT, "persons": ["Angela Merkel"], "score": 1, "_hash": "x"}] * 2, repairs=repairs)
    read({**TASK, "source": "news"}, repairs=repairs)
    assert format_repairs(repairs).splitlines()[1].startswith("Not read, in records without entities: persons (")


@pytest.mark.parametrize("record", [{"data": [TASK]}, {"a": TASK, "b": TASK}])
def test_records_inside_a_record_are_told_to_become_a_file(read, record):
    with pytest.raises(ALError, match="A007.*records seem to stand in '(data|a)'"):
        read(record)


@pytest.mark.parametrize(("end", "times"), [(26, 0), (27, 1)])
def test_a_span_that_ends_with_a_full_stop_is_kept_and_noted(read, end, times):
    repairs = Repairs()
    (sentence,) = read({"text": TEXT, "spans": [[22, end, "PLACE"]]}, repairs=repairs)
    assert sentence.spans == [(4, 5 + times, "PLACE")]
    assert sum("punctuation" in what for what in repairs.counts) == times


def test_several_tags_of_one_token_are_no_label(read):
    with pytest.raises(ALError, match=r"A007.*'B-PER.B-ORG'"):
        read({"tokens": ["Ana", "left"], "ner_tags": ["B-PER|B-ORG", "O"]})
