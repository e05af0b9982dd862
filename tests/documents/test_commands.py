"""Every command in README and docs can be typed: what it names exists, and those that are cheap are run."""

import ast
import importlib.util
import json
import re
from pathlib import Path

import pytest
from spacy.cli._util import app
from spacy.util import registry
from thinc.api import Config
from typer.testing import CliRunner

from spacy_al.loop.session import Session, run
from spacy_al.tasks import Answer
from tests.documents.commands import BLOCK, Shown, problem_of, shown_commands
from tests.loop.conftest import CONFIG, write_corpus

WRONG = [
    "python -m spacy al conver a b",
    "python -m spacy al query runs/mine out.jsonl --fromat prodigy",
    "python -m spacy al run configs/al-minilm.cfg --output r --active_learning.round 3",
    "python -m spacy al run configs/al-nothing.cfg --output r",
    "python -m spacy project run strat .",
    "spacy project run al-electra --vars.gpu 0",
    "spacy project run al-electra . --vars.gpus 0",
    "bash scripts/nothing.sh",
    "python scripts/soak.py CONFIG --kill 3",
    "pip install 'spacy_al[anotate]'",
]


def test_what_scripts_import_is_there(root):
    found = [
        (path, node.module, name.name)
        for path in sorted((root / "scripts").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("spacy_al") and not node.level
        for name in node.names
    ]
    assert len(found) > 100
    for path, module, name in found:
        home = importlib.import_module(module)
        part = hasattr(home, "__path__") and importlib.util.find_spec(f"{module}.{name}")
        assert hasattr(home, name) or part, f"{path.name} imports {name} from {module}"


@pytest.fixture(scope="module")
def shown(root):
    return list(shown_commands(root))


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_command_is_seen(text, root):
    assert problem_of(Shown("here", text), root)


def test_what_commands_name_exists(shown, root):
    assert len(shown) > 80
    assert {one: problem for one in shown if (problem := problem_of(one, root))} == {}


def test_python_in_the_docs_compiles(root):
    texts = [path.read_text(encoding="utf8") for path in (root / "README.md", *(root / "docs").glob("*.md"))]
    blocks = [body for text in texts for language, body in BLOCK.findall(text) if language == "python"]
    assert len(blocks) > 3
    for block in blocks:
        indent = re.match(" *", block)[0]
        compile(re.sub(f"^{indent}", "", block, flags=re.MULTILINE), "docs", "exec")


@pytest.fixture
def type_in(shown, tmp_path, monkeypatch):
    """Runs a command as the docs have it, in a folder with the texts `articles/`."""
    registry.cli.get_all()  # our commands join spaCy's
    monkeypatch.chdir(tmp_path)
    Path("articles").mkdir()
    Path("articles", "one.txt").write_text("Anna saw Rome. It was late when Paul saw Oslo.")

    def type_one(text: str) -> str:
        (words,) = {tuple(one.words) for one in shown if " ".join(one.words) == text}
        done = CliRunner().invoke(app, words[words.index("spacy") + 1 :])
        assert done.exit_code == 0, f"{text}\n{done.output}\n{done.exception}"
        return done.output

    return type_one


def begin(folder, **settings):
    config = Config().from_str(CONFIG)
    config["active_learning"] |= {"pool": write_corpus(Path("p.spacy"), 60, 0), "rounds": 1, **settings}
    run(config, folder)


def test_text_becomes_a_pool_and_a_project(type_in):
    assert "Written: pool.spacy" in type_in("python -m spacy al convert articles/ pool.spacy")
    assert "start" in type_in("python -m spacy al init news --text articles --labels PERSON,PLACE")
    assert Path("news", "config.cfg").is_file()


def test_questions_go_to_a_tool_and_answers_come_back(type_in):
    begin(Path("runs/mine"), oracle="people")
    type_in("python -m spacy al query runs/mine batch.jsonl --format prodigy")
    rows = [json.loads(line) for line in Path("batch.jsonl").read_text().splitlines()]
    Path("answers.jsonl").write_text("\n".join(json.dumps({**row, "answer": "accept"}) for row in rows))
    assert "10 accepted" in type_in("python -m spacy al ingest runs/mine answers.jsonl")


FILES = ["batch.jsonl -f prodigy", "batch.jsonl -f doccano", "batch.json -f argilla", "batch.conll -f conll"]


@pytest.mark.parametrize("end", [*FILES, "batch.spacy -f docbin"])
def test_each_tool_gets_its_file(type_in, end):
    begin(Path("runs/news"), oracle="people")
    type_in(f"python -m spacy al query runs/news {end}")
    assert Path(end.split()[0]).stat().st_size > 100


def test_a_run_that_is_over_tells_what_it_is(type_in):
    begin(Path("runs/mine"), test=write_corpus(Path("t.spacy"), 20, 1))
    assert "phase: done" in type_in("python -m spacy al status runs/mine")
    type_in("python -m spacy al model-card runs/mine")
    assert "labelled" in Path("runs/mine/model/README.md").read_text()
    type_in("python -m spacy train runs/mine/train.cfg --output trained")
    assert Path("trained/model-last/config.cfg").is_file()


def test_a_run_of_people_can_be_ended(type_in):
    begin(Path("runs/mine"), oracle="people", rounds=1000)
    for _ in range(2):
        session = Session.open("runs/mine")
        session.answer([Answer(task.id, "accept") for task in session.batch()[:8]])
        state = session.run()
    assert (state.round, state.phase) == (2, "waiting")
    Session.open("runs/mine").answer([Answer(task.id, "accept") for task in Session.open("runs/mine").batch()[:2]])
    last = "--active_learning.rounds 1 --accept-changes"
    assert "Done" in type_in(f"python -m spacy al run runs/mine/config.cfg --output runs/mine {last}")
    assert Path("runs/mine/train.cfg").is_file()
