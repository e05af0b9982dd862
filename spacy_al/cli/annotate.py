"""`al annotate`: label in the browser while the model learns."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Optional

import typer

from .common import Gpu, command, read_overrides


@dataclass(frozen=True)
class Page:
    """Options of `spacy_al.annotate.serve.Opening`."""

    text: Annotated[
        Optional[Path], typer.Option(help="For a new run: a folder of .txt files, or what `al convert` reads")
    ] = None
    labels: Annotated[
        str, typer.Option(help="For a new run: label names, such as PERSON,PLACE; else the page asks")
    ] = ""
    config: Annotated[
        Optional[Path], typer.Option("--config", "-c", help="For a new run: its config; MiniLM or a small CNN without")
    ] = None
    lang: Annotated[str, typer.Option("--lang", "-l", help="For a new run: language of the tokenizer")] = "en"
    guidelines: Annotated[
        Optional[Path], typer.Option(help="Markdown shown beside the text; a heading that is a label describes it")
    ] = None
    one_by_one: Annotated[
        bool, typer.Option("--yes-no", help="Ask yes or no for each entity that the model suggests")
    ] = False
    overlap: Annotated[int, typer.Option(min=1, help="How many people each question goes to (?annotator=NAME)")] = 1
    batch: Annotated[
        Optional[int], typer.Option(min=1, help="Answers that start a round; as many as it asks, at most 20")
    ] = None
    keys: Annotated[Optional[Path], typer.Option(help='JSON file of keys, such as {"skip": ["s"]}')] = None
    host: Annotated[
        str, typer.Option(help="Address to listen at; another than this machine's own needs --password")
    ] = "127.0.0.1"
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any that is free")] = 8765
    password: Annotated[
        Optional[str], typer.Option(envvar="SPACY_AL_PASSWORD", help="Opens the page from other machines")
    ] = None
    name: Annotated[str, typer.Option(help="Name by which others reach the page, as that of a TLS proxy in front")] = ""
    use_gpu: Gpu = -1


@command
def annotate_cli(
    ctx: typer.Context,
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run that asks people, or of a new one")],
    page: Page,
) -> None:
    """
    Label in the browser, with the model learning beside you; RUN/model is there after the first round.

    Answers are on the disk before the page moves on; stop with Ctrl+C and go on whenever you like.

    Examples:

    python -m spacy al annotate runs/news

    python -m spacy al annotate runs/mine --text my_texts --labels PERSON,PLACE
    """
    from ..annotate.begin import recipe
    from ..annotate.serve import Opening, serve
    from ..runs.folder import RunFolder

    def tell(here: str, there: Optional[str]) -> None:
        typer.echo(f"Label at {here}\nStop with Ctrl+C; nothing is lost.")
        if there:
            warning = "Anyone who reaches it and has the password can read and label."
            proxy = "" if page.name else " The connection is not encrypted: put a TLS proxy in front."
            typer.secho(f"Others open {there}?annotator=NAME. {warning}{proxy}", fg=typer.colors.YELLOW, err=True)

    overrides = read_overrides(ctx.args, page.config or recipe())
    if RunFolder(run).config.is_file() and (page.text or page.config or overrides):
        typer.echo(f"{run} goes on as it was begun: --text, --config, --lang and settings are for a new run only.")
    serve(Opening(run, overrides=overrides, **vars(page)), tell=tell)
