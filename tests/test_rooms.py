"""The house: rooms import only from rooms above them, and nothing unsafe or of one machine is in the code."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "spacy_al"
ROOMS = ["", "corpus", "uncertainty", "ml", "pipeline", "runs", "acquisition", "loop", "exchange", "report", "cli"]
# The public face at the top names what it loads lazily from any room.
FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


def room_of(parts):
    return parts[0] if parts and parts[0] in ROOMS else ""


def imported(path):
    """Rooms of the package that a file imports, at its top or inside functions."""
    here = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) - node.level + 1]
            yield room_of([*base, *(node.module or "").split(".")])
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("spacy_al"):
            yield room_of(node.module.split(".")[1:])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path):
    room = ROOMS.index(room_of(path.relative_to(PACKAGE).parts[:-1]))
    below = [name for name in imported(path) if ROOMS.index(name) > room]
    assert not below


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_unsafe_is_loaded(path):
    text = path.read_text(encoding="utf8")
    assert not re.search(r"^\s*(import|from) (pickle|joblib|dill)\b|weights_only\s*=\s*False", text, re.MULTILINE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_command_line_prints(path):
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))) if isinstance(node, ast.Call)]
    prints = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id == "print"]
    assert not prints or "cli" in path.parts


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_says_what_it_holds(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf8")))


def test_error_codes_are_unique_and_match_their_names():
    from spacy_al.errors import Errors, Warnings

    messages = {name: text for group in (Errors, Warnings) for name, text in vars(group).items() if name[1:].isdigit()}
    assert all(text.startswith(f"[{name}] ") for name, text in messages.items())
    assert len(messages) > 50


@pytest.mark.parametrize("name", ["tagger_shim", "tagger_state", "tagger_training", "tagger_sampling", "network"])
def test_the_shim_asks_no_encoder_what_it_is(name):
    text = (PACKAGE / "ml" / f"{name}.py").read_text(encoding="utf8")
    assert not re.search(r"(ThincEncoder|TransformerEncoder|BiLSTMEncoder|ELMo\w*|CRFHead|SoftmaxHead)\b", text)
    assert len(text.splitlines()) < 200
