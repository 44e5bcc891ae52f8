"""Grouping rules in a real browser: preview, save, take back; and nothing runs out of the window."""

import uuid

import pytest

from tests.factories.events import python_event
from tests.journeys.browser.browser import Browser
from tests.journeys.browser.conftest import send
from tests.stack import Stack


@pytest.fixture(scope="module")
def rules_page(stack: Stack, browser: Browser, issues: list[int]) -> str:
    """Address of the page, with a few bugs of one type in the project."""
    for number in range(4):
        event = python_event(9000 + number, user={"id": str(number)}, message="x" * number)
        send(stack, {**event, "event_id": uuid.uuid4().hex})

    def there() -> bool:
        return "orders9003" in browser.open("/admin/tracker/issue/?q=orders900")

    browser.wait(there, 30)
    return f"/admin/tracker/groupingrules/{stack.project_id}/"


def write(browser: Browser, fingerprint: str, stack_rules: str = "") -> None:
    for name, text in (("fingerprint_rules", fingerprint), ("stack_rules", stack_rules)):
        field = browser.find(f"#{name}")
        field.clear()
        field.send_keys(text)


def press(browser: Browser, value: str) -> None:
    before = browser.find("html")
    browser.find(f'button[name="action"][value="{value}"]').click()
    browser.wait(lambda: browser.find("html") != before)


def test_rules_are_tried_saved_and_taken_back(browser: Browser, rules_page: str):
    browser.open(rules_page)
    write(browser, "nonsense")
    press(browser, "preview")
    assert "Line 1" in browser.find("#fingerprint-error").text

    write(browser, 'type:ValueError -> values title="All values"', "path:*/vendor/* -app")
    press(browser, "preview")
    assert "Would join" in browser.find("#preview").text
    press(browser, "save")
    assert "Saved as revision" in browser.find(".notes").text
    write(browser, "# nothing")
    press(browser, "save")
    assert browser.all(".diff .d-out") and browser.all(".diff .d-in")
    browser.all(".revisions details")[1].find_element("tag name", "summary").click()
    press(browser, "restore")
    assert "All values" in str(browser.find("#fingerprint_rules").get_attribute("value"))
    write(browser, "")
    press(browser, "save")


@pytest.mark.parametrize("width", [420, 900, 1440])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits(browser: Browser, rules_page: str, width: int, dark: bool):
    browser.look(width, 900, dark=dark)
    browser.open(rules_page)
    write(browser, "type:ValueError -> " + "long-" * 60)
    press(browser, "preview")
    assert browser.wide() <= 0


def test_an_issue_is_merged_and_taken_apart_by_hand(browser: Browser, rules_page: str):
    browser.open("/admin/tracker/issue/?q=orders9001")
    first = browser.find(".issue-link").get_attribute("href")
    browser.open("/admin/tracker/issue/?q=orders9002")
    browser.find(".issue-link").click()
    browser.wait(lambda: browser.find("#merge-with")).send_keys(str(first))
    browser.find(".merge-with button").click()
    browser.wait(lambda: "Merged into" in browser.find(".notes").text)
    folds = browser.all(".rail-block .fold > summary")
    next(fold for fold in folds if "Take keys out" in fold.text).click()
    box = next(
        label
        for label in browser.all(".key-line")
        if "orders9002" in label.text and "1 event" in label.text
    )
    box.click()
    browser.find(".keys-out button").click()
    browser.wait(lambda: "Taken out of" in browser.find(".notes").text)
    assert "taken out by hand" in browser.find(".rail").text
