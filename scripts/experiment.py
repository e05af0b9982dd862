"""Run one config with a query strategy and with random selection, into two run folders beside each other.

Further options, such as --paths.word_vectors FILE, go to both runs.
"""

import subprocess
import sys
from pathlib import Path
from typing import List

import typer


def main(
    ctx: typer.Context,
    config: Path = typer.Argument(..., help="Config with an [active_learning] block"),
    output: Path = typer.Argument(..., help="Folder that gets a run folder for each strategy"),
    encoder: str = typer.Option("default", help="Encoder name or folder; default: the config's own"),
    measure: str = typer.Option("mnlp", help="Measure of the strategy that random is compared with"),
    dropout: str = typer.Option("off", help="What stays random in stochastic passes"),
    rounds: int = typer.Option(24, help="Queries after the first training"),
    seeds: int = typer.Option(1, help="Seeds of each strategy"),
    gpu_id: int = typer.Option(-1, help="GPU number, -1 for the CPU"),
    corpus: Path = typer.Option(Path("corpus"), help="Folder with train.spacy, test.spacy, train.labels.json"),
) -> None:
    """Start or resume both runs, one after the other."""
    for name in dict.fromkeys([measure, "random"]):
        command = [sys.executable, "-m", "spacy", "al", "run", str(config), "--output", str(output / name)]
        command += ["--gpu-id", str(gpu_id), "--repeats", str(seeds)]
        command += settings(corpus, encoder, name, dropout if name != "random" else "off", rounds)
        subprocess.run([*command, *ctx.args], check=True)


def settings(corpus: Path, encoder: str, measure: str, dropout: str, rounds: int) -> List[str]:
    """Overrides of the config, as command line options."""
    values = {
        "paths.pool": corpus / "train.spacy",
        "paths.test": corpus / "test.spacy",
        "paths.labels": corpus / "train.labels.json",
        "active_learning.measure": measure,
        "active_learning.dropout": f'"{dropout}"',
        "active_learning.rounds": rounds,
    }
    if encoder != "default":
        values["paths.encoder"] = encoder
    return [part for key, value in values.items() for part in (f"--{key}", str(value))]


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(main)
    app()
