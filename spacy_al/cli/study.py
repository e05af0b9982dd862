"""`al study`: a matrix of runs from one small file, side by side, resumed where they stopped."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Dict, List, Optional, Sequence

import typer

from ..errors import ALError, Errors, saying
from ..options import Engine, ReportOptions, StudyOptions
from .common import command, only_settings

if TYPE_CHECKING:
    from ..loop.study_plan import Cell
    from ..loop.study_run import Outcome


@command
def study_cli(
    ctx: typer.Context,
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="Study file, .cfg or .json")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder that gets a run folder for each cell")
    ],
    running: StudyOptions,
    additions: Annotated[
        Optional[List[Path]],
        typer.Option(
            "--with", metavar="FILE", help="A further study file, which adds to STUDY and changes it; repeatable"
        ),
    ] = None,
    only: Annotated[
        str, typer.Option("--only", help="Patterns of cell or tagger names, such as 'electra,bert.mnlp.*'")
    ] = "*",
    seeds: Annotated[int, typer.Option("--seeds", min=0, help="Number of seeds; 0: the study's own")] = 0,
    slim: Annotated[
        bool, typer.Option("--slim", help="Delete models and utilities, which a report does not read")
    ] = False,
    report: Annotated[
        Optional[Path],
        typer.Option("--report", metavar="FOLDER", help="Write a report of these cells, as `al report` does"),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check all configs and show the table, run nothing")
    ] = False,
) -> None:
    """
    Run the cells of a study: every tagger with every strategy, variant and seed that the file names.

    Finished cells are skipped and unfinished ones resumed, so a study can be stopped at any time and a cell can
    be copied to another machine. Each cell is a run folder with its log in cell.log; `al report DIR` compares
    them. Settings of all cells, or of one tagger, can be overridden. Exit status 1: some cell did not finish.

    Example:

    python -m spacy al study configs/paper/tables56.cfg --with configs/paper/conll2003.cfg
    --output runs/tables56 --gpu-id 0,1 --only electra --active_learning.rounds 5 --electra.paths.encoder models/electra
    """
    from spacy.cli._util import parse_config_overrides

    from ..loop.study_cells import keep_study
    from ..loop.study_cells import slim as slim_cell
    from ..loop.study_checks import check_cells
    from ..loop.study_file import read_study_file
    from ..loop.study_plan import place_successors, read_study, select_cells
    from ..registry import get

    overrides = parse_config_overrides(only_settings(ctx.args), env_var=None)
    files = [study, *(additions or [])]
    every = read_study(files, overrides=overrides, seeds=seeds or None)
    sections = read_study_file(files).study.sections
    for name in sections:
        get("al_report_sections", name)  # a name that is not there is told before anything runs
    cells = select_cells(every, only)
    typer.echo(f"Checking {len(cells)} cells: settings, corpora, and a model of each kind", err=True)
    names = {cell.name for cell in check_cells(cells, output, accept_changes=running.accept_changes)}
    gpus = slots(running.gpu_id, running.jobs)
    if dry_run:
        _show(cells, output, {})
        _tell_damaged(cells, output)
        return
    keep_study(every, output, study.stem, sections=sections)
    cells = place_successors(cells, output)
    typer.echo(f"{len(cells)} cells, {len(cells) - len(names)} finished before, {_where(running, gpus)}")
    outcomes = _run([cell for cell in cells if cell.name in names], output, gpus, running)
    for cell in cells if slim else []:
        slim_cell(cell, output)
    _show(cells, output, outcomes)
    if report is not None:
        _report(cells, output, report)
    _judge(cells, output, outcomes)


def slots(gpu_id: str, jobs: int) -> List[int]:
    """The GPU of each process side by side, from --gpu-id and --jobs; raises ALError A585."""
    with saying(Errors.A585, ValueError, value=gpu_id):
        gpus = [int(number) for number in gpu_id.split(",")]
    if any(number < -1 for number in gpus) or len(set(gpus)) != len(gpus) or (-1 in gpus and len(gpus) > 1):
        raise ALError(Errors.A585.format(value=gpu_id))
    return [gpus[number % len(gpus)] for number in range(jobs or len(gpus))]


class _Printer:
    def started(self, cell: "Cell", gpu: int) -> None:
        typer.echo(f"start  {cell.name}" + (f"  (GPU {gpu})" if gpu >= 0 else ""))

    def went_on(self, cell: "Cell", row: Dict[str, Any]) -> None:
        f1 = "" if row.get("ents_f") is None else f", F1 {100 * row['ents_f']:.1f}"
        typer.echo(
            f"round  {cell.name}: {row['round']}, {100 * row['labelled_fraction']:.1f} % of the tokens labelled{f1}"
        )

    def ended(self, cell: "Cell", outcome: "Outcome") -> None:
        typer.echo(f"end    {cell.name}: {outcome.state}" + (f": {outcome.reason}" if outcome.reason else ""))


def _where(running: StudyOptions, gpus: Sequence[int]) -> str:
    return "on Ray" if running.engine == Engine.ray else f"{len(gpus)} side by side"


def _run(cells: Sequence["Cell"], output: Path, gpus: Sequence[int], running: StudyOptions) -> Dict[str, "Outcome"]:
    if running.engine == Engine.ray:
        from ..loop.study_ray import run_cells_on_ray

        return run_cells_on_ray(cells, output, running, gpu=gpus[0] >= 0, watcher=_Printer())
    from ..loop.study_run import run_cells

    return run_cells(cells, output, running, gpus=gpus, watcher=_Printer())


def _show(cells: Sequence["Cell"], output: Path, outcomes: Dict[str, "Outcome"]) -> None:
    from ..loop.study_cells import standing

    width = max(len(cell.name) for cell in cells)
    typer.echo(f"\n{'cell':{width}}  {'state':10} {'round':>5} {'F1':>6} {'seconds':>8}")
    for cell in cells:
        now = standing(cell, output)
        state = outcomes[cell.name].state if cell.name in outcomes else now.state
        f1 = "-" if now.f1 is None else f"{100 * now.f1:.2f}"
        round_ = "-" if now.round is None else now.round
        typer.echo(f"{cell.name:{width}}  {state:10} {round_:>5} {f1:>6} {now.seconds:>8.1f}")


def _tell_damaged(cells: Sequence["Cell"], output: Path) -> None:
    from ..loop.study_cells import standing

    for cell in cells:
        if problem := standing(cell, output).problem:
            raise ALError(problem)


def _report(cells: Sequence["Cell"], output: Path, folder: Path) -> None:
    from ..report.build import write_report
    from ..report.runs import asked_sections

    runs = [output / cell.name for cell in cells if (output / cell.name / "metrics.jsonl").is_file()]
    if runs:
        options = ReportOptions(title=f"Study {output.name}", sections=asked_sections([output]))
        typer.echo(f"Report: {write_report(runs, folder, options)[0]}")


def _judge(cells: Sequence["Cell"], output: Path, outcomes: Dict[str, "Outcome"]) -> None:
    failed = [f"{name} ({one.reason})" for name, one in outcomes.items() if one.state == "failed"]
    left = [
        name + (f" ({one.reason})" if one.reason else "")
        for name, one in outcomes.items()
        if one.state not in ("finished", "failed")
    ]
    if failed:
        raise ALError(
            Errors.A588.format(failed=len(failed), cells=len(cells), names="\n  ".join(failed), output=output)
        )
    if left:
        raise ALError(Errors.A589.format(left=len(left), cells=len(cells), names=", ".join(left)))
    typer.echo(f"\nAll {len(cells)} cells are finished: python -m spacy al report {output} --output REPORT")
