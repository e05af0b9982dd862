"""What differs between the run in a folder and the one that is asked for."""

from typing import Any, Dict, List, Mapping, Optional

from spacy.util import dict_to_dot
from thinc.api import Config

from ..schemas import fill_active_learning
from .state import RunState

# Where files are and how much is printed changes no result; the pool and the successor's config are compared by
# their content.
IRRELEVANT = (
    "paths.", "corpora.", "training.logger", "system.",
    "active_learning.pool", "active_learning.test", "active_learning.successor", "active_learning.engine",
)  # fmt: skip
LABELS = ".labels.path"  # of [initialize]; what a run's labels file says is compared itself, by `check_declared`


def decisive(config: Mapping[str, Any]) -> Dict[str, Any]:
    """The settings of a config that may change results, as {"section.key": value}."""
    flat = dict_to_dot(dict(config))
    return {key: _as_read(value) for key, value in flat.items() if not key.startswith(IRRELEVANT)}


def _as_read(value: Any) -> Any:
    # spaCy's command line reads 0.30000000000000004 for 0.3.
    if isinstance(value, float):
        return float(f"{value:.12g}")
    return [_as_read(one) for one in value] if isinstance(value, list) else value


def config_changes(old: Config, new: Config) -> List[str]:
    """What a new config would change in results, as "section.key: old -> new"."""
    # Settings that a later version has brought count with their defaults.
    before, after = (decisive(fill_active_learning(config).interpolate()) for config in (old, new))
    keys = sorted(key for key in {*before, *after} if not key.endswith(LABELS))
    return [f"{key}: {before.get(key)!r} -> {after.get(key)!r}" for key in keys if before.get(key) != after.get(key)]


def successor_changes(old: Optional[Config], new: Optional[Config]) -> List[str]:
    """What changes about the successor: that there is one, or what its config says."""
    if old is None or new is None:
        return [] if old is new else ["active_learning.successor: " + ("none -> one" if old is None else "one -> none")]
    return [f"successor's {change}" for change in config_changes(old, new)]


def version_changes(old: RunState, new: Mapping[str, str]) -> List[str]:
    """Packages of another major version, which may change results much. What is registered never changes within one."""
    changes = []
    for name in ("spacy_al", "spacy", "torch"):
        before, after = old.versions.get(name, ""), new[name]
        if before.split(".")[0] != after.split(".")[0]:
            changes.append(f"version of {name}: {before} -> {after}")
    return changes


def minor_changes(old: RunState, new: RunState) -> List[str]:
    """Other differences of versions, device and hardware, which are worth a warning."""
    before = {**old.versions, "device": old.device, **old.hardware}
    after = {**new.versions, "device": new.device, **new.hardware}
    return [f"{key} {before.get(key)} -> {value}" for key, value in after.items() if before.get(key, value) != value]
