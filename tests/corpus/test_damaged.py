"""Damaged files: every reader reads them or says what is wrong, and never fails in any other way."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_al.corpus.convert import FORMATS, Options, read_corpus
from spacy_al.corpus.repairs import Repairs
from spacy_al.corpus.sentence import to_doc
from spacy_al.corpus.splitter import make_splitter
from spacy_al.errors import ALError

NLP = make_splitter("en")
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
    "txt": "Rome fell. It rose\n\nAnn ran\n",
}
# No sentences, scheme or columns that cannot be told, no column of that name.
BEYOND_REPAIR = ("A110", "A114", "A118", "A121", "A131", "A132")
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


def test_there_is_a_sample_of_each_format():
    assert set(SAMPLES) == set(FORMATS)


@pytest.mark.parametrize("on_error", ["fail", "warn"])
@pytest.mark.parametrize("format_", SAMPLES)
@settings(max_examples=150)
@given(st.data())
def test_a_damaged_file_is_read_or_refused(tmp_path_factory, format_, on_error, data):
    path = tmp_path_factory.getbasetemp() / f"damaged.{format_}"
    path.write_bytes(data.draw(damaged(SAMPLES[format_])))
    try:
        sentences = list(read_corpus(path, format_, Options(), Repairs(on_error), nlp=NLP))
    except ALError as error:
        refused = str(error)
    else:
        refused = None
        assert all(len(to_doc(one, NLP.vocab)) == len(one.words) > 0 for one in sentences)
    assert refused is None or str(path) in refused
    assert refused is None or on_error == "fail" or refused[1:5] in BEYOND_REPAIR
