"""Several answers to one task."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from spacy_al.exchange.merging import Given, merge
from spacy_al.exchange.records import Chunk, Record
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


def test_a_tie_of_verdicts_fails():
    assert codes(two(annotation(BOB), annotation(was_cancelled=True), several="vote")) == ["A607"]


@given(ANSWERS)
def test_vote_equals_counting_and_never_overlaps(answers):
    chunk = Chunk(b"", "in", 1, 0)
    given_ = [Given(Answer("x", "accept", spans), Record(chunk, "x", "accept")) for spans in answers]
    merged = merge(given_, "vote")
    counts = Counter(span for spans in answers for span in spans)
    assert merged.spans == tuple(sorted(span for span in counts if counts[span] > len(answers) / 2))
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
