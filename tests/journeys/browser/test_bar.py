"""From the mail about a new issue to its comeback: a triager who has never seen the product.

Only what the page says is used: names of buttons, no address but the mail's, no key, no document.
"""

import re
import urllib.request
import uuid
from json import dumps

import pytest
from selenium.webdriver.common.by import By

from tests.alerts.sinks import Mail, SmtpSink
from tests.journeys.browser.browser import Browser
from tests.journeys.browser.test_people import logged_out
from tests.journeys.window import Window
from tests.stack import Stack
from tests.tracker.admin.test_issue_detail import rich_event

__all__ = ["logged_out"]
TESS = "tess@example.com"
PASSWORD = "seven small lamps"
MAKE = f"""
from tracker.actions import setup
from tracker.models import Membership, Role, User
team = setup.create_team("Tess and others")
user = User.objects.create_user("tess", "{TESS}", "{PASSWORD}")
Membership.objects.create(team=team, user=user, role=Role.TRIAGER)
made = setup.create_project("Tess's shop", team, unlimited=True)
import json
print(json.dumps([made.id, made.public_key]))
"""


class Shop:
    """The program that fails."""

    def __init__(self, stack: Stack, number: int, key: str) -> None:
        self.url, self.key = f"{stack.url}/api/{number}/store/", key

    def fail(self, release: str) -> None:
        """Once, in production."""
        event = {**rich_event(4242), "release": release, "event_id": uuid.uuid4().hex}
        headers = {"Content-Type": "application/json",
                   "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={self.key}"}  # fmt: skip
        request = urllib.request.Request(self.url, dumps(event).encode(), headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200


def button(browser: Browser, words: str) -> None:
    """Press what says so."""
    found = browser.driver.find_elements(By.XPATH, f"//button[normalize-space()='{words}']")
    next(one for one in found if one.is_displayed()).click()


def mails(sink: SmtpSink) -> list[Mail]:
    return [mail for mail in sink.messages if mail.to == [TESS]]


def headline(browser: Browser) -> str:
    return browser.find(".head").text


@pytest.mark.usefixtures("logged_out")
@pytest.mark.long
@pytest.mark.timeout(150)
def test_from_the_mail_to_the_comeback(
    browser: Browser, stack: Stack, window: Window, stack_mail: SmtpSink
):
    number, key = window.shell(MAKE)
    shop = Shop(stack, number, key)
    browser.driver.delete_all_cookies()
    shop.fail("shop@1.0")
    mail = browser.wait(lambda: mails(stack_mail), 30)[0]
    assert mail.subject.partition("] ")[2].startswith("New issue")
    link = re.search(r"https?://\S+/issue/\d+/change/", mail.part("plain"))
    assert link

    browser.driver.get(link[0])
    browser.find("#id_username").send_keys("tess")
    browser.find("#id_password").send_keys(PASSWORD)
    button(browser, "Log in")
    browser.wait(lambda: "PayError4242" in headline(browser))
    assert browser.driver.current_url == link[0], "the log-in leads where the mail led"

    button(browser, "Assign")
    browser.wait(lambda: "Assigned to tess." in browser.find(".notes").text)
    browser.find('.joined summary[aria-label="Other ways to resolve"]').click()
    button(browser, "In the next release")
    browser.wait(lambda: "Resolved in the next release." in browser.find(".notes").text)
    assert "resolved in the next release after shop@1.0" in headline(browser)

    shop.fail("shop@1.0")  # an old one is out there still
    browser.wait(lambda: reloaded(browser, "2 events"), 20)
    assert "resolved in the next release" in headline(browser)

    shop.fail("shop@1.1")
    browser.wait(lambda: reloaded(browser, "regressed"), 20)
    assert "shop@1.1" in browser.find("#activity").text
    assert "came back in shop@1.1" in browser.find("#activity").text
    back = browser.wait(lambda: [m for m in mails(stack_mail) if "Regressed" in m.subject], 30)
    assert link[0] in back[0].part("plain")
    browser.listen()


def reloaded(browser: Browser, words: str) -> bool:
    """Whether the page says so by now."""
    browser.driver.refresh()
    return words in browser.find(".head").text + browser.find(".answers").text
