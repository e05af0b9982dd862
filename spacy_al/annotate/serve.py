"""Opening the page on a run: secret, address, trainer and server, until somebody stops it."""

import socket
import threading
from typing import Callable, Optional, Tuple

import uvicorn

from ..errors import ALError, Errors
from ..loop.hardware import check_gpu
from ..loop.session import check_declared
from ..options import Opening
from ..runs.folder import RunFolder
from ..runs.state import load_state
from .begin import begin, read_labels
from .desk import Desk
from .guard import is_local, read_secret
from .server import Page, build_app
from .trainer import Trainer

SHORTEST_PASSWORD = 8


def serve(opening: Opening, *, tell: Callable[[str, Optional[str]], None]) -> None:
    """Serve the page until SIGINT or SIGTERM.

    opening (Opening): What to open. tell (Callable): Is told the address here, and that for others if they may come.
    RAISES: ALError A014 without the GPU, A715 without run and text, A718 for a host without a password, A720, and those
        of the run.
    """
    check_password(opening)
    check_gpu(opening.use_gpu)
    page = make_page(opening)
    token = read_secret(opening.run / "page.json")
    app = build_app(page, token=token, host=opening.host, password=opening.password, name=opening.name)
    listening = listen(opening.host, opening.port)
    tell(*addresses(opening, listening.getsockname()[1], token))
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="off", server_header=False, limit_concurrency=200,
        timeout_graceful_shutdown=3,
    )  # fmt: skip
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        listening.close()
        if page.trainer is not None:
            page.trainer.stop()


def addresses(opening: Opening, port: int, token: str) -> Tuple[str, Optional[str]]:
    """The page's address on this machine, which opens it, and the one for others, who need the password."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    here = everywhere.get(opening.host, opening.host)
    url = f"http://{f'[{here}]' if ':' in here else here}:{port}/"
    there = None
    if opening.name:
        there = f"https://{opening.name}/"
    elif not is_local(opening.host):
        there = f"http://{socket.gethostname()}:{port}/" if here != opening.host else url
    return f"{url}?token={token}", there


def make_page(opening: Opening) -> Page:
    """The page of a run that is there, or of a new one; without labels it asks for them."""
    page, folder = Page(opening), RunFolder(opening.run)
    there = folder.config.is_file() or folder.state.is_file()
    if not there and opening.text is None and opening.config is None:
        raise ALError(Errors.A715.format(path=opening.run))
    if opening.text is not None and not opening.text.exists():
        raise ALError(Errors.A003.format(path=opening.text, cure="Give a folder of .txt files."))

    beginning = threading.Lock()

    def begin_with(labels: str) -> None:
        with beginning:
            if page.desk is None:  # else somebody else was first
                begin(opening, read_labels(labels) if labels or opening.config is None else [])
                open_run(page)

    if there:
        open_run(page)
    elif opening.labels or opening.config is not None:
        begin_with(opening.labels)
    else:
        page.begin = begin_with
    return page


def open_run(page: Page) -> None:
    """Give a page the desk and the trainer of its run.

    RAISES: ALError A722 for a label that it does not have, A300 without any, A531 and A532 where the trainer could not
        learn from what people label.
    """
    opening = page.opening
    desk = Desk(opening.run, overlap=opening.overlap)
    unknown = [label for label in read_labels(opening.labels) if label not in desk.labels] if opening.labels else []
    if unknown:
        shown = {"labels": ", ".join(desk.labels), "unknown": ", ".join(unknown)}
        file = desk.session.config.interpolate().get("paths", {}).get("labels") or "the run's label list"
        raise ALError(Errors.A722.format(path=opening.run, file=file, **shown))
    if not desk.labels:
        raise ALError(Errors.A300.format(name=desk.session.settings.target))
    folder = desk.session.folder
    if state := load_state(folder.state):
        check_declared(folder, state, desk.labels)
    page.desk, page.trainer = desk, Trainer(opening)


def check_password(opening: Opening) -> None:
    """Raise ALError A718 when other machines could come in without a password."""
    outside = not is_local(opening.host) or opening.name
    if outside and len(opening.password or "") < SHORTEST_PASSWORD:
        raise ALError(Errors.A718.format(option=f"--name {opening.name}" if opening.name else f"--host {opening.host}"))


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises ALError A720."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends at once, not 40 ms later, only on sockets that say that they are TCP.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        raise ALError(Errors.A720.format(host=host, port=port, reason=error.strerror or error)) from error
    opened.listen(128)
    return opened
