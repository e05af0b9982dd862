"""How well looking again finds wrong labels: some entities are corrupted, and the queue is read from its beginning.

    python scripts/backtest_look_again.py OUT DATA/conll2003/eng.train DATA/wnut17/wnut17train.conll

Of the entities of each corpus 5 % are corrupted: an edge moved by a token, another type, or not marked at all, a third
each. All sentences of a pool are labelled so, in one round; `look_again` ranks them. Prints a table in Markdown:
precision of the first 100 sentences, and the share of the corrupted sentences that are found by looking at 5 % of all,
against reading sentences by chance.
"""

import argparse
from pathlib import Path
from typing import List, Set, Tuple

import numpy
from backtest_curves import make_config, prepare
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_al.corpus.reader import read_docs, write_docs
from spacy_al.loop.session import Session, run

KINDS = ("edge", "type", "missed")
Triple = Tuple[int, int, str]


def corrupt(
    doc: Doc, kinds: List[str], chosen: Set[int], labels: List[str], rng: numpy.random.Generator
) -> List[Triple]:
    """The entities of a sentence, those whose number is in `chosen` corrupted."""
    spans: List[Triple] = []
    for number, ent in enumerate(doc.ents):
        start, end, label = ent.start, ent.end, ent.label_
        kind = kinds[number] if number in chosen else ""
        if kind == "type":
            label = str(rng.choice([other for other in labels if other != label] or labels))
        free = end < len(doc) and doc[end].ent_iob_ == "O"
        if kind == "edge" and (end - start > 1 or free):
            end += 1 if free and (end - start == 1 or rng.random() < 0.5) else -1
        elif kind in ("missed", "edge"):
            continue  # there is no edge to move, in neither direction
        spans.append((start, end, label))
    return spans


def corrupt_pool(path: Path, share: float, seed: int) -> Set[int]:
    """Rewrite a pool with corrupted entities; returns the numbers of the sentences that have one."""
    rng = numpy.random.default_rng(seed)
    docs = list(read_docs(path, Vocab()))
    labels = sorted({ent.label_ for doc in docs for ent in doc.ents})
    wrong = set()
    for place, doc in enumerate(docs):
        chosen = {number for number in range(len(doc.ents)) if rng.random() < share}
        kinds = [str(kind) for kind in rng.choice(KINDS, len(doc.ents))]
        if chosen:
            spans = corrupt(doc, kinds, chosen, labels, rng)
            if {(ent.start, ent.end, ent.label_) for ent in doc.ents} != set(spans):
                doc.set_ents([Span(doc, start, end, label=label) for start, end, label in spans], default="outside")
                wrong.add(place)
    path.write_bytes(write_docs(docs))
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("corpora", type=Path, nargs="+")
    parser.add_argument("--pool", type=int, default=2000)
    parser.add_argument("--share", type=float, default=0.05, help="of the entities that are corrupted")
    parser.add_argument("--seeds", type=int, default=1)
    args = parser.parse_args()
    head = "| corpus, seed | corrupted sentences | wrong in the first 100 | by chance "
    print(head + "| found in 5 % of the sentences | by chance |")
    print("|---|---:|---:|---:|---:|---:|", flush=True)
    for seed in range(args.seeds):
        for source in args.corpora:
            folder = args.output / source.parent.name / f"seed-{seed}"
            folder.mkdir(parents=True, exist_ok=True)
            prepare(source, folder, pool=args.pool, seed=seed)
            wrong = corrupt_pool(folder / "pool.spacy", args.share, seed)
            config = make_config(folder, seed=seed, rounds=0, budget=1.0, holdout=0.0, measure="mnlp")
            state = run(config, folder / "run")
            session = Session.open(folder / "run")
            tasks, _ = session.look_again()
            index = {id_: place for place, id_ in enumerate(sorted(state.labelled, key=pool_order(session)))}
            hits = [index[task.id] in wrong for task in tasks]
            total, few = len(state.labelled), round(0.05 * len(state.labelled))
            rate = len(wrong) / total
            print(
                f"| {source.parent.name}, {seed} | {len(wrong)} of {total} | {sum(hits[:100])} | {100 * rate:.0f} "
                f"| {100 * sum(hits[:few]) / len(wrong):.0f} % | 5 % |",
                flush=True,
            )


def pool_order(session: Session):
    """A key that sorts ids as they stand in the pool."""
    from spacy_al.loop.oracle import separate_file

    pool, _ = separate_file(Path(str(session.settings.pool)), Vocab())
    return pool.index.__getitem__


if __name__ == "__main__":
    main()
