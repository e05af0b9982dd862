"""spaCy's own commands take every config that is shipped."""

import pytest
from spacy.cli.debug_config import debug_config
from spacy.cli.init_config import fill_config
from spacy.util import load_config

from spacy_al.project.starter import CONFIGS

PACKAGE = CONFIGS.parent
PIPELINES = [*sorted(CONFIGS.glob("*.cfg")), *sorted((PACKAGE / "annotate" / "recipes").glob("*.cfg"))]


@pytest.mark.parametrize("config", PIPELINES, ids=lambda path: path.name)
def test_spacy_fills_and_debugs_a_shipped_config(config, tmp_path):
    _, filled = fill_config(tmp_path / "filled.cfg", config)
    assert set(load_config(config)["active_learning"]) <= set(filled["active_learning"])
    (tmp_path / "labels.json").write_text('["PERSON"]')
    paths = {f"paths.{key}": "a file" for key, path in filled["paths"].items() if path is None}
    debug_config(tmp_path / "filled.cfg", overrides=paths | {"paths.labels": str(tmp_path / "labels.json")})
