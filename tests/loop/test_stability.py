"""Stability of predictions on the pool, against counting by hand."""

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_al.acquisition.score_shard import best_tags, token_places
from spacy_al.loop.session import run
from spacy_al.loop.watch import stability
from spacy_al.runs.folder import RunFolder, read_npz
from spacy_al.types import TagSamples

from .conftest import rows_without_seconds

LENGTHS = numpy.array([2, 0, 3, 1])
STARTS = numpy.array([0, 2, 2, 5, 6])


def arrays(numbers, tags):
    return {"numbers": numpy.array(numbers, dtype=int), "tags": numpy.array(tags, dtype=numpy.int16)}


def test_only_sentences_of_both_rounds_count():
    before = arrays([0, 2, 3], [1, 1, 0, 0, 2, 4])
    now = arrays([1, 2, 3], [0, 5, 2, 4])  # sentence 2 has 2 of 3 as before, sentence 3 its only one
    assert stability(STARTS, before, now) == pytest.approx(3 / 4)


def test_there_is_none_without_tags_or_without_shared_sentences():
    assert stability(STARTS, {}, arrays([0], [1, 1])) is None
    assert stability(STARTS, arrays([0], [1, 1]), {"numbers": numpy.array([0])}) is None
    assert stability(STARTS, arrays([0], [1, 1]), arrays([3], [1])) is None


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_places_of_tokens_are_those_of_a_loop(lengths, random):
    starts = numpy.cumsum([0, *lengths])
    numbers = random.sample(range(len(lengths)), random.randint(1, len(lengths)))
    found = token_places(starts[numbers], numpy.array(lengths)[numbers])
    assert found.tolist() == [place for n in numbers for place in range(starts[n], starts[n + 1])]


def test_several_passes_give_the_likeliest_tag_and_one_gives_the_best_sequence():
    probs = torch.tensor([[[0.4, 0.6]], [[0.9, 0.1]]])  # (passes, tokens, tags), mean 0.65 to 0.35
    best, log_prob, lengths = torch.tensor([[1], [0]]), torch.zeros(2, 1), torch.tensor([1])
    assert best_tags(TagSamples(probs, best, log_prob, lengths, [0])).tolist() == [0]
    assert best_tags(TagSamples(probs[:1], best[:1], log_prob[:1], lengths, [0])).tolist() == [1]


def test_a_run_counts_as_its_models_tag(make_config, tmp_path):
    run(make_config(), tmp_path / "run")
    rows = rows_without_seconds(tmp_path / "run")
    first, second = (read_npz(RunFolder(tmp_path / "run").utilities(number)) for number in (0, 1))
    assert rows[0]["stability"] is None
    assert "stability" not in rows[2]  # the last round scores nothing
    sentences = lengths_of(make_config()["active_learning"]["pool"])
    old, new = by_sentence(first, sentences), by_sentence(second, sentences)
    pairs = [pair for n in set(old) & set(new) for pair in zip(old[n], new[n], strict=True)]
    assert rows[1]["stability"] == pytest.approx(sum(a == b for a, b in pairs) / len(pairs))


def lengths_of(pool):
    from pathlib import Path

    from spacy.vocab import Vocab

    from spacy_al.corpus.reader import read_docs

    return [len(doc) for doc in read_docs(Path(pool), Vocab())]


def by_sentence(kept, lengths):
    tags, result = kept["tags"].tolist(), {}
    for number in kept["numbers"].tolist():
        result[number], tags = tags[: lengths[number]], tags[lengths[number] :]
    assert not tags
    return result


def test_tags_are_those_the_model_predicts(make_config, tmp_path):
    import spacy

    from spacy_al.corpus.reader import read_docs, without_labels

    config = make_config(rounds=1)
    run(config, tmp_path / "run")
    kept = read_npz(RunFolder(tmp_path / "run").utilities(0))
    run(make_config(rounds=0), tmp_path / "first")  # its model is that of round 0
    nlp = spacy.load(tmp_path / "first" / "model")
    docs = [without_labels(doc) for doc in read_docs(config["active_learning"]["pool"], nlp.vocab)]
    (samples,) = nlp.get_pipe("ner").sample([docs[n] for n in kept["numbers"]], passes=1, dropout="off", seed=0)
    best, place = samples.best[0].split(samples.lengths.tolist()), {n: k for k, n in enumerate(samples.order)}
    assert kept["tags"].tolist() == [tag for n in range(len(place)) for tag in best[place[n]].tolist()]
