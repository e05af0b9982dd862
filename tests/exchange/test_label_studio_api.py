"""The client for Label Studio against a small server on this machine."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from spacy_al.errors import ALError
from spacy_al.exchange import label_studio_api as api

from .cases import OTHER, TASK

KEY = "legacy-secret"


class Handler(BaseHTTPRequestHandler):
    """Answers from `server.answers` by method and path, and keeps what it was asked."""

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        self.server.asked.append((self.command, path, body, self.headers.get("Authorization")))
        status, content, headers = self.server.answers[(self.command, path)]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, *args):
        pass


@pytest.fixture
def studio():
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.answers = [], {}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


def enter(server, key=KEY):
    return api.connect({"LABEL_STUDIO_URL": server.url + "/", "LABEL_STUDIO_API_KEY": key})


def test_push_leaves_out_what_is_there(studio):
    there = json.dumps([{"data": {"text": TASK.text, "al_id": TASK.id}}]).encode()
    studio.answers = {
        ("GET", "/api/projects/7/export"): (200, there, {}),
        ("POST", "/api/projects/7/import"): (201, b"{}", {}),
    }
    assert api.push(enter(studio), 7, [TASK, OTHER]) == 1
    sent = json.loads(studio.asked[-1][2])
    assert [record["data"]["al_id"] for record in sent] == [OTHER.id]


def test_a_project_has_our_config(studio):
    studio.answers = {("POST", "/api/projects/"): (201, b'{"id": 12}', {})}
    assert api.create_project(enter(studio), "news", ["PER"]) == 12
    assert '<Label value="PER"' in json.loads(studio.asked[0][2])["label_config"]


def test_a_personal_token_is_exchanged(studio):
    studio.answers = {
        ("POST", "/api/token/refresh"): (200, b'{"access": "short"}', {}),
        ("GET", "/api/projects/7/export"): (200, b"[]", {}),
    }
    assert api.pull(enter(studio, "a.b.c"), 7) == b"[]"
    assert [asked[3] for asked in studio.asked] == [None, "Bearer short"]


def test_the_key_is_never_shown(studio):
    studio.answers = {("GET", "/api/projects/7/export"): (401, f"no {KEY}".encode(), {})}
    server = enter(studio)
    with pytest.raises(ALError, match=r"A617.*401.*no \*\*\*") as caught:
        api.pull(server, 7)
    assert KEY not in f"{caught.value}{server!r}"


def test_redirects_do_not_carry_the_key_away(studio):
    studio.answers = {
        ("GET", "/api/projects/7/export"): (302, b"", {"Location": studio.url + "/elsewhere"}),
        ("GET", "/elsewhere"): (200, b"[]", {}),
    }
    with pytest.raises(ALError, match=r"A617.*302.*no redirect"):
        api.pull(enter(studio), 7)
    assert len(studio.asked) == 1


def test_no_server():
    server = api.connect({"LABEL_STUDIO_URL": "http://127.0.0.1:9", "LABEL_STUDIO_API_KEY": KEY})
    with pytest.raises(ALError, match="A618"):
        api.pull(server, 1)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"LABEL_STUDIO_URL": "http://x"},
        {"LABEL_STUDIO_URL": "file:///etc/passwd", "LABEL_STUDIO_API_KEY": KEY},
        {"LABEL_STUDIO_URL": "http://x", "LABEL_STUDIO_API_KEY": "two\nlines"},
    ],
)
def test_settings_that_are_missing_or_wrong(environment):
    with pytest.raises(ALError, match="A616"):
        api.connect(environment)
