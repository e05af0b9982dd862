"""`al score`: rank the sentences of any pool with any pipeline."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, List

import typer

from ..options import Code, Pipeline, ScoreOptions
from .common import check_outputs, command

if TYPE_CHECKING:
    from ..types import Progress


@command
def score_cli(
    pipeline: Pipeline,
    pool: Annotated[Path, typer.Argument(metavar="POOL.spacy", help="A DocBin, or a folder of them; any size")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT.jsonl", help="The ranking to write, most useful first")
    ],
    options: ScoreOptions,
    code: Code = None,
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
    from ..acquisition.command import score_file
    from ..loop.hardware import take_gpu

    check_outputs([output, options.html], [pool])
    take_gpu(options.use_gpu, quiet=True)
    report = score_file(pipeline, pool, output, options, watch=_bar(quiet))
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
    typer.echo(f"Written: {output} ({report.written:,} lines)" + (f", {options.html}" if options.html else ""))


def _bar(quiet: bool) -> "Progress":
    from tqdm import tqdm

    bar: List[tqdm] = []

    def step(done: int, total: int) -> None:
        if not bar:
            # tqdm shows nothing where standard error is not a terminal.
            bar.append(tqdm(total=total, unit=" sentences", disable=True if quiet else None, leave=False))
        bar[0].update(done - bar[0].n)

    return step
