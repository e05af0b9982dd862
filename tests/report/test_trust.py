"""What the report says of runs with a holdout, and of those without."""

import json

from spacy_al.report.groups import group_runs
from spacy_al.report.runs import read_run
from spacy_al.report.trust import NONE_HELD, honest_blocks

HELD = {
    "sentences": 40, "documents": None, "f": 0.6, "p": 0.7, "r": 0.5, "low": 0.5, "high": 0.7, "entities": 30,
    "per_type": {"PER": {"f": 0.4, "low": 0.2, "high": 0.6, "entities": 30}},
}  # fmt: skip


def test_without_a_holdout_no_estimate_is_to_be_trusted(make_run, tmp_path):
    (block,) = honest_blocks(group_runs([read_run(make_run(tmp_path / "a", sentences=False))]))
    assert block.text == NONE_HELD


def test_a_run_with_one_answers_the_three_questions(make_run, tmp_path):
    folder = make_run(tmp_path / "a", sentences=False)
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    (folder / "metrics.jsonl").write_text("".join(json.dumps({**row, "holdout": HELD}) + "\n" for row in rows))
    _, points = honest_blocks(group_runs([read_run(folder)]))
    said = "\n".join(points.items)
    for part in (
        "Is it good enough?",
        "50.0 to 70.0",
        "90 more",
        "PER: 40.0",
        "Is it worth going on?",
        "When to stop?",
    ):
        assert part in said
