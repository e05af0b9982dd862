"""What a run refuses before any work: label lists and test sets that are of no use."""

import pytest
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_al.corpus.reader import write_docs
from spacy_al.errors import ALError
from spacy_al.loop.session import Session, run

BAD_LABELS = {
    "missing": (None, "A003"),
    "broken": ('["PER",', "A304.*not JSON"),
    "numbers": ("[1]", "A304.*no list of labels"),
}


@pytest.fixture
def with_label_file(make_config, tmp_path):
    def make(text, **settings):
        path = tmp_path / "labels.json"
        if text is not None:
            path.write_text(text)
        reader = {"@readers": "spacy.read_labels.v1", "path": str(path)}
        return make_config(**settings).merge({"initialize": {"components": {"ner": {"labels": reader}}}})

    return make


@pytest.mark.parametrize(("text", "code"), BAD_LABELS.values(), ids=BAD_LABELS)
def test_a_label_list_that_cannot_be_read_is_named(with_label_file, tmp_path, text, code):
    with pytest.raises(ALError, match=rf"(?s){code}") as error:
        run(with_label_file(text), tmp_path / "run")
    assert "labels.json" in str(error.value)


def test_answers_are_not_taken_without_the_label_list_of_the_run(with_label_file, tmp_path):
    run(with_label_file('["PER", "LOC"]', oracle="people"), tmp_path / "run")
    assert Session.open(tmp_path / "run").labels == ["PER", "LOC"]
    (tmp_path / "labels.json").unlink()
    with pytest.raises(ALError, match=r"A003.*labels\.json"):
        _ = Session.open(tmp_path / "run").labels


def test_a_test_set_without_annotation_is_refused(make_config, tmp_path):
    path = tmp_path / "test.spacy"
    path.write_bytes(write_docs([Doc(Vocab(), words=["Anna", "slept"])]))
    with pytest.raises(ALError, match=r"A521.*test\.spacy"):
        run(make_config(test=str(path)), tmp_path / "run")
