"""Damaged files: every reader reads them or says what is wrong, and never fails in any other way."""

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_al.corpus.conversion import FORMATS, Options, find_format, read_corpus
from spacy_al.corpus.repairs import Repairs
from spacy_al.corpus.sentence import to_doc
from spacy_al.corpus.splitter import make_splitter
from spacy_al.errors import ALError

NLP = make_splitter("en")
EXAMPLES = int(os.environ.get("DAMAGED_EXAMPLES", "60"))
TASK = {
    "text": "Rome fell. It rose",
    "tokens": [{"text": "Rome", "start": 0, "end": 4}, {"text": "fell. It rose", "start": 5, "end": 18}],
    "spans": [{"start": 0, "end": 4, "token_start": 0, "token_end": 0, "label": "GPE"}],
    "answer": "accept",
}
SAMPLES = {
    "conll": "-DOCSTART- -X- O O\n\nNew NNP I-NP I-LOC\nYork NNP I-NP I-LOC\nfell VBD I-VP O\n\nIt PRP I-NP O\n",
    "ontonotes": "#begin document (a); part 000\na 0 0 New NNP * - - - s (LOC* -\n"
    "a 0 1 York NNP * - - - s *) -\n"
    "\na 0 0 It PRP * - - - s * -\n#end document\n",
    "jsonl": json.dumps(TASK) + "\n" + json.dumps({"text": "Ann ran. Bob ran.", "spans": [[9, 12, "PER"]]}) + "\n",
    "csv": 'id,text\n1,"Rome ""fell"". It rose"\n2,Ann ran\n',
    "marked": '## intent: x\n- [Rome](LOC) fell to [Ann]{"entity": "PER"}\n<PER>Ann</PER>\n',
    "txt": "Rome fell. It rose\n\nAnn ran\n",
    "conllu": "".join(
        f"{n}\t{w}\t_\tX\t_\t_\t_\t_\t_\tname={t}\n" for n, w, t in ((1, "Rome", "B-X"), (2, "fell", "O"))
    ),
    "webanno": "#FORMAT=WebAnno TSV 3.3\n#T_SP=x.NamedEntity|value\n\n\n#Text=New York fell\n1-1\t0-3\tNew\tLOC[1]\t\n"
    "1-2\t4-8\tYork\tLOC[1]\t\n1-3\t9-13\tfell\t_\t\n",
    "brat": "T1\tLOC 0 8\tNew York\nR1\tx Arg1:T1 Arg2:T1\nT2\tPER 15 18\tAnn\n",
    "uima": "",
}
# More records of the format jsonl: an export of each tool, a data set, an array.
VALUE = {"start": 0, "end": 4, "text": "Rome", "labels": ["GPE"]}
RECORDS = {
    "label studio": {"data": {"text": "Rome fell"}, "annotations": [{"result": [{"type": "labels", "value": VALUE}]}]},
    "json_min": {"text": "Rome fell", "annotation_id": 1, "label": [VALUE], "lead_time": 2.5},
    "doccano": {"text": "Rome fell", "label": [[0, 4, "GPE"]]},
    "doccano 1": {"text": "Rome fell", "annotations": [{"label": "X", "start_offset": 0, "end_offset": 4, "user": 1}]},
    "rubrix": {"text": "Rome fell", "tokens": ["Rome", "fell"], "annotation": [["GPE", 0, 4]], "status": "Validated"},
    "argilla": {
        "fields": {"text": "Rome fell"}, "status": "completed",
        "responses": {"entities": [{"value": [{"start": 0, "end": 4, "label": "GPE"}], "user_id": "u"}]},
    },
    "tags": {"tokens": ["Rome", "fell"], "ner_tags": ["B-GPE", "O"]},
}  # fmt: skip
CASES = [(name, name, text) for name, text in SAMPLES.items()]
CASES += [(name, "jsonl", json.dumps(record) + "\n") for name, record in RECORDS.items()]
CASES += [
    ("array", "jsonl", json.dumps([TASK, *RECORDS.values()])),
    ("words in rows", "csv", "Sentence #,Word,Tag\n1,Rome,B-LOC\n,fell,O\n2,It,O\n"),
    ("entities in rows", "csv", "text,start,end,label\nRome fell,0,4,LOC\nIt rose,,,\n"),
    ("gliner", "jsonl", '{"tokenized_text": ["New", "York", "fell"], "ner": [[0, 1, "LOC"]]}\n'),
    ("snips", "jsonl", '{"intents": {"x": {"utterances": [{"data": [{"text": "Rome", "entity": "LOC"}]}]}}}\n'),
    (
        "azure",
        "jsonl",
        '{"stringIndexType": "Utf16CodeUnit", "assets": {"documents": [{"location": "damaged.txt", '
        '"entities": [{"labels": [{"category": "LOC", "offset": 0, "length": 8}]}]}]}}\n',
    ),
    ("csv of spans", "csv", "text,spans\na b,\"[[0,1,'X']]\"\n"),
]
NAMES = {"brat": "damaged.ann", "uima": "damaged.json"}
# No sentences, scheme or columns that cannot be told, no column of that name.
BEYOND_REPAIR = ("A003", "A110", "A114", "A118", "A120", "A121", "A131", "A132", "A136", "A622")
PIECES = [
    b"",
    b"\n",
    b"\n\n",
    b"\r\n",
    b"\t",
    b" ",
    b"\xff",
    b"\xe2\x80\xa8",
    b"\x00",
    b'"',
    b"{",
    b"]",
    b"-1",
    b"1e9",
]
PIECES += [
    b"null",
    b"O",
    b"B-X",
    b"I-",
    b"(X*",
    b"*)",
    b"#end document",
    b"-DOCSTART-",
    b"\xf0\x9f\x98\x80",
    b",",
]


@st.composite
def damaged(draw, sample):
    """The sample with up to three pieces cut out, put in, or both."""
    data = sample.encode("utf8")
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 0, 1, 2, 5, 40])))
        data = data[:start] + draw(st.sampled_from(PIECES)) + data[end:]
    return data


@pytest.fixture(scope="module")
def cas():
    """A JSON CAS with one entity."""
    cassis = pytest.importorskip("cassis")
    types = cassis.load_dkpro_core_typesystem()
    made = cassis.Cas(types)
    made.sofa_string, made.sofa_mime = "Rome fell", "text/plain"
    kind = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
    made.add(types.get_type(kind)(begin=0, end=4, value="GPE"))
    return made.to_json()


def test_there_is_a_sample_of_each_format():
    assert set(SAMPLES) | {"hf"} == set(FORMATS)


@pytest.mark.parametrize("on_error", ["fail", "warn"])
@pytest.mark.parametrize(("format_", "sample"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
@settings(max_examples=EXAMPLES)
@given(st.data())
def test_a_damaged_file_is_read_or_refused(tmp_path_factory, cas, format_, sample, on_error, data):
    path = tmp_path_factory.getbasetemp() / NAMES.get(format_, f"damaged.{format_}")
    path.with_suffix(".txt").write_text("New York fell. Ann ran\n")
    path.write_bytes(data.draw(damaged(cas if format_ == "uima" else sample)))
    try:
        sentences = list(read_corpus(path, format_, Options(), Repairs(on_error), nlp=NLP))
    except ALError as error:
        refused = str(error)
    else:
        refused = None
        assert all(len(to_doc(one, NLP.vocab)) == len(one.words) > 0 for one in sentences)
    assert refused is None or str(path) in refused
    whole = refused is not None and "of the file is not UTF-8" in refused  # an array breaks as a whole
    assert refused is None or on_error == "fail" or whole or refused[1:5] in BEYOND_REPAIR


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04xl/workbook.xml", "zip.*Excel.*CSV"),
        (b"%PDF-1.4\nword O\n", "PDF.*pdftotext"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old file of Word"),
        (b"{\\rtf1\\ansi Anna}\n", "rich text.*Save it"),
        (b"\x1f\x8b\x08\x00", "gzip.*gunzip"),
    ],
)
def test_files_that_hold_no_plain_text_are_named_as_what_they_are(tmp_path, data, said):
    (tmp_path / "in.txt").write_bytes(data)
    for format_ in ("auto", "txt"):
        with pytest.raises(ALError, match=rf"A138.*in.txt: this is .*{said}"):
            find_format(tmp_path / "in.txt", format_)
    (tmp_path / "in.txt").rename(tmp_path / "in.docx")
    with pytest.raises(ALError, match="A138.*in.docx"):
        find_format(tmp_path, "auto")
