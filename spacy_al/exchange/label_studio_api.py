"""A user's Label Studio server: a project from our config, a batch in, answers out; secrets stay hidden."""

import http.client
import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Mapping, Sequence, Set
from urllib.parse import urlsplit

from ..corpus.annotation.chunks import MAX_FILE, split_array
from ..corpus.annotation.label_studio import labelling_config, to_record
from ..corpus.annotation.values import open_chunk
from ..errors import ALError, Errors
from ..tasks import Task

BATCH = 250  # tasks a request
TIMEOUT = 120  # seconds


@dataclass(frozen=True)
class Server:
    """Where the server is and how to be let in. The key is kept out of `repr`, so that no log can hold it.

    url (str): Such as https://labels.example.org, without a slash at the end.
    authorization (str): The value of the HTTP header.
    """

    url: str
    authorization: str = field(repr=False)


def connect(environment: Mapping[str, str] = os.environ) -> Server:
    """The server named by LABEL_STUDIO_URL, entered with LABEL_STUDIO_API_KEY.

    A personal access token is exchanged for a short-lived one; a legacy token is used as it is.
    RAISES: ALError A616 when a variable is missing or the URL is none, A617, A618.
    """
    url, key = environment.get("LABEL_STUDIO_URL", ""), environment.get("LABEL_STUDIO_API_KEY", "")
    if urlsplit(url).scheme not in ("http", "https"):
        cure = "Give the server's address, such as https://labels.example.org."
        raise ALError(Errors.A616.format(name="LABEL_STUDIO_URL", cure=cure))
    if not key or not key.isascii() or not key.isprintable():
        cure = "Take a token from Account & Settings in Label Studio."
        raise ALError(Errors.A616.format(name="LABEL_STUDIO_API_KEY", cure=cure))
    url = url.rstrip("/")
    if key.count(".") != 2:
        return Server(url, f"Token {key}")
    answer = _object(call(Server(url, ""), "POST", "/api/token/refresh", {"refresh": key}), "/api/token/refresh")
    return Server(url, f"Bearer {answer['access']}")


def create_project(server: Server, title: str, labels: Sequence[str]) -> int:
    """Make a project with our labelling config; returns its number. RAISES: ALError A617, A618, A620."""
    body: Dict[str, object] = {"title": title, "label_config": labelling_config(labels)}
    project = _object(call(server, "POST", "/api/projects/", body), "/api/projects/")["id"]
    return int(str(project))


def push(server: Server, project: int, tasks: Sequence[Task]) -> int:
    """Import tasks that the project does not have yet, in the order of rank; returns how many went in.

    RAISES: ALError A617, A618.
    """
    there = known_ids(pull(server, project, everything=True))
    new = [task for task in sorted(tasks, key=lambda task: task.rank) if task.id not in there]
    for start in range(0, len(new), BATCH):
        records = [to_record(task) for task in new[start : start + BATCH]]
        call(server, "POST", f"/api/projects/{project}/import", records)
    return len(new)


def pull(server: Server, project: int, *, everything: bool = False) -> bytes:
    """The project's JSON export; `everything` adds tasks nobody touched. RAISES: ALError A617, A618."""
    every = "true" if everything else "false"
    path = f"/api/projects/{project}/export?exportType=JSON&download_all_tasks={every}"
    return call(server, "GET", path)


def known_ids(export: bytes) -> Set[str]:
    """Our ids in an export."""
    found = set()
    for chunk in split_array(export, Path("export")):
        data = open_chunk(chunk).child("data")
        if data.has("al_id"):
            found.add(data.text("al_id"))
    return found


def call(server: Server, method: str, path: str, body: object = None) -> bytes:
    """One request; redirects are refused, for they could carry the key elsewhere.

    method (str): Of HTTP. path (str): Below the server's address. body (object): Sent as JSON; None for none.
    RAISES: ALError A617 (the server says no), A618 (no connection), A621 (the answer is too large).
    """
    data = None if body is None else json.dumps(body, allow_nan=False).encode("utf8")
    request = urllib.request.Request(server.url + path, data=data, method=method)
    if server.authorization:
        request.add_header("Authorization", server.authorization)
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT) as response:
            content: bytes = response.read(MAX_FILE + 1)
    except urllib.error.HTTPError as error:
        raise _refused(error, server, method, path) from None
    except (OSError, http.client.HTTPException) as error:
        raise ALError(Errors.A618.format(url=server.url, reason=error)) from error
    if len(content) > MAX_FILE:
        raise ALError(Errors.A621.format(path=server.url + path, size=f"over {MAX_FILE}", limit=MAX_FILE))
    return content


CURES: Dict[int, str] = {
    301: "Give the final address in LABEL_STUDIO_URL: https, and no redirect.",
    401: "Check LABEL_STUDIO_API_KEY; legacy tokens may be switched off in the organisation's settings.",
    403: "The token's user may not do this.",
    404: "Check the project's number and LABEL_STUDIO_URL.",
}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def _refused(error: urllib.error.HTTPError, server: Server, method: str, path: str) -> ALError:
    body = error.read(2000).decode("utf8", "replace")
    secret = server.authorization.rpartition(" ")[2]
    if secret:
        body = body.replace(secret, "***")
    status = 301 if 300 <= error.code < 400 else error.code
    cure = CURES.get(status, "See the server's log.")
    return ALError(
        Errors.A617.format(url=server.url, status=error.code, method=method, path=path, body=body[:300], cure=cure)
    )


def _object(content: bytes, path: str) -> Dict[str, object]:
    from ..jsonl import parse_object

    return parse_object(content, path=Path(path), line=1)
