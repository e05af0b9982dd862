"""A card for a run's trained pipeline: what it learnt from, how good it is, and what its labels are biased towards."""

import json
from pathlib import Path
from typing import Any, Dict, List, Mapping

from markupsafe import Markup

from ..errors import ALError, Errors
from ..files import write_json, write_text
from ..runs.folder import RunFolder
from ..runs.state import RunState
from ..schemas import ActiveLearningSchema
from ..templates import environment
from .names import strategy_name
from .numbers import percent


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
    templates = environment(__package__, finalize=lambda value: Markup(str(value)))
    templates.filters["percent"] = percent
    held = row.get("holdout") or {}
    types = row.get("ents_per_type") or held.get("per_type") or {}
    template = templates.get_template("card.md")
    return template.render(meta=meta, facts=facts, test=row.get("ents_f"), held=held, types=types)
