"""The real page for fingers, many labels, odd words, several people and windows, other machines and full disks."""

import resource
import shutil
import socket
from urllib.parse import urlsplit

import pytest

from spacy_al.annotate.begin import begin, recipe
from spacy_al.options import Opening

from .servers import Forked, command, free_port

pytestmark = pytest.mark.browser
pytest.importorskip("selenium")
from selenium.webdriver.common.keys import Keys  # noqa: E402

from .browser import Person, accept, answers, enter, load, set_tasks  # noqa: E402

WORDS = "we saw Anna Berg in Rome with Otto today".split()


@pytest.fixture
def nine(person, browser, folder):
    """A page whose every question has these nine words."""
    set_tasks(folder, words=WORDS, spaces=[True] * 9, pos=None, n_tokens=9)
    browser.refresh()
    person.wait(lambda: person.words() == tuple(WORDS))
    return person


# --- fingers


def use_screen(browser, width, height, *, touch):
    """Another screen, after the page has been drawn on it."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": touch}
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": touch})
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


@pytest.fixture
def fingers(nine, browser):
    use_screen(browser, 390, 520, touch=True)
    yield nine
    use_screen(browser, 1280, 800, touch=False)


def test_a_finger_chooses_words_and_labels(fingers, folder):
    fingers.touch(2, 3)
    assert len(fingers.find(".word.chosen")) == 2
    fingers.tap(".label")
    fingers.wait(lambda: fingers.marked() == [[2, 4, "PER"]])
    fingers.touch(5)
    fingers.tap(".label:last-child")
    fingers.wait(lambda: fingers.marked() == [[2, 4, "PER"], [5, 6, "LOC"]])
    fingers.touch(3)
    fingers.tap(".label:last-child")  # another label for the entity
    fingers.wait(lambda: fingers.marked()[0] == [2, 4, "LOC"])
    fingers.tap("#shrink")
    fingers.wait(lambda: fingers.marked() == [[2, 3, "LOC"], [5, 6, "LOC"]])
    fingers.touch(5)
    fingers.tap("#remove")
    fingers.wait(lambda: len(fingers.marked()) == 1)
    fingers.tap("#accept")
    fingers.wait(lambda: answers(folder))
    assert answers(folder)[0].spans == ((2, 3, "LOC"),)


def test_a_finger_that_scrolls_chooses_nothing(fingers, browser):
    before = browser.execute_script("return document.querySelector('.chosen').id")
    box = browser.execute_script("return document.getElementById('w5').getBoundingClientRect().toJSON()")
    fingers.finger([{"x": box["left"] + 5, "y": box["top"] + 5 - step} for step in range(0, 160, 10)])
    fingers.wait(lambda: browser.execute_script("return scrollY") > 50)
    assert browser.execute_script("return document.querySelector('.chosen').id") == before


# --- the mouse


def test_a_label_paints_when_nothing_is_chosen(nine, browser):
    nine.click(".labels .label", 1)
    assert "painting LOC" in nine.text(".where")
    nine.click("#w5")
    nine.click("#w0")
    assert nine.marked() == [[0, 1, "LOC"], [5, 6, "LOC"]]
    nine.press(Keys.ESCAPE)
    assert not nine.find(".painting")


def test_all_like_it_are_marked_with_the_mouse(person, browser, folder):
    set_tasks(folder, words="Rome and Rome".split(), spaces=[True] * 3, pos=None, n_tokens=3)
    browser.refresh()
    person.wait(lambda: len(person.words()) == 3)
    person.click("#w2")
    person.click(".labels .label", 1)
    person.click("#everywhere")
    assert person.marked() == [[0, 1, "LOC"], [2, 3, "LOC"]]


# --- words and labels


def test_marks_outlive_a_page_that_is_loaded_anew(nine, browser):
    nine.press(Keys.ARROW_RIGHT, "1")
    browser.refresh()
    nine.wait(nine.words)
    assert nine.marked() == [[1, 2, "PER"]]
    nine.press("u")
    assert nine.marked() == []


ODD = ["a\u200b", "\u200b", "👩‍👩‍👧", "\r\n", "\u00a0", "ｅ́", "{{x}}", "<b>", "\u202eabc", "\ufeff", "é"]


def test_words_that_cannot_be_seen_have_a_sign_and_a_place(person, browser, folder):
    set_tasks(folder, words=ODD, spaces=[False] * len(ODD), pos=None, n_tokens=len(ODD))
    browser.refresh()
    person.wait(lambda: len(person.words()) == len(ODD))
    signs = [one.get_attribute("data-word") for one in person.find(".word.blank, .word.line")]
    assert signs == ["1", "3", "4", "9"]
    for number in range(len(ODD)):
        person.go(number)
        person.press("1")
    accept(person)
    assert answers(folder)[0].spans == tuple((number, number + 1, "PER") for number in range(len(ODD)))


def test_a_sentence_of_ten_thousand_words(person, browser, folder):
    words = [f"word{number}" for number in range(10_000)]
    set_tasks(folder, words=words, spaces=[True] * 10_000, pos=None, n_tokens=10_000)
    browser.refresh()
    person.wait(lambda: len(person.words()) == 10_000)
    person.press(Keys.END, "2", Keys.ENTER)
    person.wait(lambda: answers(folder))
    assert answers(folder)[0].spans == ((9_999, 10_000, "LOC"),)


NAMES = [f"L{number}" for number in range(1, 28)] + ["${x}", "<b>&amp;</b>", "été 🎉"]
NAMES += [f"ORGANISATION_OR_PART_{number}" for number in range(30)]


def test_sixty_labels_with_odd_names_by_keyboard_and_the_text_in_sight(browser, tmp_path):
    (tmp_path / "a.txt").write_text("Anna saw Rome. Otto did not. Berlin is far.")
    folder = tmp_path / "run"
    begin(Opening(folder, text=tmp_path, config=recipe().with_name("cnn.cfg")), NAMES)
    server = Forked(folder, free_port())
    server.start()
    try:
        person = enter(browser, server.url)
        set_tasks(folder, words=WORDS, spaces=[True] * 9, pos=None, n_tokens=9)
        browser.refresh()
        person.wait(lambda: person.words() == tuple(WORDS))
        bottom = "return document.querySelector(arguments[0]).getBoundingClientRect().bottom"
        assert browser.execute_script(bottom, "#text") < browser.execute_script("return innerHeight")
        person.press("3", Keys.ARROW_RIGHT)
        person.chord(Keys.SHIFT, "2")
        for find in ("L27", "<b>", "${", "ét"):
            person.press(Keys.ARROW_RIGHT, "l")
            person.wait(lambda: person.find("#find"))
            person.press(*find, Keys.ENTER)
        found = [[0, 1, "L3"], [1, 2, "L12"], [2, 3, "L27"], [3, 4, "<b>&amp;</b>"], [4, 5, "${x}"], [5, 6, "été 🎉"]]
        assert person.marked() == found
        assert person.find(".tag b") == []
        accept(person)
        assert [list(span) for span in answers(folder)[0].spans] == found
    finally:
        server.kill()


# --- several people, windows and runs


def test_two_people_differ_and_a_third_settles_it_on_the_page(browser, folder):
    server = Forked(folder, free_port(), overlap=2)
    server.start()
    try:
        first = None
        for number, name in ((1, "ann"), (2, "bob")):
            person = enter(browser, f"{server.url}&annotator={name}")
            assert person.text(".who") == name
            first = first or person.words()
            assert person.words() == first
            person.press(*("1" if name == "ann" else ""), Keys.ENTER)
            person.wait(lambda number=number: len(answers(folder)) == number)
        load(browser, f"{server.url}&annotator=cy")
        person.wait(lambda: person.find("#settle"))
        person.click("#settle")
        person.wait(lambda: person.words() == first)
        assert [one.split("\n")[0] for one in person.texts(".variant")] == ["ann", "bob"]
        assert person.text("#span-f1") == "0"
        person.click(".variant button", 1)
        assert person.marked() == []
        person.click(".variant button")
        assert person.marked() == [[0, 1, "PER"]]
        person.press(Keys.ENTER)
        person.wait(lambda: person.find(".empty"))
        assert (answers(folder)[-1].annotator, answers(folder)[-1].spans) == ("settled by cy", ((0, 1, "PER"),))
    finally:
        server.kill()


def test_two_windows_of_one_person_lose_nothing(nine, server, folder, browser):
    first = browser.current_window_handle
    question = nine.question()
    browser.switch_to.new_window("window")
    try:
        load(browser, f"http://127.0.0.1:{server.port}/")
        nine.wait(nine.words)
        assert nine.question() == question
        server.kill()  # both keep an answer of their own
        nine.press("1")
        accept(nine)
        browser.switch_to.window(first)
        nine.press("s")
        nine.wait(lambda: nine.question() != question)
        nine.press("2")
        accept(nine)
        server.start()
        nine.wait(lambda: len(answers(folder)) == 3)
        assert {(one.verdict, one.spans) for one in answers(folder)} == {
            ("accept", ((0, 1, "PER"),)), ("ignore", ()), ("accept", ((0, 1, "LOC"),)),
        }  # fmt: skip
        left = nine.question()
        browser.switch_to.window(next(one for one in browser.window_handles if one != first))
        browser.execute_script("window.dispatchEvent(new Event('focus'))")
        nine.wait(lambda: nine.question() == left)  # what was answered in the other window is not asked here
    finally:
        browser.switch_to.window(next(one for one in browser.window_handles if one != first))
        browser.close()
        browser.switch_to.window(first)


def test_answers_do_not_go_to_another_run_at_the_address(person, server, folder, begun, tmp_path):
    server.kill()
    accept(person)
    other = Forked(shutil.copytree(begun, tmp_path / "other"), server.port)
    (tmp_path / "other/page.json").unlink()
    other = Forked(tmp_path / "other", server.port)
    other.start()
    try:
        person.wait(lambda: person.find(".banner.problem"))
        assert "1 answer is kept" in person.text(".banner")
        assert answers(tmp_path / "other") == []
    finally:
        other.kill()
    server.start()
    person.wait(lambda: len(answers(folder)) == 1)


# --- other machines, full disks


def test_a_password_lets_another_machine_in(browser, folder):
    address = socket.gethostbyname(socket.gethostname())
    port = free_port()
    with command(folder, port, "--host", "0.0.0.0", "--password", "correct horse") as (_, _):
        person = Person(browser)
        load(browser, f"http://{address}:{port}/?annotator=ann")
        person.wait(lambda: person.find("#password"))[0].send_keys("wrong", Keys.ENTER)
        assert "Wrong password" in person.wait(lambda: person.texts(".problem"))[0]
        person.find("#password")[0].send_keys("correct horse", Keys.ENTER)
        person.wait(person.words)
        assert person.text(".who") == "ann"
        assert urlsplit(browser.current_url).hostname == address
        accept(person)
        person.wait(lambda: [one.annotator for one in answers(folder)] == ["ann"])


def test_a_full_disk_is_said_and_nothing_lost(person, server, folder):
    accept(person)
    limits = (resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE), server.process.pid)
    size = (folder / "answers.jsonl").stat().st_size
    resource.prlimit(limits[1], resource.RLIMIT_FSIZE, (size, limits[0][1]))
    for _ in range(2):
        accept(person)
    text = person.wait(lambda: person.texts(".banner.problem"))[0]
    assert "A002" in text
    assert "2 answers are kept" in text
    assert len(answers(folder)) == 1
    resource.prlimit(limits[1], resource.RLIMIT_FSIZE, limits[0])
    person.wait(lambda: len(answers(folder)) == 3)
    person.wait(lambda: not person.find(".banner"))
