"""A human round of a run with a real Label Studio: `al push`, labels through the server's API, `al pull`, `al run`."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Dict, List, Optional

import typer
from label_studio_server import Login, environment, personal_token, say, server, shoot
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from spacy_al.exchange import label_studio_api as api
from spacy_al.jsonl import read_jsonl

ROOT = Path(__file__).parent.parent
SEED, BATCH = 200, 8  # sentences of the round that is answered in a file, and of the one in Label Studio
SKIPPED, TWICE = 1, 0  # ranks: what the annotator skips, and what is first answered hastily, then well
Gold = Dict[str, Doc]


def main(
    folder: Annotated[Path, typer.Option(help="Where environment, server data and run go")] = Path("downloads/studio"),
    screenshot: Annotated[Optional[Path], typer.Option(help="PNG of a task (needs Chromium)")] = None,
    port: Annotated[int, typer.Option(help="Port on the loopback interface")] = 8099,
) -> None:
    """
    Start a run on the sample corpus, send its batch to Label Studio, label it there, and finish the round.

    Example: python scripts/label_studio_round.py --screenshot docs/label_studio.png
    """
    python = environment(folder / "venv")
    run, go_on = start_run(folder / "sample")
    login = Login.fresh()
    with server(python, folder / "data", port, login) as url:
        key = personal_token(url, login)
        secret = {"LABEL_STUDIO_URL": url, "LABEL_STUDIO_API_KEY": key}
        pushed = al("push", run, "--suggest", "--title", "Sample, round 1", secret=secret)
        project = re.search(r"/projects/(\d+)", pushed)[1]  # type: ignore[index]
        al("push", run, "--suggest", "--project", project, secret=secret)
        connection = api.connect(secret)
        if screenshot is not None:
            page = f"/projects/{project}/data?task={richest(connection, int(project))}"
            shoot(python, screenshot, url, page, login)
        label(connection, int(project), read_gold(folder / "sample" / "train.spacy"))
        al("pull", run, "--project", project, "--several", "newest", secret=secret)
    al(*go_on)
    al("status", run)
    check(Path(run), read_gold(folder / "sample" / "train.spacy"), [key, login.token, login.password])


def start_run(folder: Path) -> "tuple[str, List[str]]":
    """A run on the sample corpus that waits with the batch its model chose; its folder, and how it goes on."""
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("train", "test"):
        quietly("convert", f"{ROOT}/assets/sample/{part}.iob2", folder / f"{part}.spacy", "--scheme", "IOB2")
    run, command = folder / "run", run_command(folder)
    quietly(*command)
    batch, answers = folder / "batch.jsonl", folder / "answers.jsonl"
    quietly("query", run, batch, "--format", "prodigy")
    demo = f"{ROOT}/scripts/annotate_demo.py"
    annotate = [sys.executable, demo, "batch", batch, answers, "--gold", folder / "train.spacy"]
    subprocess.run([str(part) for part in annotate], check=True, stdout=subprocess.DEVNULL)
    quietly("ingest", run, answers)
    quietly(*command)
    say(f"a run has learnt from {SEED} sentences and waits for {BATCH} more")
    return str(run), command


def run_command(folder: Path) -> List[str]:
    """The `al run` of a small run with people: a CRF over features, which trains in seconds."""
    settings = {
        "paths.pool": folder / "train.spacy", "paths.test": folder / "test.spacy",
        "paths.labels": folder / "train.labels.json", "components.ner.features.use_pos": "false",
        # Least confidence prefers long sentences, which show more.
        "active_learning.measure": "least_confidence", "active_learning.oracle": "people",
        "active_learning.unit": "sentences",
        "active_learning.seed_budget": SEED, "active_learning.round_budget": BATCH, "active_learning.rounds": 1,
    }  # fmt: skip
    overrides = [str(part) for key, value in settings.items() for part in (f"--{key}", value)]
    return ["run", f"{ROOT}/configs/al-crf.cfg", "--output", str(folder / "run"), *overrides]


def al(*arguments: str, secret: Optional[Dict[str, str]] = None) -> str:
    """Run a command of the package as a user would, show it and what it says; the line leaves settings out."""
    shown = re.sub(r" --[a-z_]+\.\S+ \S+", "", shlex.join(arguments)).replace(f"{ROOT}/", "")
    say(f"$ python -m spacy al {shown}")
    output = quietly(*arguments, secret=secret)
    say(output.strip())
    return output


def quietly(*arguments: object, secret: Optional[Dict[str, str]] = None) -> str:
    """The same without a word; raises with everything it said when it fails."""
    command = [sys.executable, "-m", "spacy", "al", *map(str, arguments)]
    plain = {"ANSI_COLORS_DISABLED": "1", "NO_COLOR": "1"}
    result = subprocess.run(command, env={**os.environ, **plain, **(secret or {})}, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"al {arguments[0]} failed:\n{result.stdout}{result.stderr}")
    return result.stdout


def read_gold(path: Path) -> Gold:
    """What a careful person knows: the labelled sentences by their text."""
    return {doc.text: doc for doc in DocBin().from_disk(path).get_docs(Vocab())}


def tasks_of(connection: api.Server, project: int) -> List[Dict]:
    """All tasks of a project, as the server exports them."""
    return json.loads(api.pull(connection, project, everything=True))


def richest(connection: api.Server, project: int) -> int:
    """The task with the most suggested entities, for the picture."""
    server_url = f"/api/tasks?project={project}&fields=all"
    tasks = json.loads(api.call(connection, "GET", server_url))["tasks"]
    return max(tasks, key=lambda task: len(task["predictions"][0]["result"]))["id"]


def label(connection: api.Server, project: int, gold: Gold) -> None:
    """Answer every task through the server's API: one skipped, one answered hastily and then again."""
    tasks = tasks_of(connection, project)
    for task in tasks:
        rank, doc = task["data"]["rank"], gold[task["data"]["text"]]
        careful = [result(ent) for ent in doc.ents]
        for results in [[], careful] if rank == TWICE else [careful]:
            body = {"result": results, "lead_time": 3.5, "was_cancelled": rank == SKIPPED}
            api.call(connection, "POST", f"/api/tasks/{task['id']}/annotations/", body)
    say(f"{len(tasks)} tasks labelled through the API: one skipped, one answered twice")


def result(ent: Span) -> Dict[str, object]:
    """An entity as the web page sends it."""
    value = {"start": ent.start_char, "end": ent.end_char, "text": ent.text, "labels": [ent.label_]}
    return {"id": f"r{ent.start}", "from_name": "label", "to_name": "text", "type": "labels", "value": value}


def check(run: Path, gold: Gold, secrets: List[str]) -> None:
    """Raise unless the round is finished with exactly what was labelled, and no secret is in the run's files."""
    asked = [row for _, row in read_jsonl(run / "rounds" / "0001" / "selected.jsonl")]
    docs = DocBin(store_user_data=True).from_disk(run / "labelled.spacy").get_docs(Vocab())
    labelled = {doc.user_data["id"]: doc for doc in docs}
    for row in asked:
        doc = labelled.get(row["id"])
        if (doc is None) != (row["rank"] == SKIPPED) or (doc and entities(doc) != entities(gold[row["text"]])):
            raise RuntimeError(f"this sentence is not labelled as it was answered: {row['text']}")
    rows = [row for _, row in read_jsonl(run / "metrics.jsonl")]
    if [row["labelled_sentences"] for row in rows] != [SEED, SEED + BATCH - 1]:
        raise RuntimeError(f"metrics.jsonl does not have both rounds: {rows}")
    for path in filter(Path.is_file, run.rglob("*")):
        if any(secret.encode() in path.read_bytes() for secret in secrets):
            raise RuntimeError(f"{path} holds a token or password")
    say(f"round 1 is finished: {BATCH - 1} sentences are labelled as answered, and no file of the run holds a secret")


def entities(doc: Doc) -> List["tuple[int, int, str]"]:
    """The entities of a Doc, by token."""
    return [(ent.start, ent.end, ent.label_) for ent in doc.ents]


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()
