"""Write the sample corpus of the project: synthetic, labelled, the same bytes for the same seed."""

from pathlib import Path

import typer
from sample_corpus.corpus import make_corpus, to_iob2

from spacy_al.files import sha256, write_text

SEED = 20210419
FOLDER = typer.Argument(Path("assets/sample"), help="Folder to write into.")


def make_sample_corpus(
    output: Path = FOLDER,
    seed: int = typer.Option(SEED, help="Equal seeds give equal files."),
    training: int = typer.Option(4000, min=1, help="Sentences in train.iob2."),
    test: int = typer.Option(1000, min=1, help="Sentences in test.iob2."),
) -> None:
    """Write train.iob2, test.iob2 and SHA256SUMS: made-up text about made-up people, places and things."""
    parts = make_corpus(seed, training=training, test=test)
    sums = ""
    for name, documents in zip(("train.iob2", "test.iob2"), parts, strict=True):
        write_text(output / name, to_iob2(documents))
        sums += f"{sha256(output / name)}  {name}\n"
    write_text(output / "SHA256SUMS", sums)


if __name__ == "__main__":
    typer.run(make_sample_corpus)
