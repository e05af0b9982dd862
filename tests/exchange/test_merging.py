"""Several answers to one task."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_al.corpus.annotation.chunks import Chunk
from spacy_al.corpus.annotation.marks import Record
from spacy_al.corpus.annotation.merging import Given, merge
from spacy_al.tasks import Answer, find_overlap

from .cases import annotation, codes, prodigy, read, studio
from .strategies import spans_in

BOB, AL = (0, 3, "PER"), (10, 12, "PER")
ANSWERS = st.lists(spans_in(6), min_size=2, max_size=5)


def two(first, second, **options):
    return read([studio(first, second)], "label_studio", **options)


def test_agreement_needs_no_policy_and_costs_add_up():
    reading = two(annotation(BOB, lead_time=2.5, completed_by=1), annotation(BOB, lead_time=4, completed_by=2))
    answer = reading.answers[0]
    assert (answer.spans, answer.seconds, answer.annotator) == (((0, 1, "PER"),), 6.5, "1, 2")


def test_a_file_exported_twice_costs_once():
    once = studio(annotation(BOB, lead_time=2.5, completed_by=1))
    reading = read([once, once], "label_studio")
    assert (reading.answers[0].seconds, reading.counts) == (2.5, {"duplicates": 1})


def test_differences_fail_by_default():
    reading = two(annotation(BOB), annotation(AL))
    assert (codes(reading), reading.answers) == (["A607"], [])


def test_newest_by_time_not_by_place():
    new = annotation(AL, updated_at="2024-05-02T00:00:00.000000Z")
    old = annotation(BOB, updated_at="2024-05-01T23:59:59.000000Z")
    assert two(new, old, several="newest").answers[0].spans == ((3, 4, "PER"),)


def test_newest_reads_time_zones():
    new = annotation(AL, updated_at="2024-05-01T12:00:00+00:00")
    old = annotation(BOB, updated_at="2024-05-01T13:30:00+02:00")
    assert two(new, old, several="newest").answers[0].spans == ((3, 4, "PER"),)


def test_newest_needs_times_of_all_or_none():
    assert codes(two(annotation(BOB, updated_at="2024-05-01T00:00:00Z"), annotation(AL), several="newest")) == ["A607"]
    assert two(annotation(BOB), annotation(AL), several="newest").answers[0].spans == ((3, 4, "PER"),)


def test_vote_keeps_what_most_marked():
    votes = [annotation(BOB, AL), annotation(BOB), annotation(AL, (0, 5, "PER"))]
    assert read([studio(*votes)], "label_studio", several="vote").answers[0].spans == (
        (0, 1, "PER"),
        (3, 4, "PER"),
    )


@pytest.mark.parametrize("several", ["fail", "first", "newest", "vote"])
@pytest.mark.parametrize("order", [1, -1])
def test_a_skip_says_nothing_where_others_answered(several, order):
    answers = [
        annotation(BOB, completed_by=1, lead_time=1.0),
        annotation(was_cancelled=True, completed_by=2, lead_time=2.0),
    ]
    (answer,) = two(*answers[::order], several=several).answers
    assert (answer.verdict, answer.spans, answer.annotator, answer.seconds) == ("accept", ((0, 1, "PER"),), "1", 3.0)


def test_a_tie_of_verdicts_fails():
    accepted, rejected = prodigy([BOB]), prodigy([BOB], answer="reject", _annotator_id="b")
    assert codes(read([accepted, rejected], several="vote")) == ["A607"]


def test_labels_that_tie_leave_their_tokens_missing_not_outside():
    (answer,) = two(annotation(BOB), annotation((0, 3, "LOC")), several="vote").answers
    assert (answer.spans, answer.missing) == ((), (0,))


def test_a_vote_for_outside_wins_and_one_against_does_not():
    three = [annotation(BOB, completed_by=1), annotation(completed_by=2), annotation(AL, completed_by=3)]
    (answer,) = read([studio(*three)], "label_studio", several="vote").answers
    assert (answer.spans, answer.missing) == ((), ())


def test_the_first_and_the_newest_answer_go_by_time():
    early, late = annotation(BOB, updated_at="2024-01-01T00:00:00Z"), annotation(AL, updated_at="2024-01-02T00:00:00Z")
    assert two(late, early, several="first").answers[0].spans == ((0, 1, "PER"),)
    newest = two(late, early, several="newest").answers[0]
    assert (newest.spans, newest.when) == (((3, 4, "PER"),), "2024-01-02T00:00:00+00:00")


def test_who_said_what_is_kept():
    reading = two(annotation(BOB, completed_by=1), annotation(AL, completed_by=2), several="vote")
    assert [(one.annotator, one.spans) for one in reading.given] == [("1", ((0, 1, "PER"),)), ("2", ((3, 4, "PER"),))]


@given(ANSWERS)
def test_vote_equals_counting_and_never_overlaps(answers):
    chunk = Chunk(b"", "in", 1, 0)
    given_ = [Given(Answer("x", "accept", spans), Record(chunk, "x", "accept")) for spans in answers]
    merged = merge(given_, "vote")
    counts = Counter(span for spans in answers for span in spans)
    assert merged.spans == tuple(sorted(span for span in counts if counts[span] > len(answers) / 2))
    outside = [sum(all(not a <= n < b for a, b, _ in spans) for spans in answers) for n in range(6)]
    inside = {n for a, b, _ in merged.spans for n in range(a, b)}
    lost = [n for n in range(6) if n not in inside and 2 * outside[n] <= len(answers)]
    assert len(set(answers)) == 1 or list(merged.missing) == lost
    assert find_overlap(merged.spans) is None


def binary(*spans, answer="accept", **changes):
    return prodigy(spans, _view_id="ner", answer=answer, **changes)


def test_answers_about_different_spans_add_up():
    records = [binary(BOB), binary(AL, answer="reject"), binary((10, 14, "PER"), answer="reject")]
    answer = read(records).answers[0]
    assert (answer.verdict, answer.spans) == ("accept", ((0, 1, "PER"),))
    assert (answer.rejected, answer.missing) == (((3, 4, "PER"), (3, 5, "PER")), (1, 2, 3, 4, 5))


def test_rejected_spans_alone_are_no_accepted_sentence():
    answer = read([binary(BOB, answer="reject"), binary(AL, answer="reject")]).answers[0]
    assert (answer.verdict, answer.missing) == ("reject", ())
    assert answer.rejected == ((0, 1, "PER"), (3, 4, "PER"))


def test_the_same_question_answered_in_two_ways_is_settled_by_the_policy():
    records = [binary(BOB, answer="reject"), binary(BOB, _timestamp=1), binary(AL)]
    assert codes(read(records)) == ["A607"]
    answer = read([binary(BOB, answer="reject", _timestamp=2), *records[1:]], several="newest").answers[0]
    assert (answer.spans, answer.rejected) == (((3, 4, "PER"),), ((0, 1, "PER"),))


def test_accepted_spans_that_contradict_each_other_are_refused():
    assert codes(read([binary(AL), binary((10, 14, "PER"))])) == ["A607"]
    assert codes(read([binary(BOB, AL), binary(AL, answer="reject")])) == ["A607"]


def test_an_ignored_question_says_nothing_of_the_others():
    answer = read([binary(BOB), binary(AL, answer="ignore")]).answers[0]
    assert (answer.verdict, answer.spans, answer.rejected) == ("accept", ((0, 1, "PER"),), ())
