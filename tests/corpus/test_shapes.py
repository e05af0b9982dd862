"""What trainers and services write in shapes of their own: no entity is lost, and what cannot be read is named."""

import json

import pytest

from spacy_al.corpus.annotation.shapes import plain_records
from spacy_al.corpus.conversion import Options, find_format, read_corpus
from spacy_al.corpus.json_corpus import Rules
from spacy_al.corpus.repairs import Repairs
from spacy_al.errors import ALError

TEXT = "Ana Lee left Oslo"
WORDS = TEXT.split()
SPANS = [(0, 2, "PER"), (3, 4, "LOC")]
PLACES = [(0, 7, "PER", "Ana Lee"), (13, 17, "LOC", "Oslo")]
RECORDS = {
    "gliner": {"tokenized_text": WORDS, "ner": [[0, 1, "PER"], [3, 3, "LOC"]]},
    "ubiai": {
        "documentName": "a",
        "document": TEXT,
        "tokens": [
            {"text": text, "start": a, "end": b, "token_start": 9, "token_end": 9, "entityLabel": label}
            for a, b, label, text in PLACES
        ],
        "relations": [],
    },
    "lighttag": {
        "schema": {"tags": []},
        "examples": [
            {
                "example_id": "e",
                "content": TEXT,
                "annotations": [
                    {"start": a, "end": b, "tag": label, "value": text, "tag_id": "x"} for a, b, label, text in PLACES
                ],
            }
        ],
    },
    "spacy 2 tuple": [TEXT, {"entities": [[0, 7, "PER"], [13, 17, "LOC"]]}],
    "spacy 2 annotator": {"classes": ["PER"], "annotations": [None, [TEXT, {"entities": [p[:3] for p in PLACES]}]]},
    "spacy 2": {
        "id": 0,
        "paragraphs": [
            {
                "raw": TEXT,
                "sentences": [
                    {
                        "tokens": [
                            {"id": n, "orth": word, "tag": "X", "ner": tag}
                            for n, (word, tag) in enumerate(zip(WORDS, ["B-PER", "L-PER", "O", "U-LOC"], strict=True))
                        ]
                    }
                ],
            }
        ],
    },
    "vertex": {
        "textContent": TEXT,
        "textSegmentAnnotations": [
            {"startOffset": a, "endOffset": b, "displayName": label} for a, b, label, _ in PLACES
        ],
    },
    "automl": {
        "text_snippet": {"content": TEXT},
        "annotations": [
            {"display_name": label, "text_extraction": {"text_segment": {"start_offset": a, "end_offset": b}}}
            for a, b, label, _ in PLACES
        ],
    },
    "ground truth": {
        "source": TEXT,
        "job": {"annotations": {"entities": [{"startOffset": a, "endOffset": b, "label": c} for a, b, c, _ in PLACES]}},
        "job-metadata": {"type": "groundtruth/text-span", "entities": [{"confidence": 0.9}]},
    },
    "offsets and lengths": {
        "text": TEXT,
        "entities": [{"offset": a, "length": b - a, "category": label} for a, b, label, _ in PLACES],
    },
    "dygie": {"doc_key": "d", "sentences": [WORDS], "ner": [[[0, 1, "PER"], [3, 3, "LOC", 0.5]]]},
    "rasa": {
        "rasa_nlu_data": {
            "common_examples": [
                {
                    "text": TEXT,
                    "intent": "x",
                    "entities": [
                        {"start": a, "end": b, "value": "meaning", "entity": label} for a, b, label, _ in PLACES
                    ],
                }
            ]
        }
    },
    "snips": {
        "intents": {
            "x": {
                "utterances": [
                    {
                        "data": [
                            {"text": "Ana Lee", "entity": "PER", "slot_name": "who"},
                            {"text": " left "},
                            {"text": "Oslo", "entity": "LOC"},
                        ]
                    }
                ]
            }
        }
    },
}


@pytest.fixture
def read(write, nlp):
    def read_(name, content, *, encoding="utf8", format_="auto", **rules):
        path = write(name, content)
        options = Options(rules=Rules(**rules))
        return list(read_corpus(path, find_format(path, format_), options, Repairs(encoding=encoding), nlp=nlp))

    return read_


@pytest.mark.parametrize("name", RECORDS)
def test_all_entities_of_a_record_are_read(name, read):
    (sentence,) = read("f.jsonl", json.dumps(RECORDS[name]) + "\n")
    assert (sentence.words, sentence.spans) == (WORDS, SPANS)


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", [name for name in RECORDS if name != "spacy 2 tuple"])
def test_a_record_may_fill_the_file_or_stand_in_an_array(name, indent, read):
    for content in (RECORDS[name], [RECORDS[name]] * 2):
        sentences = read("f.json", json.dumps(content, indent=indent))
        assert [each.spans for each in sentences] == [SPANS] * (1 + isinstance(content, list))


def test_tuples_of_spacy_2_as_an_array(read):
    assert [each.spans for each in read("f.json", json.dumps([RECORDS["spacy 2 tuple"]] * 2))] == [SPANS] * 2


def test_a_project_of_azure_counts_utf16_units_in_files_beside_it(write, read):
    write("a.txt", f"😀 {TEXT}")
    labels = [{"category": label, "offset": a + 3, "length": b - a} for a, b, label, _ in PLACES]
    document = {"location": "a.txt", "entities": [{"regionOffset": 0, "regionLength": 20, "labels": labels}]}
    project = {"stringIndexType": "Utf16CodeUnit", "assets": {"entities": [], "documents": [document]}}
    (sentence,) = read("p.json", json.dumps(project, indent=1))
    assert [(a - 1, b - 1, label) for a, b, label in sentence.spans] == SPANS
    document["location"] = "../a.txt"
    with pytest.raises(ALError, match="A003.*p.json names this text"):
        read("p.json", json.dumps(project))


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({"tokenized_text": WORDS, "ner": [[0, 4, "PER"]]}, r"A007.*not within the 4 tokens \(the last token is incl"),
        ({"tokenized_text": WORDS, "ner": [["Ana", "PER"]]}, "A007.*no entity such as"),
        ({"textGcsUri": "gs://a", "textSegmentAnnotations": []}, "A007.*elsewhere .textGcsUri"),
        ({"annotatable": {}, "entities": []}, "A007.*elsewhere .annotatable"),
        ({"metadata": {}, "instances": []}, "A007.*elsewhere .instances"),
        ({"stringIndexType": "TextElements_v8", "assets": {}}, "A007.*'TextElements_v8'"),
        (
            {"source": TEXT, "a": {}, "a-metadata": {}, "b": {}, "b-metadata": {}},
            "A007.*'a', 'b' are labels of several",
        ),
        ({"sentences": [WORDS, WORDS], "ner": [[]]}, "A007.*'ner' has 1 lists for 2 sentences"),
        ([TEXT, "PER"], "A007.*a pair of a text and an object"),
        ({"body": TEXT}, "A007.*--text-field, of: body"),
        (
            {"tokens": WORDS, "entities": [{"type": "PER", "start": 0, "end": 2}]},
            "A007.*may count tokens or characters",
        ),
    ],
)
def test_what_cannot_be_read_is_named(record, problem, read):
    with pytest.raises(ALError, match=problem):
        read("f.jsonl", json.dumps(record) + "\n")


KAGGLE = (
    "Sentence #,Word,POS,Tag\nSentence: 1,José,NNP,B-PER\n,Lee,NNP,I-PER\n,left,VBD,O\n,Oslo,NNP,B-LOC\n"
    'Sentence: 2,Bo,NNP,B-PER\n,said,VBD,O\n,",",",",O\n'
)


def test_a_table_with_a_word_in_each_row(read):
    with_nan = read("f.csv", KAGGLE.replace("\n,", "\nNaN,"))
    assert [each.words for each in with_nan] == [each.words for each in read("f.csv", KAGGLE)]
    first, second = read("f.csv", KAGGLE.encode("latin-1"), encoding="latin-1")
    assert (first.words, first.spans, first.pos[0]) == (["José", *WORDS[1:]], SPANS, "NNP")
    assert (second.words, second.spans) == (["Bo", "said", ","], [(0, 1, "PER")])
    with pytest.raises(ALError, match="A113.*f.csv:2: byte 16.*--encoding latin-1"):
        read("f.csv", KAGGLE.encode("latin-1"))


def test_sentences_may_be_numbered_in_each_row(read):
    sentences = read("f.csv", "sentence_id,words,labels\n0,Ana,B-PER\n0,left,O\n1,Bo,B-PER\n")
    assert [(each.words, each.spans) for each in sentences] == [
        (["Ana", "left"], [(0, 1, "PER")]), (["Bo"], [(0, 1, "PER")]),
    ]  # fmt: skip


def test_a_table_with_an_entity_in_each_row(read):
    table = f"text,start,end,label\n{TEXT},0,7,PER\nBo said,0,2,PER\n{TEXT},13,17,LOC\nHe slept,,,\n"
    assert [each.spans for each in read("f.csv", table)] == [SPANS, [(0, 1, "PER")], []]


def test_comprehend_names_files_and_lines(write, read):
    write("a.txt", f"Bo said\n{TEXT}\n")
    table = "File,Line,Begin Offset,End Offset,Type\na.txt,1,0,7,PER\na.txt,0,0,2,PER\na.txt,1,13,17,LOC\n"
    assert [each.spans for each in read("f.csv", table)] == [[(0, 1, "PER")], SPANS]
    with pytest.raises(ALError, match=r"A007.*f.csv:2: the file a.txt has 2 lines"):
        read("f.csv", table.replace("a.txt,1,0", "a.txt,2,0"))
    write("a.txt", f"Bo\u2028said\r\n{TEXT}\r\n")
    assert [each.spans for each in read("f.csv", table)] == [[(0, 1, "PER")], SPANS]
    write("a.txt", "José\n".encode("latin-1"))
    with pytest.raises(ALError, match=r"A007.*f.csv:2: .*a.txt: byte 4 is not UTF-8"):
        read("f.csv", table)


@pytest.mark.parametrize("names", [{}, {"text_field": "body", "id_field": "key"}])
def test_names_of_keys_change_nothing_in_tables_that_have_their_own(write, nlp, names):
    write("a.txt", "Bo said\n")
    words = write("w.csv", "sentence_id,word,tag\n7,Bo,B-PER\n7,said,O\n")
    files = write("f.csv", "File,Line,Begin Offset,End Offset,Type\na.txt,0,0,2,PER\n")
    for path, document in ((words, "7"), (files, "a.txt-1")):
        (sentence,) = read_corpus(path, "csv", Options(**names), Repairs(), nlp=nlp)
        assert (sentence.words, sentence.spans, sentence.document) == (["Bo", "said"], [(0, 1, "PER")], document)


def test_a_header_row_in_columns_is_no_sentence(read):
    columns = "".join(f"{word}\t{tag}\n" for word, tag in zip(WORDS, ["B-PER", "I-PER", "O", "B-LOC"], strict=True))
    for header in ("Word\tTag\n", "token\tner\n"):
        (sentence,) = read("f.tsv", header + columns)
        assert (sentence.words, sentence.spans) == (WORDS, SPANS)


def test_conllu_plus_says_where_its_columns_are(read):
    rows = "".join(
        f"{n}\t{w}\t{t}\t_\n" for n, (w, t) in enumerate(zip(WORDS, ["B-P", "I-P", "O", "O"], strict=True), 1)
    )
    (sentence,) = read("f.conllup", "# global.columns = ID FORM NER:TAG MISC\n" + rows)
    assert (sentence.words, sentence.spans) == (WORDS, [(0, 2, "P")])


RASA = """version: "3.1"
nlu:
- intent: move
  examples: |
    - [Ana Lee](PER:x) left [Oslo]{"entity": "LOC", "role": "from"}
- synonym: Oslo
  examples: |
    - [Kristiania](LOC)
"""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("f.yml", RASA),
        ("f.md", "## intent:move\n- [Ana Lee](PER) left [Oslo](LOC)\n\n## lookup:x\n- [Rome](LOC)\n"),
        ("f.txt", '<PER>Ana Lee</PER> left <ENAMEX TYPE="LOC">Oslo</ENAMEX>\n'),
    ],
)
def test_entities_marked_in_the_line(name, content, read):
    (sentence,) = read(name, content, format_="marked")
    assert (sentence.words, sentence.spans) == (WORDS, SPANS)


@pytest.mark.parametrize(
    "text", ["to <loc>Rome</loc>", "<LOC>New <PER>Ana</PER> York</LOC>", '<PER id="1">Ana</PER>', "[a [b](PER) c](LOC)"]
)
def test_a_mark_that_cannot_be_read_is_no_text(read, text):
    with pytest.raises(ALError, match="A136.*f.txt:2.*left of a mark"):
        read("f.txt", f"<PER>Ana</PER>\n{text}\n", format_="marked")


def test_marks_in_a_text_are_asked_about(read):
    content = "go to [Oslo](LOC) and see\n"
    with pytest.raises(ALError, match=r"A115.*--format marked.*--format txt"):
        read("f.txt", content)
    assert read("f.txt", content, format_="txt")[0].spans is None
    with pytest.raises(ALError, match="A136.*Rasa"):
        read("f.yml", "type: intent\nutterances:\n- [city](Oslo)\n- intent: x\n")


@pytest.mark.parametrize("label", ["B-PER", "I-PER", "O"])
def test_a_tag_is_no_type_of_an_entity(read, label):
    record = {"text": TEXT, "entities": [{"entity": label, "word": "Ana", "start": 0, "end": 3}]}
    with pytest.raises(ALError, match=f"A608.*{label}' is the tag of a token"):
        read("f.jsonl", json.dumps(record))


@pytest.mark.parametrize("key", ["entities", "spans"])
def test_a_type_that_looks_like_a_tag_can_be_renamed(read, key):
    record = {"text": TEXT, key: [{"label": "B-CELL", "start": 0, "end": 3}]}
    with pytest.raises(ALError, match="A608.*--rename B-CELL=NEW"):
        read("f.jsonl", json.dumps(record))
    (sentence,) = read("f.jsonl", json.dumps(record), rename=["B-CELL=BCELL"])
    assert [label for _, _, label in sentence.spans] == ["BCELL"]


def test_a_paragraph_of_spacy_2_without_sentences_keeps_its_entities(tmp_path):
    value = {"paragraphs": [{"raw": "Ana left.", "entities": [[0, 3, "PER"]]}]}
    (record,) = plain_records(value, tmp_path / "f.json")
    assert (record["text"], record["entities"]) == ("Ana left.", [[0, 3, "PER"]])
