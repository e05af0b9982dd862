"""Queries over random sentences, with columns as a model would give them."""

import numpy
import torch

from spacy_al.acquisition.queries import Query, fixed_columns
from spacy_al.acquisition.score_shard import best_tags, expected_tags
from spacy_al.corpus.schemes import tag_names
from spacy_al.types import TagSamples
from spacy_al.uncertainty.measures import get_measures

TAGS = tag_names(["PER", "LOC"], "IOB2")
WIDTH = 8


def make_query(number=12, *, seed=0, budget=20.0, order=None, rng=0, model=True, answered=0.0):
    """A query over `number` sentences; `order` says in which order the same sentences stand.

    answered (float): Share of the tokens that have been answered.
    """
    draw = numpy.random.default_rng(seed)
    lengths = draw.integers(1, 15, number)
    logits = [draw.normal(0, 2, (length, len(TAGS))) for length in lengths]
    states = [draw.normal(0, 1, (length, WIDTH)).astype(numpy.float16) for length in lengths]
    words = [[f"w{w}" for w in draw.integers(0, 30, length)] for length in lengths]
    masks = [draw.random(length) < answered for length in lengths]
    order = list(range(number)) if order is None else list(order)
    lengths = lengths[order]
    columns = {"mnlp": numpy.zeros(number)}
    if model and number:
        columns = model_columns([logits[n] for n in order], [states[n] for n in order], lengths)
    for column in columns.values():
        column.setflags(write=False)
    return Query(
        ids=[f"{n:032x}-0" for n in order], lengths=lengths, budget=budget,
        rng=numpy.random.default_rng(rng), round=1, measure="mnlp", tags=TAGS if model else (),
        answered=numpy.concatenate([masks[n] for n in order]) if answered else None,
        words=lambda place: words[order[place]], compute=fixed_columns(columns),
    )  # fmt: skip


def model_columns(logits, states, lengths):
    """What a tagger with these logits and states says; (tokens, tags) and (tokens, width) of each sentence."""
    probs = torch.tensor(numpy.concatenate(logits), dtype=torch.float32).softmax(-1)[None]
    owners = torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths))
    log_prob = torch.zeros(1, len(lengths)).index_add_(1, owners, probs.amax(-1).log())
    samples = TagSamples(probs, probs.argmax(-1), log_prob, torch.tensor(lengths), list(range(len(lengths))))
    (measure,) = get_measures(["mnlp"])
    return {
        "mnlp": measure.function(samples).double().numpy(), "token:mnlp": measure.token_function(samples).numpy(),
        "tags": best_tags(samples).numpy(), "expected_tags": expected_tags(samples).numpy(),
        "embedding": numpy.array([one.mean(0) for one in states], dtype=numpy.float32),
        "entity_embedding": numpy.array([one.max(0) for one in states], dtype=numpy.float32),
    }  # fmt: skip
