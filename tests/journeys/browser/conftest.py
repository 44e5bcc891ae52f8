"""A browser in which the first admin of the stack is logged in, and something to look at."""

import json
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver.common.by import By

from tests.conftest import need
from tests.journeys.browser.browser import Browser
from tests.stack import Stack
from tests.tracker.admin.test_hostile import NASTY, hostile_event
from tests.tracker.admin.test_issue_detail import rich_event


def send(stack: Stack, event: dict[str, Any]) -> None:
    """As a program would, through the store endpoint."""
    request = urllib.request.Request(
        f"{stack.url}/api/{stack.project_id}/store/",
        data=json.dumps({**event, "event_id": uuid.uuid4().hex}).encode(),
        headers={
            "Content-Type": "application/json",
            "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={stack.public_key}",
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


@pytest.fixture(scope="session")
def browser(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, logged in; skipped where there is none."""
    chromium, chromedriver = (
        need("chromium", "chromium-browser", "google-chrome"),
        need("chromedriver"),
    )
    folder = tmp_path_factory.mktemp("chromium")
    with Browser.start(folder, chromium, chromedriver, stack.url) as started:
        started.open("/admin/login/")
        started.find("#id_username").send_keys("admin")
        started.find("#id_password").send_keys(stack.admin_password)
        started.driver.find_element(By.CSS_SELECTOR, "#login-form button").click()
        started.wait(lambda: "/login/" not in started.driver.current_url)
        yield started


@pytest.fixture(scope="session")
def issues(stack: Stack, browser: Browser) -> list[int]:
    """Ids of issues in the stack, hostile ones among them."""
    for number in range(6):
        send(stack, rich_event(number))
    for text in NASTY:
        send(stack, hostile_event(text))

    def there() -> list[int]:
        browser.open("/admin/tracker/issue/?q=")
        boxes = browser.all('.issue [name="_selected_action"]')
        found = [int(box.get_attribute("value") or 0) for box in boxes]
        return found if len(found) >= 7 else []

    found: list[int] = browser.wait(there, 30)
    return found


@pytest.fixture(autouse=True)
def no_complaints(browser: Browser) -> Iterator[None]:
    """No page of the test breaks the policy, logs an error or asks another host."""
    browser.look(1440, 1000)
    browser.complaints.clear()
    yield
    browser.listen()
    assert browser.complaints == []
