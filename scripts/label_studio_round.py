"""One human round with a real Label Studio: its own environment, a local server, labels through its API."""

import json
import os
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Dict, Iterator, List, Optional

import spacy
import typer
from spacy.tokens import Doc, DocBin

from spacy_al.corpus.task_docs import answer_doc, make_task
from spacy_al.exchange import label_studio_api as api
from spacy_al.exchange.ingest import summary, take_bytes
from spacy_al.exchange.ranking import suggest
from spacy_al.exchange.records import Options
from spacy_al.tasks import Answer

PACKAGES = ["label-studio==1.23.2", "selenium==4.36.0"]
LABELS = ["PERSON", "PLACE", "COMPANY"]
PATTERNS = [
    {"label": "PERSON", "pattern": "Ada"},
    {"label": "PLACE", "pattern": "Lyon"},
    {"label": "COMPANY", "pattern": "May"},
]
# What a careful person says of each sentence, entities in brackets; the second says "skip".
SENTENCES = [
    "[Ada Byron|PERSON] moved 😀 from [Lyon|PLACE] to [New York|PLACE] in May .",
    "asdf qwer",
    "[May & Sons|COMPANY] reported nothing new .",
    "[עדה|PERSON] lives in [תל אביב|PLACE] .",
    "Nobody was there .",
    "[Zoe\u0301|PERSON] met [👩‍🚀 Labs|COMPANY]\u00a0!",
]
SKIPPED = 1


@dataclass(frozen=True)
class Login:
    """The one user of the server, made for this run."""

    email: str
    password: str = field(repr=False)
    token: str = field(repr=False)


def main(
    folder: Annotated[Path, typer.Option(help="Where the environment and its data go")] = Path(
        "downloads/studio"
    ),
    output: Annotated[Path, typer.Option(help="Labelled sentences")] = Path(
        "downloads/studio/labelled.spacy"
    ),
    screenshot: Annotated[Optional[Path], typer.Option(help="PNG of a task (needs Chromium)")] = None,
    port: Annotated[int, typer.Option(help="Port on the loopback interface")] = 8099,
) -> None:
    """
    Push a batch with suggestions, label it through the server's API, pull and check the answers.

    Example: python scripts/label_studio_round.py --screenshot docs/label_studio.png
    """
    python = environment(folder / "venv")
    nlp = spacy.blank("xx")
    nlp.add_pipe("entity_ruler").add_patterns(PATTERNS)
    gold = [gold_doc(text, nlp.vocab) for text in SENTENCES]
    tasks = suggest(
        [
            make_task(doc, id=f"{n:04x}-0", rank=n, measure="mnlp", utility=1 / (n + 1))
            for n, doc in enumerate(gold)
        ],
        nlp,
    )
    login = Login(f"{secrets.token_hex(4)}@example.com", secrets.token_urlsafe(12), secrets.token_hex(20))
    with server(python, folder / "data", port, login) as url:
        key = personal_token(url, login.token)
        connection = api.connect({"LABEL_STUDIO_URL": url, "LABEL_STUDIO_API_KEY": key})
        project = api.create_project(connection, "spacy_al round", LABELS)
        say(f"project {project} made from our labelling config")
        say(f"{api.push(connection, project, tasks)} tasks pushed with suggestions")
        say(f"pushed again: {api.push(connection, project, tasks)} new tasks")
        if screenshot is not None:
            shoot(python, screenshot, connection, project, login)
        label(connection, project, gold)
        export = api.pull(connection, project)
        say(f"export of {len(export)} bytes pulled")
    reading = take_bytes(
        export, Path("export.json"), tasks, Options(labels=tuple(LABELS)), name="label_studio"
    )
    for line in summary(reading):
        say(line)
    check(reading.answers, gold)
    docs = [
        answer_doc(tasks[int(a.id[:4], 16)], a, nlp.vocab) for a in reading.answers if a.verdict == "accept"
    ]
    DocBin(docs=docs, store_user_data=True).to_disk(output)
    say(f"every answer equals what was labelled; {len(docs)} sentences in {output}")


def environment(folder: Path) -> Path:
    """A virtual environment with Label Studio, made once; returns its interpreter."""
    python = folder / "bin" / "python"
    if not (folder / "bin" / "label-studio").exists():
        say(f"installing {' '.join(PACKAGES)} (some minutes)")
        subprocess.run([os.environ.get("PYTHON", "python3"), "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    version = subprocess.check_output([str(python), "-m", "pip", "show", "label-studio"], text=True)
    say(version.splitlines()[1].replace("Version:", "Label Studio"))
    return python


@contextmanager
def server(python: Path, data: Path, port: int, login: Login) -> Iterator[str]:
    """A Label Studio on SQLite and the loopback interface, with one user; stopped at the end."""
    data.mkdir(parents=True, exist_ok=True)
    settings = {
        "LABEL_STUDIO_BASE_DATA_DIR": str(data.resolve()),
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_USERNAME": login.email,
        "LABEL_STUDIO_PASSWORD": login.password,
        "LABEL_STUDIO_USER_TOKEN": login.token,
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
    }
    command = [str(python.parent / "label-studio"), "start", "--no-browser", "--internal-host", "127.0.0.1"]
    url = f"http://127.0.0.1:{port}"
    with (data / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            env={**os.environ, **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(url, process)
            yield url
        finally:
            process.terminate()
            process.wait(30)


def wait_for(url: str, process: subprocess.Popen) -> None:
    """Return when the server answers; raise when it ends or is not up after three minutes."""
    for _ in range(180):
        try:
            with urllib.request.urlopen(url + "/health", timeout=5):
                say(f"server is up on {url}")
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                raise RuntimeError("Label Studio ended; see data/server.log") from None
            time.sleep(1)
    raise RuntimeError("Label Studio did not start in three minutes; see data/server.log")


def personal_token(url: str, legacy: str) -> str:
    """A personal access token, the kind that users make in their account settings."""
    answer = api.call(api.Server(url, f"Token {legacy}"), "POST", "/api/token/")
    return str(json.loads(answer)["token"])


def gold_doc(text: str, vocab: spacy.vocab.Vocab) -> Doc:
    """A Doc with entities out of a text with brackets."""
    words: List[str] = []
    ents: List[str] = []
    spaces: List[bool] = []
    for part in text.replace("\u00a0", " \u00a0 ").replace("[", "\n[").replace("]", "]\n").split("\n"):
        inside, _, entity = part.strip("[]").partition("|")
        for number, word in enumerate(inside.split(" ")):
            if word:
                words.append(word)
                spaces.append(word != "\u00a0")
                ents.append("O" if not entity else ("B-" if number == 0 else "I-") + entity)
    return Doc(vocab, words=words, spaces=spaces, ents=ents)


def label(connection: api.Server, project: int, gold: List[Doc]) -> None:
    """Answer every task through the server's API as a person would: one skipped, one answered twice alike."""
    for item in json.loads(api.pull(connection, project, everything=True)):
        number = item["data"]["rank"]
        results = [result(ent) for ent in gold[number].ents]
        body: Dict[str, object] = {"result": results, "lead_time": 3.5, "was_cancelled": number == SKIPPED}
        for _ in range(2 if number == 0 else 1):
            api.call(connection, "POST", f"/api/tasks/{item['id']}/annotations/", body)
    say(f"{len(gold)} tasks labelled through the API, one of them twice, one skipped")


def result(ent: spacy.tokens.Span) -> Dict[str, object]:
    """An entity as the web page sends it."""
    value = {"start": ent.start_char, "end": ent.end_char, "text": ent.text, "labels": [ent.label_]}
    return {"id": f"r{ent.start}", "from_name": "label", "to_name": "text", "type": "labels", "value": value}


def check(answers: List[Answer], gold: List[Doc]) -> None:
    """Raise unless the answers say exactly what was labelled."""
    expected = [
        ("ignore", ()) if n == SKIPPED else ("accept", tuple((e.start, e.end, e.label_) for e in doc.ents))
        for n, doc in enumerate(gold)
    ]
    if [(answer.verdict, answer.spans) for answer in answers] != expected:
        raise RuntimeError(f"the answers differ from what was labelled: {answers}")


def shoot(python: Path, path: Path, connection: api.Server, project: int, login: Login) -> None:
    """A picture of the first task in headless Chromium."""
    first = json.loads(api.pull(connection, project, everything=True))[0]["id"]
    script = Path(__file__).with_name("label_studio_screenshot.py")
    command = [
        str(python),
        str(script),
        connection.url,
        f"/projects/{project}/data?task={first}",
        login.email,
    ]
    environment = {**os.environ, "LABEL_STUDIO_PASSWORD": login.password}
    subprocess.run([*command, str(path)], env=environment, check=True)
    say(f"screenshot in {path}")


def say(line: str) -> None:
    """One line of the transcript."""
    print(line, flush=True)


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()
