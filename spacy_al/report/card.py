"""A card for a run's trained pipeline: what it learnt from, how good it is, and what its labels are biased towards."""

import json
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

from ..errors import ALError, Errors
from ..files import write_json, write_text
from ..runs.folder import RunFolder
from ..runs.state import RunState
from ..schemas import ActiveLearningSchema
from .names import strategy_name


def write_model_card(run: Path) -> Path:
    """Put a card into RUN/model: README.md, and its figures in meta.json, which `spacy package` takes along.

    run (Path): Folder of a run that has ended.
    RETURNS (Path): The README.
    RAISES: ALError A510 without a run, A548 while it has no trained pipeline.
    """
    folder = RunFolder(run)
    state = folder.read_state()
    meta_path, rows = folder.model / "meta.json", folder.read_metrics()
    if not (meta_path.is_file() and rows):
        raise ALError(Errors.A548.format(path=run))
    settings = folder.read_settings()
    meta = json.loads(meta_path.read_bytes())
    facts = card_facts(state, settings, rows)
    meta["performance"] = {**meta.get("performance", {}), **performance(rows[-1])}
    meta["description"] = meta.get("description") or "Named entities, labelled with active learning by spacy_al."
    meta["spacy_al"] = facts
    write_json(meta_path, meta)
    readme = folder.model / "README.md"
    write_text(readme, card_text(meta, facts, rows[-1]))
    return readme


def card_facts(state: RunState, settings: ActiveLearningSchema, rows: List[Dict[str, Any]]) -> Dict[str, Any]:
    """What a pipeline was made from, in plain values."""
    row = rows[-1]
    measure = settings.measure if isinstance(settings.measure, str) else str(settings.measure.get("@al_measures"))
    asked = str(settings.strategy.get("@al_strategies", "")).removeprefix("spacy-al.").rpartition(".v")[0]
    learnt = len(state.labelled) + (len(state.holdout) if settings.final_fit else 0)
    return {
        "rounds": len(rows), "sentences": learnt, "holdout_sentences": len(state.holdout),
        "labelled_tokens": row["labelled_tokens"], "labelled_fraction": row["labelled_fraction"],
        "entities": row.get("labelled_entities"), "questions": settings.questions, "oracle": settings.oracle,
        "strategy": strategy_name(measure, settings.dropout, asked), "seed": settings.seed,
        "versions": state.versions, "learnt_from_holdout": bool(settings.final_fit and state.holdout),
    }  # fmt: skip


def performance(row: Mapping[str, Any]) -> Dict[str, Any]:
    """Scores of a row as spaCy's meta.json has them: on the test set, else on the holdout."""
    if row.get("ents_f") is not None:
        return {key: row[key] for key in ("ents_f", "ents_p", "ents_r", "ents_per_type")}
    held = row.get("holdout") or {}
    if held.get("f") is None:
        return {}
    types = {label: {"f": scores["f"]} for label, scores in held.get("per_type", {}).items()}
    return {"ents_f": held["f"], "ents_p": held.get("p"), "ents_r": held.get("r"), "ents_per_type": types}


def card_text(meta: Mapping[str, Any], facts: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """The card in Markdown. `spacy huggingface-hub push` makes the front matter from meta.json, and puts it before."""
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    answers = "People labelled." if facts["oracle"] == "people" else "A labelled corpus answered: a simulation."
    lines = [
        f"# {meta['lang']}_{meta['name']}", str(meta["description"]),
        "## Data",
        f"{answers} {facts['sentences']} sentences, {facts['labelled_tokens']} tokens "
        f"({100 * facts['labelled_fraction']:.1f} % of the pool), in {facts['rounds']} rounds. Strategy: "
        f"{facts['strategy']}; asked: {facts['questions']}. Seed: {facts['seed']}.",
        "## How good it is", *_scores(row, facts),
        "## What its labels are biased towards", _bias(facts),
        "## Versions", versions,
    ]  # fmt: skip
    return "\n\n".join(lines) + "\n"


def _scores(row: Mapping[str, Any], facts: Mapping[str, Any]) -> List[str]:
    said: List[str] = []
    if row.get("ents_f") is not None:
        said.append(f"Test set: F1 {100 * row['ents_f']:.1f}.")
    held = row.get("holdout") or {}
    if held.get("f") is not None:
        said.append(
            f"Random holdout of {held['sentences']} sentences: F1 {100 * held['f']:.1f}{_interval(held)}, "
            f"{held['entities']} entities."
        )
        if facts["learnt_from_holdout"]:
            said.append("Scores are those of the model before it learnt from the holdout too.")
    table = _types(row.get("ents_per_type") or held.get("per_type") or {})
    return [*(said or ["It was not measured: the run had neither a test set nor a holdout."]), *table]


def _types(types: Mapping[str, Mapping[str, Any]]) -> List[str]:
    if not types:
        return []
    rows = [f"| {label} | {100 * scores['f']:.1f}{_interval(scores)} |" for label, scores in sorted(types.items())]
    return ["\n".join(["| type | F1 |", "|---|---|", *rows])]


def _interval(scores: Mapping[str, Any]) -> str:
    low: Optional[float] = scores.get("low")
    return "" if low is None else f" ({100 * low:.1f} to {100 * scores['high']:.1f})"


def _bias(facts: Mapping[str, Any]) -> str:
    if facts["strategy"] == "Random":
        return "Sentences were drawn at random: the labels stand for the pool."
    return (
        f"Sentences were chosen by {facts['strategy']}: the labels hold more of what this model was unsure of than the "
        "pool does. Take no frequencies from them, and judge no other model by them; a holdout is drawn at random."
    )
