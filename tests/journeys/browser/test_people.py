"""Logging in with a passkey, and the pages about people and projects, in a real browser."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions

from tests.journeys.browser.browser import Browser
from tests.stack import Stack

SHOTS = os.environ.get("SHOTS")
"""A folder for pictures of the pages, when somebody wants to look at them."""


def shoot(browser: Browser, name: str) -> None:
    if not SHOTS:
        return
    for width, dark in ((1440, False), (1440, True), (420, False)):
        browser.look(width, 1000, dark=dark)
        browser.driver.save_screenshot(str(Path(SHOTS) / f"{name}-{width}{'-dark' * dark}.png"))
    browser.look(1440, 1000)


@pytest.fixture
def passkeys(browser: Browser) -> Iterator[None]:
    """An authenticator that says yes."""
    options = VirtualAuthenticatorOptions(
        transport=VirtualAuthenticatorOptions.Transport.INTERNAL, has_resident_key=True,
        has_user_verification=True, is_user_verified=True,
    )  # fmt: skip
    browser.driver.add_virtual_authenticator(options)
    yield
    browser.driver.remove_virtual_authenticator()


@pytest.fixture
def logged_out(browser: Browser) -> Iterator[None]:
    """Without a session; the others' is put back."""
    browser.open("/admin/")
    kept = browser.driver.get_cookies()
    browser.driver.delete_all_cookies()
    yield
    browser.driver.delete_all_cookies()
    for cookie in kept:
        with contextlib.suppress(Exception):
            browser.driver.add_cookie(cookie)


def log_in(browser: Browser, password: str) -> None:
    browser.open("/admin/login/")
    browser.find("#id_username").send_keys("admin")
    browser.find("#id_password").send_keys(password)
    browser.find("#login-form button").click()


@pytest.mark.usefixtures("logged_out", "passkeys")
def test_a_passkey_leads_in(browser: Browser, stack: Stack):
    # Browsers take a name for a passkey's owner, not an address.
    url, browser.url = browser.url, browser.url.replace("127.0.0.1", "localhost")
    try:
        log_in(browser, stack.admin_password)
        browser.wait(lambda: "/login/" not in browser.driver.current_url)
        browser.open("/accounts/factors/webauthn/add/")
        browser.find('input[type="password"]').send_keys(stack.admin_password)
        browser.find("form.stacked button").click()
        browser.wait(lambda: browser.all("#mfa_webauthn_add"))
        shoot(browser, "passkey")
        browser.find("#id_passwordless").click()
        browser.find("#mfa_webauthn_add").click()
        browser.wait(
            lambda: (
                "recovery" in browser.driver.current_url
                or (
                    "webauthn/" in browser.driver.current_url
                    and "add" not in browser.driver.current_url
                )
            )
        )
        shoot(browser, "codes")
        browser.open("/accounts/factors/")
        shoot(browser, "factors")
        browser.driver.delete_all_cookies()
        browser.open("/admin/login/?next=/admin/tracker/issue/")
        shoot(browser, "login")
        browser.find("#passkey_login").click()
        browser.wait(lambda: "/login/" not in browser.driver.current_url)
        assert "/admin/tracker/issue/" in browser.driver.current_url
        browser.open("/accounts/factors/webauthn/")
        remove = browser.driver.find_element(By.CSS_SELECTOR, 'a[href*="/remove/"]')
        browser.driver.get(remove.get_attribute("href") or "")
        if browser.all('input[type="password"]'):
            browser.find('input[type="password"]').send_keys(stack.admin_password)
            browser.find("form.stacked button").click()
        browser.wait(lambda: browser.all("button.danger"))
        browser.find("button.danger").click()
        browser.wait(lambda: "No security keys" in browser.driver.page_source)
        browser.listen()
    finally:
        browser.url = url


def test_pages_about_people_and_projects(browser: Browser, stack: Stack, issues: list[int]):
    project = f"/admin/tracker/project/{stack.project_id}"
    pages = {
        "overview": f"{project}/overview/", "people": f"{project}/people/",
        "instance": "/admin/instance/", "invitations": "/admin/tracker/invitation/add/",
        "views": "/admin/tracker/savedview/", "users": f"/admin/tracker/issue/{issues[-1]}/users/",
    }  # fmt: skip
    for name, address in pages.items():
        assert "Server Error" not in browser.open(address)
        shoot(browser, name)
        browser.look(420, 900)
        browser.open(address)
        if name not in ("invitations", "views"):  # Django's own tables scroll
            assert browser.wide() <= 0, name
        browser.look(1440, 1000)
    for number in issues:
        browser.open(f"/admin/tracker/issue/{number}/users/")
        if browser.all(".people th a"):
            browser.driver.get(browser.find(".people th a").get_attribute("href") or "")
            shoot(browser, "person")
            break
    else:
        pytest.fail("nobody was hit")


def test_a_view_is_saved_from_the_list(browser: Browser, issues: list[int]):
    browser.open("/admin/tracker/issue/?q=level:>=error&sort=events")
    browser.find(".save-view summary").click()
    shoot(browser, "save-view")
    browser.find("#view-name").send_keys("Loud")
    browser.find(".save-view button").click()
    browser.wait(lambda: browser.all(".tabs .saved"))
    assert "sort=events" in browser.driver.current_url
    tab = browser.find(".tabs .saved")
    assert tab.text.startswith("Loud") and tab.get_attribute("aria-current") == "true"
    browser.listen()


def test_a_question_mark_tells_the_keys(browser: Browser, issues: list[int]):
    browser.open("/admin/tracker/issue/?q=")
    browser.find("body").send_keys("?")
    browser.wait(lambda: browser.all("#key-help[open]"))
    shoot(browser, "keys")
    assert "assign" in browser.find("#key-help").text
    browser.find("#key-help button").click()
    browser.wait(lambda: not browser.all("#key-help[open]"))
    browser.listen()
