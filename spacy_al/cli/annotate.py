"""`al annotate`: label in the browser while the model learns."""

from dataclasses import replace
from typing import Optional

import typer

from ..options import Opening
from .common import command, read_overrides


@command
def annotate_cli(ctx: typer.Context, opening: Opening) -> None:
    """
    Label in the browser, with the model learning beside you; RUN/model is there after the first round.

    Answers are on the disk before the page moves on; stop with Ctrl+C and go on whenever you like.

    Examples:

    python -m spacy al annotate runs/news

    python -m spacy al annotate runs/mine --text my_texts --labels PERSON,PLACE
    """
    from ..annotate import check_packages

    check_packages()
    from ..annotate.begin import recipe
    from ..annotate.serve import serve
    from ..runs.folder import RunFolder

    def tell(here: str, there: Optional[str]) -> None:
        typer.echo(f"Label at {here}\nStop with Ctrl+C; nothing is lost.")
        if there:
            warning = "Anyone who reaches it and has the password can read and label."
            proxy = "" if opening.name else " The connection is not encrypted: put a TLS proxy in front."
            typer.secho(f"Others open {there}?annotator=NAME. {warning}{proxy}", fg=typer.colors.YELLOW, err=True)

    named = [argument.partition("=")[0].removeprefix("--") for argument in ctx.args]
    overrides = read_overrides(ctx.args, opening.config or recipe(opening.lang, given=named))
    if RunFolder(opening.run).config.is_file() and (opening.text or opening.config or overrides):
        typer.echo(
            f"{opening.run} goes on as it was begun: --text, --config, --lang and settings are for a new run only."
        )
    serve(replace(opening, overrides=overrides), tell=tell)
