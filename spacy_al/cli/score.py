"""`al score`: rank the sentences of any pool with any pipeline."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Callable, List, Optional

import typer

from .common import Engine, Gpu, Pipe, Pipeline, command


@dataclass(frozen=True)
class Ranking:
    """Options of `spacy_al.acquisition.command.ScoreOptions`."""

    measures: Annotated[
        Optional[List[str]],
        typer.Option("--measure", "-m", help="What to rank by; more of them break ties and are written too [mnlp]"),
    ] = None
    pipe: Pipe = None
    passes: Annotated[int, typer.Option("--passes", min=1, help="Stochastic passes, where dropout is on")] = 10
    dropout: Annotated[
        Optional[str], typer.Option(help="off, last, word, locked or all [off, or last if a measure compares passes]")
    ] = None
    seed: Annotated[int, typer.Option(help="Seed of dropout and of the order of equal sentences")] = 0
    limit: Annotated[Optional[int], typer.Option(min=0, help="Write only so many of the most useful")] = None
    html: Annotated[
        Optional[Path], typer.Option(metavar="OUT.html", help="Also write the top as a page that shades tokens")
    ] = None
    html_top: Annotated[int, typer.Option("--html-top", min=0, help="Sentences on that page")] = 100
    engine: Annotated[
        Engine, typer.Option("--engine", help="ray: on the cluster at RAY_ADDRESS, or else on this machine's cores")
    ] = Engine.local
    share: Annotated[
        float, typer.Option("--share", min=0.01, help="With Ray: CPUs of a worker, or with --gpu-id 0 GPUs")
    ] = 1.0
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=0, help="With Ray: workers; 0: as many as there is room for")
    ] = 0


@command
def score_cli(
    pipeline: Pipeline,
    pool: Annotated[Path, typer.Argument(metavar="POOL.spacy", help="A DocBin, or a folder of them; any size")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT.jsonl", help="The ranking to write, most useful first")
    ],
    ranking: Ranking,
    use_gpu: Gpu = -1,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar")] = False,
) -> None:
    """
    Rank the sentences of a pool by how much a pipeline would learn from them.

    Works with every NER component of this project and with spaCy's own ner. Labels in the pool are not read.
    Each line of the output has id, rank, utilities, n_tokens and text.

    Examples:

    python -m spacy al score runs/mnlp/model pool.spacy -m mnlp -o ranked.jsonl

    python -m spacy al score en_core_web_sm pool.spacy -m bald -m mnlp -o out.jsonl --html out.html
    """
    from ..acquisition.command import ScoreOptions, score_file
    from ..loop.hardware import take_gpu

    take_gpu(use_gpu, quiet=True)
    said = {**vars(ranking), "measures": ranking.measures or ["mnlp"], "engine": ranking.engine.value}
    report = score_file(pipeline, pool, output, ScoreOptions(**said, gpu=use_gpu >= 0), watch=_bar(quiet))
    rate = f"{report.sentences / max(report.seconds, 1e-9):,.0f} sentences/s"
    typer.echo(
        f"{report.sentences:,} sentences, {report.tokens:,} tokens in {report.seconds:.1f} s ({rate}); "
        f"{', '.join(report.measures)} from '{report.pipe}', dropout {report.dropout}"
    )
    if report.tied > 0.01:
        typer.echo(
            f"{100 * report.tied:.0f} % of the sentences are equal by {report.measures[0]}; "
            f"{report.measures[1] if len(report.measures) > 1 else 'chance'} decides among them."
        )
    typer.echo(f"Written: {output} ({report.written:,} lines)" + (f", {ranking.html}" if ranking.html else ""))


def _bar(quiet: bool) -> Callable[[int, int], None]:
    from tqdm import tqdm

    bar: List[tqdm] = []

    def step(done: int, total: int) -> None:
        if not bar:
            # tqdm shows nothing where standard error is not a terminal.
            bar.append(tqdm(total=total, unit=" sentences", disable=True if quiet else None, leave=False))
        bar[0].update(done - bar[0].n)

    return step
