"""Stock `ner` and pairs of pipes as samplers, against spaCy itself and against all parses of a sentence."""

import itertools
import random

import numpy
import pytest
import spacy
import torch
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import fix_random_seed

from spacy_al.corpus.schemes import find_problem
from spacy_al.errors import ALError
from spacy_al.pipeline import transition, upstream
from spacy_al.pipeline.adapters import find_target, get_sampler

from ..acquisition.taggers import BY_HASH, FROM_TOK2VEC, STOCK

TEXTS = [
    (["Ann", "Lee", "saw", "Rome", "."], ["B-PER", "I-PER", "O", "B-LOC", "O"]),
    (["In", "Oslo", ",", "Bob", "slept"], ["O", "B-LOC", "O", "B-PER", "O"]),
    (["Nobody", "came"], ["O", "O"]),
    (["New", "York", "loves", "Ann"], ["B-LOC", "I-LOC", "O", "B-PER"]),
]


def train(nlp, steps=40):
    examples = [Example(Doc(nlp.vocab, words=w), Doc(nlp.vocab, words=w, ents=e)) for w, e in TEXTS]
    state = numpy.random.get_state(), random.getstate(), torch.random.get_rng_state()
    fix_random_seed(0)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(steps):
        nlp.update(examples, drop=0.1, sgd=optimizer)
    numpy.random.set_state(state[0])
    random.setstate(state[1])
    torch.random.set_rng_state(state[2])
    return nlp


def build(kind, **config):
    nlp = spacy.blank("en")
    if kind.endswith("listener"):
        nlp.add_pipe("tok2vec")
    encoder = FROM_TOK2VEC if kind.endswith("listener") else BY_HASH
    if kind.startswith("ner"):
        nlp.add_pipe("ner", config={"model": {**STOCK, "tok2vec": encoder, **config}})
    else:
        nlp.add_pipe("sequence_tagger", config={"model": {"encoder": encoder}})
    return train(nlp)


@pytest.fixture(scope="module")
def pipelines():
    made = {}

    def get(kind):
        return made.setdefault(kind, made.get(kind) or build(kind))

    return get


def docs_of(nlp, *, extra=()):
    return [Doc(nlp.vocab, words=words) for words, _ in TEXTS] + [Doc(nlp.vocab, words=list(extra))]


def by_doc(batches, count):
    """(probs, best, log_prob) of each Doc, in their own order."""
    found = [None] * count
    for one in batches:
        ends = one.lengths.cumsum(0).tolist()
        for place, number in enumerate(one.order):
            tokens = slice(ends[place] - int(one.lengths[place]), ends[place])
            found[number] = one.probs[:, tokens], one.best[:, tokens], one.log_prob[:, place]
    return found


def sample(sampler, docs, **options):
    options = {"passes": 3, "dropout": "off", "seed": 5, **options}
    return by_doc(sampler.sample(docs, **options), len(docs))


def same(found, other, tolerance=1e-5):
    pairs = zip(found, other, strict=True)
    return all(torch.allclose(a[0], b[0], atol=tolerance) and torch.equal(a[1], b[1]) for a, b in pairs)


KINDS = ["ner", "ner listener", "tagger listener"]


@pytest.mark.parametrize("kind", ["ner", "ner listener"])
def test_entity_probabilities_equal_spacys_own(pipelines, kind):
    nlp = pipelines(kind)
    pipe, docs = nlp.get_pipe("ner"), docs_of(nlp)[:4]
    found = get_sampler(nlp).entity_scores(docs)
    if kind == "ner listener":
        tok2vec = nlp.get_pipe("tok2vec")
        tok2vec.set_annotations(docs, tok2vec.predict(docs))
    for scores, expected in zip(found, pipe.scored_ents(pipe.beam_parse(docs, beam_width=16)), strict=True):
        assert scores == pytest.approx(dict(expected), abs=1e-5)


def test_marginals_add_up_to_entity_probabilities(pipelines):
    nlp = pipelines("ner")
    sampler, docs = get_sampler(nlp), docs_of(nlp)
    tags = sampler.tags
    for (probs, _, _), scores in zip(sample(sampler, docs), sampler.entity_scores(docs), strict=True):
        for number in range(probs.shape[1]):
            first = sum(p for (start, end, label), p in scores.items() if (start, label) == (number, "PER"))
            column = probs[0, number, tags.index("B-PER")] + probs[0, number, tags.index("U-PER")]
            assert column.item() == pytest.approx(first, abs=1e-5)
        assert torch.allclose(probs.sum(-1), torch.ones(probs.shape[:2]), atol=1e-5)


def parse_scores(pipe, words):
    """Total score of every valid parse of a sentence, by its tags: spaCy's own states, no beam."""
    doc = Doc(pipe.vocab, words=words)
    step = pipe.model.predict([doc])
    names = [pipe.moves.get_class_name(number) for number in range(pipe.moves.n_moves)]
    scores = {}
    for tags in itertools.product(names, repeat=len(words)):
        state, total = pipe.moves.init_batch([doc])[0], 0.0
        for tag in tags:
            if not pipe.moves.is_valid(state, tag):
                break
            total += float(step.predict([state])[0, names.index(tag)])
            pipe.moves.apply_transition(state, tag)
        else:
            scores[tags] = total
    return scores


def test_a_wide_beam_is_the_softmax_over_all_parses(pipelines):
    pipe, words = pipelines("ner").get_pipe("ner"), ["Ann", "saw", "Rome"]
    scores = parse_scores(pipe, words)
    probabilities = dict(zip(scores, torch.tensor(list(scores.values())).softmax(0).tolist(), strict=True))
    sampler = transition.TransitionSampler(pipe, beam_width=200)
    probs, best, log_prob = sample(sampler, [Doc(pipe.vocab, words=words)])[0]
    tags = sampler.tags
    for number, name in itertools.product(range(3), tags):
        expected = sum(p for parse, p in probabilities.items() if parse[number] == name)
        assert probs[0, number, tags.index(name)].item() == pytest.approx(expected, abs=1e-5)
    likeliest = max(probabilities, key=probabilities.get)
    assert [tags[number] for number in best[0]] == list(likeliest)
    assert log_prob.exp().item() == pytest.approx(probabilities[likeliest], rel=1e-4)


@pytest.mark.parametrize("dropout", ["off", "last", "all"])
def test_best_tags_of_every_pass_are_valid(pipelines, dropout):
    nlp = pipelines("ner")
    sampler = get_sampler(nlp)
    for _, best, _ in sample(sampler, docs_of(nlp), dropout=dropout):
        for row in best:
            assert find_problem([sampler.tags[number] for number in row], "BILOU") is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dropout", ["last", "all"])
def test_passes_differ_and_equal_seeds_agree(pipelines, kind, dropout):
    nlp = pipelines(kind)
    sampler, docs = get_sampler(nlp), docs_of(nlp)
    first, again, other = (sample(sampler, docs, dropout=dropout, seed=seed) for seed in (1, 1, 2))
    assert same(first, again, 0)
    assert not same(first, other)
    assert not torch.allclose(first[0][0][0], first[0][0][1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dropout", ["off", "last"])
def test_neither_order_nor_batches_change_a_number(pipelines, kind, dropout, monkeypatch):
    nlp = pipelines(kind)
    sampler, docs = get_sampler(nlp), docs_of(nlp, extra=["Bob"])
    expected = sample(sampler, docs, dropout=dropout)
    assert same(sample(sampler, docs[::-1], dropout=dropout)[::-1], expected)
    monkeypatch.setattr(transition, "BUDGET", 1)
    monkeypatch.setattr(upstream, "BUDGET", 1)
    assert same(sample(sampler, docs, dropout=dropout), expected)


def test_a_pass_is_the_same_whatever_the_number_of_passes(pipelines):
    nlp = pipelines("ner")
    sampler, docs = get_sampler(nlp), docs_of(nlp)
    two, three = (sample(sampler, docs, dropout="last", passes=passes) for passes in (2, 3))
    assert torch.allclose(two[0][0], three[0][0][:2], atol=1e-6)


def global_states():
    return random.getstate(), numpy.random.get_state()[1].tolist(), torch.random.get_rng_state().tolist()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("failing", [False, True])
def test_everything_switched_on_is_put_back(pipelines, kind, failing, monkeypatch):
    nlp = pipelines(kind)
    sampler = get_sampler(nlp)
    nodes = [node for _, pipe in nlp.pipeline for node in pipe.model.walk()]
    before = [dict(node.attrs) for node in nodes], [getattr(node, "_batch_id", 0) for node in nodes]
    states = global_states()
    if failing:
        owner = sampler.upstream[0] if sampler.upstream else sampler.pipe
        monkeypatch.setattr(owner.model, "_func", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            sample(sampler, docs_of(nlp), dropout="all")
    else:
        sample(sampler, docs_of(nlp), dropout="all")
    assert before == ([dict(node.attrs) for node in nodes], [getattr(node, "_batch_id", 0) for node in nodes])
    assert states == global_states()


@pytest.mark.parametrize("kind", KINDS)
def test_docs_are_not_changed_and_their_entities_do_not_bind(pipelines, kind):
    nlp = pipelines(kind)
    sampler, docs = get_sampler(nlp), docs_of(nlp)
    expected = sample(sampler, docs)
    labelled = [Doc(nlp.vocab, words=words, ents=ents) for words, ents in TEXTS] + docs[4:]
    before = [doc.to_bytes() for doc in labelled]
    assert same(sample(sampler, labelled), expected)
    assert [doc.to_bytes() for doc in labelled] == before


@pytest.mark.parametrize("kind", ["ner listener", "tagger listener"])
def test_states_on_docs_are_used_when_asked_to(pipelines, kind, monkeypatch):
    nlp = pipelines(kind)
    expected = sample(get_sampler(nlp), docs_of(nlp))
    piped = list(nlp.pipe(docs_of(nlp)))
    monkeypatch.setattr(nlp.get_pipe("tok2vec").model, "_func", lambda *args, **kwargs: 1 / 0)
    assert same(sample(get_sampler(nlp, reuse=True), piped), expected)


@pytest.mark.parametrize("kind", ["ner listener", "tagger listener"])
def test_states_that_another_tok2vec_has_left_are_not_used(pipelines, kind):
    nlp = pipelines(kind)
    expected = sample(get_sampler(nlp), docs_of(nlp))
    other = spacy.blank("en")
    other.add_pipe("tok2vec", name="other")
    train(other, steps=0)
    both = spacy.blank("en", vocab=nlp.vocab)
    for name in nlp.pipe_names:
        both.add_pipe(name, source=nlp)
    both.add_pipe("other", source=other)
    piped = list(both.pipe(docs_of(both)))
    assert same(sample(get_sampler(both, reuse=True), piped), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_no_docs_and_empty_docs(pipelines, kind):
    nlp = pipelines(kind)
    sampler = get_sampler(nlp)
    assert list(sampler.sample([], passes=2, dropout="all", seed=0)) == []
    ((probs, _, log_prob),) = sample(sampler, [Doc(nlp.vocab)], dropout="all")
    assert probs.shape == (3, 0, len(sampler.tags))
    assert log_prob.tolist() == [0, 0, 0]


def test_a_model_without_an_upper_layer_has_no_last():
    sampler = get_sampler(build("ner", use_upper=False))
    assert sampler.dropouts == ["off", "all"]
    with pytest.raises(ALError, match=r"A413.*off, all"):
        sample(sampler, [], dropout="last")


def test_passes_without_any_dropout_are_the_deterministic_one(pipelines, monkeypatch):
    nlp = pipelines("ner")
    sampler, docs = get_sampler(nlp), docs_of(nlp)
    monkeypatch.setattr(transition, "HIDDEN_DROPOUT", 0.0)
    monkeypatch.setattr(sampler, "rate", 0.0)
    still = sample(sampler, docs, dropout="all")
    assert same(still, [(p.expand(3, -1, -1), b.expand(3, -1), s) for p, b, s in sample(sampler, docs)])


def test_the_first_pipe_that_can_be_asked_is_found(pipelines):
    assert find_target(pipelines("ner listener")) == "ner"
    assert find_target(pipelines("tagger listener")) == "sequence_tagger"


def test_a_tagger_of_this_project_is_its_own_sampler():
    nlp = build("tagger")
    assert get_sampler(nlp, "sequence_tagger") is nlp.get_pipe("sequence_tagger")


def test_pipes_that_cannot_be_asked_are_named():
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("ner")
    with pytest.raises(ALError, match=r"A410.*'nre'.*sentencizer, ner"):
        get_sampler(nlp, "nre")
    with pytest.raises(ALError, match=r"A411.*Sentencizer"):
        get_sampler(nlp, "sentencizer")
    with pytest.raises(ALError, match=r"A414"):
        get_sampler(nlp)
    nlp.remove_pipe("ner")
    with pytest.raises(ALError, match=r"A412.*sentencizer"):
        get_sampler(nlp)
