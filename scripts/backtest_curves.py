"""Learning curves to test stopping rules and forecasts on: small pools of several corpora, a CRF, some seeds.

    python scripts/backtest_curves.py CURVES DATA/conll2003/eng.train DATA/wnut17/wnut17train.conll

Each run chooses from a pool of sentences drawn from one corpus file, holds some out as people's runs do, and is
evaluated on other sentences of the same file: what the holdout estimates is what the test set measures. Runs that
are there already are left as they are.
"""

import argparse
import shutil
import time
from pathlib import Path

import numpy
from spacy.util import load_config
from spacy.vocab import Vocab

from spacy_al.corpus.conversion import Options, convert, labels_path
from spacy_al.corpus.reader import read_docs, write_docs
from spacy_al.loop.session import run
from spacy_al.runs.folder import RunFolder

CONFIG = Path(__file__).parents[1] / "configs" / "al-crf.cfg"


def prepare(source: Path, folder: Path, *, pool: int, seed: int) -> None:
    """Draw a pool and a test set, pool.spacy and test.spacy, from a corpus file."""
    whole = folder / "whole.spacy"
    convert(source, whole, Options())
    docs = list(read_docs(whole, Vocab()))
    order = numpy.random.default_rng(seed).permutation(len(docs))
    (folder / "pool.spacy").write_bytes(write_docs([docs[number] for number in sorted(order[:pool])]))
    (folder / "test.spacy").write_bytes(write_docs([docs[number] for number in sorted(order[pool : 2 * pool])]))


def make_config(folder: Path, *, seed: int, rounds: int, budget: float, holdout: float, measure: str):
    """The config of a run on what `prepare` made."""
    tagged = any(doc[0].tag_ for doc in read_docs(folder / "pool.spacy", Vocab()) if len(doc))
    overrides = {
        "paths.pool": str(folder / "pool.spacy"), "paths.test": str(folder / "test.spacy"),
        "paths.labels": str(labels_path(folder / "whole.spacy")), "components.ner.features.use_pos": tagged,
        "components.ner.scheme": "IOB2", "active_learning.seed": seed, "active_learning.rounds": rounds,
        "active_learning.seed_budget": budget, "active_learning.round_budget": budget,
        "active_learning.measure": measure,
    }  # fmt: skip
    config = load_config(CONFIG, overrides=overrides, interpolate=False)
    config["active_learning"]["holdout"] = holdout
    return config


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("corpora", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--pool", type=int, default=2000, help="sentences of the pool, and of the test set")
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--budget", type=float, default=0.025, help="share of the pool's tokens in each round")
    parser.add_argument("--holdout", type=float, default=0.15)
    parser.add_argument("--measure", default="mnlp")
    args = parser.parse_args()
    for seed in range(args.seeds):
        for source in args.corpora:
            folder = args.output / source.parent.name / f"seed-{seed}"
            if (folder / "run" / "labelled.spacy").is_file():
                continue
            start = time.monotonic()
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            prepare(source, folder, pool=args.pool, seed=seed)
            config = make_config(
                folder, seed=seed, rounds=args.rounds, budget=args.budget, holdout=args.holdout, measure=args.measure
            )
            run(config, folder / "run")
            last = RunFolder(folder / "run").read_metrics()[-1]
            print(f"{folder}: F1 {100 * last['ents_f']:.1f} in {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
