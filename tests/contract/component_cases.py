"""Every entity tagger that the component contract is run on, and the sentences it is trained on.

To add a factory, add one line to CASES.
"""

from dataclasses import dataclass, field
from typing import Any, Dict, List, Tuple

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Optimizer

from spacy_al.ml.word_vectors import create_vectors_callback
from tests.ml.bilstm_models import bilstm_model, word_embedding
from tests.ml.helpers import transformer_model

Sentence = str  # word/part-of-speech/entity in IOB2, for each token

SENTENCES: List[Sentence] = [
    "John/NNP/B-PER Smith/NNP/I-PER lives/VBZ/O in/IN/O Paris/NNP/B-LOC ././O",
    "The/DT/O weather/NN/O is/VBZ/O nice/JJ/O ././O",
    "Mary/NNP/B-PER went/VBD/O to/TO/O New/NNP/B-LOC York/NNP/I-LOC City/NNP/I-LOC",
    "London/NNP/B-LOC",
    "In/IN/O Berlin/NNP/B-LOC Anna/NNP/B-PER met/VBD/O Otto/NNP/B-PER",
    "Nobody/NN/O knows/VBZ/O him/PRP/O here/RB/O",
]
LABELS = ["LOC", "PER"]


@dataclass(frozen=True)
class Case:
    """A tagger to be tested.

    factory (str): Its registered name. config (Dict): Its config, without labels.
    dropouts (Tuple[str, ...]): Kinds of dropout that make passes differ. updates (int): Batches of
        `nlp.update` after initialisation until it knows SENTENCES; 0 if it trains in one go.
    same_bytes (bool): Saving a loaded copy gives the very bytes it was loaded from.
    vectors (str): A file of word vectors for the vocabulary, if it needs any.
    spawned (bool): Speaks for its class where processes are spawned, half a minute a case.
    """

    factory: str
    config: Dict[str, Any] = field(default_factory=dict)
    dropouts: Tuple[str, ...] = ()
    updates: int = 0
    vectors: str = ""
    same_bytes: bool = True
    spawned: bool = False

    def blank(self, **config: Any) -> Language:
        """A pipeline with this component, not initialised."""
        nlp = spacy.blank("en")
        if self.vectors:
            create_vectors_callback(self.vectors)(nlp)
        nlp.add_pipe(self.factory, name="tagger", config={**self.config, "labels": LABELS, **config})
        return nlp

    def train(self, nlp: Language) -> Language:
        """Initialise a pipeline and train it on SENTENCES, by the one way or the other."""
        fix_random_seed(0)
        examples = make_examples(nlp)
        self._update(nlp, nlp.initialize(lambda: examples))
        return nlp

    def train_again(self, nlp: Language, seed: int) -> None:
        """What a round of the active-learning loop does: restart, then train on SENTENCES."""
        tagger = nlp.get_pipe("tagger")
        tagger.restart(seed)
        fix_random_seed(seed)
        if getattr(tagger, "trains_in_one_go", False):
            tagger.fit(make_examples(nlp), [], seed)
        self._update(nlp, nlp.create_optimizer())

    def _update(self, nlp: Language, optimizer: Optimizer) -> None:
        for _ in range(self.updates):
            nlp.update(make_examples(nlp), sgd=optimizer, drop=0.0)


CASES = {
    "crfsuite": Case("crfsuite_ner", spawned=True),
    "crfsuite-bilou": Case("crfsuite_ner", {"scheme": "BILOU", "c1": 0.01}),
    "flair": Case(
        "flair_ner",
        {
            "hidden_size": 32,
            "locked_dropout": 0.1,
            "learning_rate": 0.2,
            "mini_batch_size": 2,
            "max_epochs": 50,
        },
        dropouts=("word", "locked", "all"),
        spawned=True,
    ),
    "sequence_tagger": Case("sequence_tagger", dropouts=("last", "all"), updates=40),
    # The folder of the encoder is made by the fixture `case`.
    "sequence_tagger-transformer": Case(
        "sequence_tagger",
        {"model": transformer_model("")},
        dropouts=("last", "all"),
        updates=60,
        same_bytes=False,
        spawned=True,
    ),
    # Files of vectors and of an ELMo are made by the fixture, too.
    "sequence_tagger-bilstm": Case(
        "sequence_tagger",
        {"model": bilstm_model(word_embedding()), "scheme": "BILOU"},
        dropouts=("word", "locked", "all"),
        updates=150,
    ),
    "sequence_tagger-elmo": Case("sequence_tagger", dropouts=("word", "locked", "all"), updates=250),
}


def make_doc(nlp: Language, sentence: Sentence, *, labelled: bool = False) -> Doc:
    """A Doc with words and tags, and entities if asked for."""
    words, tags, ents = zip(*(token.split("/") for token in sentence.split()), strict=True)
    return Doc(nlp.vocab, words=words, tags=tags, ents=ents if labelled else None)


def make_examples(nlp: Language, sentences: List[Sentence] = SENTENCES) -> List[Example]:
    """Examples as a reader gives them: tags on the predicted side, entities on the other."""
    return [Example(make_doc(nlp, one), make_doc(nlp, one, labelled=True)) for one in sentences]


def entities(doc: Doc) -> List[Tuple[int, int, str]]:
    """Entities in a form that compares across vocabularies."""
    return [(ent.start, ent.end, ent.label_) for ent in doc.ents]
