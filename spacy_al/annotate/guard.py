"""Who may talk to the server: Host, Origin, token, cookie and password are checked before anything else is done."""

import hashlib
import hmac
import ipaddress
import json
import secrets
import socket
import time
from pathlib import Path
from typing import List, Optional, Set
from urllib.parse import urlencode

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..files import write_json, writing

POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
    "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
))  # fmt: skip
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # without one, browsers call the origin of the password's form null
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
OPEN = ("/static/", "/login")  # holds nothing of a run
FAILURES, FAILURE_SECONDS = 10, 60.0  # wrong passwords, all callers together


def read_secret(path: Path) -> str:
    """The token of a run's page, made at first; kept, so that an open page goes on after the server was killed.

    RAISES: ALError A002 when it cannot be written.
    """
    try:
        token = str(json.loads(path.read_bytes())["token"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        token = secrets.token_urlsafe(32)
        write_json(path, {"token": token})
    with writing(path):
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    return token


class Guard:
    """ASGI middleware in front of the page."""

    def __init__(self, app: ASGIApp, *, token: str, host: str, password: Optional[str] = None, name: str = "") -> None:
        """
        app (ASGIApp): What is guarded. token (str): Opens the page once; then a cookie made of it does.
        host (str): Address the server listens at. password (Optional[str]): Opens the page too.
        name (str): By which others know it, such as that of a proxy in front.
        """
        self.app, self.token, self.password = app, token, password
        self.cookie = hmac.new(token.encode(), b"cookie", hashlib.sha256).hexdigest()
        self.cookie_name = "al_" + hashlib.sha256(token.encode()).hexdigest()[:8]
        self.names = allowed_names(host) | ({name.lower()} if name else set())
        self.any_address = host in ("0.0.0.0", "::")
        self.failed: List[float] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope, HTTPConnection(scope))
        if refusal is not None:
            await refusal(scope, receive, _adding(send))
        else:
            await self.app(scope, receive, _adding(send))

    def _refusal(self, scope: Scope, asked: HTTPConnection) -> Optional[Response]:
        path, method, headers = scope["path"], scope["method"], asked.headers
        host = headers.get("host", "")
        if not self._knows(host):
            return PlainTextResponse("This name is not one of this server.", 421)
        if method not in ("GET", "HEAD") and headers.get("origin") != f"{scope['scheme']}://{host}":
            return PlainTextResponse("This request comes from another page.", 403)
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none") and path != "/":
            return PlainTextResponse("This request comes from another page.", 403)
        if path == "/" and "token" in asked.query_params:
            if not hmac.compare_digest(asked.query_params["token"].encode(), self.token.encode()):
                return PlainTextResponse("This token is not that of the page: open the address printed last.", 403)
            return self.let_in(scope)
        if path.startswith(OPEN) or self._has_cookie(asked):
            return None
        if self.password is not None and path == "/":
            return RedirectResponse(with_query("/login", scope), 303)
        return PlainTextResponse("Open the address that `al annotate` has printed: it holds a token.", 403)

    def _knows(self, host: str) -> bool:
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        return name.lower() in self.names or (self.any_address and _is_address(name))

    def let_in(self, scope: Scope) -> Response:
        """Send a browser on to the page, with the cookie that opens everything."""
        response = RedirectResponse(with_query("/", scope), 303)
        secure = scope["scheme"] == "https"
        response.set_cookie(self.cookie_name, self.cookie, httponly=True, samesite="strict", path="/", secure=secure)
        return response

    def _has_cookie(self, asked: HTTPConnection) -> bool:
        return hmac.compare_digest(asked.cookies.get(self.cookie_name, "").encode(), self.cookie.encode())

    def check_password(self, given: str) -> Optional[bool]:
        """Whether a password is right; None while too many were wrong."""
        now = time.monotonic()
        self.failed = [moment for moment in self.failed if moment > now - FAILURE_SECONDS]
        if self.password is None or len(self.failed) >= FAILURES:
            return None
        if hmac.compare_digest(given.encode(), self.password.encode()):
            return True
        self.failed.append(now)
        return False


def with_query(path: str, scope: Scope) -> str:
    """A path with what the address says of the person and their task."""
    kept = {key: value for key, value in HTTPConnection(scope).query_params.items() if key in ("annotator", "settle")}
    return f"{path}?{urlencode(kept)}" if kept else path


def allowed_names(host: str) -> Set[str]:
    """Names in a Host header that mean this server; others are those of a page that was pointed here."""
    names = {host.lower(), f"[{host.lower()}]"}
    if is_local(host):
        return names | {"127.0.0.1", "localhost", "[::1]"}
    return names | {socket.gethostname().lower(), socket.getfqdn().lower(), "127.0.0.1", "localhost"}


def is_local(host: str) -> bool:
    """Whether only this machine can reach an address."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host.strip("[]")).is_loopback)


def _is_address(name: str) -> bool:
    # A name can be made to mean this machine by whoever owns it, a number cannot.
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _adding(send: Send) -> Send:
    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message["headers"]}
            extra = [(name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in present]
            message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)

    return add
