"""Every measure, every kind of dropout, every tagger; and utilities in their own order."""

import numpy
import pytest
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_al.acquisition.scoring import score_docs
from spacy_al.errors import ALError
from spacy_al.pipeline.adapters import get_sampler
from spacy_al.types import ONE_PASS, Sampling
from spacy_al.uncertainty.measures import Measure, get_measures, measure_names

from .taggers import DROPOUTS, TEXTS, build, make_docs

KINDS = ["off", "last", "word", "locked", "all"]
KEYED = [(tagger, kind) for tagger, kinds in DROPOUTS.items() for kind in kinds if kind != "all"]


@pytest.fixture(scope="module")
def taggers(tmp_path_factory):
    made = {}

    def get(tagger):
        if tagger not in made:
            made[tagger] = build(tagger, tmp_path_factory.mktemp("tagger"))
        return made[tagger]

    return get


def score(nlp, docs, names, *, dropout="off", seed=7, **options):
    how = Sampling(3, dropout, seed)
    return score_docs(docs, get_sampler(nlp, "target"), get_measures(names), how, **options)


@pytest.mark.parametrize("tagger", DROPOUTS)
@pytest.mark.parametrize("dropout", KINDS)
@pytest.mark.parametrize("name", measure_names())
def test_every_combination_has_finite_utilities_or_a_coded_error(taggers, tagger, dropout, name):
    nlp = taggers(tagger)
    (measure,) = get_measures([name])
    known = dropout == "off" or dropout in DROPOUTS[tagger]
    if (known or not measure.needs_model) and not (measure.stochastic and dropout == "off"):
        values = score(nlp, make_docs(nlp), [name], dropout=dropout)[name]
        assert values.shape == (len(TEXTS),)
        assert numpy.isfinite(values).all()
        assert values[TEXTS.index(([], []))] == 0
        assert (values >= 0).all()
    else:
        code = "A401" if dropout == "off" else r"A\d\d\d.*" + dropout
        with pytest.raises(ALError, match=code):
            score(nlp, make_docs(nlp), [name], dropout=dropout)


@pytest.mark.parametrize(("tagger", "dropout"), [*KEYED, *((tagger, "off") for tagger in DROPOUTS)])
def test_neither_chunks_nor_order_change_a_utility(taggers, tagger, dropout):
    nlp = taggers(tagger)
    names = ["mnlp", "entropy"] if dropout == "off" else ["bald", "mnlp"]
    together = score(nlp, make_docs(nlp), names, dropout=dropout)
    apart = score(nlp, make_docs(nlp)[::-1], names, dropout=dropout, chunk=1)
    for name in names:
        assert apart[name][::-1] == pytest.approx(together[name], abs=1e-5)


@pytest.mark.parametrize("tagger", [tagger for tagger, kinds in DROPOUTS.items() if "all" in kinds])
def test_all_dropout_is_the_same_for_the_same_seed(taggers, tagger):
    nlp = taggers(tagger)
    one, two, other = (score(nlp, make_docs(nlp), ["bald"], dropout="all", seed=seed)["bald"] for seed in (1, 1, 2))
    assert one.tolist() == two.tolist()
    assert one.tolist() != other.tolist()
    assert (one[:2] > 0).all()


def make_doc():
    return Doc(Vocab(), words=["a"])


def test_random_asks_nobody():
    found = score_docs([make_doc(), make_doc()], None, get_measures(["random"]), ONE_PASS)
    assert found["random"].tolist() == [0, 0]


def test_progress_tells_sentences_done(taggers):
    nlp, told = taggers("hash tagger"), []
    score(nlp, make_docs(nlp), ["mnlp"], chunk=4, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == len(TEXTS)


def test_docs_are_taken_from_the_stream_a_chunk_at_a_time(taggers):
    nlp = taggers("hash tagger")
    taken, seen = [], []

    def stream():
        for doc in make_docs(nlp):
            taken.append(doc)
            yield doc

    score(nlp, stream(), ["mnlp"], chunk=2, progress=lambda done: seen.append((done, len(taken))))
    assert len(seen) > 2
    assert all(ahead <= done + 4 for done, ahead in seen)


def test_a_utility_that_is_not_finite_is_named(taggers):
    nlp = taggers("hash tagger")
    broken = Measure("broken", lambda samples: samples.lengths.float() / 0)
    with pytest.raises(ALError, match=r"A409.*broken.*(inf|nan)"):
        score_docs(make_docs(nlp), get_sampler(nlp, "target"), [broken], ONE_PASS)
