"""Dividing a corpus in two."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_al.corpus.divide import Division, divide, make_division
from spacy_al.errors import ALError

REST = Path("rest.spacy")
documents = st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=40)


@given(documents, st.floats(0.05, 0.95), st.integers(0, 5))
def test_by_documents_the_share_is_met_and_no_document_cut(names, share, seed):
    if len(set(names)) < 2:
        return
    try:
        first = divide(names, Division(share, REST, "documents", seed))
    except ALError:
        largest = max(names.count(name) for name in names)
        assert share * len(names) > len(names) - largest  # only then may the last document be needed
        return
    inside = {name for name, yes in zip(names, first, strict=True) if yes}
    assert inside.isdisjoint(name for name, yes in zip(names, first, strict=True) if not yes)
    smallest = min(names.count(name) for name in inside)
    assert sum(first) >= share * len(names) > 0
    assert any(sum(first) - names.count(name) < share * len(names) for name in inside) or smallest == 0


@given(st.integers(5, 50), st.sampled_from([0.2, 0.5, 0.8]), st.integers(0, 5))
def test_by_sentences_the_share_is_exact_to_one(count, share, seed):
    first = divide(["d"] * count, Division(share, REST, "sentences", seed))
    assert share * count <= sum(first) < share * count + 1


def test_the_same_seed_draws_the_same_and_another_does_not():
    names = [str(number) for number in range(50)]
    assert divide(names, Division(0.5, REST, seed=1)) == divide(names, Division(0.5, REST, seed=1))
    assert divide(names, Division(0.5, REST, seed=1)) != divide(names, Division(0.5, REST, seed=2))


@pytest.mark.parametrize("share", [-1.0, 0.0, 1.0, 1.5, float("nan")])
def test_a_share_must_lie_between(share):
    with pytest.raises(ALError, match="A125"):
        divide(["a", "b"], Division(share, REST))


def test_one_document_cannot_be_divided_by_documents():
    with pytest.raises(ALError, match=r"A125.*--split-by sentences"):
        divide(["a"] * 9, Division(0.5, REST))


def test_the_unit_must_be_known():
    with pytest.raises(ALError, match=r"A104.*--split-by 'tokens'.*documents, sentences"):
        divide(["a", "b"], Division(0.5, REST, unit="tokens"))


def test_share_and_file_go_together():
    assert make_division(None, None) is None
    assert make_division(0.5, REST, unit="sentences", seed=3) == Division(0.5, REST, "sentences", 3)
    with pytest.raises(ALError, match="A128"):
        make_division(0.5, None)
    with pytest.raises(ALError, match="A128"):
        make_division(None, REST)
