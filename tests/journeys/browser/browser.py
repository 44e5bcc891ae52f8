"""Headless Chromium that remembers every complaint: policy reports, console errors, requests."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars",
)  # fmt: skip
LISTEN = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.__violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
window.addEventListener("error", (event) => window.__violations.push(String(event.message)));
window.addEventListener("unhandledrejection", (e) => window.__violations.push(String(e.reason)));
"""
DEADLINE = 15.0


class Browser:
    """One window on one stack."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self.driver = driver
        self.url = url
        self.complaints: list[str] = []

    @classmethod
    @contextmanager
    def start(cls, folder: Path, chromium: str, chromedriver: str, url: str) -> Iterator[Browser]:
        """A fresh profile in `folder`."""
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for flag in (*QUIET, f"--user-data-dir={folder}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(chromedriver))
        try:
            driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": LISTEN})
            browser = cls(driver, url)
            browser.look(1440, 1000)
            yield browser
        finally:
            driver.quit()

    def look(self, width: int, height: int, *, dark: bool = False) -> None:
        """Size of the window and the system's colours."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def open(self, path: str) -> str:
        """Go to a page and collect what it complains of; returns its source."""
        self.driver.get(self.url + path)
        self.listen()
        return str(self.driver.page_source)

    def listen(self) -> None:
        """Collect complaints of the page as it is now."""
        here = self.driver.current_url
        for text in self.driver.execute_script("return window.__violations || []"):
            self.complaints.append(f"{here}: {text}")
        for entry in self.driver.get_log("browser"):
            if entry["level"] in ("SEVERE", "WARNING"):
                self.complaints.append(f"{here}: {entry['message']}")
        host = urlsplit(self.url).netloc
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked = urlsplit(message["params"]["request"]["url"])
                if asked.scheme in ("http", "https", "ws", "wss") and asked.netloc != host:
                    self.complaints.append(f"{here}: asked {asked.netloc}")

    def find(self, selector: str) -> WebElement:
        """The first element that a selector finds."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        """All elements that a selector finds."""
        return list(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def keys(self, text: str) -> None:
        """Type on the page itself."""
        for key in text:
            self.driver.execute_cdp_cmd(
                "Input.dispatchKeyEvent", {"type": "keyDown", "text": key, "key": key}
            )
            self.driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "keyUp", "key": key})

    def wait(self, what: Callable[[], Any], seconds: float = DEADLINE) -> Any:
        """Ask until it is so. Raises AssertionError when it never is."""
        end = time.monotonic() + seconds
        while True:
            try:
                found = what()
            except Exception:  # the page is changing under us
                found = None
            if found:
                return found
            if time.monotonic() > end:
                raise AssertionError(f"did not happen in {seconds:g} s: {self.driver.current_url}")
            time.sleep(0.05)

    def weight(self) -> int:
        """Bytes of the page and all that it loaded, as they travelled."""
        script = """return performance.getEntriesByType("navigation")
          .concat(performance.getEntriesByType("resource"))
          .reduce((sum, entry) => sum + entry.encodedBodySize, 0)"""
        return int(self.driver.execute_script(script))

    def wide(self) -> int:
        """How many pixels the page is wider than the window."""
        script = "return document.documentElement.scrollWidth - window.innerWidth"
        return int(self.driver.execute_script(script))
