"""The documentation builds as a site without a warning, and shows everything that is exported and registered."""

import re
import subprocess
import sys

import pytest

import spacy_al


@pytest.fixture(scope="module")
def site(root, tmp_path_factory):
    for module in ("mkdocs", "material", "mkdocstrings"):
        pytest.importorskip(module, reason="the site needs pip install 'spacy_al[docs]'")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr  # dead links and anchors are warnings, and warnings are errors
    return folder


def page(site, name):
    return (site / name / "index.html").read_text(encoding="utf8")


def test_everything_exported_is_there(site):
    text = page(site, "api")
    assert [name for name in spacy_al.__all__ if not re.search(rf">\s*spacy_al\.{name}\s*<", text)] == []


def test_everything_registered_is_there(site, root):
    names = re.findall(r"^ +(spacy-al\.\S+) =", (root / "setup.cfg").read_text(), re.MULTILINE)
    text = page(site, "registered")
    assert [name for name in names if name not in text and name != "spacy-al.paper.v1"] == []


@pytest.mark.parametrize("name", ["api", "registered"])
def test_docstrings_in_spacys_form_become_lists(site, name):
    text = page(site, name)
    assert not re.search(r"(RETURNS|YIELDS|RAISES)\b", text)
    assert text.count(">Parameters:<") > 5


def test_nothing_is_loaded_from_other_hosts(site):
    text = "".join(path.read_text(encoding="utf8") for path in site.rglob("*.html"))
    assert re.findall(r'<(?:script|img|link rel="stylesheet")[^>]*(?:src|href)="(?:https?:)?//[^"]+', text) == []
