"""From run folders to report.html, report.md and their figures."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple, Union

from .. import __version__
from ..errors import ALError, Errors
from ..files import write_bytes, write_text
from ..options import ReportOptions as Options
from ..registry import get
from . import comparison_tables, figures, mismatch, tables
from .choice_tables import corpus_sample, example_blocks, selections_by_label, table_of_choices
from .chosen import Selection, read_selection
from .compare import Pair, Place, compare_pairs, gather_places
from .findings import findings, gaps, seeds_text
from .groups import Group, group_runs, tell_apart
from .names import corpus_name
from .page import Block, Figure, Page, Points, Section, Table, Text, numbered
from .picture import Picture
from .render import render_html, render_markdown
from .runs import Run, asked_sections, find_runs, read_run
from .trust import honest_blocks

Pictures = Dict[str, Picture]  # by the names of their PNG files
UNSCORED = {"A705": "it has neither a test set nor a holdout", "A732": "its holdout had no entity yet"}
CURVE_NOTE = "Mean over seeds, band of one standard deviation, at the rounds that all seeds have finished."


@dataclass(frozen=True)
class Study:
    """Everything that was read: experiments, places, pairs by place, what each run chose by folder.

    `sections` are the names of those that a study asks for in its file, or that are asked for in the options.
    """

    groups: List[Group]
    places: List[Place]
    pairs: Dict[str, List[Pair]]
    selections: Dict[Path, Selection]
    waiting: List[str]
    unscored: Dict[str, str]
    sections: List[str]


def write_report(
    folders: Union[str, Path, Sequence[Union[str, Path]]], output: Union[str, Path], options: Options = Options()
) -> List[Path]:
    """Write the report of some runs.

    folders (Union[str, Path, Sequence]): Run folders, or folders of runs; one, or several.
    output (Union[str, Path]): Folder to write to; files of an earlier report are replaced.
    options (Options): What it shows.
    RETURNS (List[Path]): The files written, the page first.
    RAISES: ALError of `find_runs`, `read_run`, `group_runs` and `read_selection`; A704 without matplotlib,
        A707 for a full F1 out of range, A708 when `output` is a file, A002 when it cannot be written.
    """
    output = Path(output)
    if options.full_f1 is not None and not 0 < options.full_f1 <= 1:
        raise ALError(Errors.A707.format(value=options.full_f1))
    if output.exists() and not output.is_dir():
        raise ALError(Errors.A708.format(path=output))
    several = [folders] if isinstance(folders, (str, Path)) else folders
    study = read_study([Path(folder) for folder in several], options)
    pictures: Pictures = {}
    page = make_page(study, options, pictures)
    texts = {
        "report.html": render_html(page, footer=f"Made by spacy_al {__version__}, `python -m spacy al report`."),
        "report.md": render_markdown(page),
    }
    for name, text in texts.items():
        write_text(output / name, text)
    for name, picture in pictures.items():
        write_bytes(output / name, picture.png)
    return [output / name for name in (*texts, *pictures)]


def read_study(folders: Sequence[Path], options: Options) -> Study:
    """Read runs and compare them; arguments and errors as `write_report`."""
    ready, waiting = find_runs(folders)
    runs, unscored = _read_runs(ready, options.corpus)
    groups = group_runs(tell_apart(runs))
    places = gather_places(groups, options.full_f1)
    pairs = {place.name: compare_pairs(place, seed=options.seed) for place in places}
    selections = {run.path: read_selection(run) for run in runs}
    sections = list(dict.fromkeys([*(options.sections or ()), *asked_sections(folders)]))
    return Study(groups, places, pairs, selections, [str(path) for path in waiting], unscored, sections)


def _read_runs(paths: Sequence[Path], corpus: str) -> Tuple[List[Run], Dict[str, str]]:
    """Runs that have scores, and why others have none, by folder; raises the error of the first where none has any."""
    runs: List[Run] = []
    unscored: Dict[str, ALError] = {}
    for path in paths:
        try:
            runs.append(_named(read_run(path), corpus))
        except ALError as error:
            if error.code not in UNSCORED:
                raise
            unscored[str(path)] = error
    if not runs:
        raise next(iter(unscored.values()))
    return runs, {path: UNSCORED[error.code] for path, error in unscored.items()}


def _named(run: Run, corpus: str) -> Run:
    return replace(run, settings=replace(run.settings, corpus=corpus_name(corpus))) if corpus else run


def make_page(study: Study, options: Options, pictures: Pictures) -> Page:
    """Lay out the report.

    study (Study): What was read. options (Options): What to show.
    pictures (Dict[str, Picture]): Filled with every figure under the name of its PNG file.
    RETURNS (Page): The report, without empty tables and sections.
    """
    corpora = ", ".join(dict.fromkeys(place.corpus for place in study.places))
    sections = [
        Section("Findings", _findings(study)),
        Section("Good enough, and worth going on?", honest_blocks(study.groups, examples=options.examples > 0)),
        Section("What was run", [tables.table_of_runs(study.groups), tables.table_of_facts(study.groups)]),
        Section("Learning curves", _curves(study, pictures)),
        Section("Label savings", [comparison_tables.table_of_savings(study.places)]),
        Section("Strategies compared", [comparison_tables.table_of_tests(study.places, study.pairs)]),
        Section("Acquired by another model", _mismatch(study, options, pictures)),
        *(section for name in study.sections for section in get("al_report_sections", name)(study, options, pictures)),
        Section("Time and memory", _durations(study, pictures)),
        Section("What was chosen", _choices(study, pictures)),
        Section("Example sentences", _examples(study, options)),
    ]
    subtitle = f"Named entity recognition on {corpora}. {seeds_text(study.groups)}."
    filled = [Section(section.title, list(filter(_says_something, section.blocks))) for section in sections]
    return Page(options.title, subtitle, numbered([section for section in filled if section.blocks]))


def _says_something(block: Block) -> bool:
    return not isinstance(block, Table) or bool(block.rows)


def _findings(study: Study) -> List[Block]:
    said = []
    for place in study.places:
        sentences = findings(place, study.pairs[place.name])
        said += sentences if len(study.places) == 1 else [f"{place.name}: {' '.join(sentences)}"] * bool(sentences)
    missing = gaps(study.groups, study.waiting, study.unscored)
    blocks: List[Block] = [Points(said)] if said else [Text("No run has chosen sentences: nothing is compared.")]
    return [*blocks, Text("What is missing or thin:"), Points(missing)] if missing else blocks


def _figure(pictures: Pictures, picture: Optional[Picture], title: str, png: str, note: str = "") -> List[Block]:
    # The block of a drawing, which is kept under its file's name; none for none.
    if picture is None:
        return []
    pictures[png] = picture
    return [Figure(title, png, picture.svg, note)]


def _curves(study: Study, pictures: Pictures) -> List[Block]:
    places = [place for place in study.places if place.groups]
    if not places:
        return []
    gain = "F1 minus that of random sampling at the same seed and round; band of one standard deviation."
    counted = "Counted in sentences, a strategy that takes long ones looks better than counted in tokens."
    sentences = figures.curves(places, sentences=True)
    blocks = [
        *_figure(pictures, figures.curves(places), "F1 against labelled tokens", "curve.png", CURVE_NOTE),
        *_figure(pictures, figures.gains(places), "Gain over random sampling", "gain.png", gain),
        *_figure(pictures, sentences, "F1 against labelled sentences", "curve_sentences.png", counted),
    ]
    for place in places:
        blocks += [tables.table_of_scores(place), tables.table_of_types(place)]
    return blocks


def _mismatch(study: Study, options: Options, pictures: Pictures) -> List[Block]:
    picture = mismatch.draw_mismatch(study.places)
    note = "acq. NAME: the sentences were chosen by that model, and the one in the title was trained on them."
    drawn = _figure(pictures, picture, "Successors and acquisition models", "mismatch.png", note)
    return [*drawn, mismatch.table_of_mismatch(study.places, seed=options.seed)]


def _durations(study: Study, pictures: Pictures) -> List[Block]:
    blocks = _figure(pictures, figures.durations(study.groups), "Seconds of a round", "seconds.png")
    return [*blocks, tables.table_of_durations(study.groups)] if blocks else []


def _choices(study: Study, pictures: Pictures) -> List[Block]:
    blocks: List[Block] = []
    numbers = figures.styles_of(study.places)
    for i, place in enumerate(study.places, start=1):
        selections = selections_by_label(place, study.selections)
        pool = corpus_sample(place, study.places, study.selections)
        table = table_of_choices(place, selections, pool)
        picture = figures.choices(place, selections, pool, numbers)
        if table and picture:
            name = "chosen.png" if len(study.places) == 1 else f"chosen-{i}.png"
            what = "Length and density" if pool.density is not None else "Length"
            title = f"{what} of what was chosen, by round: {place.name}"
            blocks += [*_figure(pictures, picture, title, name), table]
    return blocks


def _examples(study: Study, options: Options) -> List[Block]:
    if not options.examples:
        return []
    return [
        block for place in study.places for block in example_blocks(place, study.selections, examples=options.examples)
    ]
