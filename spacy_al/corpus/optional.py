"""What is said where a package is missing that only some formats need."""

from ..errors import ALError, Errors


def missing(module: str, extra: str) -> ALError:
    """The error A137 for a package that is not installed. module (str): The package. extra (str): What installs it."""
    return ALError(Errors.A137.format(module=module, extra=extra))
