"""`al evaluate`: how far a pipeline's confidence can be trusted, and which measure finds its errors."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Dict, Optional

import typer

from ..options import AssessOptions, Code, Gpu, Pipeline
from .common import command

if TYPE_CHECKING:
    from ..acquisition.assess import Assessment


@command
def evaluate_cli(
    pipeline: Pipeline,
    gold: Annotated[Path, typer.Argument(metavar="GOLD.spacy", help="Labelled sentences: a DocBin or a folder")],
    options: AssessOptions,
    use_gpu: Gpu = -1,
    code: Code = None,
) -> None:
    """
    Measure a pipeline's uncertainty against labels.

    Prints the expected calibration error of tokens and entities, before and after temperature scaling, and
    for each measure the AUROC: the probability that a sentence (or token) that the pipeline gets wrong is
    less certain than one that it gets right.

    Example:

    python -m spacy al evaluate runs/mnlp/model test.spacy --held-out dev.spacy --plot reliability.png
    """
    from ..acquisition.assess import assess_file
    from ..loop.hardware import take_gpu

    take_gpu(use_gpu, quiet=True)
    found = assess_file(pipeline, gold, options)
    _print(found, options.tie_measure)
    for path in filter(None, (options.output, options.plot)):
        typer.echo(f"Written: {path}")


def _print(found: "Assessment", ties: str) -> None:
    typer.echo(
        f"{found.sentences:,} sentences, {found.tokens:,} tokens; "
        f"{100 * found.wrong:.1f} % of the sentences have a wrong entity ('{found.pipe}')"
    )
    typer.echo(f"\n{'confidence of':<14} {'n':>8} {'right':>7} {'mean':>7} {'ECE':>7}  temperature  ECE scaled")
    for level, parts in found.calibration.items():
        typer.echo(_calibration_row(level, parts))
    typer.echo(f"\n{'measure':<22} {'AUROC sentences':>16} {'tokens':>8} {'tied':>7} {'ties by ' + ties:>20}")
    for one in found.detections:
        numbers = f"{_share(one.sentences):>16} {_share(one.tokens):>8} {one.tied:>7.1%}"
        typer.echo(f"{one.measure:<22} {numbers} {_share(one.broken):>20}")
    if found.dropout != "off":
        typer.echo(f"Measures that compare passes: {found.passes} passes, dropout {found.dropout}.")


def _calibration_row(level: str, parts: Dict[str, Any]) -> str:
    before = parts["before"].as_dict()
    numbers = [before[key] for key in ("accuracy", "confidence", "ece")]
    row = f"{level:<14} {before['predictions']:>8,} " + " ".join(f"{number:>7.4f}" for number in numbers)
    if "after" in parts:
        row += f"  {parts['temperature']:>11.3f}  {parts['after'].ece:>10.4f}"
    return row


def _share(value: Optional[float]) -> str:
    return "-" if value is None else f"{value:.4f}"
