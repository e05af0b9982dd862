"""The component `uncertainty` in pipelines of every kind, saved, loaded, batched and in worker processes."""

import math

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span

from spacy_al.errors import ALError
from spacy_al.pipeline.adapters import get_sampler
from spacy_al.pipeline.uncertainty import render_html
from spacy_al.uncertainty.measures import get_measures

from .test_adapters import TEXTS, build, docs_of

KINDS = ["ner", "ner listener", "tagger", "tagger listener"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Folders of trained pipelines, so that every test loads its own."""
    folder = tmp_path_factory.mktemp("pipelines")

    def get(kind):
        path = folder / kind.replace(" ", "_")
        if not path.exists():
            build(kind).to_disk(path)
        return path

    return get


def load(saved, kind="tagger", **config):
    nlp = spacy.load(saved(kind))
    nlp.add_pipe("uncertainty", config=config)
    return nlp


def run(nlp, **options):
    return list(nlp.pipe(docs_of(nlp), **options))


def numbers(docs):
    """Everything the component sets, rounded."""
    return [
        (
            {name: round(value, 5) for name, value in doc._.uncertainty.items()},
            [(ent.text, None if ent._.confidence is None else round(ent._.confidence, 5)) for ent in doc.ents],
            [round(token._.uncertainty, 5) for token in doc],
        )
        for doc in docs
    ]


def flat(docs):
    """The same as one list of numbers."""
    found = []
    for measures, entities, tokens in numbers(docs):
        found += [*measures.values(), *(value for _, value in entities), *tokens]
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dropout", ["off", "last", "all"])
def test_measures_are_those_of_the_sampler(saved, kind, dropout):
    names = ["mnlp", "entropy_sum", *(["bald"] if dropout != "off" else [])]
    nlp = load(saved, kind, measures=names, passes=3, dropout=dropout, seed=4)
    docs = run(nlp)
    sampler = get_sampler(nlp)
    for samples in sampler.sample(docs_of(nlp), passes=3, dropout=dropout, seed=4):
        for measure in get_measures(names):
            for number, expected in zip(samples.order, measure.function(samples).tolist(), strict=True):
                assert docs[number]._.uncertainty[measure.name] == pytest.approx(expected, abs=1e-5)


def test_confidence_is_the_product_over_the_tokens_of_an_entity(saved):
    nlp = load(saved)
    docs = run(nlp)
    tags = nlp.get_pipe("sequence_tagger").tags
    for samples in get_sampler(nlp).sample(docs, passes=1, dropout="off", seed=0):
        rows = dict(zip(samples.order, samples.probs[0].split(samples.lengths.tolist()), strict=True))
        for number, probs in rows.items():
            for ent in docs[number].ents:
                names = [f"B-{ent.label_}", *[f"I-{ent.label_}"] * (len(ent) - 1)]
                factors = [probs[token.i, tags.index(name)].item() for token, name in zip(ent, names, strict=True)]
                assert ent._.confidence == pytest.approx(math.prod(factors), rel=1e-4)
    assert sum(len(doc.ents) for doc in docs) > 0


def test_confidence_of_stock_ner_is_its_share_of_the_beam(saved):
    nlp = load(saved, "ner")
    doc = nlp(Doc(nlp.vocab, words=TEXTS[3][0]))
    (scores,) = get_sampler(nlp).entity_scores([doc])
    assert len(doc.ents) > 0
    for ent in doc.ents:
        assert ent._.confidence == pytest.approx(scores.get((ent.start, ent.end, ent.label_), 0.0))


def test_other_spans_and_unknown_labels_have_no_confidence(saved):
    nlp = load(saved)
    ruler = nlp.add_pipe("entity_ruler", before="uncertainty", config={"overwrite_ents": True})
    ruler.add_patterns([{"label": "ORG", "pattern": "Nobody"}])
    doc = nlp(Doc(nlp.vocab, words=["Nobody", "came"]))
    assert doc.ents[0]._.confidence is None
    assert Span(doc, 0, 2, label="PER")._.confidence is None


def test_token_values_are_those_of_the_first_measure(saved):
    nlp = load(saved, measures=["margin_max", "mnlp"])
    doc = nlp(Doc(nlp.vocab, words=TEXTS[0][0]))
    assert max(token._.uncertainty for token in doc) == doc._.uncertainty["margin_max"]


def test_tokens_have_an_entropy_where_the_measure_has_no_values(saved):
    nlp = load(saved, measures=["random", "entropy_max"])
    doc = nlp(Doc(nlp.vocab, words=TEXTS[0][0]))
    assert max(token._.uncertainty for token in doc) == pytest.approx(doc._.uncertainty["entropy_max"])


@pytest.mark.parametrize("kind", KINDS)
def test_batches_make_no_difference(saved, kind):
    nlp = load(saved, kind, measures=["bald"], passes=3, dropout="last")
    together = flat(run(nlp))
    assert flat(run(nlp, batch_size=2)) == pytest.approx(together, abs=1e-5)
    assert flat([nlp(doc) for doc in docs_of(nlp)]) == pytest.approx(together, abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_pipeline_says_the_same(saved, kind, tmp_path):
    nlp = load(saved, kind, measures=["bald", "mnlp"], passes=3, dropout="last", seed=9)
    nlp.to_disk(tmp_path / "model")
    again = spacy.load(tmp_path / "model")
    assert again.get_pipe("uncertainty").seed == 9
    assert numbers(run(again)) == numbers(run(nlp))


def test_numbers_travel_with_the_docs(saved):
    nlp = load(saved)
    docs = run(nlp)
    data = DocBin(docs=docs, store_user_data=True).to_bytes()
    assert numbers(DocBin().from_bytes(data).get_docs(nlp.vocab)) == numbers(docs)


@pytest.mark.usefixtures("spawning")
def test_worker_processes_say_the_same(saved, tmp_path):
    load(saved, "ner listener", measures=["bald"], passes=2, dropout="last").to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model")
    found = []
    for n_process in (1, 2):
        docs = nlp.pipe(["Ann saw Rome", "Bob slept", "In Oslo"], n_process=n_process, batch_size=1)
        found.append([(doc._.uncertainty, [token._.uncertainty for token in doc]) for doc in docs])
    assert found[0] == found[1]
    assert all(sentence["bald"] >= 0 and len(tokens) for sentence, tokens in found[1])


def test_the_target_can_come_later_and_be_named(saved):
    nlp = spacy.load(saved("tagger"))
    nlp.add_pipe("uncertainty", first=True, config={"target": "sequence_tagger"})
    doc = nlp(Doc(nlp.vocab, words=["Ann"]))
    assert set(doc._.uncertainty) == {"mnlp"}


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"measures": ["mnpl"]}, "A402"),
        ({"measures": ["bald"], "dropout": "off"}, "A401"),
        ({"measures": ["bald"], "dropout": "last", "passes": 1}, "A401"),
        ({"passes": 0}, "A404"),
    ],
)
def test_what_makes_no_sense_is_refused_when_the_pipeline_is_built(config, code):
    with pytest.raises(ALError, match=code):
        spacy.blank("en").add_pipe("uncertainty", config=config)


@pytest.mark.parametrize(
    ("config", "code"),
    [({"target": "nre"}, "A410"), ({"dropout": "word"}, "A413"), ({"target": "sents"}, "A411")],
)
def test_what_the_pipeline_lacks_is_named_when_it_runs(saved, config, code):
    nlp = load(saved, **config)
    nlp.add_pipe("sentencizer", name="sents")
    with pytest.raises(ALError, match=code):
        run(nlp)


def test_no_second_encoder_pass_for_a_sequence_tagger(saved, monkeypatch):
    for dropout in ("off", "last"):
        nlp = load(saved, measures=["mnlp"], dropout=dropout, passes=3)
        encoder = nlp.get_pipe("sequence_tagger").model.layers[0]
        calls = []
        forward = encoder._func
        monkeypatch.setattr(encoder, "_func", lambda *a, f=forward, c=calls, **k: (c.append(1), f(*a, **k))[1])
        plain = load(saved)
        plain.remove_pipe("uncertainty")
        run(nlp, batch_size=2)
        with_component = len(calls)
        calls.clear()
        with nlp.select_pipes(disable=["uncertainty"]):
            run(nlp, batch_size=2)
        assert with_component == len(calls) > 0


def test_the_page_shows_entities_and_confidence(saved):
    nlp = load(saved)
    docs = run(nlp)
    page = render_html(docs, title="Pool")
    ent = next(ent for doc in docs for ent in doc.ents)
    assert f"{ent.label_} {ent._.confidence:.2f}" in page
    assert page.count("<li>") == len(docs)


def test_docs_that_were_not_processed_have_no_page(saved):
    nlp = load(saved)
    with pytest.raises(ALError, match="A418"):
        render_html([Doc(nlp.vocab, words=["x"])])


def test_an_attribute_of_another_package_is_not_overwritten():
    getter = Span.get_extension("confidence")[2]
    Span.remove_extension("confidence")
    Span.set_extension("confidence", getter=len)
    try:
        with pytest.raises(ALError, match=r"A417.*span\._\.confidence"):
            spacy.blank("en").add_pipe("uncertainty")
    finally:
        Span.set_extension("confidence", getter=getter, force=True)


def test_after_tokens_were_merged_there_are_no_values_of_other_tokens(saved):
    nlp = load(saved)
    doc = nlp(docs_of(nlp)[0])
    assert doc[0]._.uncertainty is not None
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:2])
    assert [token._.uncertainty for token in doc] == [None] * len(doc)
    with pytest.raises(ALError, match="A418.*merge or split"):
        render_html([doc])


@pytest.mark.parametrize("how", ["ner", "tok2vec", "all but uncertainty"])
def test_a_disabled_target_is_asked_with_the_states_it_was_trained_on(saved, tmp_path, how):
    nlp = load(saved, "ner listener", target="ner")
    nlp.to_disk(tmp_path / "model")
    others = [name for name in nlp.pipe_names if name != "uncertainty"]
    other = spacy.load(tmp_path / "model", disable=others if how == "all but uncertainty" else [how])
    told = [[doc._.uncertainty["mnlp"] for doc in run(one)] for one in (nlp, other)]
    assert told[1] == pytest.approx(told[0], abs=1e-5)


def test_a_target_whose_states_were_excluded_is_refused(saved, tmp_path):
    load(saved, "ner listener").to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model", exclude=["tok2vec"])
    with pytest.raises(ALError, match="A443.*'ner'"):
        nlp("Anna left .")
