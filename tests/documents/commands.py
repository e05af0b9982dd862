"""The commands that README and docs show, found and looked at without running them."""

import inspect
import re
import shlex
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional

from spacy.util import load_config, registry
from typer.main import get_command
from weasel.util import load_project_config

from spacy_al.cli import al_cli
from spacy_al.project.starter import CONFIGS
from spacy_al.schemas import fill_active_learning

BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`((?:python -m spacy|spacy project|python scripts/|bash scripts/)[^`]*)`")
OURS = re.compile(r"^(?:\$ )?(?:[A-Z_]+=\S+ )*((?:python |spacy |bash |pip ).*)")
# What is not ours and not looked at; anything else in a block that says bash is a mistake.
OTHERS = ("cd", "mkdir", "ray", "srun", "RAY_ADDRESS", "#")


class Shown(NamedTuple):
    """A command and the file that shows it."""

    file: str
    text: str

    @property
    def words(self) -> List[str]:
        """As a shell splits it, without comment and redirection."""
        words = shlex.split(self.text, comments=True)
        return words[: next((place for place, word in enumerate(words) if word in (">", "|", "&")), None)]


def shown_commands(root: Path) -> Iterator[Shown]:
    """Every command of ours in README, CONTRIBUTING and docs.

    RAISES: ValueError for a line in a bash block that nobody knows.
    """
    for path in (root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").glob("*.md"))):
        text = path.read_text(encoding="utf8")
        for language, body in BLOCK.findall(text):
            lines = re.sub(r"\\\n", " ", body).splitlines() if language in ("", "bash") else []
            for part in (part.strip() for line in lines for part in line.split(" && ")):
                ours = OURS.match(part)
                if ours:
                    yield Shown(path.name, ours[1])
                elif language and part and not part.startswith(OTHERS):
                    raise ValueError(f"{path.name}: {part}")
        for found in INLINE.findall(BLOCK.sub("", text)):
            yield Shown(path.name, " ".join(found.split()))


def problem_of(shown: Shown, root: Path) -> Optional[str]:
    """What is wrong with a command, or None."""
    words = shown.words
    if words[:3] == ["python", "-m", "spacy"]:
        words = words[2:]
    if words[:2] == ["spacy", "al"]:
        return _al_problem(words[2:], root)
    if words[:3] == ["spacy", "project", "run"]:
        return _project_problem(words[3:], root)
    if words[0] == "pip":
        return _pip_problem(words, root)
    if words[0] in ("python", "bash") and words[1].startswith("scripts/"):
        return _script_problem(words[1], words[2:], root)
    known = words[:2] in (["spacy", "package"], ["spacy", "train"], ["spacy", "init"], ["python", "-c"])
    return None if known else "nobody knows this command"


def _al_problem(words: List[str], root: Path) -> Optional[str]:
    command = get_command(al_cli).commands.get(words[0])
    if command is None:
        return f"there is no command {words[0]}"
    given = [word for word in words[1:] if word != "..."]
    context = command.context_class(command, info_name=words[0])
    for name, value in command.context_settings.items():
        setattr(context, name, value)
    try:
        _, rest, _ = command.make_parser(context).parse_args(args=list(given))
    except Exception as error:  # of a class that typer keeps to itself
        return str(error)
    missing = [word for word in given if word.startswith("configs/") and not (root / word).is_file()]
    if missing:
        return f"there is no {missing}"
    overrides = [word[2:].split("=")[0] for word in rest if word.startswith("--")]
    unknown = [key for key in overrides if not any(key.endswith(known) for known in _known_keys(given, root))]
    return f"no config has {unknown}" if unknown else None


def _known_keys(words: List[str], root: Path) -> List[str]:
    """Keys that overrides may name: those of the config that is named, or of every tagger that a study may have."""
    named = [root / word for word in words if re.match(r"configs/al-|configs/quick", word)]
    paths = named or sorted((root / "configs").glob("*.cfg"))
    return [key for path in paths for key in settable(fill_active_learning(load_config(path)))]


def settable(block: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Keys of a block and, where it calls a registered function of ours, that function's arguments."""
    for key, value in block.items():
        if key.startswith("@") and value.startswith("spacy-al."):
            function = getattr(registry, key[1:]).get(value)
            yield from (prefix + name for name in inspect.signature(function).parameters)
        elif isinstance(value, Mapping):
            yield from settable(value, f"{prefix}{key}.")
        else:
            yield prefix + key


def _project_problem(words: List[str], root: Path) -> Optional[str]:
    projects = [load_project_config(root, interpolate=False), *_templates()]
    for project in projects:
        names = {command["name"] for command in project["commands"]} | set(project["workflows"])
        variables = [word for word in words if word.startswith("--vars.")]
        if words[0] in names and words[1] == "." and all(word[7:] in project["vars"] for word in variables):
            return None
    return "no project has this workflow with these variables, or the folder is missing"


def _templates() -> List[Dict]:
    """The projects that `al init` writes, by their names alone."""
    folder = CONFIGS.parent / "project" / "templates"
    texts = [path.read_text(encoding="utf8") for path in folder.glob("*.yml")]
    commands = [[{"name": name} for name in re.findall(r"- name: (\S+)", text)] for text in texts]
    flows = [re.findall(r"^  (\w+): \[", text, re.MULTILINE) for text in texts]
    return [{"commands": one, "workflows": two, "vars": {}} for one, two in zip(commands, flows)]


def _pip_problem(words: List[str], root: Path) -> Optional[str]:
    extras = set(re.findall(r"^(\w+) =$", (root / "setup.cfg").read_text(), re.MULTILINE))
    asked = [found for word in words for found in re.findall(r"^(?:spacy_al|\.)\[(.*)\]", word)]
    unknown = {extra for found in asked for extra in found.split(",")} - extras
    return f"no extras {unknown}" if unknown else None


def _script_problem(script: str, words: List[str], root: Path) -> Optional[str]:
    if not (root / script).is_file():
        return "there is no such script"
    text = (root / script).read_text(encoding="utf8")
    options = [word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    names = {one: one.lstrip("-").removeprefix("no-").replace("-", "_") for one in options}
    unknown = [one for one, name in names.items() if not re.search(rf"{one}(?![\w-])|\b{name}: ", text)]
    return f"the script has no {unknown}" if unknown else None
