"""What people have met with other taggers: preset entities, beams on long texts, merged tokens, two components."""

import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_al.errors import ALError
from spacy_al.pipeline import transition
from spacy_al.pipeline.adapters import get_sampler
from spacy_al.pipeline.transition import TransitionSampler
from tests.contract.component_cases import CASES, SENTENCES, entities, make_doc, make_examples

WORDS = "In Berlin Anna met Otto .".split()


@pytest.fixture(scope="module")
def ner():
    """spaCy's own `ner`, trained with the dropout of its default config."""
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe("ner")
    for label in ("PER", "LOC"):
        pipe.add_label(label)
    examples = make_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(30):
        nlp.update(make_examples(nlp), sgd=optimizer, drop=0.1)
    return nlp.to_bytes()


def load(ner, **config):
    nlp = spacy.blank("en")
    nlp.add_pipe("ner")
    nlp.from_bytes(ner)
    if config:
        nlp.add_pipe("uncertainty", config=config)
    return nlp


def long_doc(nlp, sentences):
    return Doc(nlp.vocab, words=[WORDS[number % len(WORDS)] for number in range(sentences * len(WORDS))])


@pytest.mark.parametrize("kind", ["crfsuite", "flair", "sequence_tagger"])
def test_entities_set_before_a_tagger_are_kept(kind):
    case = CASES[kind]
    nlp = case.train(case.blank())
    ruler = nlp.add_pipe("entity_ruler", before="tagger")
    ruler.add_patterns([{"label": "ORG", "pattern": "Smith lives", "id": "q1"}])
    doc = nlp.get_pipe("tagger")(ruler(make_doc(nlp, SENTENCES[0])))
    assert entities(doc) == [(1, 3, "ORG"), (4, 5, "LOC")]
    assert doc.ents[0].ent_id_ == "q1"
    assert doc.has_annotation("ENT_IOB", require_complete=True)


def test_bald_asks_for_dropout_by_itself(ner):
    nlp = load(ner, measures=["bald"], passes=6)
    doc = nlp(Doc(nlp.vocab, words=WORDS))
    (samples,) = get_sampler(nlp).sample([doc], passes=6, dropout="last", seed=0)
    assert samples.probs.std(0).max() > 0
    assert doc._.uncertainty["bald"] > 0


def test_deterministic_measures_ask_for_none(ner):
    nlp, plain = load(ner, measures=["mnlp"]), load(ner, measures=["mnlp"], dropout="off")
    docs = [pipeline(Doc(pipeline.vocab, words=WORDS)) for pipeline in (nlp, plain)]
    assert docs[0]._.uncertainty == docs[1]._.uncertainty


@pytest.mark.parametrize("dropout", ["off", "last", "all"])
def test_confidences_of_stock_ner_are_shares(ner, dropout):
    nlp = load(ner, measures=["mnlp"], passes=5, dropout=dropout)
    docs = list(nlp.pipe(make_doc(nlp, sentence) for sentence in SENTENCES * 10))
    found = [ent._.confidence for doc in docs for ent in doc.ents]
    assert len(found) > 50
    assert all(0 <= value <= 1 for value in found)
    assert max(found) > 0.5


def test_under_dropout_a_confidence_is_the_mean_share_of_the_passes(ner):
    nlp = load(ner)
    doc = nlp(Doc(nlp.vocab, words=WORDS))
    sampler = get_sampler(nlp)
    ((_, (scores,)),) = sampler.sample_entities([doc], passes=4, dropout="last", seed=3)
    # An entity of one token is the tag U: its share is that tag's marginal.
    (samples,) = sampler.sample([doc], passes=4, dropout="last", seed=3)
    marginals = samples.probs.mean(0)
    singles = [ent for ent in doc.ents if len(ent) == 1]
    assert singles
    for ent in singles:
        expected = marginals[ent.start, sampler.tags.index(f"U-{ent.label_}")].item()
        assert scores[ent.start, ent.end, ent.label_] == pytest.approx(expected, abs=1e-6)


def test_parts_cover_a_doc_and_are_cut_where_it_harms_least():
    nlp = spacy.blank("en")
    doc = long_doc(nlp, 300)
    parts = transition.parts_of(doc)
    assert [first for first, _ in parts] == [0, *(end for _, end in parts[:-1])]
    assert parts[-1][1] == len(doc) == 1800
    assert all(end - start <= transition.MOST_TOKENS for start, end in parts)
    assert all(doc[end - 1].text == "." for _, end in parts)
    assert transition.parts_of(long_doc(nlp, 10)) == [(0, 60)]


def test_no_part_ends_inside_an_entity(monkeypatch):
    monkeypatch.setattr(transition, "MOST_TOKENS", 4)
    doc = Doc(spacy.blank("en").vocab, words=list("abcdef"))
    doc.set_ents([Span(doc, 3, 5, label="PER")])
    assert transition.parts_of(doc) == [(0, 3), (3, 6)]


def test_parts_say_what_the_whole_says(ner, monkeypatch):
    nlp = load(ner)
    doc = long_doc(nlp, 5)
    whole = next(get_sampler(nlp).sample([doc], passes=1, dropout="off", seed=0))
    wide = next(TransitionSampler(nlp.get_pipe("ner"), beam_width=2000).sample([doc]))
    monkeypatch.setattr(transition, "MOST_TOKENS", 12)
    with pytest.warns(UserWarning, match="W440.*30 tokens.*12"):
        parts = next(get_sampler(nlp).sample([doc], passes=1, dropout="off", seed=0))
    assert parts.best.tolist() == whole.best.tolist()
    assert (parts.probs - whole.probs).abs().mean() < 0.02
    # A beam that is wide enough for the whole leaves out nothing that counts; a narrow one thinks itself surer.
    assert parts.log_prob.item() == pytest.approx(wide.log_prob.item(), abs=0.03)


def test_entities_that_are_merged_keep_their_confidence():
    case = CASES["sequence_tagger"]
    nlp = case.train(case.blank())
    nlp.add_pipe("uncertainty")
    before = {ent.text: ent._.confidence for ent in nlp(make_doc(nlp, SENTENCES[2])).ents}
    nlp.add_pipe("merge_entities")
    doc = nlp(make_doc(nlp, SENTENCES[2]))
    assert [len(ent) for ent in doc.ents] == [1, 1]
    assert {ent.text: ent._.confidence for ent in doc.ents} == before
    assert None not in before.values()
    # Other words, or another label, are another entity.
    assert Span(doc, 0, 2, label="PER")._.confidence is None
    assert doc[1:].as_doc(copy_user_data=True)[0:1]._.confidence is None


def test_two_components_need_two_names(ner):
    nlp = load(ner, measures=["mnlp"])
    with pytest.raises(ALError, match="A442.*prefix"):
        nlp.add_pipe("uncertainty", name="second")


def test_two_components_say_each_its_own(ner):
    alone = load(ner, measures=["bald"], passes=3, seed=5)
    expected = alone(Doc(alone.vocab, words=WORDS))._.uncertainty
    nlp = load(ner, measures=["mnlp"])
    nlp.add_pipe("uncertainty", name="second", config={"prefix": "b_", "measures": ["bald"], "passes": 3, "seed": 5})
    doc = nlp(Doc(nlp.vocab, words=WORDS))
    assert doc._.b_uncertainty == expected
    assert set(doc._.uncertainty) == {"mnlp"}
    assert doc.ents
    assert all(ent._.b_confidence is not None and ent._.confidence is not None for ent in doc.ents)
    assert [ent._.b_confidence for ent in doc.ents] != [ent._.confidence for ent in doc.ents]
    assert doc[0]._.b_uncertainty != doc[0]._.uncertainty
