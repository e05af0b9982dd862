"""What a run refuses before any work: label lists and test sets that are of no use."""

import json
import re
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, DocBin
from spacy.util import registry
from spacy.vocab import Vocab
from thinc.api import Config

from spacy_al.annotate.begin import read_labels
from spacy_al.corpus.labels import read_labels as read_label_list
from spacy_al.corpus.reader import write_docs
from spacy_al.errors import ALError
from spacy_al.exchange.tool_files import write_tasks
from spacy_al.loop.checks import ALIKE, alike
from spacy_al.loop.session import Session, run
from spacy_al.loop.training import first_sentences
from spacy_al.schemas import fill_active_learning
from spacy_al.tasks import Answer

BAD_LABELS = {
    "missing": (None, "A003"),
    "broken": ('["PER",', "A304.*not JSON"),
    "numbers": ("[1]", "A304.*no list of labels"),
    "unseen": ('["a\\u200bb"]', r"A304.*'a\\u200bb'"),
    "two lines": ('["a\\nb"]', r"A304.*'a\\nb'"),
    "a joiner alone": ('["\\u200cPER"]', r"A304.*'\\u200cPER'"),
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


@pytest.mark.parametrize("label", ["نام\u200cخانوادگی", "no\u00a0break", "👩\u200d👩\u200d👧", "Geo Political", "ক্ষ"])
def test_a_label_of_any_script_is_answered_with(with_label_file, tmp_path, label):
    run(with_label_file(json.dumps([label, "LOC"]), oracle="people"), tmp_path / "run")
    session = Session.open(tmp_path / "run")
    session.answer([Answer(task.id, "accept", ((0, 1, label),)) for task in session.next(5)])
    assert [answer.spans[0][2] for answer in session.folder.log.read()] == [label] * 5
    assert read_labels(f"{label},LOC") == [label, "LOC"]
    if not label.isascii():
        with pytest.raises(ALError, match="A630"):
            write_tasks(tmp_path / "batch.ann", session.batch(), "brat", session.labels)


def test_answers_are_not_taken_without_the_label_list_of_the_run(with_label_file, tmp_path):
    run(with_label_file('["PER", "LOC"]', oracle="people"), tmp_path / "run")
    assert Session.open(tmp_path / "run").labels == ["PER", "LOC"]
    (tmp_path / "labels.json").unlink()
    with pytest.raises(ALError, match=r"A003.*labels\.json"):
        _ = Session.open(tmp_path / "run").labels


def test_a_label_list_with_a_relative_path_is_looked_for_where_the_command_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ALError, match=f"A003.*looked for in {re.escape(str(tmp_path))}: run the command where"):
        read_label_list(Path("labels.json"))


@pytest.mark.parametrize("oracle", ["people", "simulation"])
def test_a_pool_without_a_token_is_refused(make_config, tmp_path, oracle):
    path = tmp_path / "pool.spacy"
    path.write_bytes(write_docs([Doc(Vocab(), words=[]) for _ in range(3)]))
    with pytest.raises(ALError, match=r"A500.*pool\.spacy: it holds no sentences"):
        run(make_config(pool=str(path), oracle=oracle), tmp_path / "run")


def test_a_pool_without_sentences_is_refused_before_spacy_misses_them(tmp_path):
    path = tmp_path / "pool.spacy"
    DocBin().to_disk(path)
    with pytest.raises(ALError, match=r"A500.*pool\.spacy: it holds no sentences"), first_sentences(path):
        pass


def test_words_that_the_pipelines_tokenizer_does_not_find_are_told(make_config, tmp_path):
    docs = [Doc(Vocab(), words=[*f"张伟住在北京{number}"], spaces=[False] * 7) for number in range(5)]
    (tmp_path / "pool.spacy").write_bytes(write_docs(docs))
    with pytest.warns(UserWarning, match=r"W504.*pool\.spacy.*\(en\).*--nlp\.lang"):
        run(make_config(pool=str(tmp_path / "pool.spacy"), oracle="people"), tmp_path / "run")


@pytest.mark.parametrize("lang", ["qq", "needy"])
def test_a_language_that_is_not_installed_is_told(make_config, tmp_path, lang):
    def needs_a_package(nlp):
        raise ImportError("pip install sudachipy")

    registry.tokenizers("needy_tokenizer", func=lambda: needs_a_package)
    block = {"lang": "qq"} if lang == "qq" else {"tokenizer": {"@tokenizers": "needy_tokenizer"}}
    with pytest.raises(ALError, match="A123.*(spacy.lang.qq|pip install sudachipy).*Install what it needs"):
        run(make_config().merge({"nlp": block}), tmp_path / "run")


def test_a_run_has_the_tokenizer_of_its_language():
    filled = fill_active_learning(Config({"nlp": {"lang": "zh"}, "active_learning": {}}))
    assert filled["nlp"]["tokenizer"] == {"@tokenizers": "spacy.zh.ChineseTokenizer", "segmenter": "char"}
    own = {"lang": "zh", "tokenizer": {"@tokenizers": "spacy.Tokenizer.v1"}}
    filled = fill_active_learning(Config({"nlp": own, "active_learning": {}}))
    assert filled["nlp"]["tokenizer"] == {"@tokenizers": "spacy.Tokenizer.v1"}


def test_words_of_english_are_found():
    nlp = spacy.blank("en")
    text = "Dr. Müller didn't pay 5.50€ in St. Gallen."
    assert alike(nlp, [nlp(text), Doc(nlp.vocab, words=text.split())]) > ALIKE
    assert alike(nlp, [Doc(nlp.vocab, words=[])]) == 1


def test_a_test_set_without_annotation_is_refused(make_config, tmp_path):
    path = tmp_path / "test.spacy"
    path.write_bytes(write_docs([Doc(Vocab(), words=["Anna", "slept"])]))
    with pytest.raises(ALError, match=r"A521.*test\.spacy"):
        run(make_config(test=str(path)), tmp_path / "run")
