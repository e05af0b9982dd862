"""The real page in a real browser: labelled by keyboard and by mouse, offline, undone, inert, while a model learns."""

import json
import os
import shutil
import signal

import pytest
import spacy

from tests.loop.conftest import PEOPLE

from .servers import command, free_port, gold_spans

pytestmark = pytest.mark.browser
pytest.importorskip("selenium")
from selenium.webdriver.common.keys import Keys  # noqa: E402

from .browser import Person, accept, answers, enter, load, set_tasks  # noqa: E402

LABELS = ["PER", "LOC"]


def test_a_model_learns_while_somebody_labels_by_keyboard_and_mouse(browser, folder, pool):
    gold, shown = gold_spans(pool), []
    with command(folder, free_port(), "--batch", "12") as (url, _):
        person = enter(browser, url)
        for number in range(45):
            if number == 25:  # the model takes longer to begin than somebody to label these
                person.wait(lambda: int(person.text("#round")) >= 1, 240)
            words = person.wait(person.words)
            (person.by_mouse if number % 5 == 4 else lambda spans: person.by_keyboard(spans, LABELS))(gold[words])
            assert person.marked() == gold[words]
            shown.append(words)
            before = person.question()
            person.press(Keys.ENTER)
            person.wait(lambda number=len(shown): len(answers(folder)) == number)
            person.wait(lambda before=before: person.question() != before)
        person.wait(lambda: int(person.text("#round")) >= 2, 240)
        assert person.problems() == []
    assert len({one.id for one in answers(folder)}) == len(shown)
    assert [list(map(list, one.spans)) for one in answers(folder)] == [gold[words] for words in shown]
    doc = spacy.load(folder / "model")(f"{PEOPLE[0]} saw Rome .")
    assert doc.has_annotation("ENT_IOB")


def test_undo_goes_back_over_questions_and_redo_forward(person, folder):
    first = person.words()
    person.press("1")
    assert person.marked()
    person.press("u")
    assert not person.marked()
    person.press("r")
    assert person.marked() == [[0, 1, "PER"]]
    assert accept(person) == first
    second = person.words()
    person.press("u")
    assert person.words() == first
    assert person.marked() == [[0, 1, "PER"]]
    person.press("r")
    assert person.words() == second
    person.press("u")
    person.press("2")
    accept(person)
    assert [one.spans[0][2] for one in answers(folder)] == ["PER", "LOC"]
    assert person.words() == second


def test_skip_asks_no_more(person, folder):
    first = person.words()
    person.press("s")
    person.wait(lambda: person.words() != first)
    assert [one.verdict for one in answers(folder)] == ["ignore"]


def test_one_key_relabels_resizes_and_removes(person):
    person.press("1")
    person.press("2")
    assert person.marked() == [[0, 1, "LOC"]]
    person.press("]")
    assert person.marked() == [[0, 2, "LOC"]]
    person.press("[", "x")
    assert person.marked() == []


def test_every_occurrence_is_marked(person, browser):
    row = {"id": "x", "round": 0, "words": "a b a b a".split(), "spaces": [True] * 5, "windows": [], "source": ""}
    script = (
        "return import('/static/edit.js').then((m) => m.everywhere(arguments[0], [[2, 3, 'LOC', 'me']], 0, 1, 'PER'))"
    )
    found = browser.execute_script(script, row["words"])
    assert [span[:3] for span in found] == [[0, 1, "PER"], [2, 3, "LOC"], [4, 5, "PER"]]
    person.press("1", "m")
    assert person.marked()[0] == [0, 1, "PER"]


ALIKE = """return import('/static/edit.js').then((m) => m.alike(
    {words: 'in Rome and Rome or Rome'.split(' '), windows: arguments[0], document: 'd'}, [[3, 4, 'PER', 'model']],
    [{document: 'd', words: ['Rome'], label: 'LOC'}, {document: 'other', words: ['in'], label: 'LOC'}]))"""


@pytest.mark.parametrize(("windows", "found"), [([], [1, 3, 5]), ([[0, 4]], [1, 3])])
def test_marks_of_a_document_are_suggested_where_nothing_is_and_only_where_asked(person, browser, windows, found):
    spans = browser.execute_script(ALIKE, windows)
    assert [start for start, *_ in spans] == found
    assert {start: origin for start, _, _, origin in spans} == {3: "model"} | dict.fromkeys(
        {*found} - {3}, "model alike"
    )


@pytest.mark.parametrize(("others", "suggested"), [([], 2), (None, 0)])
def test_what_is_marked_everywhere_is_suggested_in_the_documents_other_questions(
    person, browser, folder, others, suggested
):
    words = ["Anna", "saw", "Anna"]
    set_tasks(folder, words=words, spaces=[True] * 3, source="news.txt:0-9", spans=[], pos=None)
    browser.refresh()
    person.wait(lambda: person.words() == tuple(words))
    first = person.question()
    set_tasks(folder, spans=others)  # None: the model's ideas are kept back, so these are too
    browser.refresh()
    person.wait(lambda: person.question() == first)
    person.press("1", "m")
    assert person.marked() == [[0, 1, "PER"], [2, 3, "PER"]]
    person.press(Keys.ENTER)
    person.wait(lambda: person.question() not in (None, first))
    assert len(person.marked()) == len(person.find(".entity.model")) == suggested
    assert any("same words" in one for one in person.texts(".hint")) == bool(suggested)
    assert [len(one.spans) for one in answers(folder)] == [2]  # nothing is an answer before somebody accepts it
    second = person.question()
    browser.refresh()
    person.wait(lambda: person.question() == second)
    assert len(person.find(".entity.model")) == suggested


def test_without_a_connection_answers_are_kept_and_sent_later(person, server, folder):
    shown = [accept(person)]
    server.kill()
    for _ in range(3):
        person.press("1")
        shown.append(accept(person))
    assert len(answers(folder)) == 1
    assert "3 answers are kept" in person.wait(lambda: person.texts(".banner"))[0]
    server.start()
    person.wait(lambda: len(answers(folder)) == 4)
    person.wait(lambda: not person.find(".banner"))
    assert [one.spans for one in answers(folder)][1:] == [((0, 1, "PER"),)] * 3


def test_answers_kept_without_a_connection_outlive_the_page(person, server, folder, browser):
    server.kill()
    accept(person)
    accept(person)
    url = browser.current_url
    server.start()
    load(browser, url)
    person.wait(lambda: len(answers(folder)) == 2)


BACK = """const real = Date;
    const now = () => real.now() - 3600000;
    window.Date = class extends real { constructor(...given) { given.length ? super(...given) : super(now()); } };
    window.Date.now = now;"""


def test_a_correction_comes_last_although_the_clock_was_set_back_meanwhile(person, server, folder, browser):
    server.kill()
    person.press("1")
    accept(person)
    browser.execute_script(BACK)
    person.press("u", Keys.BACKSPACE)
    accept(person)
    server.start()
    person.wait(lambda: len(answers(folder)) == 2)
    first, last = answers(folder)
    assert first.id == last.id
    assert (len(first.spans), len(last.spans)) == (1, 0)


HOSTILE = [
    "<script>document.title='in'</script>", "<img src=x onerror=document.title='in'>", "${document.title='in'}",
    "{{constructor.constructor('x')()}}", "javascript:alert(1)", "</div>", "&lt;b&gt;", "\u202egnp.exe",
]  # fmt: skip


def test_hostile_text_is_text(person, browser, folder):
    rows = [json.loads(line) for line in (folder / "rounds/0000/selected.jsonl").read_text().splitlines()]
    for row in rows:
        row |= {"words": HOSTILE, "spaces": [True] * len(HOSTILE), "text": " ".join(HOSTILE) + " ", "pos": None}
        row["n_tokens"] = len(HOSTILE)
    (folder / "rounds/0000/selected.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    title = browser.title
    browser.refresh()
    person.wait(person.words)
    assert person.words() == tuple(HOSTILE)
    assert person.find("#text script, #text img, #text div") == []
    person.press("1")
    assert browser.title == title
    assert person.problems() == []


def test_outside_the_window_is_missing(person, browser, folder):
    words = "we saw Anna in Rome today".split()
    set_tasks(folder, words=words, spaces=[True] * 6, windows=[[2, 4]], pos=None)
    browser.refresh()
    person.wait(lambda: person.words() == tuple(words))
    assert len(person.find(".word.context")) == 4
    person.press("1", Keys.ENTER)
    person.wait(lambda: answers(folder))
    assert answers(folder)[0].spans == ((2, 3, "PER"),)
    assert answers(folder)[0].missing == (0, 1, 4, 5)


def test_right_to_left_text_moves_the_other_way(person, browser, folder):
    words = ["ראיתי", "את", "אנה", "ברומא"]
    set_tasks(folder, words=words, spaces=[True] * 4, pos=None)
    browser.refresh()
    person.wait(lambda: person.words() == tuple(words))
    person.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT, "1")
    assert person.marked() == [[2, 3, "PER"]]


def test_yes_and_no_label_one_entity_each(browser, folder):
    words = "Anna saw Rome and Otto".split()
    spans = [[0, 1, "PER"], [2, 3, "PER"], [4, 5, "PER"]]
    rows = [json.loads(line) for line in (folder / "rounds/0000/selected.jsonl").read_text().splitlines()]
    text = "".join(
        json.dumps(row | {"words": words, "spaces": [True] * 5, "pos": None, "spans": spans}) + "\n" for row in rows
    )
    (folder / "rounds/0000/selected.jsonl").write_text(text)
    with command(folder, free_port(), "--yes-no", "--batch", "100") as (url, _):
        person = enter(browser, url)
        if person.find(".ask"):  # one in twenty is shown without suggestions
            person.press("y")
            person.wait(lambda: len(answers(folder)) == 1)
            person.press("n")
            person.wait(lambda: len(answers(folder)) == 2)
            person.press("s")
            person.wait(lambda: len(answers(folder)) == 3)
    last = answers(folder)[-1]
    assert last.spans == ((0, 1, "PER"),)
    assert last.rejected == ((2, 3, "PER"),)
    assert last.missing == (1, 2, 3, 4)


def test_texts_and_two_names_typed_into_the_page_begin_a_run(browser, tmp_path):
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.txt").write_text(" ".join(f"Anna met Otto in Rome {number}." for number in range(30)))
    with command(tmp_path / "mine", free_port(), "--text", str(texts)) as (url, _):
        browser.get(url)
        person = Person(browser)
        field = person.wait(lambda: person.find("#labels"))[0]
        field.send_keys("PERSON, PLACE", Keys.ENTER)
        person.wait(person.words, 240)
        assert [one.split()[-1] for one in person.texts(".labels .label")] == ["PERSON", "PLACE"]
    assert json.loads((tmp_path / "mine/corpus/labels.json").read_text()) == ["PERSON", "PLACE"]


def test_a_killed_command_goes_on_in_the_page_that_is_open(browser, folder):
    port = free_port()
    with command(folder, port) as (url, process):
        person = enter(browser, url)
        accept(person)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        accept(person)
    with command(folder, port):
        person.wait(lambda: len(answers(folder)) == 2)
        accept(person)
        person.wait(lambda: len(answers(folder)) == 3)


def test_help_shows_every_key(person):
    person.chord(Keys.SHIFT, "/")
    if not person.find("[role=dialog]"):
        person.press("?")
    assert len(person.wait(lambda: person.find("[role=dialog]"))[0].find_elements("css selector", ".keys div")) > 15
    person.press(Keys.ESCAPE)
    assert not person.find("[role=dialog]")


def test_names_for_screen_readers(person):
    person.press("1")
    assert person.attribute("#w0", "aria-label").endswith(", PER")
    assert person.attribute("#text", "role") == "listbox"
    assert ": PER" in person.text("#live")
    unnamed = [one for one in person.find("button") if not (one.text or one.get_attribute("aria-label"))]
    assert unnamed == []


def test_chromium_is_here_where_ci_says_so():
    if os.environ.get("SPACY_AL_BROWSER") == "1":
        assert shutil.which("chromium")
        assert shutil.which("chromedriver")
