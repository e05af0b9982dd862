"""Which files of a folder are a corpus."""

import pytest

from spacy_al.corpus.docbin import spacy_files
from spacy_al.errors import ALError


def test_what_a_run_has_labelled_is_no_part_of_a_corpus(tmp_path):
    names = ["corpus/train.spacy", "runs/a/labelled.spacy", "runs/a/rounds/0000/annotated.spacy"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert len(spacy_files(tmp_path)) == 3  # no run yet
    (tmp_path / "runs/a/state.json").write_text("{}")
    with pytest.raises(ALError, match=r"A139.*2 files.*itself: \S*corpus/train.spacy\."):
        spacy_files(tmp_path)
    assert spacy_files(tmp_path / "corpus") == [tmp_path / names[0]]
    assert spacy_files(tmp_path / "runs/a/rounds") == [tmp_path / names[2]]
    assert spacy_files(tmp_path / names[1]) == [tmp_path / names[1]]
