"""Packages that only some formats need."""

import importlib
from typing import Any

from ..errors import ALError, Errors


def require(module: str, extra: str) -> Any:
    """Import a package that an extra of this one installs.

    module (str): The package. extra (str): The extra's name.
    RAISES: ALError A137 naming the extra when it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ALError(Errors.A137.format(module=module, extra=extra)) from error
