"""Every page in a real browser: no report of the policy, no console error, no foreign request."""

import pytest

from tests.journeys.browser.browser import Browser
from tests.stack import Stack

PAGES = (
    "/admin/",
    "/admin/tracker/",
    "/admin/alerts/",
    "/admin/tracker/issue/",
    "/admin/tracker/issue/?q=",
    "/admin/tracker/issue/?q=nonsense:1",
    "/admin/tracker/issue/?q=is:resolved&sort=events",
    "/admin/tracker/project/",
    "/admin/tracker/project/add/",
    "/admin/tracker/projectkey/",
    "/admin/tracker/projectkey/add/",
    "/admin/tracker/environment/",
    "/admin/tracker/release/",
    "/admin/tracker/team/",
    "/admin/tracker/team/add/",
    "/admin/tracker/user/",
    "/admin/tracker/user/add/",
    "/admin/tracker/apitoken/",
    "/admin/tracker/apitoken/add/",
    "/admin/alerts/alertrule/",
    "/admin/alerts/alertrule/add/",
    "/admin/alerts/channel/",
    "/admin/alerts/delivery/",
    "/admin/alerts/incident/",
    "/admin/password_change/",
)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_clean(browser: Browser, issues: list[int], path: str):
    page = browser.open(path)
    assert "Emberwatch" in page and "Server Error" not in page


@pytest.mark.parametrize("page", ["change", "setup"])
def test_a_projects_pages_are_clean(browser: Browser, stack: Stack, page: str):
    assert "Emberwatch" in browser.open(f"/admin/tracker/project/{stack.project_id}/{page}/")


def test_every_issue_is_clean_and_runs_nothing(browser: Browser, issues: list[int]):
    for number in issues:
        page = browser.open(f"/admin/tracker/issue/{number}/change/")
        assert "Emberwatch" in page
        assert not browser.all("#content img, #content iframe, #content script")


LONG = pytest.mark.long


@pytest.mark.parametrize(
    "width", [420, pytest.param(768, marks=LONG), pytest.param(1024, marks=LONG)]
)
def test_nothing_runs_out_of_the_window(
    browser: Browser, issues: list[int], stack: Stack, width: int
):
    browser.look(width, 900)
    for path in (
        "/admin/",
        "/admin/tracker/issue/?q=",
        f"/admin/tracker/project/{stack.project_id}/setup/",
        *(f"/admin/tracker/issue/{number}/change/" for number in issues),
    ):
        browser.open(path)
        assert browser.wide() <= 0, path


def test_a_page_is_light(browser: Browser, issues: list[int]):
    for path in ("/admin/tracker/issue/?q=", f"/admin/tracker/issue/{issues[0]}/change/"):
        browser.open(path)
        size = browser.driver.execute_script(
            "return performance.getEntriesByType('navigation').concat("
            "performance.getEntriesByType('resource')).reduce((s, e) => s + e.decodedBodySize, 0)"
        )
        assert 10_000 < size <= 150_000, path
