"""A picture of a task in headless Chromium; run by the interpreter that has selenium."""

import os
import sys
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1200,640",
]  # fmt: skip


def main(url: str, page: str, login: str, path: str) -> None:
    """Sign in with LABEL_STUDIO_PASSWORD, open a task's page, wait for its regions, and save a picture."""
    options = webdriver.ChromeOptions()
    for flag in [*FLAGS, f"--user-data-dir={tempfile.mkdtemp()}"]:
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        wait = WebDriverWait(driver, 60)
        driver.get(url + "/user/login/")
        wait.until(lambda d: d.find_elements(By.NAME, "email"))[0].send_keys(login)
        password = driver.find_element(By.NAME, "password")
        password.send_keys(os.environ["LABEL_STUDIO_PASSWORD"])
        password.submit()
        wait.until(lambda d: "/user/login" not in d.current_url)
        driver.get(url + page)
        wait.until(lambda d: d.find_elements(By.CSS_SELECTOR, "[class*=htx-highlight]"))
        time.sleep(2)  # the page still moves its side panels
        driver.save_screenshot(path)
    finally:
        driver.quit()


if __name__ == "__main__":
    main(*sys.argv[1:])
