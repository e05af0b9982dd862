"""Servers on a run: the real command in a process of its own, and forks that start at once and can be killed often."""

import contextlib
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import time

import httpx
from spacy.vocab import Vocab

from spacy_al.annotate.desk import Desk
from spacy_al.annotate.guard import read_secret
from spacy_al.annotate.server import Page, build_app
from spacy_al.corpus.reader import read_docs
from spacy_al.options import Opening


def gold_spans(pool):
    """The labels of each sentence of a pool, by its words."""
    docs = read_docs(pool, Vocab())
    return {tuple(t.text for t in doc): [[e.start, e.end, e.label_] for e in doc.ents] for doc in docs}


def free_port():
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]


def make_page(folder, **settings):
    return Page(Opening(folder, **settings), Desk(folder, overlap=settings.get("overlap", 1)))


def serve_page(folder, port, settings):
    import uvicorn

    app = build_app(make_page(folder, **settings), token=read_secret(folder / "page.json"), host="127.0.0.1")
    uvicorn.run(app, port=port, log_level="error", lifespan="off")


class Forked:
    """A server that starts within a moment; it has no trainer."""

    def __init__(self, folder, port, **settings):
        self.folder, self.port, self.settings = folder, port, settings
        self.process = None
        self.token = read_secret(folder / "page.json")
        self.url = f"http://127.0.0.1:{port}/?token={self.token}"

    def start(self):
        args = (self.folder, self.port, self.settings)
        self.process = multiprocessing.get_context("fork").Process(target=serve_page, args=args)
        self.process.start()

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()


class Annotator:
    """Somebody who labels through HTTP as the page does: an answer is sent until the server says that it has it."""

    def __init__(self, port, token, name=""):
        self.url, self.token, self.name = f"http://127.0.0.1:{port}", token, name
        self.client = httpx.Client(base_url=self.url, headers={"origin": self.url}, timeout=10)
        self.sent = 0

    def enter(self):
        assert self.client.get("/", params={"token": self.token}).status_code == 303

    def exchange(self, answers=(), amount=1, have=()):
        body = {"annotator": self.name, "answers": list(answers), "amount": amount, "have": list(have)}
        return self.client.post("/api/answer", json=body)

    def patiently(self, *args, **more):
        """Again and again until the server is there."""
        for _ in range(600):
            with contextlib.suppress(httpx.TransportError):
                if not self.client.cookies:
                    self.enter()
                response = self.exchange(*args, **more)
                assert response.status_code == 200, response.text
                return response.json()
            time.sleep(0.02)
        raise AssertionError("no server")

    def row(self, task, spans):
        self.sent += 1
        when = f"2026-01-01T00:{self.sent // 60:02d}:{self.sent % 60:02d}.000Z"
        return {
            "id": task["id"],
            "round": task["round"],
            "verdict": "accept",
            "spans": spans,
            "seconds": 1,
            "when": when,
        }


@contextlib.contextmanager
def command(folder, port, *options):
    """The real `al annotate`; yields the address it prints, and the process."""
    args = [sys.executable, "-m", "spacy", "al", "annotate", str(folder), "--port", str(port), *options]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(args, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        line = process.stdout.readline()
        yield re.search(r"http\S+", line).group(), process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
