"""What the report says of runs with a holdout, and of those without."""

import json

from spacy_al.report.groups import group_runs
from spacy_al.report.runs import read_run
from spacy_al.report.trust import NONE_HELD, honest_blocks
from spacy_al.runs.folder import RunFolder

HELD = {
    "sentences": 40, "documents": None, "f": 0.6, "p": 0.7, "r": 0.5, "low": 0.5, "high": 0.7, "entities": 60,
    "per_type": {"PER": {"f": 0.4, "low": 0.2, "high": 0.6, "entities": 30}},
}  # fmt: skip

LEARNT = {
    "round": 1, "types": {"PER": -0.1},
    "confusions": [{"gold": "PER", "predicted": None, "same_edges": False, "count": 7}],
    "changed": [{"id": "a-0", "words": ["Mr", "Dee", "left"], "before": [[1, 2, "PER"]], "now": [[0, 2, "PER"]]}],
}  # fmt: skip


def test_without_a_holdout_no_estimate_is_to_be_trusted(make_run, tmp_path):
    (block,) = honest_blocks(group_runs([read_run(make_run(tmp_path / "a", sentences=False))]))
    assert block.text == NONE_HELD


def test_a_run_with_one_answers_the_three_questions(make_run, tmp_path):
    folder = make_run(tmp_path / "a", sentences=False)
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    (folder / "metrics.jsonl").write_text("".join(json.dumps({**row, "holdout": HELD}) + "\n" for row in rows))
    (folder / "rounds" / f"{len(rows) - 1:04d}").mkdir(parents=True, exist_ok=True)
    RunFolder(folder).write_learnt(len(rows) - 1, LEARNT)
    groups = group_runs([read_run(folder)])
    *blocks, table = honest_blocks(groups)
    said = "\n".join(line for block in blocks for line in getattr(block, "items", [getattr(block, "text", "")]))
    for part in (
        "Is it good enough?",
        "50.0 to 70.0",
        "180 more",
        "PER: 40.0",
        "Is it worth going on?",
        "When to stop?",
        "What has the last round taught?",
        "PER -10.0",
        "PER not found (7)",
    ):
        assert part in said
    assert table.rows == [["Mr Dee left", "Dee (PER)", "Mr Dee (PER)"]]
    assert not any(hasattr(block, "rows") for block in honest_blocks(groups, examples=False))
