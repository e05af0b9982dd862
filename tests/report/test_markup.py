"""One page in two markups: nothing lost, nothing let through."""

import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from spacy_al.report.page import (
    Cell,
    Examples,
    Figure,
    Page,
    Points,
    Section,
    Sentence,
    Table,
    Text,
    numbered,
)
from spacy_al.report.render import escape, render_html, render_markdown

EVIL = '<script>alert(1)</script> & "quotes" | *stars* _lines_ [x](y)'
VOID = {"meta", "br", "img", "link"}


class Checker(HTMLParser):
    """Collects text, tags and attributes, and fails on tags that are not closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text, self.attributes = [], [], "", []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def check(html):
    checker = Checker()
    checker.feed(html)
    assert checker.open == []
    return checker


def page_of(*blocks):
    return Page("Title", "Subtitle", [Section("Part", list(blocks))])


@pytest.mark.parametrize(
    "block",
    [
        Text(EVIL),
        Points([EVIL]),
        Table(EVIL, [EVIL], [[EVIL], [Cell(EVIL, EVIL)]], note=EVIL),
        Figure(EVIL, "a.png", "<svg></svg>", EVIL),
        Examples(EVIL, [Sentence([EVIL], [0.3], EVIL)], EVIL),
        Examples(EVIL, [Sentence([EVIL], [], EVIL)], EVIL),
    ],
)
def test_text_is_text_in_html(block):
    checker = check(render_html(page_of(block), footer=EVIL))
    assert "script" not in checker.tags
    assert checker.text.count(EVIL) >= 2


def test_the_page_asks_for_nothing(study_html):
    checker = check(study_html)
    assert not {"script", "link", "img", "iframe", "object"} & set(checker.tags)
    links = [value for name, value in checker.attributes if name in ("href", "src", "xlink:href")]
    assert links
    assert all(link.startswith("#") for link in links)
    assert "url(http" not in study_html
    assert "@import" not in study_html


def test_every_id_is_used_once_and_every_link_has_its_id(study_html):
    attributes = check(study_html).attributes
    ids = [value for name, value in attributes if name == "id"]
    assert len(ids) == len(set(ids))
    targets = {value[1:] for name, value in attributes if name in ("href", "xlink:href")}
    assert targets <= set(ids)


def test_drawings_are_well_formed_and_follow_the_page(study_html):
    drawings = ["<svg" + part.split("</svg>")[0] + "</svg>" for part in study_html.split("<svg")[1:]]
    assert len(drawings) == 5
    for drawing in drawings:
        ET.fromstring(drawing)
        assert "var(--ink)" in drawing
        assert "#1b1c1e" not in drawing


def test_best_cells_are_bold_in_both():
    table = Table("T", ["A", "B"], [["x", Cell("1", "2", strong=True)]])
    assert "<b>1</b><small>2</small>" in render_html(page_of(table), footer="")
    assert "| x | **1** (2) |" in render_markdown(page_of(table))


def test_tables_have_as_many_cells_in_each_row_of_markdown(study_markdown):
    rows = [line for line in study_markdown.splitlines() if line.startswith("|")]
    assert len(rows) > 40
    for above, below in pairwise(rows):
        if set(below) <= set("|-:"):
            assert above.count("|") == below.count("|")


def test_markdown_escapes_what_has_a_meaning():
    assert escape("a|b\n*c* <d>") == r"a\|b \*c\* \<d\>"


def test_code_keeps_its_spaces_in_markdown():
    assert "run `a_b c` now" in render_markdown(page_of(Text("run `a_b c` now")))


def test_uncertain_words_are_bold_in_markdown():
    text = render_markdown(page_of(Examples("E", [Sentence(["a", "b"], [0.4, 0.6], "s")])))
    assert "> a **b**" in text


def test_numbers_count_figures_and_tables_apart():
    table, figure = Table("T", ["a"], []), Figure("F", "f.png", "")
    (section,) = numbered([Section("S", [table, figure, table])])
    assert [block.title for block in section.blocks] == ["Table 1. T", "Figure 1. F", "Table 2. T"]


def test_a_percent_sign_stays_with_its_number():
    assert "20\u00a0% of" in render_html(page_of(Text("20 % of")), footer="")
