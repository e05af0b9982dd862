"""The spaCy project: its workflows in miniature, and that what they name is there."""

import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
import typer
from spacy.cli._util import parse_config_overrides
from weasel.util import load_project_config

from spacy_al.cli import al_cli
from spacy_al.errors import ALError
from spacy_al.loop.study_plan import read_study
from tests.loop.conftest import PEOPLE, PLACES, make_sentences
from tests.ml.helpers import tiny_transformer

COMMANDS = """annotate convert evaluate fetch ingest init look-again model-card pull push query report run score status
study train-successor""".split()
PAPER = "table1 fig1 fig2 tables56 fig34 table2 subsample".split()
TAGGERS = "electra bert distilbert minilm mpnet ner crf flair bilstm-crf elmo".split()


def write_conll(path, number, seed):
    lines = []
    for words, spans in make_sentences(number, seed):
        starts = {start: label for start, _, label in spans}
        lines += [f"{word} NN O {'B-' + starts[i] if i in starts else 'O'}" for i, word in enumerate(words)] + [""]
    path.write_text("\n".join(lines) + "\n", encoding="utf8")


@pytest.fixture(scope="module")
def clone(root, tmp_path_factory):
    """A copy of the project with a tiny corpus, a tiny random ELECTRA and trainings of a few steps."""
    folder = tmp_path_factory.mktemp("project") / "clone"
    for name in ("configs", "scripts", "assets"):
        shutil.copytree(root / name, folder / name)
    shutil.copy(root / "project.yml", folder)
    for name, long in (("al-electra.cfg", ["min_steps = 1500"]), ("quickstart.cfg", ["min_steps = 200", "frozen = 3"])):
        text = (folder / "configs" / name).read_text(encoding="utf8")
        for line in ("min_batches = 50", *long):
            assert f"\n{line}\n" in text
            text = text.replace(f"\n{line}\n", f"\n{line.split(' = ')[0]} = 1\n")
        (folder / "configs" / name).write_text(text, encoding="utf8")
    (folder / "mine").mkdir()
    write_conll(folder / "mine" / "train.conll", 120, 0)
    write_conll(folder / "mine" / "test.conll", 40, 1)
    tiny_transformer(folder / "tiny-electra", kind="electra", words=[*PEOPLE, *PLACES])
    return folder


def run_workflow(folder, name, **variables):
    given = {"corpus": "mine", "train": "train.conll", "test": "test.conll", "rounds": 1, **variables}
    command = [sys.executable, "-m", "spacy", "project", "run", name, "."]
    command += [part for key, value in given.items() for part in (f"--vars.{key}", str(value))]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_al_electra_goes_from_corpus_to_report(clone):
    run_workflow(clone, "al-electra", encoder="tiny-electra")
    for strategy in ("mnlp", "random"):
        assert len((clone / "runs" / "electra" / strategy / "metrics.jsonl").read_text().splitlines()) == 2
    page = (clone / "report" / "electra" / "report.html").read_text(encoding="utf8")
    assert "ELECTRA" in page


def test_paper_tables56_runs_a_small_matrix(clone):
    only = "electra.mnlp.*,electra.bald-last.*"
    run_workflow(clone, "paper-tables56", electra="tiny-electra", only=only, repeats=1, jobs=2)
    cells = sorted(path.parent.name for path in clone.glob("runs/paper/conll2003/*/labelled.spacy"))
    assert cells == ["electra.bald-last.seed-0", "electra.mnlp.seed-0"]
    text = (clone / "report" / "paper" / "conll2003" / "tables56" / "report.md").read_text(encoding="utf8")
    assert re.search(r"Table 5", text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("study", "cell"),
    [
        ("table1", "crf.random.full.seed-0"),
        ("fig1", "bert.mnlp.seed-0"),
        ("fig2", "electra.bald-last.seed-0"),
        ("fig34", "electra-by-distilbert.mnlp.seed-0"),
        ("table2", "distilbert.mnlp.round5.seed-0"),
        ("subsample", "electra.mnlp.pool-10.seed-0"),
    ],
)
def test_each_workflow_of_the_paper_runs_one_of_its_cells(clone, study, cell):
    encoders = dict.fromkeys(("electra", "bert", "distilbert"), "tiny-electra")
    run_workflow(clone, f"paper-{study}", only=cell, repeats=1, **encoders)
    assert (clone / "runs" / "paper" / "conll2003" / cell / "labelled.spacy").is_file()
    assert (clone / "report" / "paper" / "conll2003" / study / "report.html").is_file()


def test_annotate_demo_takes_a_scripted_annotators_answers(clone):
    out = run_workflow(clone, "annotate-demo", sample_encoder="tiny-electra")
    assert "Round 1 of 1, phase: done" in out
    rounds = sorted(path.parent.name for path in clone.glob("runs/demo/rounds/*/annotated.spacy"))
    assert rounds == ["0000", "0001"]


def test_quickstart_makes_a_curve(clone):
    run_workflow(clone, "quickstart", sample_encoder="tiny-electra", sample_rounds=1)
    assert (clone / "report" / "sample" / "curve.png").stat().st_size > 1000


@pytest.fixture(scope="module")
def project(root):
    return load_project_config(root)


def scripts(project, workflow):
    commands = {command["name"]: command for command in project["commands"]}
    return [shlex.split(line) for step in project["workflows"][workflow] for line in commands[step]["script"]]


def test_every_experiment_of_the_paper_is_a_workflow(project):
    wanted = {
        "quickstart",
        "annotate-demo",
        *(f"al-{name}" for name in TAGGERS),
        *(f"paper-{name}" for name in PAPER),
    }
    assert set(project["workflows"]) == wanted


def test_every_command_of_every_workflow_is_understood(project, root, monkeypatch):
    monkeypatch.chdir(root)
    group = typer.main.get_command(al_cli)
    for workflow in project["workflows"]:
        for words in scripts(project, workflow):
            assert words[0] == "python"
            if words[1:4] == ["-m", "spacy", "al"]:
                command = group.commands[words[4]]
                context = command.context_class(command, **command.context_settings)
                command.make_parser(context).parse_args(words[5:])
            elif words[1] != "-m":
                assert (root / words[1]).is_file()
            assert all((root / word).is_file() for word in words if re.fullmatch(r"configs/.*\.cfg", word))


@pytest.mark.parametrize("study", PAPER)
def test_the_overrides_of_a_papers_workflow_fit_its_study(project, root, study, monkeypatch):
    monkeypatch.chdir(root)
    words = scripts(project, f"paper-{study}")[-1]
    given = [part for i, word in enumerate(words) if re.match(r"--\w+\.", word) for part in words[i : i + 2]]
    overrides = parse_config_overrides(given, env_var=None)
    cells = read_study([Path(words[5]), Path(words[words.index("--with") + 1])], overrides=overrides)
    taggers = {key.partition(".")[0] for key in overrides} - {"active_learning"}
    # A var for every tagger that needs weights or vectors, so that none is out of reach of the command line.
    assert taggers == {cell.tagger for cell in cells if cell.successor is None and "-" not in cell.tagger} - {"crf"}
    with pytest.raises(ALError, match="A584"):
        read_study([Path(words[5])], overrides={"nobody.paths.encoder": "x"})


def test_the_quick_start_asks_for_the_rounds_of_its_variable(project):
    (words,) = [words for words in scripts(project, "quickstart") if "study" in words]
    assert words[words.index("--active_learning.rounds") + 1] == "3"


def test_the_readmes_first_code_block_holds_the_two_commands(root):
    block = re.search(r"```bash\n(.*?)```", (root / "README.md").read_text(encoding="utf8"), re.DOTALL)[1]
    commands = [line.partition("#")[0].strip() for line in block.splitlines()]
    assert commands == ["bash scripts/quickstart.sh", "bash scripts/test.sh"]


def test_continuous_integration_calls_the_test_script(root):
    lines = (root / ".ci" / "run").read_text().splitlines()
    (command,) = [line for line in lines if line and not line.startswith("#")]
    assert command == 'cd "$(dirname "$0")/.." && exec bash scripts/test.sh'


def test_the_commands_of_the_command_line_are_these():
    assert sorted(typer.main.get_command(al_cli).commands) == COMMANDS


def test_every_command_helps_with_an_example():
    for command in typer.main.get_command(al_cli).commands.values():
        assert f"al {command.name}" in (command.help or ""), command.name


def test_a_file_that_is_not_the_one_meant_is_named(root, tmp_path):
    (tmp_path / "a.txt").write_text("other")
    (tmp_path / "sums.json").write_text('{"a.txt": "' + "0" * 64 + '"}')
    command = [sys.executable, str(root / "scripts" / "check_assets.py"), "--checksums", "sums.json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert "[A004] a.txt" in done.stderr


def test_every_registered_name_loads():
    points = [point for point in distribution("spacy_al").entry_points if point.group != "prodigy_recipes"]
    for point in points:
        assert callable(point.load()) or point.group in ("spacy_cli",)
    assert len(points) > 30


def test_registered_names_carry_a_version():
    groups = ("spacy_factories", "spacy_cli", "console_scripts", "prodigy_recipes")
    names = [point.name for point in distribution("spacy_al").entry_points if point.group not in groups]
    assert all(re.fullmatch(r"spacy-al\.\w+\.v\d+", name) for name in names)
