"""The part of the report on what was chosen."""

from spacy_al.report.choice_tables import (
    LONGEST_EXAMPLE,
    corpus_sample,
    example_blocks,
    selections_by_label,
    table_of_choices,
)
from spacy_al.report.chosen import Chosen, Make, Selection
from spacy_al.report.compare import gather_places


def test_strategies_stand_against_the_pool(study):
    place = study.places[0]
    pool = corpus_sample(place, study.places, study.selections)
    table = table_of_choices(place, selections_by_label(place, study.selections), pool)
    names = [row[0] for row in table.rows]
    assert names == ["pool (sample)", "Random", "MNLP", "VR (MC last)", "BALD (MC last)"]
    density = {row[0]: float(row[3]) for row in table.rows}
    assert density["MNLP"] > 1.5 * density["pool (sample)"]  # the invented runs were made so
    shares = [float(value.removesuffix(" %")) for value in table.rows[0][5:]]
    assert abs(sum(shares) - 100) < 0.3


def test_the_seed_round_is_not_a_choice(make_group):
    (place,) = gather_places([make_group([[0.5]])], None)
    seed_only = Selection({0: [Chosen("a-0", 0, None, "x", 1)]}, {})
    assert table_of_choices(place, {"MNLP": [seed_only]}, Make()) is None


def examples_of(make_group, sentence, **options):
    (place,) = gather_places([make_group([[0.5, 0.6]], **options)], None)
    selection = Selection({0: [sentence], 1: [sentence]}, {})
    return example_blocks(place, {run.path: selection for run in place.groups[0].runs}, examples=3)


def test_the_most_uncertain_token_has_the_full_shade(make_group):
    sentence = Chosen("a-0", 0, 1.5, "x y", 2, ["x", "y"], [0.1, 0.4])
    (block,) = examples_of(make_group, sentence)
    assert list(block.sentences[0].shades) == [0.25, 1.0]
    assert block.sentences[0].source == "Round 1, rank 1, 2 tokens, utility 1.5, seed 0"


def test_long_sentences_are_cut_and_say_so(make_group):
    sentence = Chosen("a-0", 0, 1.5, "x " * 100, 100, ["x"] * 100, [0.1] * 100)
    (block,) = examples_of(make_group, sentence)
    assert len(block.sentences[0].words) == len(block.sentences[0].shades) == LONGEST_EXAMPLE + 1
    assert block.sentences[0].words[-1] == "…"


def test_random_sampling_has_no_examples(make_group):
    assert examples_of(make_group, Chosen("a-0", 0, 0.0, "x", 1), measure="random", label="Random") == []


def test_a_sentence_that_the_pool_has_twice_is_shown_once(make_group):
    (place,) = gather_places([make_group([[0.5, 0.6]])], None)
    twice = [Chosen("a-0", 0, 1.5, "REUTER", 1), Chosen("a-1", 1, 1.5, "REUTER", 1), Chosen("b-0", 2, 1.4, "x", 1)]
    selections = {run.path: Selection({0: [], 1: twice}, {}) for run in place.groups[0].runs}
    (block,) = example_blocks(place, selections, examples=2)
    assert [sentence.source.split(", utility")[0] for sentence in block.sentences] == [
        "Round 1, rank 1, 1 token",
        "Round 1, rank 3, 1 token",
    ]


def test_runs_without_labels_have_no_columns_for_them(make_group):
    (place,) = gather_places([make_group([[0.5, 0.6]])], None)
    chosen = Selection({1: [Chosen("a-0", 0, 1.5, "x y", 2)]}, {})
    table = table_of_choices(place, {"MNLP": [chosen]}, Make())
    assert list(table.head) == ["Chosen by", "Sentences", "Tokens each"]
    assert [list(row) for row in table.rows][1] == ["MNLP", "1", "2.0"]
