"""Writing files where a link, a device or a file stands already."""

import io
import os
import stat
import sys

import pytest

from spacy_al.cli.common import print_anything
from spacy_al.errors import ALError
from spacy_al.files import write_bytes, write_folder, write_text
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


def test_text_with_a_name_that_is_not_utf8_is_refused_with_it(tmp_path):
    with pytest.raises(ALError, match=r"A002.*config.cfg.*caf.*udce9.*rename"):
        write_text(tmp_path / "config.cfg", 'pool = "/home/ana/caf\udce9"')


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf8"])
def test_what_a_terminal_cannot_show_ends_no_command(monkeypatch, encoding):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    print_anything()
    print("😀", "caf\udce9", flush=True)
    assert written.getvalue().decode(encoding).endswith(r" caf\udce9" + "\n")
