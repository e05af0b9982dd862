"""The page is well-formed, escaped, needs no other file, and shades by value."""

import re
from html.parser import HTMLParser

from spacy_al.uncertainty.shading import ShadedSentence, render_sentences

NASTY = ShadedSentence(
    words=["<script>", "a&b", '"x"'],
    spaces=[True, False, True],
    values=[0.5, 0.0, 1.0],
    entities=[(0, 2, "<b>", 0.25)],
    facts={"<i>": 1.5},
)
VOID = {"meta", "br"}


class Reader(HTMLParser):
    """Collects text, and fails on tags that do not close."""

    def __init__(self):
        super().__init__()
        self.open, self.text, self.links = [], "", []

    def handle_starttag(self, tag, attrs):
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data if "style" not in self.open else ""


def read(page):
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def test_text_comes_back_as_it_went_in():
    text = read(render_sentences([NASTY], title="<T>", page=False)).text
    assert text.split("\n")[1] == '<script> a&b<b> 0.25"x" <i> 1.5'


def test_the_page_is_whole_and_needs_no_other_file():
    page = render_sentences([NASTY, NASTY], title="<T>", note="a < b")
    reader = read(page)
    assert reader.links == []
    assert "url(" not in page
    assert "<T>" in reader.text
    assert "a < b" in reader.text


def test_the_darkest_token_is_the_least_sure():
    page = render_sentences([NASTY], title="", page=False)
    shades = re.findall(r'title="([\d.]+)"(?: style="background: rgba\(var\(--shade\), ([\d.]+)\)")?', page)
    assert shades == [("0.5", "0.42"), ("0", ""), ("1", "0.85")]


def test_entities_without_confidence_show_their_label_alone():
    sentence = ShadedSentence(["a"], [False], [0.0], [(0, 1, "LOC", None)])
    assert "<small>LOC</small>" in render_sentences([sentence], title="")


def test_no_sentences_make_an_empty_page():
    assert "<ol>" in render_sentences([], title="none")
