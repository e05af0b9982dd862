"""`al evaluate`: how far a pipeline's confidence can be trusted, and which measure finds its errors."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Dict, List, Optional

import typer

from .common import fail_clearly

if TYPE_CHECKING:
    from ..acquisition.assess import Assessment

Pipeline = Annotated[str, typer.Argument(help="A trained pipeline: a folder, or the name of an installed one")]
Gold = Annotated[Path, typer.Argument(metavar="GOLD.spacy", help="Labelled sentences: a DocBin or a folder")]
HeldOut = Annotated[
    Optional[Path],
    typer.Option("--held-out", metavar="DEV.spacy", help="Other labelled sentences, to fit a temperature on"),
]
Output = Annotated[Optional[Path], typer.Option("--output", "-o", metavar="OUT.json", help="All numbers")]
Plot = Annotated[Optional[Path], typer.Option(metavar="OUT.png", help="Reliability diagrams (needs matplotlib)")]
Names = Annotated[Optional[List[str]], typer.Option("--measure", "-m", help="Measures to compare [those that apply]")]
Ties = Annotated[str, typer.Option("--tie-measure", help="Deterministic measure that breaks ties")]
Pipe = Annotated[Optional[str], typer.Option("--pipe", help="The NER component to ask [the first that can be asked]")]
Passes = Annotated[int, typer.Option("--passes", min=2, help="Stochastic passes")]
Dropout = Annotated[Optional[str], typer.Option(help="last, word, locked or all [last, if the tagger has it]")]
Seed = Annotated[int, typer.Option(help="Seed of dropout")]
Bins = Annotated[int, typer.Option(min=1, help="Bins of the reliability diagrams")]
Gpu = Annotated[int, typer.Option("--gpu-id", "-g", help="GPU number, or -1 for the CPU")]


def evaluate_cli(
    pipeline: Pipeline,
    gold: Gold,
    held_out: HeldOut = None,
    output: Output = None,
    plot: Plot = None,
    measure: Names = None,
    tie_measure: Ties = "mnlp",
    pipe: Pipe = None,
    passes: Passes = 10,
    dropout: Dropout = None,
    seed: Seed = 0,
    bins: Bins = 15,
    use_gpu: Gpu = -1,
) -> None:
    """
    Measure a pipeline's uncertainty against labels.

    Prints the expected calibration error of tokens and entities, before and after temperature scaling, and
    for each measure the AUROC: the probability that a sentence (or token) that the pipeline gets wrong is
    less certain than one that it gets right.

    Example:

    python -m spacy al evaluate runs/mnlp/model test.spacy --held-out dev.spacy --plot reliability.png
    """
    with fail_clearly():
        from spacy.cli._util import setup_gpu

        from ..acquisition.assess import AssessOptions, assess_file

        setup_gpu(use_gpu, silent=True)
        options = AssessOptions(
            pipe=pipe,
            measures=measure or [],
            tie_measure=tie_measure,
            passes=passes,
            dropout=dropout,
            seed=seed,
            bins=bins,
        )
        found = assess_file(pipeline, gold, options, held_out=held_out, output=output, plot=plot)
    _print(found, tie_measure)
    for path in filter(None, (output, plot)):
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
