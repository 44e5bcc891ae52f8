"""What the admin shows of a crash."""

import pytest

from tests.journeys.admin import Admin
from tests.journeys.window import Project, Window, run_program
from tests.stack import Stack

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def admin(stack: Stack) -> Admin:
    return Admin(stack)


def test_the_admin_shows_it(project: Project, window: Window, admin: Admin):
    run_program("crash.py", project.dsn, expect=1)
    run_program("web.py", project.dsn)
    window.wait_for_events(project, 2)
    listed = admin.page(f"/admin/tracker/issue/?q=project%3A{project.slug}")
    assert "BillingError" in listed
    assert "ZeroDivisionError" in listed
    assert "PaymentFailed" not in listed, "the list is of this project only"
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
