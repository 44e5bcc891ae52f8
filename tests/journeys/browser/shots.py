"""Pictures of every page: light, dark and on a phone, by one walk through the product.

`python -m tests.journeys.browser.shots URL PASSWORD FOLDER [WORD]` takes them of a running stack (of
pages whose name holds WORD); the test in test_shots.py takes them of its own.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.journeys.browser.browser import Browser

LOOKS = (("light", 1440, False), ("dark", 1440, True), ("phone", 420, False))
TALLEST = 2400
"""Pixels of a picture: below that nobody looks."""
LIST = "/admin/tracker/issue/"
FIXED = {
    "home": "/admin/",
    "list": LIST + "?q=is:unresolved",
    "list-all": LIST + "?q=&sort=events",
    "list-error": LIST + "?q=asignee:me",
    "list-empty": LIST + "?q=nothing-has-this-word",
    "projects": "/admin/tracker/project/",
    "project-add": "/admin/tracker/project/add/",
    "keys": "/admin/tracker/projectkey/",
    "environments": "/admin/tracker/environment/",
    "releases": "/admin/tracker/release/",
    "teams": "/admin/tracker/team/",
    "invite": "/admin/tracker/invitation/add/",
    "invitations": "/admin/tracker/invitation/",
    "people-all": "/admin/tracker/user/",
    "tokens": "/admin/tracker/apitoken/",
    "token-add": "/admin/tracker/apitoken/add/",
    "views": "/admin/tracker/savedview/",
    "audit": "/admin/tracker/auditentry/",
    "instance": "/admin/instance/",
    "everything": "/admin/tracker/",
    "alerts": "/admin/alerts/",
    "rules": "/admin/alerts/alertrule/",
    "rule-add": "/admin/alerts/alertrule/add/",
    "channels": "/admin/alerts/channel/",
    "channel-add": "/admin/alerts/channel/add/",
    "deliveries": "/admin/alerts/delivery/",
    "incidents": "/admin/alerts/incident/",
    "quarantine": "/admin/ingest/quarantined/",
    "factors": "/accounts/factors/",
    "password": "/admin/password_change/",
    "not-found": LIST + "999999999/change/",
}
# Where a page leads to whose number is not known before: the first link that matches.
LINKED: dict[str, tuple[str, str]] = {
    "detail": ("list-all", r"/admin/tracker/issue/\d+/change/"),
    "project": ("home", r"/admin/tracker/project/\d+/overview/"),
    "setup": ("project", r"/admin/tracker/project/\d+/setup/"),
    "settings": ("project", r"/admin/tracker/project/\d+/change/"),
    "people": ("project", r"/admin/tracker/project/\d+/people/"),
    "release": ("releases", r"/admin/tracker/release/\d+/change/"),
    "team": ("teams", r"/admin/tracker/team/\d+/change/"),
    "rule": ("rules", r"/admin/alerts/alertrule/\d+/change/"),
    "incident": ("incidents", r"/admin/alerts/incident/\d+/change/"),
    "delivery": ("deliveries", r"/admin/alerts/delivery/\d+/change/"),
    "event": ("detail", r"/admin/tracker/issue/\d+/events/[0-9a-f]{32}/"),
    "users": ("detail", r"/admin/tracker/issue/\d+/users/"),
    "person": ("users", r"/admin/tracker/project/\d+/people/[0-9a-f-]{36}/"),
    "delete": ("detail", r"/admin/tracker/issue/\d+/remove/"),
    "owners": ("settings", r"/admin/tracker/ownershiprules/\d+/"),
    "code": ("settings", r"/admin/tracker/repository/project/\d+/"),
    "grouping": ("settings", r"/admin/tracker/groupingrules/\d+/"),
}


def pages(browser: Browser) -> Iterator[tuple[str, str]]:
    """(name, address) of every page that there is something to see on."""
    known = dict(FIXED)
    yield from FIXED.items()
    for name, (start, pattern) in LINKED.items():
        if start not in known:
            continue
        found = re.search(pattern, browser.open(known[start]))
        if found:
            known[name] = found[0]
            yield name, found[0]


def shoot(browser: Browser, folder: Path, name: str) -> None:
    """The page as it is now, in every look."""
    for look, width, dark in LOOKS:
        browser.look(width, 1000, dark=dark)
        tall = browser.driver.execute_script("return document.documentElement.scrollHeight")
        browser.look(width, max(1000, min(int(tall), TALLEST)), dark=dark)
        browser.driver.save_screenshot(str(folder / f"{name}-{look}.png"))
    browser.look(1440, 1000)


def walk(
    browser: Browser, folder: Path, word: str = "", seen: Callable[[str], None] = lambda name: None
) -> list[str]:
    """Take pictures of all pages; returns their names. `seen` is called on each, on a phone."""
    names = []
    for name, address in pages(browser):
        if word not in name:
            continue
        browser.open(address)
        shoot(browser, folder, name)
        browser.look(420, 1000)
        seen(name)
        browser.look(1440, 1000)
        names.append(name)
    return names


def log_in(browser: Browser, password: str) -> None:
    """As the first admin."""
    browser.open("/admin/login/")
    browser.find("#id_username").send_keys("admin")
    browser.find("#id_password").send_keys(password)
    browser.find("#login-form button").click()
    browser.wait(lambda: "/login/" not in browser.driver.current_url)


def main(url: str, password: str, folder: str, word: str = "") -> None:
    """Of a running stack."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), "")
    with (
        tempfile.TemporaryDirectory() as profile,
        Browser.start(Path(profile), chromium, shutil.which("chromedriver") or "", url) as browser,
    ):
        browser.open("/admin/login/")
        shoot(browser, Path(folder), "login")
        log_in(browser, password)
        for name in walk(browser, Path(folder), word):
            print(name)
        print(*browser.complaints, sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
