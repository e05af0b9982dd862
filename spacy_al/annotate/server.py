"""The server: routes of the page over a desk and a trainer."""

import hashlib
import re
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Dict, Optional, cast
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ..errors import ALError, Errors, saying
from ..jsonl import parse_object
from ..loop.standing import Status
from ..options import Opening
from ..runs.differences import open_differences, shared
from ..tasks import SETTLED
from .agreement import agreement
from .desk import Desk
from .guard import Guard
from .guidelines import descriptions, read_guidelines, render
from .keys import read_keys
from .messages import answer_message, outlook_message, read_annotator, read_post, task_message
from .trainer import Trainer

STATIC = Path(__file__).parent / "static"
MAX_BODY, MAX_ANSWERS, MAX_TASKS = 1 << 20, 200, 20
NEEDLESS = re.compile(r"python -m|al run|more minutes")  # people decide here when to stop
WRONG = ("[A474]", "[A713]", "[A716]")
OTHER_RUN = "Another run is served at this address now. Serve this one again: it takes what is kept here."
PATH = re.compile(r"(?:/[^\s/:,;'\"()]+)+/(?=[^\s/])")


@dataclass
class Page:
    """What the routes share. Until the run has labels there is no desk, and `begin` makes one out of them.

    `opening` says how the page looks and behaves. `run` tells runs apart that are served at one address one after the
    other.
    """

    opening: Opening
    desk: Optional[Desk] = None
    trainer: Optional[Trainer] = None
    begin: Optional[Callable[[str], None]] = None
    run: str = ""
    _status: Dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys, self.guidelines = read_keys(self.opening.keys), read_guidelines(self.opening.guidelines)

    def is_other(self, run: Any) -> bool:
        """Whether somebody speaks of another run than this one."""
        return run not in (None, "", self.run)

    def start(self) -> Dict[str, Any]:
        """What the page needs once."""
        labels = self.desk.labels if self.desk else []
        return {
            "name": self.opening.run.resolve().name, "run": self.run, "labels": labels, "keys": self.keys,
            "guidelines": render(self.guidelines), "one_by_one": self.opening.one_by_one,
            "descriptions": descriptions(self.guidelines, labels), "overlap": self.opening.overlap,
        }  # fmt: skip

    def status(self, annotator: Optional[str]) -> Dict[str, Any]:
        """Progress of people and of training, for the page."""
        if self.desk is None:
            return {"phase": "new"}
        progress = self.desk.progress(annotator)
        news = self.trainer.news() if self.trainer else {"phase": "waiting"}
        problem = news.get("problem")
        training = {**news, "problem": PATH.sub("", problem) if problem else None}
        enough = self.desk.enough(self.opening.batch)
        return {**progress, "enough": enough, "training": training, **self._run_status()}

    def _run_status(self) -> Dict[str, Any]:
        """Rows and lines of the run, read anew when its state changes."""
        desk = cast(Desk, self.desk)
        state = desk.refresh()
        stamp = (state.round, state.phase) if state else None
        if state is not None and self._status.get("stamp") != stamp:
            self._status = {"stamp": stamp, **run_status(desk.session.status())}
        return {key: value for key, value in self._status.items() if key != "stamp"}

    def differences(self) -> Dict[str, Any]:
        """Agreement, and the sentences people differ on."""
        desk = cast(Desk, self.desk)
        desk.refresh()
        both = shared(desk.said)
        tasks = desk.tasks_by_id(both)
        numbers = agreement(desk.said, {id_: len(task.words) for id_, task in tasks.items()})
        rows = [
            {"task": task_message(tasks[id_]), "answers": [answer_message(one) for one in both[id_]]}
            for id_ in open_differences(desk.said)
            if id_ in tasks
        ]
        return {"agreement": asdict(numbers), "differences": rows[:50], "left": len(rows)}


def run_status(status: Status) -> Dict[str, Any]:
    """The outlook in numbers and the run's own lines, without paths and commands that the page makes needless."""
    plain = replace(status, path=Path(status.path.name), outlook=None)
    lines = [PATH.sub("", line) for line in plain.lines() if not NEEDLESS.search(line)]
    return {"outlook": outlook_message(status), "lines": lines, "rounds": status.rounds, "stopped": status.stopped}


def build_app(page: Page, *, token: str, host: str, password: Optional[str] = None, name: str = "") -> Guard:
    """The ASGI application.

    page (Page): What it serves. token (str), host (str), password (Optional[str]), name (str): See `Guard`.
    """
    page.run = hashlib.sha256(f"run {token}".encode()).hexdigest()[:16]
    routes = [
        Route("/", get_page), Route("/login", log_in, methods=["GET", "POST"]), Route("/api/start", get_start),
        Route("/api/status", get_status), Route("/api/answer", post_answers, methods=["POST"]),
        Route("/api/differences", get_differences), Route("/api/train", post_train, methods=["POST"]),
        Route("/api/labels", post_labels, methods=["POST"]), Mount("/static", StaticFiles(directory=STATIC)),
    ]  # fmt: skip
    app = Starlette(routes=routes, exception_handlers={ALError: _refuse, OSError: _fail})
    guard = Guard(app, token=token, host=host, password=password, name=name)
    app.state.page, app.state.guard = page, guard
    return guard


def page_of(request: Request) -> Page:
    """What the application of a request serves."""
    return cast(Page, request.app.state.page)


async def get_page(request: Request) -> Response:
    """The page itself."""
    return FileResponse(STATIC / "index.html")


async def log_in(request: Request) -> Response:
    """The form that asks for the password, and what it sends."""
    guard: Guard = request.app.state.guard
    shown = (STATIC / "login.html").read_text(encoding="utf8")
    if request.method == "GET":
        return HTMLResponse(shown)
    body = (await read_body(request)).decode("utf8", "replace")
    right = guard.check_password(parse_qs(body).get("password", [""])[0])
    if right:
        return guard.let_in(request.scope)
    text = "Too many wrong passwords: wait a minute." if right is None else "Wrong password."
    problem = f'<p class="problem" role="alert">{text}</p>'
    return HTMLResponse(shown.replace("<!-- problem -->", problem), 429 if right is None else 403)


def get_start(request: Request) -> Response:
    """What the page needs once."""
    return JSONResponse(page_of(request).start())


def get_status(request: Request) -> Response:
    """Progress of people and of training."""
    page = page_of(request)
    if page.is_other(request.query_params.get("run")):
        return PlainTextResponse(OTHER_RUN, 409)
    return JSONResponse(page.status(read_annotator(request.query_params.get("annotator"))))


async def post_answers(request: Request) -> Response:
    """Answers, for which there are questions."""
    page, value = page_of(request), await read_json(request)
    if page.is_other(value.get("run")):
        return PlainTextResponse(OTHER_RUN, 409)
    return JSONResponse(await run_in_threadpool(exchange, page, value))


def get_differences(request: Request) -> Response:
    """Where people differ."""
    return JSONResponse(page_of(request).differences())


async def post_train(request: Request) -> Response:
    """Somebody wants a round now."""
    await read_body(request)
    trainer = page_of(request).trainer
    if trainer is not None:
        trainer.train_now()
    return JSONResponse({})


async def post_labels(request: Request) -> Response:
    """The labels of a new run, which begins with them."""
    page, value = page_of(request), await read_json(request)
    if page.begin is not None:
        await run_in_threadpool(page.begin, str(value.get("labels", "")))
    return JSONResponse({})


def exchange(page: Page, value: Dict[str, Any]) -> Dict[str, Any]:
    """Take answers in and give the next questions, in one go; raises ALError A713, A474."""
    annotator = read_annotator(value.get("annotator"))
    rows, have, amount = value.get("answers", []), value.get("have", []), value.get("amount", 1)
    good = isinstance(rows, list) and isinstance(have, list) and all(isinstance(id_, str) for id_ in have)
    if not good or len(rows) > MAX_ANSWERS or len(have) > MAX_ANSWERS or not isinstance(amount, int):
        raise ALError(Errors.A713.format(problem="answers, have or amount are not as the page writes them"))
    if page.desk is None and rows:
        raise ALError(Errors.A721.format(reason="the run has not begun"))
    if page.desk is None:
        return {"saved": 0, "tasks": [], "fresh": 0, "round": 0, "stale": []}
    who = f"{SETTLED}{annotator or 'somebody'}" if value.get("settle") is True else annotator
    saved = page.desk.take([read_post(row, who) for row in rows])
    tasks = page.desk.next(annotator, min(max(amount, 0), MAX_TASKS), have)
    shown = [task_message(task) | page.desk.context(task) for task in tasks]
    return {"saved": saved, "tasks": shown, "fresh": page.desk.fresh(), **page.desk.stale(annotator, have)}


async def read_body(request: Request) -> bytes:
    """The body of a request, MAX_BODY bytes at most; raises ALError A713."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise ALError(Errors.A713.format(problem=f"more than {MAX_BODY} bytes"))
    return body


async def read_json(request: Request) -> Dict[str, Any]:
    """The JSON object a request holds; raises ALError A713."""
    body = await read_body(request)
    with saying(Errors.A713, ALError, problem="the body is not a JSON object"):
        return parse_object(body, path=Path("body"), line=1)


async def _refuse(request: Request, error: Exception) -> Response:
    # 422: what was sent is wrong, and would be again. 503: it may be sent again, as when the disk is full.
    final = str(error).startswith(WRONG)
    return JSONResponse({"problem": PATH.sub("", str(error))}, 422 if final else 503)


async def _fail(request: Request, error: Exception) -> Response:
    return await _refuse(request, ALError(Errors.A721.format(reason=cast(OSError, error).strerror or error)))
