"""The database is away: events are taken, and every page says 503 in a sentence, soon."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.factories.envelopes import error_event
from tests.journeys.accidents import frozen, spooled, unreachable
from tests.journeys.admin import Admin
from tests.journeys.window import Project, Window, eventually
from tests.stack import Stack

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]

PAGES = (
    "/admin/",
    "/admin/login/",
    "/admin/tracker/issue/",
    "/admin/tracker/issue/?q=is:unresolved",
    "/admin/tracker/project/{project}/change/",
    "/admin/ingest/quarantined/",
    "/accounts/login/",
    "/admin/there-is-no-such-page/",
)


@pytest.fixture
def admin(stack: Stack) -> Admin:
    """Signed in while all is well."""
    return Admin(stack)


@pytest.fixture(autouse=True)
def all_back(stack: Stack, window: Window, project: Project) -> Iterator[None]:
    """Who comes next finds the stack as it was, and every event in its place."""
    yield
    eventually(lambda: ready(stack), 60, "the stack does not recover")
    eventually(lambda: not spooled(stack), 60, "the spool does not drain")
    assert window.consistent() == []


def ready(stack: Stack) -> bool:
    try:
        return stack.get("/readyz")[0] == 200
    except OSError:
        return False


def asked(admin: Admin, path: str, seconds: float) -> tuple[int, str, str | None]:
    """Status, text and Retry-After of a page that must answer within that time."""
    try:
        with admin.open(path, seconds) as answer:
            return int(answer.status), str(answer.read().decode()), None
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers.get("Retry-After")


def report(stack: Stack, project: Project) -> str:
    """Send an event; its id, once it is acknowledged."""
    event = error_event()
    address = f"{stack.url}/api/{project.id}/store/?sentry_key={project.public_key}"
    with urllib.request.urlopen(
        urllib.request.Request(address, json.dumps(event).encode()), timeout=20
    ) as answer:
        assert answer.status == 200
    return str(event["event_id"])


def test_pages_of_a_database_that_is_gone(
    stack: Stack, window: Window, project: Project, admin: Admin
) -> None:
    sent = [report(stack, project)]
    window.wait_for_events(project, 1)
    with unreachable(stack):
        sent.append(report(stack, project))
        for page in PAGES:
            path = page.format(project=project.id)
            status, text, again = asked(admin, path, 20)
            assert (status, again) == (503, "10"), (path, status, text[:200])
            assert text.startswith("The database can't be reached"), path
        assert stack.get("/healthz")[0] == 200
        assert stack.get("/readyz")[0] == 503
    eventually(lambda: ready(stack), 60)
    window.wait_for_events(project, 2, 60)
    assert window.stored(project) == dict.fromkeys(sent, 1)
    for page in PAGES:
        assert asked(admin, page.format(project=project.id), 20)[0] in {200, 404}, page


@pytest.mark.long
def test_pages_of_a_frozen_database(
    stack: Stack, window: Window, project: Project, admin: Admin
) -> None:
    """It neither answers nor refuses: nobody waits for it for ever."""
    sent = [report(stack, project)]
    window.wait_for_events(project, 1)
    with frozen(stack.process_of("bin/postgres")):
        began = time.monotonic()
        sent.append(report(stack, project))  # its commit is cut off; from now on all is known
        assert time.monotonic() - began < 10, "an event waits for a frozen database"  # 2.5 if idle
        for page in PAGES[:3]:
            status, text, _ = asked(admin, page, 30)
            assert status == 503 and text.startswith("The database can't be reached"), page
        assert stack.get("/healthz")[0] == 200
    eventually(lambda: ready(stack), 60)
    window.wait_for_events(project, 2, 60)
    assert window.stored(project) == dict.fromkeys(sent, 1)
    assert asked(admin, "/admin/tracker/issue/", 20)[0] == 200
