"""What holds for every registered measure, and the look-up by name."""

import pytest
import torch

from spacy_al import registry
from spacy_al.errors import ALError
from spacy_al.types import TagSamples
from spacy_al.uncertainty.measures import Measure, check_measures, get_measures, measure_names

TOKEN_BASED = [f"{name}{how}" for name in ("entropy", "margin", "entity_confidence") for how in ("", "_sum", "_max")]
NAMES = ["random", "least_confidence", "mnlp", "variation_ratio", "bald", *TOKEN_BASED]


def test_registry_holds_exactly_the_known_measures():
    assert set(NAMES) == set(measure_names())


@pytest.mark.parametrize("name", NAMES)
def test_measure_is_called_as_it_is_registered(name):
    assert registry.get("al_measures", name)().name == name


@pytest.mark.parametrize("name", NAMES)
def test_one_float32_per_sentence_zero_when_empty(name, random_samples):
    utilities = get_measures([name])[0].function(random_samples(0))
    assert utilities.dtype == torch.float32
    assert utilities.shape == (5,)
    assert utilities[1] == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lengths", [(1,), (0, 0), (2, 1)])
def test_finite_at_probabilities_of_zero_and_one(name, lengths, make_samples):
    tokens = sum(lengths)
    probs = torch.eye(3)[torch.arange(4 * tokens) % 3].reshape(4, tokens, 3)
    measure = get_measures([name])[0]
    samples = make_samples(probs, lengths)
    assert torch.isfinite(measure.function(samples)).all()
    if measure.token_function is not None:
        assert torch.isfinite(measure.token_function(samples)).all()


@pytest.mark.parametrize("name", NAMES)
def test_certain_passes_that_agree_have_utility_zero(name, make_samples):
    probs = torch.eye(3)[torch.tensor([[0, 1, 2, 2]] * 3)]  # (3 passes, 4 tokens, 3 tags)
    assert get_measures([name])[0].function(make_samples(probs, [3, 1])).tolist() == [0, 0]


@pytest.mark.parametrize("name", NAMES)
def test_a_sentence_has_the_same_utility_alone_and_in_a_batch(name, random_samples):
    samples, function = random_samples(1), get_measures([name])[0].function
    alone = TagSamples(
        samples.probs[:, 4:11],
        samples.best[:, 4:11],
        samples.log_prob[:, 3:4],
        samples.lengths[3:4],
        [0],
        True,
    )
    assert function(alone)[0].item() == pytest.approx(function(samples)[3].item(), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_measures_leave_their_input_alone(name, random_samples):
    samples = random_samples(2)
    before = [samples.probs.clone(), samples.best.clone(), samples.log_prob.clone()]
    get_measures([name])[0].function(samples)
    assert all(map(torch.equal, before, [samples.probs, samples.best, samples.log_prob]))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "random"])
def test_token_values_are_one_non_negative_number_per_token(name, random_samples):
    values = get_measures([name])[0].token_function(random_samples(3))
    assert values.shape == (13,)
    assert (values >= 0).all()


@pytest.mark.parametrize("name", ["variation_ratio", "bald"])
@pytest.mark.parametrize("form", ["function", "token_function"])
def test_disagreement_needs_passes(name, form, random_samples):
    with pytest.raises(ALError, match=rf"A401.*{name}"):
        getattr(get_measures([name])[0], form)(random_samples(4, passes=1))


def test_full_names_work_as_well():
    assert get_measures(["spacy-al.bald.v1"]) == get_measures(["bald"])


@pytest.mark.parametrize(("names", "code"), [(["mnpl"], "A402.*mnlp"), ([], "A403"), (["mnlp"] * 2, "A403")])
def test_bad_names_are_refused(names, code):
    with pytest.raises(ALError, match=code):
        get_measures(names)


@pytest.mark.parametrize(("passes", "dropout"), [(10, "off"), (1, "last")])
def test_stochastic_measures_are_refused_before_work_starts(passes, dropout):
    check_measures(get_measures(["mnlp"]), passes=passes, dropout=dropout)
    with pytest.raises(ALError, match="A401"):
        check_measures(get_measures(["mnlp", "bald"]), passes=passes, dropout=dropout)


def test_passes_below_one_are_refused():
    with pytest.raises(ALError, match="A404"):
        check_measures([Measure("x", lambda samples: samples.log_prob[0])], passes=0, dropout="off")
