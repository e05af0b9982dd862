"""Pages of the site that are made from the package itself: what is exported, registered, set and typed."""

import configparser
import re
from pathlib import Path
from typing import Any, Dict, List

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from typer.main import get_command

import spacy_al
from spacy_al.cli import al_cli
from spacy_al.schemas import DEFAULT_ACTIVE_LEARNING

ROOT = Path(__file__).parent.parent
GROUPS = {
    "spacy_factories": "Components",
    "spacy_al_measures": "Measures",
    "spacy_al_strategies": "Query strategies",
    "spacy_al_stopping": "Stopping rules",
    "spacy_al_costs": "Costs",
    "spacy_architectures": "Encoders and taggers",
    "spacy_al_heads": "Heads",
    "spacy_al_features": "Features of the CRF",
    "spacy_misc": "Flair's embeddings",
    "spacy_readers": "Corpora",
    "spacy_batchers": "Batchers",
    "spacy_callbacks": "Callbacks",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    for name, text in pages().items():
        files.append(File.generated(config, name, content=text))
    return files


def pages() -> Dict[str, str]:
    """The text of each page by its name."""
    return {
        "index.md": for_site((ROOT / "README.md").read_text(encoding="utf8")),
        "contributing.md": for_site((ROOT / "CONTRIBUTING.md").read_text(encoding="utf8")),
        "changelog.md": for_site((ROOT / "CHANGELOG.md").read_text(encoding="utf8")),
        "settings.md": settings_page(),
        "commands.md": commands_page(),
        "api.md": api_page(),
        "registered.md": registered_page(),
    }


def for_site(text: str) -> str:
    """A page of the repository's root with links that hold on the site."""
    text = text.replace("](docs/", "](").replace("](CONTRIBUTING.md)", "](contributing.md)")
    return re.sub(r"\[([^\]]+)\]\((?:CITATION.cff|LICENSE)\)", r"`\1`", text)


def settings_page() -> str:
    """All settings of [active_learning], with their defaults."""
    before = "# Settings\n\nThe block `[active_learning]` of a config, with its defaults. An unknown key is an error. "
    before += "All other blocks are spaCy's."
    return f"{before}\n\n```ini\n{DEFAULT_ACTIVE_LEARNING.strip()}\n```\n"


def commands_page() -> str:
    """Each command with its help and its options."""
    group: Any = get_command(al_cli)
    parts = ["# Commands\n\nWhat `python -m spacy al COMMAND --help` says."]
    for name, command in sorted(group.commands.items()):
        if not command.hidden:
            parts += [f"## al {name}", example_as_code(command.help), "\n".join(option_rows(command.params))]
    return "\n\n".join(parts)


def example_as_code(text: str) -> str:
    """Help of a command; typer has taken the indentation of its examples away."""
    return re.sub(r"^(python -m .*)$", r"    \1", text, flags=re.MULTILINE)


def option_rows(params: List[Any]) -> List[str]:
    """A table of a command's arguments and options."""
    rows = ["| option | what it says |", "|---|---|"]
    for param in params:
        if param.name != "help" and not param.hidden:
            names = [f"`{name}`" for name in (*param.opts, *param.secondary_opts)]
            if param.param_type_name == "argument":
                names = [f"`{(param.metavar or param.name).upper()}`"]
            text = (param.help or "").replace("|", "\\|").replace("{", "&#123;")
            rows.append(f"| {', '.join(names)} | {text} |")
    return rows


def api_page() -> str:
    """What `import spacy_al` offers."""
    parts = ["# Python reference\n\nWhat `spacy_al` exports. [Python](python.md) shows it at work."]
    for name in spacy_al.__all__:
        module, _, attribute = spacy_al.HOMES.get(name, "").partition(":")
        path = f"spacy_al.{module}.{attribute or name}" if module else f"spacy_al.{name}"
        parts.append(documented(path, f"spacy_al.{name}", level=2))
    return "\n\n".join(parts)


def registered_page() -> str:
    """What configs name, from the entry points of setup.cfg."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf8")
    parts = ["# Registered functions\n\nWhat a config can name, by registry. A released version never changes."]
    for group, title in GROUPS.items():
        parts.append(f"## {title}")
        for line in setup["options.entry_points"][group].strip().splitlines():
            name, _, place = (part.strip() for part in line.partition("="))
            parts.append(documented(place.replace(":", "."), name, level=3))
    return "\n\n".join(parts)


def documented(path: str, heading: str, *, level: int) -> str:
    """The docstrings of one object under a heading."""
    options = {"heading": heading, "toc_label": heading, "heading_level": level}
    return "\n".join([f"::: {path}", "    options:", *(f"      {key}: {value}" for key, value in options.items())])
