"""Pages from templates: every text is escaped where it is put in, and a name that is not there is an error."""

from typing import TYPE_CHECKING, Callable, Optional

if TYPE_CHECKING:
    from jinja2 import Environment


def environment(package: str, *, finalize: Optional[Callable[[object], object]] = None) -> "Environment":
    """The templates of a package, in its folder templates/.

    package (str): Such as "spacy_al.report". finalize (Optional[Callable]): Applied to every value before it is
        escaped as for HTML; what it returns as `markupsafe.Markup` is not.
    RETURNS (Environment): With autoescape on.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
