"""What labelling costs: tokens, sentences, or an annotator's seconds."""

from dataclasses import dataclass
from typing import Protocol

import numpy
from numpy.typing import NDArray

# Keystroke-Level Model (Card, Moran & Newell, CACM 1980), seconds: to think, to point, a key, a button, hand to device.
MENTAL, POINT, KEY, BUTTON, HOME = 1.35, 1.10, 0.28, 0.10, 0.40
# Silent reading of non-fiction: 238 words a minute (Brysbaert, Journal of Memory and Language 2019).
WORD = 60 / 238

Numbers = NDArray[numpy.float64]


class Cost(Protocol):
    """A cost model: what each of some questions costs to answer; finite, not negative, additive over questions."""

    def __call__(self, asked: Numbers, shown: Numbers, entities: Numbers) -> Numbers:
        """
        asked (NDArray): Tokens that are to be labelled. shown (NDArray): Tokens that are read.
        entities (NDArray): Entities that have to be marked. All (questions,). RETURNS (NDArray): (questions,).
        """


def create_token_cost() -> Cost:
    """Registered as `spacy-al.Tokens.v1`: a token costs 1, as in the paper; a sentence without any costs nothing."""
    return lambda asked, shown, entities: asked * 1.0


def create_sentence_cost() -> Cost:
    """Registered as `spacy-al.Sentences.v1`: a question costs 1."""
    return lambda asked, shown, entities: numpy.ones(len(asked))


@dataclass(frozen=True)
class SecondsCost:
    """Registered as `spacy-al.Seconds.v1`: factor * (question + word * tokens shown + entity * entities), in seconds.

    question (float): For a question: think, a key to accept, the hand to it (2.0 s).
    word (float): To read a token (0.25 s). entity (float): To mark an entity: think, point at both ends with the button
        pressed and released, a key for its label (4.0 s).
    factor (float): The annotator's own: 1 for these published constants.
    """

    question: float = MENTAL + KEY + HOME
    word: float = WORD
    entity: float = MENTAL + 2 * POINT + 2 * BUTTON + KEY
    factor: float = 1.0

    def __call__(self, asked: Numbers, shown: Numbers, entities: Numbers) -> Numbers:
        """See `Cost`."""
        return self.factor * (self.question + self.word * shown + self.entity * entities)


create_seconds_cost = SecondsCost


def fit_seconds(shown: Numbers, entities: Numbers, seconds: Numbers, *, strength: float = 10.0) -> SecondsCost:
    """The cost model of one annotator, by ridge regression towards the published constants.

    Minimises the sum of squared errors plus `strength` times the squared relative distance from the constants, so that
    a few answers change little. Constants do not go below 0.

    shown, entities, seconds (NDArray): Of each answer, (answers,). strength (float): In answers.
    RETURNS (SecondsCost): With factor 1.
    """
    prior = numpy.array([SecondsCost.question, SecondsCost.word, SecondsCost.entity])
    rows = numpy.stack([numpy.ones(len(shown)), shown, entities], axis=1) * prior
    target = numpy.concatenate([seconds, numpy.full(3, numpy.sqrt(strength))])
    matrix = numpy.concatenate([rows, numpy.sqrt(strength) * numpy.eye(3)])
    solved = numpy.linalg.lstsq(matrix, target, rcond=None)[0]
    question, word, entity = (numpy.maximum(solved, 0.0) * prior).tolist()
    return SecondsCost(question, word, entity)
