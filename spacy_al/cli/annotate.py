"""`al annotate`: label in the browser while the model learns."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from .common import fail_clearly

Run = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run that asks people, or of a new one")]
Text = Annotated[Optional[Path], typer.Option(help="For a new run: a folder of .txt files, or what `al convert` reads")]
Labels = Annotated[str, typer.Option(help="For a new run: label names, such as PERSON,PLACE; else the page asks")]
ConfigPath = Annotated[
    Optional[Path], typer.Option("--config", "-c", help="For a new run: its config; MiniLM or a small CNN without")
]
Lang = Annotated[str, typer.Option("--lang", "-l", help="For a new run: language of the tokenizer")]
Guidelines = Annotated[
    Optional[Path], typer.Option(help="Markdown shown beside the text; a heading that is a label describes it")
]
OneByOne = Annotated[bool, typer.Option("--yes-no", help="Ask yes or no for each entity that the model suggests")]
Overlap = Annotated[int, typer.Option(min=1, help="How many people each question goes to (?annotator=NAME)")]
Batch = Annotated[Optional[int], typer.Option(min=1, help="Answers that start a round; as many as it asks, at most 20")]
Keys = Annotated[Optional[Path], typer.Option(help='JSON file of keys, such as {"skip": ["s"]}')]
Host = Annotated[str, typer.Option(help="Address to listen at; another than this machine's own needs --password")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any that is free")]
Password = Annotated[Optional[str], typer.Option(envvar="SPACY_AL_PASSWORD", help="Opens the page from other machines")]
Name = Annotated[str, typer.Option(help="Name by which others reach the page, as that of a TLS proxy in front")]
Gpu = Annotated[int, typer.Option("--gpu-id", "-g", help="GPU number, or -1 for the CPU")]


def annotate_cli(
    ctx: typer.Context,
    run: Run,
    text: Text = None,
    labels: Labels = "",
    config: ConfigPath = None,
    lang: Lang = "en",
    guidelines: Guidelines = None,
    one_by_one: OneByOne = False,
    overlap: Overlap = 1,
    batch: Batch = None,
    keys: Keys = None,
    host: Host = "127.0.0.1",
    port: Port = 8765,
    password: Password = None,
    name: Name = "",
    use_gpu: Gpu = -1,
) -> None:
    """
    Label in the browser, with the model learning beside you; RUN/model is there after the first round.

    Answers are on the disk before the page moves on; stop with Ctrl+C and go on whenever you like.

    Examples:

    python -m spacy al annotate runs/news

    python -m spacy al annotate runs/mine --text my_texts --labels PERSON,PLACE
    """
    with fail_clearly():
        from spacy.cli._util import parse_config_overrides

        from ..annotate.serve import Opening, serve

        overrides = parse_config_overrides(list(ctx.args))
        opening = Opening(
            run, text, config, labels, lang, overrides, guidelines, keys, one_by_one, overlap, batch, use_gpu,
            host, port, password, name,
        )  # fmt: skip

        def tell(here: str, there: Optional[str]) -> None:
            typer.echo(f"Label at {here}\nStop with Ctrl+C; nothing is lost.")
            if there:
                warning = "Anyone who reaches it and has the password can read and label."
                proxy = "" if name else " The connection is not encrypted: put a TLS proxy in front."
                typer.secho(f"Others open {there}?annotator=NAME. {warning}{proxy}", fg=typer.colors.YELLOW, err=True)

        serve(opening, tell=tell)
