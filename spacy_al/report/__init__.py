"""Learning curves, tables and pages from finished runs."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any, List


class _Report(ModuleType):
    """`spacy_al.report(...)` is a call, also once one of these modules was imported and stands under its name."""

    def __call__(self, *args: Any, **options: Any) -> List[Path]:
        from .build import write_report

        return write_report(*args, **options)


sys.modules[__name__].__class__ = _Report
