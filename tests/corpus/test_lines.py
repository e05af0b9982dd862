"""Lines, their numbers and offsets."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_al.corpus.lines import check_bytes, read_lines
from spacy_al.corpus.repairs import Repairs
from spacy_al.errors import ALError


@given(st.lists(st.sampled_from(["a", "é", "\n", "\r\n", "\u2028", "\x85", "😀", "\t", "\ufeff"])))
def test_offsets_point_into_the_file(tmp_path_factory, pieces):
    content = "x" + "".join(pieces)
    path = tmp_path_factory.mktemp("lines") / "f"
    path.write_bytes(b"\xef\xbb\xbf" + content.encode("utf8"))
    lines = list(read_lines(path, Repairs()))
    assert "".join(line.text + line.ending for line in lines) == content
    assert all(content[line.start : line.end] == line.text for line in lines)


def test_only_lf_and_crlf_end_a_line(write):
    path = write("f", "a\u2028b\r\nc\x85d\ne\r")
    assert [line.text for line in read_lines(path, Repairs())] == ["a\u2028b", "c\x85d", "e\r"]


def test_bytes_that_are_not_utf8_fail_with_line_and_byte(write):
    path = write("f", b"ok\nM\xfcller\n")
    with pytest.raises(ALError, match=r"A113.*f:2: byte 2 .*--encoding latin-1"):
        list(read_lines(path, Repairs()))


def test_bytes_that_are_not_utf8_are_replaced_and_counted(write):
    path = write("f", b"ok\nM\xfcller\n\xff\n")
    repairs = Repairs("warn")
    assert [line.text for line in read_lines(path, repairs)] == ["ok", "M\ufffdller", "\ufffd"]
    assert list(repairs.counts.values()) == [2]
    assert list(repairs.first.values()) == [f"{path}:2"]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ALError, match=r"A003.*gone"):
        list(read_lines(tmp_path / "gone", Repairs()))


def test_on_error_must_be_known():
    with pytest.raises(ALError, match=r"A104.*--on-error 'skip'.*fail, warn"):
        Repairs("skip")


@pytest.mark.parametrize(
    "content", ["Ana B-PER\rleft O\r", '{"text": "a"}\r{"text": "b"}\r', "text,spans\ra,[]\rb,[]\n"]
)
def test_lines_that_end_with_cr_alone_are_named(write, content):
    with pytest.raises(ALError, match="A523.*tr "):
        check_bytes(content.encode(), write("f", content))


@pytest.mark.parametrize(
    "content", ['[\r{"text": "a"},\r{"text": "b"}\r]', '{\r"text":\r"a"\r}', "a\r\r\nb", "a\nb\rc"]
)
def test_other_crs_are_white_space(write, content):
    check_bytes(content.encode(), write("f", content))


def test_a_docbin_has_no_lines(tmp_path):
    check_bytes(zlib.compress(b"a")[:2] + b"a\rb\r", tmp_path / "a.spacy")
