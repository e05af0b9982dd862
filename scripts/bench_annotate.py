"""Measure the page: from answer to question while a model trains, keys in a long text, a large pool, kills."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import httpx
import numpy
import typer
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_al.annotate.begin import begin, recipe
from spacy_al.annotate.desk import Desk
from spacy_al.annotate.guard import read_secret
from spacy_al.annotate.serve import listen
from spacy_al.annotate.server import Page, build_app
from spacy_al.files import write_json
from spacy_al.loop.session import Session
from spacy_al.options import Opening

ROOT = Path(__file__).parent.parent
LABELS = ["PERSON", "PLACE", "ORG", "EVENT", "PRODUCT", "WORK"]


def main(
    what: str = typer.Argument("latency,keys,pool,kills", help="What to measure, with commas between"),
    answers: int = typer.Option(200, help="Answers given while a round trains"),
    sentences: int = typer.Option(1_000_000, help="Sentences of the large pool"),
    kills: int = typer.Option(200, help="Times the server is killed"),
    encoder: str = typer.Option("minilm", help="Recipe that trains meanwhile: minilm or cnn"),
) -> None:
    """Print one line a figure."""
    load = os.getloadavg()[0]
    typer.echo(f"{os.cpu_count()} cores, load {load:.1f} at the start (1 or less: nobody else works here)")
    measures: Dict[str, Callable[[Path], str]] = {
        "latency": lambda folder: latency(folder, answers, encoder),
        "keys": keys,
        "pool": lambda folder: large_pool(folder, sentences),
        "kills": lambda folder: survive(folder, kills),
    }
    for name in what.split(","):
        with tempfile.TemporaryDirectory() as folder:
            typer.echo(f"{name}: {measures[name](Path(folder))}")


# --- servers and somebody who labels


def free_port() -> int:
    with listen("127.0.0.1", 0) as opened:
        return int(opened.getsockname()[1])


class Client:
    """Speaks with a server as the page does."""

    def __init__(self, port: int, token: str) -> None:
        url = f"http://127.0.0.1:{port}"
        self.http, self.token, self.count = httpx.Client(base_url=url, headers={"origin": url}, timeout=30), token, 0

    def exchange(self, rows: List[Dict[str, Any]]) -> Dict[str, Any]:
        """Post answers until the server has them."""
        for _ in range(6000):
            try:
                if not self.http.cookies:
                    self.http.get("/", params={"token": self.token})
                response = self.http.post("/api/answer", json={"answers": rows, "amount": 1})
                response.raise_for_status()
                return dict(response.json())
            except httpx.TransportError:
                time.sleep(0.01)
        raise SystemExit("no server")

    def row(self, task: Dict[str, Any], spans: List[Any]) -> Dict[str, Any]:
        """An answer."""
        self.count += 1
        minutes, seconds = divmod(self.count, 60)
        when = f"2026-01-{1 + minutes // 1440:02d}T{minutes // 60 % 24:02d}:{minutes % 60:02d}:{seconds:02d}Z"
        return {"id": task["id"], "round": task["round"], "verdict": "accept", "spans": spans, "when": when}

    def training(self) -> Dict[str, Any]:
        """What the trainer does."""
        return dict(self.http.get("/api/status").json().get("training", {}))


def command(folder: Path, port: int, *options: str) -> subprocess.Popen:
    args = [sys.executable, "-m", "spacy", "al", "annotate", str(folder), "--port", str(port), *options]
    return subprocess.Popen(args, stdout=subprocess.DEVNULL)


def serve_page(folder: Path, port: int) -> None:
    import uvicorn

    page = Page(Opening(folder), Desk(folder))
    app = build_app(page, token=read_secret(folder / "page.json"), host="127.0.0.1")
    uvicorn.run(app, port=port, log_level="error", lifespan="off")


def read_sample() -> Dict[Tuple[str, ...], List[Any]]:
    """The sample corpus: entities by words."""
    gold: Dict[Tuple[str, ...], List[Any]] = {}
    for block in (ROOT / "assets/sample/train.iob2").read_text(encoding="utf8").split("\n\n"):
        rows = [line.split("\t") for line in block.splitlines() if line]
        spans: List[Any] = []
        for number, (_, tag) in enumerate(rows):
            if tag.startswith("B-"):
                spans.append([number, number + 1, tag[2:]])
            elif tag.startswith("I-"):
                spans[-1][1] = number + 1
        gold[tuple(word for word, _ in rows)] = spans
    return gold


# --- the measures


def latency(folder: Path, answers: int, encoder: str) -> str:
    """From sending an answer to having the next question, while a round trains and while nothing does."""
    run, port, gold = folder / "run", free_port(), read_sample()
    begin(Opening(run, text=ROOT / "assets/sample/train.iob2", config=recipe().with_name(f"{encoder}.cfg")), LABELS)
    token, process = read_secret(run / "page.json"), command(run, port)
    busy: List[float] = []
    calm: List[float] = []
    try:
        client = Client(port, token)
        tasks = client.exchange([])["tasks"]
        end = time.monotonic() + 400
        while len(busy) < answers and time.monotonic() < end:
            if not tasks:
                time.sleep(0.2)
                tasks = client.exchange([])["tasks"]
                continue
            row = client.row(tasks[0], gold.get(tuple(tasks[0]["words"]), []))
            phase = client.training().get("phase")
            start = time.perf_counter()
            tasks = client.exchange([row])["tasks"]
            spent = time.perf_counter() - start
            (busy if phase in ("train", "evaluate", "score", "select", "saving") else calm).append(1000 * spent)
            time.sleep(0.05 if phase != "waiting" else 0)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
    return f"answer to next question, {encoder} training: {spread(busy)}; not training: {spread(calm)}"


def spread(values: List[float]) -> str:
    if not values:
        return "none"
    middle, high = numpy.percentile(values, [50, 95])
    return f"p50 {middle:.1f} ms, p95 {high:.1f} ms, most {max(values):.1f} ms over {len(values)}"


def keys(folder: Path) -> str:
    """From a key to the next frame, in a document of 500 words with 70 entities, in Chromium."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    run, port = folder / "run", free_port()
    text = folder / "text.iob2"
    words = [
        ("Anna", "B-PERSON") if number % 7 == 0 and number < 490 else (f"word{number}", "O") for number in range(500)
    ]
    text.write_text("".join(f"{word}\t{tag}\n" for word, tag in words) + "\nA\tO\nB\tO\n\n")
    begin(Opening(run, text=text, config=recipe().with_name("cnn.cfg")), LABELS)
    Session.open(run).step()
    path = run / "rounds/0000/selected.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    spans = [[number, number + 1, "PERSON"] for number in range(0, 490, 7)]
    rows = [row | {"spans": spans if row["n_tokens"] == 500 else []} for row in rows if row["n_tokens"] == 500]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    server = multiprocessing.get_context("fork").Process(target=serve_page, args=(run, port))
    server.start()
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for option in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(option)
    browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        client = Client(port, read_secret(run / "page.json"))
        client.exchange([])
        browser.get(f"http://127.0.0.1:{port}/?token={client.token}")
        while not browser.execute_script("return document.querySelectorAll('#text .word').length"):
            time.sleep(0.1)
        script = """
            const done = arguments[0], spent = [], names = ['ArrowRight', 'e', '2', 'x', '1', 'ArrowLeft'];
            const next = (number) => {
                if (number === 120) return done([spent, document.querySelectorAll('#text .entity').length,
                                                 document.querySelectorAll('#text .word').length]);
                const start = performance.now();
                window.dispatchEvent(new KeyboardEvent('keydown', {key: names[number % 6], bubbles: true}));
                document.getElementById('text').getBoundingClientRect();
                requestAnimationFrame(() => {
                    spent.push(performance.now() - start);
                    setTimeout(() => next(number + 1), 20);
                });
            };
            next(0);"""
        browser.set_script_timeout(60)
        spent, entities, shown = browser.execute_async_script(script)
    finally:
        browser.quit()
        server.kill()
    return f"{shown} words with {entities} entities, from a key to the frame: {spread(spent)}"


def large_pool(folder: Path, sentences: int) -> str:
    """From the command to the first question, for a new run on a large pool: until it is loaded and chosen from."""
    pool, run = folder / "pool.spacy", folder / "run"
    write_pool(pool, sentences)
    write_json(folder / "labels.json", LABELS)
    paths = {"paths.pool": str(pool), "paths.labels": str(folder / "labels.json")}
    start = time.perf_counter()
    begin(Opening(run, config=recipe().with_name("cnn.cfg"), overrides=paths), [])
    port = free_port()
    process = command(run, port)
    try:
        client = Client(port, read_secret(run / "page.json"))
        client.exchange([])
        shown = time.perf_counter() - start
        while not client.exchange([])["tasks"]:
            time.sleep(0.2)
        first = time.perf_counter() - start
    finally:
        process.kill()
        process.wait()
    start = time.perf_counter()
    process = command(run, port)
    try:
        client = Client(port, client.token)
        while not client.exchange([])["tasks"]:
            time.sleep(0.1)
        again = time.perf_counter() - start
    finally:
        process.kill()
        process.wait()
    times = f"page after {shown:.1f} s, first question after {first:.1f} s; opened again: {again:.1f} s"
    return f"{sentences} sentences: {times}"


def write_pool(path: Path, sentences: int) -> None:
    """Made-up sentences of 6 to 14 words."""
    rng, vocab = numpy.random.default_rng(0), Vocab()
    words = [f"w{number}" for number in range(30_000)]

    def docs() -> Iterator[Doc]:
        for size in rng.integers(6, 15, sentences).tolist():
            yield Doc(vocab, words=[words[number] for number in rng.integers(0, len(words), size).tolist()])

    DocBin(attrs=["ORTH", "SPACY"], docs=docs()).to_disk(path)


def survive(folder: Path, kills: int) -> str:
    """Label while the server is killed at random moments: answers that were acknowledged, and those in the file."""
    run, port, rng = folder / "run", free_port(), numpy.random.default_rng(0)
    begin(Opening(run, text=ROOT / "assets/sample/train.iob2", config=recipe().with_name("cnn.cfg")), LABELS)
    config = (run / "config.cfg").read_text().replace("seed_budget = 20", "seed_budget = 4000")
    (run / "config.cfg").write_text(config)
    Session.open(run).step()
    client = Client(port, read_secret(run / "page.json"))
    fork = multiprocessing.get_context("fork")
    server: Optional[Any] = None
    acknowledged: Dict[str, Any] = {}
    tasks: List[Dict[str, Any]] = []
    for number in range(kills):
        server = fork.Process(target=serve_page, args=(run, port))
        server.start()
        # Every second one may die while it starts, the others after their first reply.
        killer = start_killer(server.pid, float(rng.uniform(0.0, 1.5))) if number % 2 else None
        while server.is_alive():
            row = client.row(tasks[0], []) if tasks else None
            try:
                if not client.http.cookies:
                    client.http.get("/", params={"token": client.token})
                rows = [row] if row else []
                response = client.http.post("/api/answer", json={"answers": rows, "amount": 1})
            except httpx.TransportError:
                continue
            if row:
                acknowledged[row["id"]] = row
            tasks = response.json()["tasks"]
            killer = killer or start_killer(server.pid, float(rng.uniform(0.0, 0.3)))
        server.join()
    lines = [json.loads(line) for line in (run / "answers.jsonl").read_text().splitlines()]
    found = {line["id"] for line in lines}
    lost = len(set(acknowledged) - found)
    return f"{kills} kills, {len(acknowledged)} answers acknowledged, {lost} lost"


def start_killer(pid: Optional[int], seconds: float) -> Any:
    """A process that kills another one after some seconds."""
    killer = multiprocessing.get_context("fork").Process(target=kill_later, args=(pid, seconds))
    killer.start()
    return killer


def kill_later(pid: int, seconds: float) -> None:
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    typer.run(main)
