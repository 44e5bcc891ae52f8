"""Tickets as people meet them: connect a tracker, make a ticket, close it over there."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from selenium.webdriver.support.select import Select

from tests.alerts.tickets import sites
from tests.alerts.tickets.sites import TOKEN, GitHubSite
from tests.journeys.browser.browser import Browser

pytestmark = pytest.mark.long
SHOTS = os.environ.get("SCREENSHOTS", "")


def shoot(browser: Browser, name: str) -> None:
    """Pictures of the page as it is, light and dark, where somebody wants to see them."""
    if not SHOTS:
        return
    for dark in (False, True):
        browser.look(1440, 1000, dark=dark)
        picture = Path(SHOTS) / f"{name}-{'dark' if dark else 'light'}.png"
        browser.driver.save_screenshot(str(picture))
    browser.look(1440, 1000)


def press(browser: Browser, selector: str) -> None:
    """Click, wherever on the page it is."""
    browser.driver.execute_script("arguments[0].click()", browser.find(selector))


@pytest.fixture
def github() -> Iterator[GitHubSite]:
    with GitHubSite() as site:
        yield site
    assert site.problems == []


def test_from_an_empty_page_to_a_ticket_and_back(
    browser: Browser, issues: list[int], github: GitHubSite
) -> None:
    browser.open("/admin/alerts/ticketconnection/")
    shoot(browser, "empty")
    browser.open("/admin/alerts/ticketconnection/add/")
    shoot(browser, "kinds")
    browser.open("/admin/alerts/ticketconnection/add/?kind=github")
    shoot(browser, "add")
    Select(browser.find("#id_team")).select_by_index(1)
    browser.find("#id_name").send_keys("acme/shop")
    typed = {"repository": "acme/shop", "token": TOKEN, "labels": "bug, emberwatch",
             "api": github.url}  # fmt: skip
    for name, value in typed.items():
        browser.find(f"#id_option_{name}").send_keys(value)
    press(browser, "[name=_save]")
    page = browser.wait(lambda: "answers and takes issues" in browser.driver.page_source and
                        browser.driver.page_source)  # fmt: skip
    secret = re.search(r"shown only now: ([\w-]+)", page)
    hook = re.search(r"/alerts/tickets/[\w-]+/", page)
    assert secret
    assert hook
    shoot(browser, "connection")
    browser.driver.execute_script("window.scrollTo(0, document.body.scrollHeight)")
    shoot(browser, "connection-below")

    issue = issues[0]
    address = f"/admin/tracker/issue/{issue}/change/"
    browser.open(address)
    browser.driver.execute_script("arguments[0].scrollIntoView()", browser.find(".tickets"))
    shoot(browser, "issue-before")
    press(browser, ".ticket-make button")

    def made() -> bool:
        return "acme/shop#1" in browser.open(address) and bool(github.tickets)

    browser.wait(made, 40)
    browser.driver.execute_script("arguments[0].scrollIntoView()", browser.find(".tickets"))
    shoot(browser, "issue-ticket")
    browser.open("/admin/tracker/issue/?q=has:ticket")
    shoot(browser, "list")
    assert len(browser.all("tr.issue")) == 1

    [ticket] = github.tickets
    ticket.closed = True
    headers, body, _query = github.call(ticket)
    headers["X-Hub-Signature-256"] = f"sha256={sites.signed(body, secret[1])}"
    request = Request(browser.url + hook[0], body, {**headers, "Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        assert answer.status == 200
    browser.wait(lambda: "ticket acme/shop#1 was closed" in browser.open(address), 40)
    shoot(browser, "issue-closed")
    browser.open("/admin/alerts/ticketlink/")
    shoot(browser, "links")
    press(browser, ".field-name a")
    shoot(browser, "link")
    browser.open("/admin/alerts/ticketconnection/")
    shoot(browser, "connections")
    browser.open("/admin/tracker/issue/?q=")
    press(browser, '.issue [name="_selected_action"]')
    press(browser, '[name=action][value="ticket"]')
    browser.wait(lambda: "Make tickets" in browser.find("h1").text)
    shoot(browser, "ask")
