"""Keys, guidelines, label names, vendored files, and a run from nothing."""

import hashlib
import json
import re
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient

import spacy_al.annotate
from spacy_al.annotate import serve
from spacy_al.annotate.begin import begin, read_labels, recipe
from spacy_al.annotate.context import neighbour, read_context, write_context
from spacy_al.annotate.guidelines import descriptions, render
from spacy_al.annotate.keys import KEYS, normal_key, read_keys
from spacy_al.annotate.serve import Opening, addresses, check_password, listen, make_page
from spacy_al.annotate.server import build_app
from spacy_al.corpus.conversion import Options, convert
from spacy_al.errors import ALError
from spacy_al.loop.session import Session
from spacy_al.tasks import Answer

from ..ml.helpers import tiny_transformer

STATIC = Path(spacy_al.annotate.__file__).parent / "static"


def test_vendored_files_are_those_of_the_manifest_and_no_others():
    files = json.loads((STATIC / "vendor/manifest.json").read_text())["files"]
    named = {
        row[key]: row[check] for row in files for key, check in (("file", "sha256"), ("license_file", "license_sha256"))
    }
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (STATIC / "vendor").iterdir()}
    found.pop("manifest.json")
    assert found == named
    assert all(row["license"] in ("MIT", "Apache-2.0") and row["tarball_sha256"] for row in files)


def test_the_page_names_no_other_host():
    own = [path for path in STATIC.iterdir() if path.suffix in (".js", ".css", ".html")]
    assert own
    assert not [path for path in own if "http" in path.read_text().replace("http://www.w3.org", "")]


def test_html_has_no_inline_script_or_style():
    for path in STATIC.glob("*.html"):
        text = path.read_text()
        assert "<style" not in text
        assert " style=" not in text
        assert text.count("<script") == text.count('src="/static/') - text.count("<img")


def test_a_keys_file_changes_keys(tmp_path):
    path = tmp_path / "keys.json"
    path.write_text('{"skip": ["k"]}')
    assert read_keys(path) == KEYS | {"skip": ["k"]}
    assert read_keys(None)["skip"] == ["s"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [('{"skip": ["u"]}', "'u'.*'undo'"), ('{"skip": ["3"]}', "label"), ('{"jump": ["k"]}', "jump"), ("[]", "object"),
     ("{", "JSON"), ('{"skip": []}', "skip"), ('{"skip": ["Z+control"], "undo": ["Control+z"]}', "skip|undo"),
     ('{"skip": ["Digit1"]}', "label")],
)  # fmt: skip
def test_keys_that_clash_are_refused(tmp_path, text, problem):
    path = tmp_path / "keys.json"
    path.write_text(text)
    if "Z+control" in text:
        assert normal_key("Control+z") == normal_key("control+Z")
        return
    with pytest.raises(ALError, match=f"A717.*{problem}"):
        read_keys(path)


def test_usual_keys_do_not_clash():
    keys = [normal_key(key) for names in KEYS.values() for key in names]
    assert len(keys) == len(set(keys))


INJECTIONS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "![a](http://x/y.png)",
    "<a href='data:text/html,x'>x</a>", '<p style="x" onclick="y">z</p>', "<iframe src=//x></iframe>", "<svg/onload=x>",
]  # fmt: skip


@pytest.mark.parametrize("text", INJECTIONS)
def test_guidelines_cannot_run_or_load_anything(text):
    html = render(f"# Rules\n\n{text}\n")
    assert "<h1>Rules</h1>" in html
    tags = [part.split(">")[0] for part in html.split("<")[1:]]
    assert all(tag.strip("/") in ("h1", "p", "li", "ul") for tag in tags)


def test_a_heading_that_is_a_label_describes_it():
    text = "# All\nText.\n\n## PER\nNames of\npeople.\n\nMore.\n\n### `LOC`\nPlaces."
    assert descriptions(text, ["PER", "LOC", "ORG"]) == {"PER": "Names of people.", "LOC": "Places."}


@pytest.mark.parametrize(
    "value", ["", " , ", "A,A", "PER,Per", "A,b\u0000", "x" * 65, "PER;LOC", "O,PER", "B-PER", '["PER","LOC"]']
)
def test_label_names_are_checked(value):
    with pytest.raises(ALError, match="A716"):
        read_labels(value)


def test_another_address_needs_a_password():
    with pytest.raises(ALError, match="A718"):
        check_password(Opening(Path("x"), host="0.0.0.0", password="short"))
    check_password(Opening(Path("x"), host="0.0.0.0", password="long enough"))
    check_password(Opening(Path("x")))
    with pytest.raises(ALError, match="A718.*--name label.example"):
        check_password(Opening(Path("x"), name="label.example"))


@pytest.mark.parametrize(
    ("opening", "here", "there"),
    [({}, "http://127.0.0.1:1/?token=t", None), ({"host": "::1"}, "http://[::1]:1/?token=t", None),
     ({"host": "0.0.0.0"}, "http://127.0.0.1:1/?token=t", f"http://{socket.gethostname()}:1/"),
     ({"host": "10.0.0.5"}, "http://10.0.0.5:1/?token=t", "http://10.0.0.5:1/"),
     ({"name": "label.example"}, "http://127.0.0.1:1/?token=t", "https://label.example/")],
)  # fmt: skip
def test_addresses_can_be_opened(opening, here, there):
    assert addresses(Opening(Path("x"), **opening), 1, "t") == (here, there)


def test_a_port_that_is_taken_is_named():
    with listen("127.0.0.1", 0) as opened, pytest.raises(ALError, match=f"A720.*{opened.getsockname()[1]}"):
        listen("127.0.0.1", opened.getsockname()[1])


def test_a_package_that_is_missing_is_named_with_the_way_to_get_it(tmp_path):
    code = "import sys; sys.modules['starlette'] = None; from spacy_al.cli import main; main()"
    args = [sys.executable, "-c", code, "annotate", str(tmp_path / "run")]
    done = subprocess.run(args, text=True, capture_output=True)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "A719" in done.stderr
    assert "spacy_al[annotate]" in done.stderr


def test_without_run_and_text_there_is_nothing_to_open(tmp_path):
    with pytest.raises(ALError, match="A715"):
        make_page(Opening(tmp_path / "none"))


def test_without_labels_the_page_asks_for_them(tmp_path):
    (tmp_path / "a.txt").write_text("Anna saw Rome. Otto did not.")
    page = make_page(Opening(tmp_path / "run", text=tmp_path))
    assert page.start()["labels"] == []
    assert page.status(None) == {"phase": "new"}


@pytest.mark.parametrize("name", ["minilm.cfg", "cnn.cfg"])
def test_texts_and_labels_make_a_run(tmp_path, name):
    texts = tmp_path / "texts"
    texts.mkdir()
    for number in range(5):
        (texts / f"{number}.txt").write_text(" ".join(f"Anna met {who} in Rome {number}." for who in ("Otto", "Ada")))
    begin(Opening(tmp_path / "run", text=texts, config=recipe().with_name(name)), ["PERSON", "PLACE"])
    session = Session.open(tmp_path / "run")
    assert session.labels == ["PERSON", "PLACE"]
    if name == "cnn.cfg":
        assert session.step().phase == "waiting"
        assert len(session.next()) == 10


def test_a_text_of_another_language_gets_no_english_encoder(tmp_path):
    (tmp_path / "a.txt").write_text("Anna sah Rom. Otto nicht.")
    with pytest.warns(UserWarning, match=r"W540.*\(de\).*--paths.encoder"):
        begin(Opening(tmp_path / "run", text=tmp_path, lang="de"), ["PERSON"])
    config = Session.open(tmp_path / "run").config
    assert "spacy-al.TransformerEncoder.v1" not in config.to_str()
    assert config["nlp"]["lang"] == "de"


def test_an_encoder_of_the_language_can_be_given(tmp_path):
    (tmp_path / "a.txt").write_text("Anna sah Rom. Otto nicht.")
    name = str(tiny_transformer(tmp_path / "bert"))  # knows few words, and no German
    opening = Opening(tmp_path / "run", text=tmp_path / "a.txt", lang="de", overrides={"paths.encoder": name})
    with pytest.warns(UserWarning, match="W233"):
        begin(opening, ["PERSON"])
    encoder = Session.open(tmp_path / "run").config.interpolate()["components"]["ner"]["model"]["encoder"]
    assert encoder["name"] == name


def test_two_who_name_the_labels_at_once_begin_one_run(tmp_path, monkeypatch):
    begun, both = [], threading.Barrier(2)

    def slowly(opening, labels):
        begun.append(labels)
        time.sleep(0.3)

    def name_labels(labels):
        both.wait(10)
        return client.post("/api/labels", json={"labels": labels}).status_code

    monkeypatch.setattr(serve, "begin", slowly)
    monkeypatch.setattr(serve, "open_run", lambda page: setattr(page, "desk", SimpleNamespace(labels=begun[0])))
    page = make_page(Opening(tmp_path / "run", text=tmp_path))
    app = build_app(page, token="token", host="127.0.0.1")
    client = TestClient(app, base_url="http://127.0.0.1", headers={"origin": "http://127.0.0.1"})
    client.get("/?token=token")
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(name_labels, ["PERSON", "PLACE"])) == [200, 200]
    assert begun in ([["PERSON"]], [["PLACE"]])


def test_a_run_that_was_moved_finds_its_own_texts_and_labels(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("Anna saw Rome. Otto did not.")
    monkeypatch.chdir(tmp_path)
    begun(Path("run"), Path("a.txt"))
    (tmp_path / "run").rename(tmp_path / "renamed")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    session = Session.open("../renamed")
    assert session.labels == ["PERSON"]
    assert session.step().phase == "waiting"


def test_a_label_that_the_run_does_not_have_is_told_not_left_out(tmp_path):
    (tmp_path / "a.txt").write_text("Anna saw Rome. Otto did not.")
    begun(tmp_path / "run", tmp_path / "a.txt")
    with pytest.raises(ALError, match="A722.*PERSON, and --labels asks for PLACE too.*labels.json"):
        make_page(Opening(tmp_path / "run", labels="PERSON,PLACE"))


def test_the_page_does_not_open_on_labels_that_nobody_could_learn_with(folder):
    session = Session.open(folder)
    session.answer([Answer(task.id, "accept", spans=((0, 1, "PER"),)) for task in session.next()])
    session.step()
    config = folder / "config.cfg"
    config.write_text(config.read_text().replace('"PER"', '"PERSON"'))
    with pytest.raises(ALError, match="A531.*'PER'"):
        make_page(Opening(folder))


def test_the_page_does_not_open_without_labels(folder):
    config = folder / "config.cfg"
    config.write_text(re.sub(r"(?m)^labels = .*$", "labels = []", config.read_text()))
    with pytest.raises(ALError, match="A300"):
        make_page(Opening(folder))


def test_a_run_without_its_config_is_not_taken_for_a_new_one(folder):
    (folder / "config.cfg").unlink()
    with pytest.raises(ALError, match="A003.*config.cfg.*restore"):
        make_page(Opening(folder, text=folder, labels="PERSON"))


def test_a_folder_of_no_format_is_told_with_a_way_that_the_page_has(tmp_path):
    (tmp_path / "a.txt").write_text("Anna saw Rome.")
    (tmp_path / "notes.md").write_text("Mine.")
    with pytest.raises(ALError, match="A723.*al convert .* --text POOL.spacy.*A115"):
        begin(Opening(tmp_path / "run", text=tmp_path), ["PERSON"])


def begun(run, text):
    """A new run on a text, opened."""
    begin(Opening(run, text=text, config=recipe().with_name("cnn.cfg")), ["PERSON"])
    session = Session.open(run)
    session.step()
    return session


def test_neighbours_are_those_of_the_same_document(tmp_path):
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.txt").write_text("First one here. Second one here. Third one here.")
    (texts / "b.txt").write_text("Other text.")
    session = begun(tmp_path / "run", texts)
    write_context(session.folder, 0, session.engine.pool)
    words = {task.id: task.text.strip() for task in session.next()}
    found = {words[id_]: (row["before"], row["after"]) for id_, row in read_context(session.folder, 0).items()}
    assert found == {
        "First one here.": ("", "Second one here."),
        "Second one here.": ("First one here.", "Third one here."),
        "Third one here.": ("Second one here.", ""),
    }


@pytest.mark.parametrize("name", ["texts.conll", "texts.spacy"])
def test_a_document_of_columns_ends_where_the_next_one_starts(tmp_path, name):
    path = tmp_path / "texts.conll"
    path.write_text("-DOCSTART- O\n\nOne O\n\nTwo O\n\n-DOCSTART- O\n\nThree O\n\nFour O\n\n-DOCSTART- O\n\nFive O\n")
    if name == "texts.spacy":
        convert(path, tmp_path / name, Options())
    pool = begun(tmp_path / "run", tmp_path / name).engine.pool
    assert [(neighbour(pool, number, -1), neighbour(pool, number, 1)) for number in range(len(pool))] == [
        ("", "Two"), ("One", ""), ("", "Four"), ("Three", ""), ("", ""),
    ]  # fmt: skip


def test_the_socket_says_that_it_is_tcp():
    with listen("127.0.0.1", 0) as opened:
        assert opened.proto == socket.IPPROTO_TCP  # else asyncio leaves Nagle's algorithm on: 40 ms an answer
