"""A Label Studio of one's own for a while: its environment, a server on the loopback interface, one user."""

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterator

from spacy_al.exchange import label_studio_api as api

PACKAGES = ["label-studio==1.23.2", "selenium==4.36.0"]
START_SECONDS = 180


@dataclass(frozen=True)
class Login:
    """The one user of the server, made for this run; what lets them in is never shown."""

    email: str
    password: str = field(repr=False)
    token: str = field(repr=False)

    @classmethod
    def fresh(cls) -> "Login":
        """A user nobody has seen before."""
        return cls(f"{secrets.token_hex(4)}@example.com", secrets.token_urlsafe(12), secrets.token_hex(20))


def environment(folder: Path) -> Path:
    """A virtual environment with Label Studio, made once; returns its interpreter."""
    python = folder / "bin" / "python"
    if not (folder / "bin" / "label-studio").exists():
        say(f"installing {' '.join(PACKAGES)} (some minutes)")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    version = subprocess.check_output([str(python), "-m", "pip", "show", "label-studio"], text=True)
    say(version.splitlines()[1].replace("Version:", "Label Studio"))
    return python


@contextmanager
def server(python: Path, data: Path, port: int, login: Login) -> Iterator[str]:
    """A Label Studio on SQLite and the loopback interface, with one user; stopped at the end."""
    data.mkdir(parents=True, exist_ok=True)
    command = [str(python.parent / "label-studio"), "start", "--no-browser", "--internal-host", "127.0.0.1"]
    url = f"http://127.0.0.1:{port}"
    with (data / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            env={**os.environ, **_settings(data, login)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_for(url, process, data / "server.log")
            yield url
        finally:
            process.terminate()
            process.wait(30)


def _settings(data: Path, login: Login) -> Dict[str, str]:
    return {
        "LABEL_STUDIO_BASE_DATA_DIR": str(data.resolve()),
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_USERNAME": login.email,
        "LABEL_STUDIO_PASSWORD": login.password,
        "LABEL_STUDIO_USER_TOKEN": login.token,
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
    }


def _wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    """Return when the server answers; raise when it ends or takes too long."""
    for _ in range(START_SECONDS):
        try:
            with urllib.request.urlopen(url + "/health", timeout=5):
                say(f"server is up on {url}")
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                raise RuntimeError(f"Label Studio ended; see {log}") from None
            time.sleep(1)
    raise RuntimeError(f"Label Studio did not start in {START_SECONDS} seconds; see {log}")


def personal_token(url: str, login: Login) -> str:
    """A personal access token, the kind that users make in their account settings."""
    answer = api.call(api.Server(url, f"Token {login.token}"), "POST", "/api/token/")
    return str(json.loads(answer)["token"])


def shoot(python: Path, path: Path, url: str, page: str, login: Login) -> None:
    """A picture of a page in headless Chromium."""
    script = Path(__file__).with_name("label_studio_screenshot.py")
    secret = {**os.environ, "LABEL_STUDIO_PASSWORD": login.password}
    subprocess.run([str(python), str(script), url, page, login.email, str(path)], env=secret, check=True)
    say(f"screenshot in {path}")


def say(line: str) -> None:
    """One line of the transcript."""
    print(line, flush=True)
