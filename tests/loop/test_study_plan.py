"""Studies: which cells a file gives, whose settings win, what is refused, and what running and slimming leave."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.util import load_config

from spacy_al.errors import ALError
from spacy_al.loop.session import run
from spacy_al.loop.study_cells import slim, standing
from spacy_al.loop.study_checks import cell_config, check_cells
from spacy_al.loop.study_plan import Cell, place_successors, read_study, select_cells
from spacy_al.loop.study_run import Outcome, cell_command, outcome_of, run_cells
from spacy_al.options import StudyOptions
from spacy_al.runs.folder import RunFolder
from spacy_al.runs.lock import locked

from .conftest import CONFIG


@pytest.fixture
def config(tmp_path, corpus):
    path = tmp_path / "tiny.cfg"
    head = f'[paths]\npool = "{corpus[0]}"\ntest = "{corpus[1]}"\n\n'
    body = CONFIG.replace("[active_learning]", "[active_learning]\npool = ${paths.pool}\ntest = ${paths.test}")
    path.write_text(head + body, encoding="utf8")
    return path


@pytest.fixture
def study(tmp_path, config):
    def write(name="study.json", **sections):
        block = {
            "taggers": {"tiny": {"config": str(config), "strategies": ["random", "bald/last"]}},
            **sections,
        }
        path = tmp_path / name
        path.write_text(json.dumps(block), encoding="utf8")
        return path

    return write


def names(cells):
    return [cell.name for cell in cells]


def setting(cells, key):
    return [cell.settings.get(f"active_learning.{key}") for cell in cells]


def test_a_study_is_the_product_of_taggers_strategies_and_seeds(study):
    cells = read_study([study(study={"seeds": 2})])
    assert names(cells) == [
        "tiny.random.seed-0", "tiny.bald-last.seed-0", "tiny.random.seed-1", "tiny.bald-last.seed-1",
    ]  # fmt: skip
    assert setting(cells, "seed") == [0, 0, 1, 1]
    assert setting(cells, "measure") == ["random", "bald"] * 2
    assert setting(cells, "dropout") == ["off", "last"] * 2


def test_variants_are_a_further_axis(study):
    variants = {"half": {"active_learning.rounds": 24}, "full": {"active_learning.rounds": 0}}
    cells = read_study([study(variants=variants)])
    assert names(cells)[:2] == ["tiny.random.half.seed-0", "tiny.random.full.seed-0"]
    assert setting(cells, "rounds") == [24, 0, 24, 0]


@given(
    st.integers(1, 4), st.lists(st.sampled_from("abcdef"), min_size=1, unique=True),
    st.lists(st.sampled_from("uvwxyz"), min_size=1, unique=True), st.sets(st.sampled_from("rst")),
)  # fmt: skip
def test_no_two_cells_share_a_name(tmp_path_factory, seeds, taggers, strategies, variants):
    path = tmp_path_factory.mktemp("study") / "s.json"
    blocks = {name: {"config": "x.cfg", "strategies": strategies} for name in taggers}
    block = {
        "study": {"seeds": seeds},
        "taggers": blocks,
        "variants": {name: {} for name in sorted(variants)},
    }
    path.write_text(json.dumps(block))
    found = names(read_study([path]))
    assert len(set(found)) == len(found) == seeds * len(taggers) * len(strategies) * max(1, len(variants))


def test_later_settings_win(study, config):
    tagger = {"config": str(config), "strategies": ["mnlp"], "settings": {"training.dropout": 0.2}}
    general = {"settings": {"training.dropout": 0.1, "training.max_epochs": 1, "active_learning.passes": 3}}
    path = study(study=general, taggers={"a": tagger, "b": {**tagger, "settings": {}}})
    given = {"training.max_epochs": 5, "b.training.max_epochs": 6}
    a, b = read_study([path], overrides=given)
    assert (a.settings["training.dropout"], b.settings["training.dropout"]) == (0.2, 0.1)
    assert (a.settings["training.max_epochs"], b.settings["training.max_epochs"]) == (5, 6)
    assert setting([a, b], "passes") == [3, 3]


def test_a_further_file_changes_the_first(study, tmp_path):
    further = tmp_path / "more.cfg"
    further.write_text("[study]\nseeds = [3]\n\n[study.settings]\nactive_learning.rounds = 7\n")
    cells = read_study([study(study={"seeds": 2, "settings": {"active_learning.passes": 4}}), further])
    assert setting(cells, "seed") == [3, 3]
    assert setting(cells, "rounds") == [7, 7]
    assert setting(cells, "passes") == [4, 4]


@pytest.mark.parametrize("again", ["[study]\n", "[study.settings]\npaths.pool = 1\npaths.pool = 2\n"])
def test_what_stands_twice_in_a_study_is_named(tmp_path, again):
    path = tmp_path / "study.cfg"
    path.write_text("[study]\nseeds = 1\n" + again)
    with pytest.raises(ALError, match="A580.*already exists"):
        read_study([path])


def test_dashes_of_a_taggers_name_survive_spacys_command_line(study, config):
    path = study(taggers={"my-bert": {"config": str(config), "strategies": ["mnlp"]}})
    (cell,) = read_study([path], overrides={"my_bert.training.max_epochs": 9})
    assert cell.settings["training.max_epochs"] == 9


@pytest.mark.parametrize(
    ("block", "code"),
    [
        ({"taggers": {}}, "A580"),
        ({"tagger": {}}, "A581"),
        ({"study": {"seed": 2}}, "A581"),
        ({"study": {"seeds": 0}}, "A582"),
        ({"study": {"seeds": [1, 1]}}, "A582"),
        ({"study": {"settings": {"rounds": 3}}}, "A582"),
        ({"study": {"settings": {"activelearning.rounds": 3}}}, "A582"),
        ({"taggers": {"a/b": {"config": "x", "strategies": ["mnlp"]}}}, "A582"),
        ({"taggers": {"paths": {"config": "x", "strategies": ["mnlp"]}}}, "A582"),
        ({"taggers": {"a": {"strategies": ["mnlp"]}}}, "A582"),
        ({"taggers": {"a": {"config": "x", "strategies": []}}}, "A582"),
        ({"taggers": {"a": {"config": "x", "strategies": ["bald last"]}}}, "A582"),
        ({"taggers": {"a": {"config": "x", "strategies": ["mnlp"], "variants": ["none"]}}}, "A582"),
        ({"taggers": {"a": {"like": "b", "strategies": ["mnlp"]}}}, "A582"),
        ({"taggers": {"a": {"config": "x", "successor": "b", "strategies": ["mnlp"]}}}, "A582"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(study, block, code):
    path = study(**block)
    with pytest.raises(ALError, match=f"\\[{code}\\] .*{path.name}"):
        read_study([path])


def test_an_override_of_nothing_is_refused(study):
    with pytest.raises(ALError, match=r"\[A584\] --tinny.training.dropout"):
        read_study([study()], overrides={"tinny.training.dropout": 1})


@pytest.mark.parametrize(("pattern", "number"), [("*", 4), ("tiny", 4), ("*seed-1", 2), ("x, *.random.*", 2)])
def test_patterns_choose_cells(study, pattern, number):
    assert len(select_cells(read_study([study(study={"seeds": 2})]), pattern)) == number


def test_a_pattern_without_cells_is_refused(study):
    with pytest.raises(ALError, match="A583"):
        select_cells(read_study([study()]), "tin")


def test_a_tagger_like_another_takes_its_settings_and_overrides(study, config):
    base = {"config": str(config), "strategies": ["mnlp"], "settings": {"training.dropout": 0.3}}
    path = study(taggers={"big": base, "twin": {"like": "big", "strategies": ["random"]}})
    _, twin = read_study([path], overrides={"big.training.max_epochs": 9})
    assert (twin.settings["training.dropout"], twin.settings["training.max_epochs"]) == (0.3, 9)


def test_a_successor_gets_its_own_config(study, config, tmp_path):
    base = {"config": str(config), "strategies": ["mnlp"], "settings": {"training.dropout": 0.3}}
    heir = {"like": "small", "successor": "big", "strategies": ["mnlp"]}
    path = study(taggers={"big": base, "small": {**base, "settings": {}}, "big-by-small": heir})
    cells = place_successors(read_study([path], overrides={"big.training.max_epochs": 9}), tmp_path / "out")
    written = load_config(cells[2].settings["active_learning.successor"])
    assert (written["training"]["dropout"], written["training"]["max_epochs"]) == (0.3, 9)
    assert "active_learning.successor" not in cells[0].settings


@pytest.mark.parametrize("settings", [{"active_learning.rounds": -1}, {"active_learning.ronuds": 1}])
def test_all_cells_are_checked_before_any_runs(study, tmp_path, settings):
    cells = read_study([study(study={"settings": settings})])
    with pytest.raises(ALError, match=r"\[A586\] The cell tiny.random.seed-0"):
        check_cells(cells, tmp_path)


def test_a_measure_that_needs_dropout_is_refused_before_any_cell_runs(study, config, tmp_path):
    path = study(taggers={"tiny": {"config": str(config), "strategies": ["random", "bald"]}})
    with pytest.raises(ALError, match=r"\[A586\] The cell tiny.bald.seed-0.*A401"):
        check_cells(read_study([path]), tmp_path)


@pytest.mark.parametrize(
    ("strategy", "settings", "told"),
    [
        ("bald/word", {}, "A413"),
        ("mnlp", {"active_learning.pool": "nowhere.spacy"}, "A003.*nowhere.spacy"),
        ("mnlp", {"active_learning.test": "nowhere.spacy"}, "A003.*nowhere.spacy"),
        ("mnlp", {"active_learning.pool": "mine.json"}, "A415|A130"),
    ],
)
def test_what_only_a_model_or_a_corpus_can_tell_is_told_before_any_cell_runs(
    study, config, tmp_path, monkeypatch, strategy, settings, told
):
    monkeypatch.chdir(tmp_path)
    path = study("mine.json", taggers={"tiny": {"config": str(config), "strategies": ["random", strategy]}})
    cells = read_study([path], overrides=settings)
    with pytest.raises(ALError, match=rf"A586\] The cell tiny.*\[({told})"):
        check_cells(cells, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command_line_of_a_cell_says_what_its_settings_say(config, tmp_path):
    from spacy.cli._util import parse_config_overrides

    settings = {
        "active_learning.dropout": "off",
        "active_learning.seed": 3,
        "paths.x": None,
        "training.l": [1, "a"],
    }
    options = StudyOptions(code=tmp_path / "mine.py")
    command = cell_command(Cell("n", "n", config, settings), tmp_path, options, gpu=-1)
    assert command[:5] == [sys.executable, "-m", "spacy", "al", "run"]
    assert command[command.index("--code") + 1] == str(options.code)
    given = command[command.index("--active_learning.dropout") :]
    assert parse_config_overrides(given, env_var=None) == settings


class Heard:
    """A watcher that remembers."""

    def __init__(self):
        self.started_cells, self.rounds, self.ended_cells = [], [], []

    def started(self, cell, gpu):
        self.started_cells.append((cell.name, gpu))

    def went_on(self, cell, row):
        self.rounds.append((cell.name, row["round"]))

    def ended(self, cell, outcome):
        self.ended_cells.append((cell.name, outcome.state))


@pytest.fixture(scope="module")
def finished(corpus, tmp_path_factory):
    """Two cells run side by side, of which one must fail: its pool is no corpus."""
    folder = tmp_path_factory.mktemp("study")
    config = folder / "tiny.cfg"
    config.write_text(CONFIG, encoding="utf8")
    settings = {
        "active_learning.pool": corpus[0],
        "active_learning.test": corpus[1],
        "active_learning.rounds": 1,
    }
    good = Cell("good", "good", config, settings)
    bad = Cell("bad", "bad", config, {**settings, "active_learning.pool": str(config)})
    heard = Heard()
    outcomes = run_cells([bad, good], folder / "out", StudyOptions(), gpus=[-1, -1], watcher=heard)
    return good, bad, folder / "out", outcomes, heard


def test_a_cell_that_fails_stops_no_other_and_says_why(finished):
    *_, outcomes, heard = finished
    assert (outcomes["good"].state, outcomes["bad"].state) == ("finished", "failed")
    assert "A415" in outcomes["bad"].reason
    assert sorted(heard.ended_cells) == [("bad", "failed"), ("good", "finished")]
    assert heard.rounds == [("good", 0), ("good", 1)]


def test_an_interrupted_study_leaves_no_process_behind(finished, tmp_path, monkeypatch):
    processes = []

    class Interrupted(Heard):
        def started(self, cell, gpu):
            raise KeyboardInterrupt

    class Recorded(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            processes.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    with pytest.raises(KeyboardInterrupt):
        run_cells([finished[0]], tmp_path, StudyOptions(), gpus=[-1], watcher=Interrupted())
    assert [process.poll() for process in processes] == [-15]


def test_a_cells_log_is_in_its_folder(finished):
    _, _, output, _, _ = finished
    assert "[A415]" in (output / "bad" / "cell.log").read_text()
    assert "Done" in (output / "good" / "cell.log").read_text()


def test_the_standing_of_cells_is_read_from_their_folders(finished):
    good, bad, output, *_ = finished
    now = standing(good, output)
    assert (now.state, now.round) == ("finished", 1)
    assert now.f1 is not None
    assert now.seconds > 0
    assert standing(bad, output).state == "new"


def test_a_finished_cell_is_not_mixed_with_other_settings(finished):
    good, _, output, *_ = finished
    changed = Cell(good.name, good.tagger, good.config, {**good.settings, "active_learning.rounds": 2})
    check_cells([good], output)
    with pytest.raises(ALError, match=r"\[A587\].*rounds: 1 -> 2"):
        check_cells([changed], output)


def test_a_pool_of_folders_in_folders_is_compared_too(finished, corpus, tmp_path):
    good, _, output, *_ = finished
    pool = tmp_path / "pool" / "part" / "one.spacy"
    pool.parent.mkdir(parents=True)
    shutil.copy(corpus[1], pool)  # other sentences
    moved = replace(good, settings={**good.settings, "active_learning.pool": str(tmp_path / "pool")})
    with pytest.raises(ALError, match=r"\[A587\].*the sentences of the pool"):
        check_cells([moved], output)
    shutil.copy(corpus[0], pool)
    assert check_cells([moved], output) == []


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [("pool", "0" * 64, "the sentences of the pool"), ("labels", ["PER", "GPE"], "labels: PER, GPE -> PER, LOC")],
)
def test_a_finished_cell_of_other_files_is_not_mixed_with_new_ones(finished, tmp_path, key, value, told):
    good, _, output, *_ = finished
    shutil.copytree(output / "good", tmp_path / "good")
    path = tmp_path / "good" / "state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(ALError, match=f"A587.*{told}"):
        check_cells([good], tmp_path)


def test_a_finished_cell_is_not_mixed_with_ones_that_another_model_learns_from(finished):
    good, _, output, *_ = finished
    heir = replace(good, name="heir", settings={"training.dropout": 0.3})
    with pytest.raises(ALError, match="A587.*active_learning.successor: none -> one"):
        check_cells([replace(good, successor=heir)], output)


def test_a_finished_cell_whose_pool_is_gone_needs_none(finished, tmp_path):
    good, _, output, *_ = finished
    gone = {**good.settings, "active_learning.pool": str(tmp_path / "gone.spacy")}
    assert check_cells([replace(good, settings=gone)], output) == []


def test_finished_cells_go_on_with_changes_that_are_accepted(finished):
    good, _, output, *_ = finished
    longer = replace(good, settings={**good.settings, "active_learning.rounds": 2})
    assert check_cells([good], output, accept_changes=True) == []
    assert check_cells([longer], output, accept_changes=True) == [longer]


@pytest.mark.parametrize("name", ["metrics.jsonl", "state.json"])
def test_a_cell_that_has_lost_a_file_is_damaged_and_not_finished_or_new(finished, tmp_path, name):
    good, _, output, *_ = finished
    shutil.copytree(output / "good", tmp_path / "good")
    (tmp_path / "good" / name).unlink()
    assert standing(good, tmp_path).state == "damaged"
    assert name in standing(good, tmp_path).problem
    assert check_cells([good], tmp_path) == [good]  # its own process tells


def test_a_cell_that_another_study_works_on_is_left_to_it(finished, tmp_path):
    good, *_ = finished
    heard = Heard()
    with locked(RunFolder(tmp_path / "good").lock):
        outcomes = run_cells([good], tmp_path, StudyOptions(), gpus=[-1], watcher=heard)
    assert outcomes["good"] == Outcome("stopped", "another process works on it")
    assert heard.started_cells == []


def test_a_cell_that_another_study_has_finished_meanwhile_is_not_run_again(finished):
    good, _, output, *_ = finished
    heard = Heard()
    assert run_cells([good], output, StudyOptions(), gpus=[-1], watcher=heard)["good"].state == "finished"
    assert heard.started_cells == []


def test_a_cell_that_failed_while_another_study_finished_it_is_finished(finished):
    good, _, output, *_ = finished
    assert outcome_of(good, 1, output).state == "finished"
    assert outcome_of(good, 1, output, again=True).state == "failed"


def test_slim_leaves_what_a_report_reads(finished, tmp_path):
    from spacy_al.report.chosen import read_selection
    from spacy_al.report.runs import read_run

    good, _, output, *_ = finished
    shutil.copytree(output, tmp_path / "out")
    before = read_selection(read_run(output / "good"))
    slim(good, tmp_path / "out")
    assert not list((tmp_path / "out" / "good").rglob("*.npz"))
    assert not (tmp_path / "out" / "good" / "model").exists()
    assert read_selection(read_run(tmp_path / "out" / "good")) == before


def test_a_slimmed_run_goes_on_when_more_rounds_are_asked_for(finished, tmp_path):
    good, _, output, *_ = finished
    longer = cell_config(replace(good, settings={**good.settings, "active_learning.rounds": 2}))
    for name in ("slim", "whole"):
        shutil.copytree(output / "good", tmp_path / name)
    slim(replace(good, name="slim"), tmp_path)
    for name in ("slim", "whole"):
        assert run(longer, tmp_path / name, accept_changes=True).round == 2
    chosen = Path("rounds", "0002", "selected.jsonl")
    assert (tmp_path / "slim" / chosen).read_bytes() == (tmp_path / "whole" / chosen).read_bytes()


def test_what_is_stopped_goes_on_to_the_same_result(finished, corpus, tmp_path):
    good, _, output, *_ = finished
    assert run_cells([good], tmp_path, StudyOptions(minutes=0), gpus=[-1], watcher=Heard())["good"].state == "stopped"
    assert run_cells([good], tmp_path, StudyOptions(), gpus=[-1], watcher=Heard())["good"].state == "finished"
    chosen = Path("good", "rounds", "0001", "selected.jsonl")
    assert (tmp_path / chosen).read_bytes() == (output / chosen).read_bytes()
