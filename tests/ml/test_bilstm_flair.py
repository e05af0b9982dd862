"""BiLSTM and CRF against Flair's SequenceTagger with the same weights: tags, log-probabilities, gradients."""

from typing import List, Tuple

import flair
import pytest
import torch
from flair.data import Dictionary, Sentence
from flair.embeddings import TokenEmbeddings
from flair.models import SequenceTagger

from spacy_al.ml.bilstm import BiLSTMBody
from spacy_al.ml.crf_head import CRFHead
from spacy_al.ml.stages import Ragged

from . import crf_helpers

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
WIDTH, HIDDEN = 6, 5
SENTENCES = ["Ann sees Rome", "of", "The old man of Rio de Janeiro sees Ann and Bob", "Bob sees Ann"]


class Fixed(TokenEmbeddings):
    """A vector for each word, drawn from the word itself."""

    def __init__(self) -> None:
        self.name = "fixed"
        self.static_embeddings = True
        super().__init__()

    @property
    def embedding_length(self) -> int:
        return WIDTH

    def _add_embeddings_internal(self, sentences: List[Sentence]) -> None:
        for sentence in sentences:
            for token in sentence:
                token.set_embedding(self.name, vector(token.text))


def vector(word: str) -> torch.Tensor:
    return torch.randn(WIDTH, generator=torch.Generator().manual_seed(sum(word.encode("utf8"))))


@pytest.fixture(scope="module")
def theirs() -> SequenceTagger:
    flair.device = torch.device("cpu")
    labels = Dictionary(add_unk=False)
    labels.span_labels = True
    for label in ("PER", "LOC"):
        labels.add_item(label)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        tagger = SequenceTagger(Fixed(), labels, "ner", hidden_size=HIDDEN, tag_format="BIO")
    with torch.no_grad():
        tagger.linear.weight.mul_(8)  # so that predictions are not all alike
    return tagger.eval()


@pytest.fixture(scope="module")
def ours(theirs) -> Tuple[BiLSTMBody, CRFHead]:
    body = BiLSTMBody(HIDDEN, layers=1, reproject=True, word_dropout=0.05, locked_dropout=0.5).eval()
    body.build(WIDTH)
    body.projection.load_state_dict(theirs.embedding2nn.state_dict())
    body.lstm.load_state_dict(theirs.rnn.state_dict())
    head = CRFHead(2 * HIDDEN, TAGS, "IOB2", constrained=False, average="none").eval()
    number = theirs.label_dictionary.get_idx_for_item
    tags, start, stop = torch.tensor([number(tag) for tag in TAGS]), number("<START>"), number("<STOP>")
    transitions = theirs.crf.transitions.detach()  # to, from
    with torch.no_grad():
        head.output.weight.copy_(theirs.linear.weight[tags])
        head.output.bias.copy_(theirs.linear.bias[tags])
        head.transitions.copy_(transitions[tags][:, tags].T)
        head.start.copy_(transitions[tags, start])
        head.end.copy_(transitions[stop, tags])
    return body, head


def states() -> Ragged:
    words = [sentence.split() for sentence in SENTENCES]
    data = torch.stack([vector(word) for sentence in words for word in sentence])
    return Ragged(data[None], torch.tensor([len(sentence) for sentence in words]))


def labelled(tags: torch.Tensor, lengths: List[int]) -> List[Sentence]:
    """Flair's sentences with the entities that our tags stand for."""
    sentences = [Sentence(text.split()) for text in SENTENCES]
    for sentence, numbers in zip(sentences, tags.split(lengths), strict=True):
        for place, number in enumerate(numbers):
            if TAGS[number].startswith("B-"):
                end = place + 1
                while end < len(numbers) and TAGS[numbers[end]] == "I-" + TAGS[number][2:]:
                    end += 1
                sentence[place:end].add_label("ner", TAGS[number][2:])
    return sentences


def gold() -> torch.Tensor:
    """Tags that are valid, so that Flair's spans can express them."""
    return torch.tensor([1, 0, 3, 0, 0, 0, 1, 2, 3, 4, 4, 0, 1, 0, 3, 1, 2, 2])


def test_best_tags_equal_flairs(theirs, ours):
    body, head = ours
    best = head.predict(body(states())).best[0]
    sentences = [Sentence(text.split()) for text in SENTENCES]
    theirs.predict(sentences, force_token_predictions=True)
    found = [token.get_label("ner").value for sentence in sentences for token in sentence]
    assert [TAGS[number] for number in best] == found
    assert len(set(found)) > 2


def test_log_probabilities_equal_flairs(theirs, ours):
    body, head = ours
    lengths = states().lengths.tolist()
    encoded = body(states())
    padded = Ragged(gold()[None, :, None], encoded.lengths).to_padded()[..., 0]
    found = crf_helpers.log_prob(head.chain(encoded), padded)
    for sentence, value in zip(labelled(gold(), lengths), found.tolist(), strict=True):
        with torch.no_grad():
            loss, tokens = theirs.forward_loss([sentence])
        assert value == pytest.approx(-loss.item(), abs=1e-4)
        assert tokens == len(sentence)


def test_the_sum_of_losses_and_its_gradients_equal_flairs(theirs, ours):
    body, head = ours
    loss = head.loss(body(states()), gold())
    loss.backward()
    expected, _ = theirs.forward_loss(labelled(gold(), states().lengths.tolist()))
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), abs=1e-3)
    torch.testing.assert_close(body.projection.weight.grad, theirs.embedding2nn.weight.grad, atol=1e-4, rtol=1e-4)
    for name, parameter in body.lstm.named_parameters():
        torch.testing.assert_close(parameter.grad, getattr(theirs.rnn, name).grad, atol=1e-4, rtol=1e-4)
