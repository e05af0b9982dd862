"""The tagger's own promises: labels, missing annotation, seams, the two ways in for transformers, long sentences."""

import numpy
import pytest
import spacy
import torch
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import Adam

from spacy_al.errors import ALError
from spacy_al.ids import token_key
from spacy_al.ml.snapshot import Snapshot
from spacy_al.tasks import REJECTED
from tests.ml.helpers import SENTENCES, make_examples, tiny_transformer, trained, transformer_model

LISTENER = {"@architectures": "spacy-transformers.TransformerListener.v1", "grad_factor": 1.0,
            "pooling": {"@layers": "reduce_first.v1"}, "upstream": "*"}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_transformer(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def nlp(folder):
    nlp = spacy.blank("en")
    nlp.add_pipe("sequence_tagger", config={"model": transformer_model(folder), "labels": ["PER", "LOC", "ORG"]})
    trained(nlp)
    return nlp


def docs_of(nlp):
    return [Doc(nlp.vocab, words=text.split()) for text, _ in SENTENCES]


def by_place(batches, docs, field):
    found = {}
    for batch in batches:
        parts = getattr(batch, field).split(batch.lengths.tolist(), dim=1)
        found.update(zip(batch.order, parts))
    return [found[place] for place in range(len(docs))]


def test_labels_are_needed_and_never_invented():
    nlp = spacy.blank("en")
    nlp.add_pipe("sequence_tagger")
    bare = Doc(nlp.vocab, words=["a"])
    with pytest.raises(ALError, match="A300"):
        nlp.initialize(lambda: [Example(bare, bare.copy())])


def test_a_batch_without_some_label_changes_no_shape(nlp):
    pipe = nlp.get_pipe("sequence_tagger")
    assert pipe.tags == ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"]
    (batch, *_) = pipe.sample(docs_of(nlp), dropout="off")
    assert batch.probs.shape[-1] == 7  # no ORG was ever seen


def test_an_undeclared_label_is_an_error_that_names_it(nlp):
    example = make_examples(nlp.vocab, [("Anna saw Rome", [(0, 1, "DATE")])])
    with pytest.raises(ALError, match="A301.*Anna saw Rome.*DATE"):
        nlp.update(example)


def test_labels_are_fixed_after_initialisation(nlp):
    assert nlp.get_pipe("sequence_tagger").add_label("PER") == 0
    with pytest.raises(ALError, match="A302"):
        nlp.get_pipe("sequence_tagger").add_label("DATE")


def test_tokens_without_annotation_take_no_part_in_the_loss(nlp):
    gold = Doc(nlp.vocab, words=["Anna", "saw", "Rome"])
    gold.set_ents([Span(gold, 0, 1, "PER")], missing=[gold[1:3]], default="outside")
    tags = nlp.get_pipe("sequence_tagger")._codec().gold(Example(Doc(nlp.vocab, words=["Anna", "saw", "Rome"]), gold))
    assert tags.tolist() == [1, -100, -100]


def test_entities_survive_another_tokenisation(nlp):
    gold = Doc(nlp.vocab, words=["New", "York", "town"])
    gold.set_ents([Span(gold, 0, 2, "LOC")], default="outside")
    merged = Doc(nlp.vocab, words=["New York", "town"])
    assert nlp.get_pipe("sequence_tagger")._codec().gold(Example(merged, gold)).tolist() == [3, 0]


def test_last_and_off_do_not_depend_on_batching_or_order(nlp):
    pipe, docs = nlp.get_pipe("sequence_tagger"), docs_of(nlp)
    for dropout in ("off", "last"):
        together = by_place(pipe.sample(docs, passes=3, dropout=dropout, seed=5), docs, "probs")
        backwards = by_place(pipe.sample(docs[::-1], passes=3, dropout=dropout, seed=5), docs, "probs")[::-1]
        alone = [next(pipe.sample([doc], passes=3, dropout=dropout, seed=5)).probs for doc in docs]
        for one, other, single in zip(together, backwards, alone):
            assert torch.allclose(one, other, atol=1e-5)
            assert torch.allclose(one, single, atol=1e-5)


def test_all_repeats_with_the_same_seed_and_batching(nlp):
    pipe, docs = nlp.get_pipe("sequence_tagger"), docs_of(nlp)
    first, second, other = (next(pipe.sample(docs, passes=3, dropout="all", seed=seed)).probs for seed in (5, 5, 6))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_last_runs_the_encoder_once_and_all_once_per_pass(nlp):
    body, calls = nlp.get_pipe("sequence_tagger")._shim.state.network.body, []
    handle = body.register_forward_hook(lambda *_: calls.append(1))
    for dropout, expected in (("off", 1), ("last", 1), ("all", 4)):
        calls.clear()
        list(nlp.get_pipe("sequence_tagger").sample(docs_of(nlp), passes=4, dropout=dropout, seed=0))
        assert len(calls) == expected
    handle.remove()


def test_sampling_leaves_modes_and_random_state_alone_even_after_an_exception(nlp):
    pipe = nlp.get_pipe("sequence_tagger")
    network = pipe._shim.state.network.eval()
    state, numpy_state = torch.get_rng_state(), numpy.random.get_state()[1].copy()
    handle = network.head.register_forward_pre_hook(lambda *_: 1 / 0)
    network.head.predict, kept = (lambda *_: 1 / 0), network.head.predict
    with pytest.raises(ZeroDivisionError):
        list(pipe.sample(docs_of(nlp), passes=2, dropout="all", seed=0))
    network.head.predict = kept
    handle.remove()
    assert not any(module.training for module in network.modules())
    assert torch.equal(state, torch.get_rng_state())
    assert (numpy_state == numpy.random.get_state()[1]).all()


def test_unknown_dropout_is_refused(nlp):
    with pytest.raises(ALError, match="A200.*word"):
        list(nlp.get_pipe("sequence_tagger").sample(docs_of(nlp), dropout="word"))


def test_kept_states_spare_the_encoder_and_are_freed(nlp):
    pipe, docs, calls = nlp.get_pipe("sequence_tagger"), docs_of(nlp), []
    expected = by_place(pipe.sample(docs, passes=2, dropout="last", seed=1), docs, "probs")
    pipe.keep_states(True)
    list(pipe.pipe(docs))
    handle = pipe._shim.state.network.body.register_forward_hook(lambda *_: calls.append(1))
    found = by_place(pipe.sample(docs, passes=2, dropout="last", seed=1), docs, "probs")
    handle.remove()
    assert not calls
    assert pipe._shim.sampling.kept == {}
    pipe.keep_states(False)
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(found, expected))


def test_kept_states_do_not_outlive_the_weights_they_came_from(folder):
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe("sequence_tagger", config={"model": transformer_model(folder), "labels": ["PER", "LOC"]})
    examples = make_examples(nlp.vocab)
    optimizer = nlp.initialize(lambda: examples)
    docs = docs_of(nlp)
    pipe.keep_states(True)
    pipe.predict(docs)
    nlp.update(examples, sgd=optimizer)
    found = by_place(pipe.sample(docs, dropout="off"), docs, "probs")
    pipe.keep_states(False)
    expected = by_place(pipe.sample(docs, dropout="off"), docs, "probs")
    assert all(torch.equal(one, other) for one, other in zip(found, expected))


def test_a_long_sentence_is_strided_and_short_ones_beside_it_are_untouched(folder):
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe("sequence_tagger", config={"model": transformer_model(folder, window=8), "labels": ["X"]})
    docs = [Doc(nlp.vocab, words=["the", "old"]), Doc(nlp.vocab, words=["the", "older", "towns"] * 20)]
    nlp.initialize(lambda: [Example(doc, doc.copy()) for doc in docs])
    together, alone = pipe.predict(docs), pipe.predict(docs[:1])
    assert [len(tags) for tags in together] == [2, 60]
    assert together[0].tolist() == alone[0].tolist()


def test_windows_of_a_long_sentence_agree_with_one_that_fits(folder):
    nlp = spacy.blank("en")
    wide, narrow = (
        nlp.add_pipe(
            "sequence_tagger",
            name=f"w{size}",
            config={"model": transformer_model(folder, window=size), "labels": ["X"]},
        )
        for size in (40, 12)
    )
    doc = Doc(nlp.vocab, words=["the", "old", "town"] * 10)
    nlp.initialize(lambda: [Example(doc, doc.copy())])
    one, other = (next(pipe._shim.sampling.states([doc], [token_key(doc)]))[1].data for pipe in (wide, narrow))
    # Different context, so different states; but of the same tokens, so much closer than those of others.
    aligned = torch.nn.functional.cosine_similarity(one[0], other[0]).mean()
    shifted = torch.nn.functional.cosine_similarity(one[0], other[0].roll(1, 0)).mean()
    assert aligned > shifted


def test_listener_and_fused_encoder_give_the_same_states(folder):
    nlp = spacy.blank("en")
    nlp.add_pipe("transformer", config={"model": {"name": folder}})
    model = transformer_model(folder) | {"encoder": LISTENER}
    listening = nlp.add_pipe("sequence_tagger", name="listening", config={"model": model, "labels": ["X"]})
    fused = nlp.add_pipe("sequence_tagger", name="fused", config={"model": transformer_model(folder), "labels": ["X"]})
    docs = [Doc(nlp.vocab, words=text.split()) for text, _ in SENTENCES]
    nlp.initialize(lambda: [Example(doc, doc.copy()) for doc in docs])
    nlp.get_pipe("transformer").set_annotations(docs, nlp.get_pipe("transformer").predict(docs))
    for doc in docs:
        one, other = (next(pipe._shim.sampling.states([doc], [token_key(doc)]))[1].data for pipe in (listening, fused))
        assert torch.allclose(one, other, atol=1e-5)


def test_the_listener_trains(folder):
    nlp = spacy.blank("en")
    nlp.add_pipe("transformer", config={"model": {"name": folder}})
    model = transformer_model(folder) | {"encoder": LISTENER}
    nlp.add_pipe("sequence_tagger", config={"model": model, "labels": ["PER", "LOC"]})
    trained(nlp, steps=60)
    found = [[(ent.start, ent.end, ent.label_) for ent in doc.ents] for doc in nlp.pipe(docs_of(nlp))]
    assert found == [spans for _, spans in SENTENCES]


@pytest.mark.parametrize("place", [0, 2])
def test_a_doc_without_tokens_beside_others_stops_no_listener(folder, place):
    nlp = spacy.blank("en")
    nlp.add_pipe("transformer", config={"model": {"name": folder}})
    model = transformer_model(folder) | {"encoder": LISTENER}
    nlp.add_pipe("sequence_tagger", config={"model": model, "labels": ["PER", "LOC"]})
    examples = make_examples(nlp.vocab)
    optimizer = nlp.initialize(lambda: examples)
    examples.insert(place, Example(Doc(nlp.vocab), Doc(nlp.vocab)))
    assert nlp.update(examples, sgd=optimizer)["sequence_tagger"] > 0
    docs = docs_of(nlp)
    docs.insert(place, Doc(nlp.vocab))
    assert [len(doc) for doc in nlp.pipe(docs)] == [len(eg.x) for eg in examples]


def test_mean_pooling_is_the_mean_of_a_tokens_pieces(folder):
    nlp = spacy.blank("en")
    first, mean = (
        nlp.add_pipe(
            "sequence_tagger", name=how, config={"model": transformer_model(folder, pooling=how), "labels": ["X"]}
        )
        for how in ("first", "mean")
    )
    doc = Doc(nlp.vocab, words=["the", "olders"])  # old ##er ##s
    nlp.initialize(lambda: [Example(doc, doc.copy())])
    encoder = first._shim.state.encoder
    batch = encoder.collate(encoder.featurize([doc]), torch.device("cpu"))
    hidden = encoder.body.transformer(batch.ids, attention_mask=batch.mask.long()).last_hidden_state[0]
    (_, states), (_, firsts) = (next(pipe._shim.sampling.states([doc], [token_key(doc)])) for pipe in (mean, first))
    assert torch.allclose(states.data[0, 1], hidden[2:5].mean(0), atol=1e-5)
    assert torch.allclose(firsts.data[0, 1], hidden[2], atol=1e-5)


def test_restart_puts_pretrained_weights_back_and_redraws_the_head(folder):
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe("sequence_tagger", config={"model": transformer_model(folder), "labels": ["PER", "LOC"]})
    examples = make_examples(nlp.vocab)
    optimizer = nlp.initialize(lambda: examples)
    pipe.restart(1)
    start, head = Snapshot(pipe.model), pipe._shim.state.network.head.output.weight.clone()
    nlp.update(examples, sgd=optimizer)
    assert not torch.equal(pipe._shim.state.network.head.output.weight, head)
    pipe.restart(1)
    for one, other in zip(start.tensors.values(), Snapshot(pipe.model).tensors.values()):
        assert all(torch.equal(one[name], other[name]) for name in one)
    pipe.restart(2)
    assert not torch.equal(pipe._shim.state.network.head.output.weight, head)


def test_wrong_scheme_and_missing_encoder_say_what_to_do():
    nlp = spacy.blank("en")
    with pytest.raises(ALError, match="A008.*IOB2"):
        nlp.add_pipe("sequence_tagger", config={"scheme": "BIO"})
    nlp.add_pipe("sequence_tagger", config={"model": transformer_model("no/such/model"), "labels": ["X"]})
    with pytest.raises(ALError, match="A210.*no/such/model"):
        nlp.initialize()


def crf_tagger():
    head = {"@al_heads": "spacy-al.CRFHead.v1", "dropout": 0.0, "constrained": True, "average": "sentences"}
    nlp = spacy.blank("en")
    nlp.add_pipe("sequence_tagger", config={"model": {"head": head}, "labels": ["PER", "LOC"]})
    return nlp


def rejecting(nlp, *spans, words=("Paul", "saw", "Rome"), ents=()):
    """A sentence of which nothing is known but rejected spans, and entities where some are given."""
    gold = Doc(nlp.vocab, words=list(words))
    gold.set_ents([Span(gold, *ent) for ent in ents], default="missing")
    gold.spans[REJECTED] = [Span(gold, *span) for span in spans]
    return Example(Doc(nlp.vocab, words=["Paul", "saw", "Rome"]), gold)


def test_a_crf_unlearns_a_rejected_span_and_keeps_the_others():
    nlp = crf_tagger()
    trained(nlp, rate=1e-2)
    before = [(ent.text, ent.label_) for ent in nlp("Paul saw Rome").ents]
    optimizer = Adam(1e-3)
    for _ in range(30):
        nlp.update([rejecting(nlp, (2, 3, "LOC"))], sgd=optimizer)
    assert before == [("Paul", "PER"), ("Rome", "LOC")]
    assert ("Rome", "LOC") not in [(ent.text, ent.label_) for ent in nlp("Paul saw Rome").ents]


def test_accepted_and_rejected_spans_of_one_sentence_are_learnt_together():
    nlp = crf_tagger()
    example = rejecting(nlp, (2, 3, "LOC"), ents=[(2, 3, "PER")])
    optimizer = nlp.initialize(lambda: make_examples(nlp.vocab))
    for _ in range(40):
        nlp.update([example], sgd=optimizer)
    assert ("Rome", "PER") in [(ent.text, ent.label_) for ent in nlp("Paul saw Rome").ents]


def test_rejected_spans_change_no_softmax_head():
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe("sequence_tagger", config={"labels": ["PER", "LOC"]})
    nlp.initialize(lambda: make_examples(nlp.vocab))
    assert not pipe.learns_from_rejected
    assert nlp.update([rejecting(nlp, (2, 3, "LOC"))])["sequence_tagger"] == 0.0


def test_rejected_spans_survive_another_tokenisation():
    nlp = crf_tagger()
    example = rejecting(nlp, (0, 1, "PER"), (0, 2, "LOC"), words=("Paul", "sa", "w", "Rome"))
    assert nlp.get_pipe("sequence_tagger")._rejected(example) == [(0, 1, "PER")]


@pytest.mark.parametrize(
    ("span", "problem"), [((0, 1, "DATE"), "not among the declared"), ((2, 3, "LOC"), "is an entity there as well")]
)
def test_a_rejected_span_that_cannot_be_is_an_error(span, problem):
    nlp = crf_tagger()
    nlp.initialize(lambda: make_examples(nlp.vocab))
    with pytest.raises(ALError, match=f"A303.*Paul saw Rome.*{problem}"):
        nlp.update([rejecting(nlp, span, ents=[(2, 3, "LOC")])])


def test_a_tagger_sourced_from_a_trained_pipeline_trains_twice(folder, tmp_path):
    first = spacy.blank("en")
    first.add_pipe("sequence_tagger", config={"model": transformer_model(folder), "labels": ["PER", "LOC"]})
    examples = make_examples(first.vocab)
    first.initialize(lambda: examples)
    first.to_disk(tmp_path)
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe("sequence_tagger", source=spacy.load(tmp_path))
    heads, optimizer = [], nlp.resume_training()
    for _ in range(2):
        pipe.restart(1)
        heads.append(pipe._shim.state.network.head.output.weight.clone())
        nlp.update(make_examples(nlp.vocab), sgd=optimizer)
        assert not torch.equal(pipe._shim.state.network.head.output.weight, heads[-1])
    assert torch.equal(heads[0], heads[1])


def test_a_snapshot_of_other_modules_is_refused(folder, tmp_path):
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe("sequence_tagger", config={"model": transformer_model(folder), "labels": ["PER", "LOC"]})
    nlp.initialize(lambda: make_examples(nlp.vocab))
    pipe.from_bytes(pipe.to_bytes())  # its head is joined at the first use
    before = Snapshot(pipe.model)
    pipe._shim.state.attach()
    with pytest.raises(ALError, match=r"\[A221\].*head"):
        before.restore()
