"""Exceptions of other packages as messages of this one."""

import pytest

from spacy_al.errors import ALError, Errors, saying


def test_what_others_say_stands_on_one_line_in_the_message():
    said = r"^\[A580\] study\.cfg: .*first  and second"
    with pytest.raises(ALError, match=said) as caught, saying(Errors.A580, KeyError, ValueError, path="study.cfg"):
        raise ValueError("first  and\n\n   second\n")
    assert isinstance(caught.value.__cause__, ValueError)


def test_words_around_it_and_an_exception_that_says_nothing():
    words = {"path": "labels.json", "problem": "this is not JSON ({reason})"}
    with pytest.raises(ALError, match=r"JSON \(RecursionError\)\."), saying(Errors.A304, RecursionError, **words):
        raise RecursionError


def test_other_exceptions_pass():
    with pytest.raises(KeyError), saying(Errors.A580, ValueError, path="study.cfg"):
        raise KeyError("a")
