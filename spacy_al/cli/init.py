"""`al init`: a project for a corpus of one's own."""

import sys
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from ..errors import ALError, Errors
from .common import command


@command
def init_cli(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the project goes")],
    text: Annotated[
        Optional[Path], typer.Option(help="The corpus: a folder of .txt files, or a file that `al convert` reads")
    ] = None,
    labels: Annotated[Optional[str], typer.Option(help="Entity types, such as PERSON,PLACE")] = None,
    simulation: Annotated[
        Optional[bool], typer.Option("--simulation/--people", help="The corpus has labels and answers, or people do")
    ] = None,
    lang: Annotated[Optional[str], typer.Option("--lang", "-l", help="Language of the tokenizer: en, de, ...")] = None,
    text_field: Annotated[str, typer.Option(help="Key or column of the text, in JSONL or CSV")] = "text",
    use_gpu: Annotated[
        Optional[int], typer.Option("--gpu-id", "-g", min=-1, help="GPU number, or -1 for the CPU")
    ] = None,
    tagger: Annotated[
        Optional[str], typer.Option(help="minilm, mpnet, ner, crf, distilbert, bert, electra; else what fits")
    ] = None,
    encoder: Annotated[Optional[str], typer.Option(help="Transformer: a Hugging Face name or a folder")] = None,
    test: Annotated[Optional[Path], typer.Option(help="A labelled test set, if there is one")] = None,
) -> None:
    """
    Write a project for your own corpus: project.yml, config.cfg, labels.json, README.md. Asks for what is not given.

    Examples:

    python -m spacy al init news

    python -m spacy al init news --text my_texts --labels PERSON,PLACE
    """
    from ..annotate.begin import read_labels
    from ..project.starter import Plan, write_project

    text = Path(ask(text, "--text", "The corpus (a folder of .txt files, or a file)")).expanduser()
    if simulation is None:
        simulation = ask(None, "", "Does it have labels that answer in place of people?", default=False)
    if labels is None and not simulation:
        labels = ask(None, "--labels", "Entity types, with commas between them")
    lang = ask(lang, "", "Language", default="en")
    gpu = ask(use_gpu, "", "GPU number, -1 for the CPU", default=-1)
    names = read_labels(labels) if labels else []
    plan = Plan(text, names, not simulation, lang, text_field, tagger, encoder, gpu, test)
    lines = write_project(folder, plan)
    typer.echo(f"{folder}: project.yml, config.cfg{', labels.json' if names else ''}, README.md. Next:\n")
    for line in lines:
        typer.echo(f"  {line}")


def ask(given: Any, option: str, question: str, *, default: Any = None) -> Any:
    """What an option gave, else what a person types; where nobody can type, the default.

    RAISES: ALError A547 if there is no default either.
    """
    if given is not None:
        return given
    if not somebody_types():
        if default is None:
            raise ALError(Errors.A547.format(option=option))
        return default
    if isinstance(default, bool):
        return typer.confirm(question, default=default)
    return typer.prompt(question, default=default, type=type(default) if default is not None else str)


def somebody_types() -> bool:
    """Whether standard input is a terminal."""
    return sys.stdin.isatty()
