"""The page: people label in the browser, and a process beside it trains on what they say."""

import importlib

from ..errors import Errors, saying

NEEDED = {"starlette": "starlette", "uvicorn": "uvicorn", "nh3": "nh3", "markdown_it": "markdown-it-py"}


def check_packages() -> None:
    """Raise ALError A719 when the extra is not installed; before `serve` is imported, which needs all of it."""
    for module, package in NEEDED.items():
        with saying(Errors.A719, ImportError, package=package):
            importlib.import_module(module)
