"""Writing files where a link, a device or a file stands already."""

import os
import stat

import pytest

from spacy_al.errors import ALError
from spacy_al.files import write_bytes, write_folder
from spacy_al.runs.lock import locked


def test_the_file_that_a_link_leads_to_is_replaced_and_the_link_stays(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "file")
    for data in (b"one", b"two"):
        write_bytes(tmp_path / "link", data)
        assert (tmp_path / "far" / "file").read_bytes() == data
    assert (tmp_path / "link").is_symlink()
    assert len(list((tmp_path / "far").iterdir())) == 1


def test_a_pipe_is_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_bytes(tmp_path / "pipe", b"answers")
    assert os.read(reader, 100) == b"answers"
    os.close(reader)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.parametrize("write", [write_bytes, write_folder])
def test_a_file_where_a_folder_is_needed_is_named(tmp_path, write):
    (tmp_path / "file").write_text("here first")
    with pytest.raises(ALError, match="A002.*file is a file, and a folder of this name is needed"):
        write(tmp_path / "file" / "new", b"")
    with pytest.raises(ALError, match="A002.*file is a file"), locked(tmp_path / "file" / "run.lock"):
        pass


def test_a_link_to_a_pipe_without_a_name_is_written_to(tmp_path):
    read, write = os.pipe()
    (tmp_path / "stdout").symlink_to(f"/proc/self/fd/{write}")
    write_bytes(tmp_path / "stdout", b"rows")
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        assert stream.read() == b"rows"
