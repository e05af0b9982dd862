"""What the paper adds to a report: its claims with a verdict each, and its numbers beside ours."""

from typing import Dict, List, Sequence

from ..options import ReportOptions
from ..report.build import Study
from ..report.compare import Place
from ..report.page import Block, Section, Text
from ..report.picture import Picture
from . import published as paper
from .claim_table import claim_blocks
from .paper_tables import paper_blocks


def paper_sections(study: Study, options: ReportOptions, pictures: Dict[str, Picture]) -> List[Section]:
    """The sections `paper` of a report, registered in `al_report_sections`; arguments as there."""
    return [
        Section("Claims of the paper", claim_blocks(study.places, seed=options.seed)),
        Section("Beside the paper", [*left_out(study.places), *paper_blocks(study.places)]),
    ]


def left_out(places: Sequence[Place]) -> List[Block]:
    """Names the paper's corpora that stand here for several pools or test sets (`tell_apart`); [] where none does."""
    several = [p.corpus for p in places if any(p.corpus.startswith(f"{name} (") for name in paper.CORPORA)]
    if not several:
        return []
    names = ", ".join(dict.fromkeys(several))
    return [
        Text(f"These are of several pools or test sets, and so not set beside the paper: {names}. Report one alone.")
    ]
