"""Chromium from Debian's packages, and somebody who labels in the real page by keyboard, mouse and finger."""

import json
import shutil
import time

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from spacy_al.tasks import Answer

OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")


def open_browser(width=1280, height=800, *, dark=False):
    """A browser of this size; the test is skipped by name where there is none."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("no chromium and chromedriver: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for option in (*OPTIONS, f"--window-size={width},{height}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(driver))
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    colours = {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", colours)
    return browser


class Person:
    """Labels what the page shows."""

    def __init__(self, browser):
        self.browser = browser

    def press(self, *keys):
        ActionChains(self.browser, duration=0).send_keys(*keys).perform()

    def chord(self, modifier, key):
        ActionChains(self.browser, duration=0).key_down(modifier).send_keys(key).key_up(modifier).perform()

    def find(self, selector):
        """Elements of the page; one that is read later may be gone by then (use `texts`, `attribute`, `click`)."""
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector):
        """What these elements show, read at one moment."""
        script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText.trim())"
        return self.browser.execute_script(script, selector)

    def text(self, selector):
        return self.wait(lambda: self.texts(selector))[0]

    def attribute(self, selector, name):
        """An attribute of the first such element; None without one."""
        script = "return document.querySelector(arguments[0])?.getAttribute(arguments[1]) ?? null"
        return self.browser.execute_script(script, selector, name)

    def click(self, selector, which=0):
        """Click an element; again where the page has drawn it anew between looking and clicking."""
        for _ in range(20):
            try:
                return self.find(selector)[which].click()
            except StaleElementReferenceException:
                time.sleep(0.02)
        raise AssertionError(f"{selector} never stands still")

    def words(self):
        """The words on the screen; () while there is no question."""
        script = "return [...document.querySelectorAll('#text .word')].map((word) => word.textContent)"
        return tuple(self.browser.execute_script(script))

    def question(self):
        """The id of the question on the screen; two may have the same words."""
        return self.attribute("#text", "data-question")

    def marked(self):
        """Entities on the screen: first word, word after the last, label."""
        script = """return [...document.querySelectorAll('#text .entity')].map((entity) => {
            const words = [...entity.querySelectorAll('.word')].map((word) => Number(word.dataset.word));
            return [words[0], words.at(-1) + 1, entity.querySelector('.tag').textContent]; })"""
        return [list(span) for span in self.browser.execute_script(script)]

    def wait(self, condition, seconds=60):
        """Until something is true; returns it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := condition():
                return value
            time.sleep(0.02)
        raise AssertionError("the page does not come to it")

    def clear(self):
        """Take away whatever is marked."""
        for start, _, _ in self.marked():
            self.go(start)
            self.press(Keys.BACKSPACE)

    def go(self, word):
        self.press(Keys.HOME, *[Keys.ARROW_RIGHT] * word)

    def by_keyboard(self, spans, labels):
        """Make the page show these entities with keys alone; a right suggestion stays as it is."""
        wrong = [span for span in self.marked() if span not in spans]
        for start, _, _ in wrong:
            self.go(start)
            self.press(Keys.BACKSPACE)
        for start, end, label in [span for span in spans if span not in self.marked()]:
            self.go(start)
            for _ in range(end - start - 1):
                self.chord(Keys.SHIFT, Keys.ARROW_RIGHT)
            self.press(str(labels.index(label) + 1))

    def by_mouse(self, spans):
        """The same with the mouse."""
        for start, _, _ in [span for span in self.marked() if span not in spans]:
            ActionChains(self.browser, duration=0).double_click(self.find(f"#w{start}")[0]).perform()
        for start, end, label in [span for span in spans if span not in self.marked()]:
            first, last = self.find(f"#w{start}")[0], self.find(f"#w{end - 1}")[0]
            ActionChains(self.browser, duration=0).click_and_hold(first).move_to_element(last).release().perform()
            names = self.texts(".labels .label")
            self.click(".labels .label", next(at for at, name in enumerate(names) if name.endswith(label)))

    def touch(self, *words, pause=0.02):
        """Put a finger on the first word, draw it over the others and lift it."""
        self.finger([self.middle(f"#w{word}") for word in words], pause)

    def middle(self, selector):
        script = """const box = document.querySelector(arguments[0]).getBoundingClientRect();
            return {x: box.left + box.width / 2, y: box.top + box.height / 2}"""
        return self.browser.execute_script(script, selector)

    def finger(self, points, pause=0.02):
        for kind, some in [("touchStart", points[:1]), *[("touchMove", [one]) for one in points[1:]], ("touchEnd", [])]:
            self.browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": some})
            time.sleep(pause)
        time.sleep(0.4)  # two taps in quick succession are another gesture

    def tap(self, selector):
        """Tap the middle of an element; again, as people do, when the browser took it for another gesture."""
        listen = "window.tapped = 0; addEventListener('click', () => (window.tapped = 1), {capture: true, once: true})"
        self.browser.execute_script(listen)
        for _ in range(5):
            self.finger([self.middle(selector)])
            if self.browser.execute_script("return window.tapped"):
                return
        raise AssertionError(f"no tap on {selector} becomes a click")

    def problems(self):
        """What the console complains of."""
        return [row["message"] for row in self.browser.get_log("browser") if row["level"] in ("SEVERE", "WARNING")]


def load(browser, url):
    """Open an address as soon as its server is there."""
    end = time.monotonic() + 60
    while True:
        try:
            return browser.get(url)
        except WebDriverException:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def enter(browser, url):
    person = Person(browser)
    load(browser, url)
    browser.execute_script("localStorage.clear()")
    browser.get(url)
    person.wait(person.words)
    browser.get_log("browser")
    return person


def answers(folder):
    path = folder / "answers.jsonl"
    return [Answer.from_row(json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []


def accept(person):
    before, words = person.question(), person.words()
    person.press(Keys.ENTER)
    person.wait(lambda: person.question() != before)
    return words


def set_tasks(folder, **more):
    path = folder / "rounds/0000/selected.jsonl"
    rows = [json.loads(line) | more for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
