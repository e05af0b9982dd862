"""Running text into sentences, with offsets."""

from pathlib import Path

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from spacy_al.corpus.sentence import to_doc
from spacy_al.corpus.splitter import Passage, cut, make_splitter, split_passages
from spacy_al.errors import ALError

NLP = make_splitter("en")
PATH = Path("pool.txt")


def split(*texts, nlp=NLP):
    return list(split_passages([Passage(text, "d", "f", 1) for text in texts], nlp, PATH))


@given(st.text(alphabet="ab.! \n\r\té😀\u0301\u05d0\u00a0"))
def test_sentences_are_exactly_their_part_of_the_text(text):
    sentences = split(text)
    for sentence in sentences:
        assert to_doc(sentence, NLP.vocab).text == text[sentence.start : sentence.end]
    left = text
    for sentence in reversed(sentences):
        left = left[: sentence.start] + left[sentence.end :]
    assert not left.strip()


def test_text_is_split_at_full_stops_and_empty_lines():
    assert [one.words for one in split("One two. Three\n\nFour")] == [
        ["One", "two", "."],
        ["Three"],
        ["Four"],
    ]


def test_passages_of_one_document_are_numbered_through():
    assert [one.number for one in split("Ann ran. Bob ran.", "Cas ran.")] == [0, 1, 2]


def test_offsets_start_where_the_passage_does():
    (sentence,) = split_passages([Passage(" Rome fell", "d", "f", 1, offset=100)], NLP, PATH)
    assert (sentence.start, sentence.end) == (101, 110)


def test_a_span_is_never_cut():
    doc = NLP("Ann ran. Bob ran. Cas ran.")
    assert cut(doc, [(1, 5)], nlp=NLP) == [(0, 6), (6, 9)]


def test_labels_are_missing():
    assert split("Rome fell.")[0].spans is None


def test_tags_of_a_pipeline_are_kept(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("attribute_ruler").add([[{"ORTH": "Rome"}]], {"TAG": "NNP"})
    nlp.to_disk(tmp_path / "nlp")
    loaded = make_splitter("en", str(tmp_path / "nlp"))
    assert split("Rome fell", nlp=loaded)[0].pos == ["NNP", ""]


def test_a_pipelines_entities_are_not_taken_for_labels(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "GPE", "pattern": "Rome"}])
    nlp.to_disk(tmp_path / "nlp")
    loaded = make_splitter("en", str(tmp_path / "nlp"))
    assert loaded.pipe_names == ["sentencizer"]


def test_a_pipeline_that_sets_no_borders_is_refused(tmp_path):
    spacy.blank("en").to_disk(tmp_path / "nlp")
    with pytest.raises(ALError, match=r"A123.*sets no sentence boundaries.*senter"):
        split("Rome fell", nlp=make_splitter("en", str(tmp_path / "nlp")))


@pytest.mark.parametrize(("lang", "pipeline"), [("xyzzy", None), ("en", "no_such_pipeline")])
def test_a_pipeline_that_cannot_be_loaded_is_named(lang, pipeline):
    with pytest.raises(ALError, match=f"A123.*{pipeline or lang}.*cannot be loaded"):
        make_splitter(lang, pipeline)


def test_a_language_that_cannot_be_loaded_is_no_matter_of_a_pipeline():
    with pytest.raises(ALError, match="A123.*'xyzzy'.*another language") as told:
        make_splitter("xyzzy")
    assert "--pipeline" not in str(told.value)


def test_text_longer_than_a_pipelines_limit_is_refused(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.max_length = 5
    with pytest.raises(ALError, match=r"A124.*pool.txt:1: a text of 9 characters .* 5\."):
        split("Rome fell", nlp=nlp)


def test_the_blank_pipeline_has_no_limit():
    assert len(split("Rome fell. " * 100_000)) == 100_000
