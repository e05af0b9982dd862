"""What the paper adds to a report: its claims with a verdict each, and its numbers beside ours."""

from typing import Dict, List

from ..options import ReportOptions
from ..report.build import Study
from ..report.page import Section
from ..report.picture import Picture
from .claim_table import claim_blocks
from .paper_tables import paper_blocks


def paper_sections(study: Study, options: ReportOptions, pictures: Dict[str, Picture]) -> List[Section]:
    """The sections `paper` of a report, registered in `al_report_sections`; arguments as there."""
    return [
        Section("Claims of the paper", claim_blocks(study.places, seed=options.seed)),
        Section("Beside the paper", paper_blocks(study.places)),
    ]
