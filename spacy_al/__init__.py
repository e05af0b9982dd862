"""Active learning for named entity recognition inside spaCy."""

from . import registry  # noqa: F401  configs name @al_... functions as soon as any part of the package is loaded

__version__ = "0.1.0"
