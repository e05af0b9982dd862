"""What every entity tagger of the project has to do, whatever is inside it."""

import random

import numpy
import pytest
import spacy
import torch
from spacy.tokens import Doc

from spacy_al.corpus.schemes import decode
from spacy_al.errors import ALError

from .component_cases import LABELS, SENTENCES, entities, make_doc, make_examples


def docs_of(nlp):
    return [make_doc(nlp, sentence) for sentence in SENTENCES]


def gold_of(nlp):
    return [entities(make_doc(nlp, sentence, labelled=True)) for sentence in SENTENCES]


def predict(nlp):
    return [entities(doc) for doc in nlp.pipe(docs_of(nlp))]


def sample(nlp, docs=None, **options):
    options = {"passes": 3, "dropout": "off", "seed": 1, **options}
    return list(nlp.get_pipe("tagger").sample(docs_of(nlp) if docs is None else docs, **options))


def in_order(batches):
    """Per sentence, in the order asked for: probabilities, best tags and log-probability."""
    found = {}
    for samples in batches:
        ends = samples.lengths.cumsum(0).tolist()
        for row, (number, end) in enumerate(zip(samples.order, ends, strict=True)):
            tokens = slice(end - int(samples.lengths[row]), end)
            found[number] = samples.probs[:, tokens], samples.best[:, tokens], samples.log_prob[:, row]
    return [found[number] for number in sorted(found)]


def test_overfits_a_few_sentences(trained):
    assert predict(trained) == gold_of(trained)


def test_same_entities_after_disk(trained, tmp_path):
    trained.to_disk(tmp_path / "pipeline")
    assert predict(spacy.load(tmp_path / "pipeline")) == gold_of(trained)


def test_same_entities_after_bytes(case, trained):
    assert predict(case.blank(labels=[]).from_bytes(trained.to_bytes())) == gold_of(trained)


def test_saving_again_gives_the_same_bytes(case, trained):
    if not case.same_bytes:
        pytest.skip("spacy-transformers saves a tokenizer's files in the order the file system lists them")
    data = trained.get_pipe("tagger").to_bytes()
    copy = case.blank().from_bytes(trained.to_bytes())
    # Compared as numbers: a difference of megabytes takes minutes to print.
    assert hash(copy.get_pipe("tagger").to_bytes()) == hash(data)


def test_pipe_equals_call(trained):
    assert predict(trained) == [entities(trained(doc)) for doc in docs_of(trained)]


@pytest.mark.usefixtures("spawning")
def test_two_spawned_processes_give_the_same_entities(case, trained, tmp_path):
    if not case.spawned:
        pytest.skip("another case of its class is tried")
    trained.to_disk(tmp_path / "pipeline")
    nlp = spacy.load(tmp_path / "pipeline")
    found = [entities(doc) for doc in nlp.pipe(docs_of(nlp), n_process=2, batch_size=2)]
    assert found == gold_of(trained)


def test_no_docs(trained):
    assert list(trained.pipe([])) == []
    assert sample(trained, []) == []


def test_a_doc_without_tokens(trained):
    assert trained(Doc(trained.vocab)).ents == ()
    docs = [Doc(trained.vocab), *docs_of(trained)]
    probs, _, log_prob = in_order(sample(trained, docs))[0]
    assert (probs.shape[1], log_prob.tolist()) == (0, [0.0])


def test_every_token_is_annotated_afterwards(trained):
    assert all(doc.has_annotation("ENT_IOB", require_complete=True) for doc in trained.pipe(docs_of(trained)))


def test_an_undeclared_label_is_named(case):
    nlp = case.blank(labels=["PER"])
    examples = make_examples(nlp)
    with pytest.raises(ALError, match=r"A301.*John Smith.*labelled 'LOC'.*\['PER'\]"):
        nlp.update(examples, sgd=nlp.initialize(lambda: examples))


def test_labels_are_declared_on_initialisation(case):
    nlp = case.blank(labels=[])
    nlp.get_pipe("tagger").initialize(lambda: make_examples(nlp), nlp=nlp, labels=["PER", "LOC", "ORG"])
    assert nlp.get_pipe("tagger").labels == ("PER", "LOC", "ORG")


def test_labels_come_from_the_examples_if_nowhere_declared(case):
    nlp = case.blank(labels=[])
    nlp.initialize(lambda: make_examples(nlp))
    assert (nlp.get_pipe("tagger").labels, nlp.get_pipe("tagger").label_data) == (("LOC", "PER"), LABELS)


def test_no_labels_at_all_is_an_error(case):
    nlp = case.blank(labels=[])
    with pytest.raises(ALError, match="A300"):
        nlp.initialize(lambda: make_examples(nlp, [SENTENCES[1]]))


def test_an_untrained_pipeline_says_so(case):
    with pytest.raises(ALError, match=r"A201|A333"):
        case.blank()("John")


def test_update_reports_a_loss(case):
    nlp, losses = case.blank(), {}
    examples = make_examples(nlp)
    nlp.update(examples, sgd=nlp.initialize(lambda: examples), losses=losses)
    assert losses["tagger"] >= 0
    assert (losses["tagger"] > 0) is bool(case.updates)  # those that train in one go learn nothing in an update


def test_scores_entities(trained):
    assert trained.evaluate(make_examples(trained))["ents_f"] == 1.0


def test_sample_covers_every_sentence_in_order_of_length(trained):
    batches = sample(trained)
    assert sorted(number for samples in batches for number in samples.order) == list(range(len(SENTENCES)))
    lengths = torch.cat([samples.lengths for samples in batches]).tolist()
    assert lengths in (sorted(lengths), sorted(lengths, reverse=True))


def test_sample_has_the_shapes_of_tag_samples(trained):
    n_tags = len(trained.get_pipe("tagger").tags)
    for samples in sample(trained):
        n_tokens, n_sentences = int(samples.lengths.sum()), len(samples.order)
        assert samples.probs.shape == (1, n_tokens, n_tags)
        assert samples.best.shape == (1, n_tokens)
        assert samples.log_prob.shape == (1, n_sentences)
        assert (samples.probs.dtype, samples.best.dtype) == (torch.float32, torch.int64)
        assert not samples.stochastic


def test_sampled_probabilities_are_probabilities(trained):
    for probs, _, log_prob in in_order(sample(trained)):
        assert ((probs >= 0) & (probs <= 1 + 1e-5)).all()
        torch.testing.assert_close(probs.sum(-1), torch.ones(probs.shape[:2]), atol=1e-4, rtol=0)
        assert (log_prob <= 1e-6).all()


def test_sampled_tags_are_the_entities_that_are_set(trained):
    tagger = trained.get_pipe("tagger")
    for (_, best, _), expected in zip(in_order(sample(trained)), predict(trained), strict=True):
        assert decode([tagger.tags[number] for number in best[0]], tagger.scheme) == expected


def test_probabilities_stand_in_the_columns_of_their_tags(trained):
    for probs, best, _ in in_order(sample(trained)):
        assert torch.equal(probs.argmax(-1), best)


def test_sampling_leaves_docs_as_they_are(trained):
    docs = docs_of(trained)
    before = [doc.to_bytes() for doc in docs]
    sample(trained, docs)
    assert [doc.to_bytes() for doc in docs] == before


def test_an_unknown_dropout_is_named(trained):
    with pytest.raises(ALError, match=r"(A200|A334).*'sideways'"):
        sample(trained, dropout="sideways")


def test_dropout_kinds_are_listed(trained, case):
    assert tuple(trained.get_pipe("tagger").dropouts) == ("off", *case.dropouts)


def test_stochastic_passes_differ_and_equal_seeds_agree(trained, case):
    for dropout in case.dropouts:
        one, two, other = (in_order(sample(trained, dropout=dropout, seed=seed)) for seed in (1, 1, 2))
        for (probs, _, _), (again, _, _) in zip(one, two, strict=True):
            torch.testing.assert_close(probs, again, atol=1e-6, rtol=0)
        assert max(float(probs.std(0).max()) for probs, _, _ in one) > 1e-4
        assert any(not torch.equal(a[0], b[0]) for a, b in zip(one, other, strict=True))


def test_sampling_touches_no_global_random_state(trained, case):
    states = torch.get_rng_state(), random.getstate(), numpy.random.get_state()[1].tolist()
    for dropout in ("off", *case.dropouts):
        sample(trained, dropout=dropout)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (random.getstate(), numpy.random.get_state()[1].tolist()) == states[1:]


def test_entities_are_the_same_after_sampling(trained, case):
    for dropout in case.dropouts:
        sample(trained, dropout=dropout)
    assert predict(trained) == gold_of(trained)


def test_training_again_from_a_restart_gives_the_same_tagger(case):
    nlp = case.blank()
    nlp.initialize(lambda: make_examples(nlp))
    results = []  # once from new weights, once from trained ones
    for _ in range(2):
        case.train_again(nlp, seed=7)
        results.append(in_order(sample(nlp)))
    for (one, _, _), (two, _, _) in zip(*results, strict=True):
        torch.testing.assert_close(one, two, atol=1e-6, rtol=0)
    assert predict(nlp) == gold_of(nlp)
