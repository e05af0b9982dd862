"""Answer an exported batch as a careful annotator would in Prodigy, out of a corpus whose labels are known."""

import json
from pathlib import Path
from typing import Dict, List, Tuple

import typer
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_al.jsonl import read_jsonl, write_jsonl

Gold = Dict[Tuple[str, ...], Doc]


def main(
    batch: Path = typer.Argument(..., help="Tasks that `al query --format prodigy` wrote"),
    answers: Path = typer.Argument(..., help="Where the answers go, for `al ingest`"),
    gold: Path = typer.Option(..., help="DocBin of labelled sentences, which stands for what the annotator knows"),
) -> None:
    """Mark every sentence of the batch as the corpus has it; ignore what the corpus does not have."""
    known: Gold = {tuple(token.text for token in doc): doc for doc in DocBin().from_disk(gold).get_docs(Vocab())}
    answered = [answer(task, known) for _, task in read_jsonl(batch)]
    write_jsonl(answers, answered)
    typer.echo(
        json.dumps({verdict: sum(one["answer"] == verdict for one in answered) for verdict in ("accept", "ignore")})
    )


def answer(task: Dict, known: Gold) -> Dict:
    """A task with spans and verdict, as Prodigy's `db-out` gives it back; its `token_end` is inclusive."""
    tokens: List[Dict] = task["tokens"]
    doc = known.get(tuple(token["text"] for token in tokens))
    if doc is None:
        return {**task, "spans": [], "answer": "ignore"}
    spans = [
        {
            "start": tokens[ent.start]["start"],
            "end": tokens[ent.end - 1]["end"],
            "token_start": ent.start,
            "token_end": ent.end - 1,
            "label": ent.label_,
        }
        for ent in doc.ents
    ]
    return {**task, "spans": spans, "answer": "accept"}


if __name__ == "__main__":
    typer.run(main)
