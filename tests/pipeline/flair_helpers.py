"""Small untrained Flair taggers for tests, with weights that make every tag likely somewhere."""

import spacy
from spacy.tokens import Doc
from spacy.training import Example

WORDS = [
    ["John", "Smith", "lives", "in", "Paris"],
    ["Nobody", "knows"],
    ["In", "Berlin", "Anna", "met", "Otto", "again", "."],
    ["London"],
]
SMALL = {
    "labels": ["LOC", "PER"],
    "hidden_size": 8,
    "embeddings": {
        "@misc": "spacy-al.FlairEmbedding.v1",
        "embedding": "HashEmbeddings",
        "arguments": {"num_embeddings": 50, "embedding_length": 6},
    },
}


def make(**config):
    """A pipeline and its `flair_ner`, not initialised."""
    nlp = spacy.blank("en")
    return nlp, nlp.add_pipe("flair_ner", config={**SMALL, **config})


def ready(**config):
    """The same with random weights, scaled so that its predictions are varied."""
    nlp, pipe = make(**config)
    pipe.restart(3)
    pipe.tagger.linear.weight.data *= 30
    return nlp, pipe


def docs_of(nlp):
    return [Doc(nlp.vocab, words=words) for words in WORDS]


def example(nlp, words, ents):
    return Example(Doc(nlp.vocab, words=words), Doc(nlp.vocab, words=words, ents=ents))


def in_order(batches):
    """Per sentence, in the order asked for: probabilities, best tags and log-probability."""
    found = {}
    for samples in batches:
        ends = samples.lengths.cumsum(0).tolist()
        for row, (number, end) in enumerate(zip(samples.order, ends, strict=True)):
            tokens = slice(end - int(samples.lengths[row]), end)
            found[number] = samples.probs[:, tokens], samples.best[:, tokens], samples.log_prob[:, row]
    return [found[number] for number in sorted(found)]
