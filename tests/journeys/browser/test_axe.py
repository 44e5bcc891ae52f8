"""axe-core finds nothing serious on the pages that people live in, light and dark."""

import pytest

from tests.journeys.browser.browser import Browser
from tests.journeys.browser.test_people import logged_out
from tests.journeys.test_node import NODE, node
from tests.stack import Stack

__all__ = ["logged_out", "node"]

RUN = """
const done = arguments[arguments.length - 1];
// Without its preload, which puts style sheets into the page that the policy refuses.
axe.run(document, {preload: false, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})
  .then((found) => done(found.violations.filter((v) => ["serious", "critical"].includes(v.impact))
    .map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")}`)),
  (error) => done([String(error)]));
"""


def serious(browser: Browser, path: str) -> list[str]:
    browser.open(path)
    # As the page's own debugger would: the policy lets no page load it.
    source = (NODE / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    browser.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": source})
    found: list[str] = browser.driver.execute_async_script(RUN)
    return found


def all_serious(browser: Browser, paths: list[str], dark: bool) -> dict[str, list[str]]:
    browser.look(1440, 1000, dark=dark)
    try:
        return {path: found for path in paths if (found := serious(browser, path))}
    finally:
        browser.look(1440, 1000)


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_serious(node: str, browser: Browser, stack: Stack, issues: list[int], dark: bool):
    project = f"/admin/tracker/project/{stack.project_id}"
    paths = [
        "/admin/",
        "/admin/tracker/issue/?q=",
        f"/admin/tracker/issue/{issues[-1]}/change/",
        f"{project}/overview/",
        f"{project}/setup/",
    ]
    assert not all_serious(browser, paths, dark)


@pytest.mark.long
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_serious_elsewhere(
    node: str, browser: Browser, stack: Stack, issues: list[int], dark: bool
):
    project = f"/admin/tracker/project/{stack.project_id}"
    paths = [
        "/admin/tracker/issue/?q=nonsense:1",
        *(f"/admin/tracker/issue/{number}/change/" for number in issues[-3:-1]),
        f"/admin/tracker/issue/{issues[-1]}/users/",
        f"{project}/people/",
        f"{project}/change/",
        "/admin/instance/",
        "/accounts/factors/",
        "/admin/alerts/",
        "/admin/alerts/alertrule/",
        "/admin/alerts/alertrule/add/",
        "/admin/alerts/channel/add/",
        "/admin/alerts/delivery/",
        "/admin/tracker/auditentry/",
        "/admin/tracker/apitoken/add/",
        "/admin/tracker/team/",
        f"/admin/tracker/issue/{issues[-1]}/remove/",
        f"/admin/tracker/repository/project/{stack.project_id}/",
        f"/admin/tracker/ownershiprules/{stack.project_id}/",
        f"/admin/tracker/groupingrules/{stack.project_id}/",
        "/admin/tracker/issue/?q=nothing-has-this-word",
        "/admin/tracker/invitation/add/",
        "/admin/tracker/invitation/",
        "/admin/tracker/user/",
        "/admin/tracker/environment/",
        "/admin/tracker/release/",
        "/admin/tracker/savedview/",
        "/admin/alerts/channel/",
        "/admin/alerts/channel/add/?kind=webhook",
        "/admin/alerts/incident/",
        "/admin/ingest/quarantined/",
    ]
    assert not all_serious(browser, paths, dark)


@pytest.mark.usefixtures("logged_out")
def test_nothing_serious_on_the_log_in(node: str, browser: Browser):
    assert serious(browser, "/admin/login/") == []
    assert serious(browser, "/accounts/reauthenticate/") == []
