"""What the admin shows of a crash."""

import http.cookiejar
import urllib.parse
import urllib.request

import pytest

from tests.journeys.window import Project, Window, run_program
from tests.stack import Stack

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]


class Admin:
    """Somebody who is signed in."""

    def __init__(self, stack: Stack) -> None:
        self.url = stack.url
        jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self.page("/admin/login/")
        token = next(cookie.value for cookie in jar if cookie.name == "csrftoken")
        form = {
            "username": "admin",
            "password": stack.admin_password,
            "csrfmiddlewaretoken": token,
            "next": "/admin/",
        }
        self.page("/admin/login/", urllib.parse.urlencode(form).encode())

    def page(self, path: str, form: bytes | None = None) -> str:
        """The text of a page."""
        request = urllib.request.Request(self.url + path, form, {"Referer": self.url + path})
        with self._opener.open(request, timeout=20) as answer:
            return str(answer.read().decode())


@pytest.fixture(scope="module")
def admin(stack: Stack) -> Admin:
    return Admin(stack)


def test_the_admin_shows_it(project: Project, window: Window, admin: Admin):
    run_program("crash.py", project.dsn, expect=1)
    run_program("web.py", project.dsn)
    window.wait_for_events(project, 2)
    listed = admin.page(f"/admin/tracker/issue/?project__id__exact={project.id}")
    assert "BillingError" in listed
    assert "ZeroDivisionError" in listed
    issue = next(one for one in window.issues(project) if one["type"] == "BillingError")
    page = admin.page(f"/admin/tracker/issue/{issue['id']}/change/")
    for word in (
        "invoice 1007 has no tax rate",  # what
        "write_invoice",  # where
        "net = 12.5 * number",  # context
        "atlantis",  # locals
        "writing 17 invoices",  # breadcrumbs
        "grace@example.com",  # user
        "tenant",
        "north",  # tags
        "billing@3.1.0",
        "staging",
    ):
        assert word in page, word
    assert "correct-horse" not in page
