"""What a Flair tagger says: against Flair's own decoder and loss, against enumeration, whatever the batch."""

import itertools
import random

import pytest
import torch
from flair.nn.dropout import LockedDropout, WordDropout
from spacy.tokens import Doc

from spacy_al.pipeline import flair_sampling
from spacy_al.pipeline.flair_model import columns, flair_tag, make_sentence
from spacy_al.pipeline.flair_sampling import PerSentence, make_chain

from .flair_helpers import docs_of, in_order, ready

SCHEMES = ["IOB1", "IOB2", "BILOU"]


def flair_features(tagger, doc):
    """What Flair's decoder and loss are given for one sentence."""
    return tagger(*tagger._prepare_tensors([make_sentence(doc)]))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_best_tags_are_those_of_flairs_decoder(scheme):
    nlp, pipe = ready(scheme=scheme)
    for doc, (_, best, _) in zip(docs_of(nlp), in_order(pipe.sample(docs_of(nlp))), strict=True):
        (decoded,), _ = pipe.tagger.viterbi_decoder.decode(flair_features(pipe.tagger, doc), False, [])
        assert [tag for tag, _ in decoded] == [flair_tag(pipe.tags[number]) for number in best[0]]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_log_prob_is_flairs_loss_of_the_best_tags(scheme):
    nlp, pipe = ready(scheme=scheme)
    for doc, (_, best, log_prob) in zip(docs_of(nlp), in_order(pipe.sample(docs_of(nlp))), strict=True):
        targets = columns(pipe.tagger, pipe.tags)[best[0]]
        loss = pipe.tagger.loss_function(flair_features(pipe.tagger, doc), targets).item()
        assert float(log_prob) == pytest.approx(-loss, abs=1e-4)


@pytest.mark.parametrize("scheme", ["IOB1", "IOB2"])
def test_entities_are_those_that_flair_predicts(scheme):
    nlp, pipe = ready(scheme=scheme)
    for doc in docs_of(nlp):
        sentence = make_sentence(doc)
        pipe.tagger.predict(sentence)
        found = [(span[0].idx - 1, span[-1].idx, span.tag) for span in sentence.get_spans("ner")]
        assert [(ent.start, ent.end, ent.label_) for ent in pipe(doc).ents] == found


def test_probabilities_are_the_marginals_of_all_sequences():
    nlp, pipe = ready()
    doc = docs_of(nlp)[0][:3].as_doc()
    expected = torch.zeros(3, len(pipe.tags))
    ours = columns(pipe.tagger, pipe.tags)
    for tags in itertools.product(range(len(pipe.tags)), repeat=3):
        loss = pipe.tagger.loss_function(flair_features(pipe.tagger, doc), ours[list(tags)])
        expected[torch.arange(3), list(tags)] += torch.exp(-loss.detach())
    ((probs, _, _),) = in_order(pipe.sample([doc]))
    torch.testing.assert_close(probs[0], expected, atol=1e-5, rtol=0)


def test_without_crf_tokens_are_independent():
    nlp, pipe = ready(use_crf=False)
    for doc, (probs, best, log_prob) in zip(docs_of(nlp), in_order(pipe.sample(docs_of(nlp))), strict=True):
        scores = flair_features(pipe.tagger, doc).detach()[:, columns(pipe.tagger, pipe.tags)].log_softmax(-1)
        torch.testing.assert_close(probs[0], scores.exp(), atol=1e-5, rtol=0)
        assert torch.equal(best[0], scores.argmax(-1))
        assert float(log_prob) == pytest.approx(float(scores.amax(-1).sum()), abs=1e-5)


@pytest.mark.parametrize("dropout", ["word", "locked", "all"])
def test_stochastic_numbers_do_not_depend_on_batch_or_order(dropout, monkeypatch):
    nlp, pipe = ready(word_dropout=0.4, dropout=0.2)
    options = {"passes": 4, "dropout": dropout, "seed": 5}
    expected = in_order(pipe.sample(docs_of(nlp), **options))
    monkeypatch.setattr(flair_sampling, "BATCH_SENTENCES", 2)
    shuffled = random.Random(0).sample(range(4), 4)
    again = in_order(pipe.sample([docs_of(nlp)[number] for number in shuffled], **options))
    for number, (probs, _, log_prob) in zip(shuffled, again, strict=True):
        torch.testing.assert_close(probs, expected[number][0], atol=1e-5, rtol=0)
        torch.testing.assert_close(log_prob, expected[number][2], atol=1e-4, rtol=0)


def test_more_passes_keep_the_first_ones():
    nlp, pipe = ready()
    few, many = (in_order(pipe.sample(docs_of(nlp), passes=n, dropout="all", seed=1)) for n in (2, 5))
    for (probs, _, _), (more, _, _) in zip(few, many, strict=True):
        torch.testing.assert_close(probs, more[:2], atol=1e-6, rtol=0)


def test_word_dropout_zeroes_whole_words_at_its_rate():
    states = torch.ones(400, 5, 3)
    dropped = PerSentence(WordDropout(0.3).train(), [bytes([n % 256, n // 256]) for n in range(400)], [5] * 400, "x")
    result = dropped(states)
    assert set(result.sum(-1).unique().tolist()) == {0.0, 3.0}
    assert float((result == 0).float().mean()) == pytest.approx(0.3, abs=0.04)


def test_locked_dropout_is_one_mask_a_sentence_and_another_after_the_lstm():
    layer = PerSentence(LockedDropout(0.5).train(), [b"a", b"b"], [4, 4], "x")
    first, second = layer(torch.ones(2, 4, 64)), layer(torch.ones(2, 4, 64))
    assert set(first.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(first, first[:, :1].expand_as(first))
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(first, second)


def test_embeddings_are_computed_once_for_all_passes(monkeypatch):
    nlp, pipe = ready()
    calls = []
    embed = pipe.tagger.embeddings._add_embeddings_internal
    monkeypatch.setattr(
        pipe.tagger.embeddings,
        "_add_embeddings_internal",
        lambda batch: calls.append(len(batch)) or embed(batch),
    )
    list(pipe.sample(docs_of(nlp), passes=7, dropout="locked", seed=0))
    assert calls == [4]


def test_everything_is_put_back_after_an_exception(monkeypatch):
    nlp, pipe = ready()
    before = {name: (module, module.training) for name, module in pipe.tagger.named_modules()}
    state = torch.get_rng_state()
    monkeypatch.setattr(pipe.tagger.rnn, "forward", lambda *inputs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(pipe.sample(docs_of(nlp), passes=2, dropout="all", seed=0))
    assert {name: (module, module.training) for name, module in pipe.tagger.named_modules()} == before
    assert not pipe.tagger.linear._forward_hooks
    assert torch.equal(torch.get_rng_state(), state)


def test_only_empty_docs():
    nlp, pipe = ready()
    (samples,) = pipe.sample([Doc(nlp.vocab), Doc(nlp.vocab)], passes=3, dropout="all", seed=0)
    assert (samples.probs.shape, samples.log_prob.tolist()) == ((3, 0, 5), [[0.0, 0.0]] * 3)


def test_transitions_are_turned_round():
    _, pipe = ready()
    tagger = pipe.tagger
    chain = make_chain(tagger, torch.zeros(1, 2, 5), torch.tensor([2]), pipe.tags)
    number = {tag: tagger.label_dictionary.get_idx_for_item(tag) for tag in ["B-LOC", "I-LOC", "<START>", "<STOP>"]}
    weights = tagger.crf.transitions
    one, two = pipe.tags.index("B-LOC"), pipe.tags.index("I-LOC")
    assert chain.transitions[one, two] == weights[number["I-LOC"], number["B-LOC"]]
    assert chain.start[one] == weights[number["B-LOC"], number["<START>"]]
    assert chain.end[two] == weights[number["<STOP>"], number["I-LOC"]]
