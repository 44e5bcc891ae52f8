"""Every tracker, against a stand-in that knows its documented requests: both ways, all through."""

import pytest
from django.utils import timezone

from alerts import tickets
from alerts.actions import tickets as verbs
from alerts.models import TicketJob, TicketLink
from alerts.tickets.base import Gone
from alerts.transports.base import Misconfigured, Rejected, Unreachable
from tests.alerts.sinks import Scripted
from tests.alerts.tickets.conftest import connect, make, rested, ring, work
from tests.alerts.tickets.sites import Site
from tests.factories.events import python_event, send
from tracker.actions import triage
from tracker.models import Activity, Issue, Project, User

pytestmark = pytest.mark.django_db


def status(issue: Issue) -> str:
    return str(Issue.objects.values_list("status", flat=True).get(pk=issue.pk))


def told(issue: Issue) -> list[str]:
    """What the history says of tickets."""
    rows = Activity.objects.filter(issue=issue.pk).order_by("pk")
    return [str(row.data.get("what") or row.data.get("why")) for row in rows
            if row.kind == "ticket" or "ticket" in str(row.data.get("why"))]  # fmt: skip


def test_a_ticket_lives_with_its_issue(
    site: Site, project: Project, issue: Issue, alice: User
) -> None:
    connection = connect(site, project)
    assert "answer" in verbs.test(connection)
    link = make(issue, connection, alice)
    [ticket] = site.tickets
    assert (link.state, link.error) == ("open", "")
    assert ticket.assignee == link.assignee == site.people["alice@example.com"]
    way_back = f"/issue/{issue.pk}/change/"
    assert issue.short_id in ticket.text or way_back in ticket.text
    assert "1.4.2" in ticket.text
    assert link.url.startswith("http")

    # Closed over there: resolved here, once, and nothing goes back.
    ticket.closed = True
    before = site.changes
    assert ring(connection, site, ticket) == 200
    work()
    assert status(issue) == "resolved"
    assert TicketLink.objects.get().state == "closed"
    assert ring(connection, site, ticket) == 200
    work()
    assert site.changes == before

    # It comes back: reopened there, with a comment; the echo does nothing.
    send(project, python_event(1, release="1.5.0", environment="production", user={"id": "8"}))
    work()
    assert status(issue) == "unresolved"
    assert not ticket.closed
    assert len(ticket.comments) == 1
    assert "1.5.0" in str(ticket.comments)
    before = site.changes
    ring(connection, site, ticket)
    work()
    assert (status(issue), site.changes) == ("unresolved", before)

    # Resolved here: closed there, and the echo does nothing.
    triage.resolve(Issue.objects.filter(pk=issue.pk), alice, timezone.now())
    work()
    assert ticket.closed
    before = site.changes
    ring(connection, site, ticket)
    work()
    assert (status(issue), site.changes) == ("resolved", before)

    # Reopened there: reopened here.
    ticket.closed = False
    ring(connection, site, ticket)
    work()
    assert status(issue) == "unresolved"
    assert [text.replace(link.key, "KEY") for text in told(issue)] == [
        "made the ticket KEY", "ticket KEY was closed", "ticket KEY reopened from here",
        "ticket KEY closed from here", "ticket KEY was reopened",
    ]  # fmt: skip
    assert not TicketJob.objects.exclude(state="done").exists()


def test_a_lost_answer_makes_no_second_ticket(
    site: Site, project: Project, issue: Issue, alice: User
) -> None:
    connection = connect(site, project, assigns=False)
    site.lose = 1
    link = make(issue, connection, alice)
    assert (link.state, len(site.tickets)) == ("wanted", 1)
    assert link.error
    rested()
    work()
    link.refresh_from_db()
    assert (link.state, link.error, len(site.tickets)) == ("open", "", 1)


def test_a_ticket_that_exists_is_linked_by_its_address(
    site: Site, project: Project, issue: Issue, alice: User
) -> None:
    connection = connect(site, project)
    ticket = site.add("Made by hand", "text", uid="5eed" * 8)
    told_of = tickets.get(site.kind)
    options = connection.options()
    key = {"github": "#1", "gitlab": "acme/back/shop#1", "jira": "SHOP-1",
           "asana": "1300000000000001", "linear": "ENG-1"}[site.kind]  # fmt: skip
    found = told_of.fetch(options, told_of.read_address(options, key))
    address = found.url.replace("http://127.0.0.1/acme", f"{site.url}/acme")
    assert told_of.read_address(options, address)
    link = verbs.link(issue, connection, address, alice, timezone.now())
    assert (link.state, link.made, link.title) == ("open", False, "Made by hand")
    with pytest.raises(verbs.TicketError, match="already"):
        verbs.link(issue, connection, key, alice, timezone.now())
    for wrong in ("https://evil.example/acme/shop/issues/1", "javascript:alert(1)", "", "?" * 500):
        with pytest.raises(verbs.TicketError):
            verbs.link(issue, connection, wrong, alice, timezone.now())
    ticket.closed = True
    ring(connection, site, ticket)
    work()
    assert status(issue) == "resolved"
    verbs.unlink(TicketLink.objects.get(), alice, timezone.now())
    assert not TicketLink.objects.exists()
    ring(connection, site, ticket)
    work()


def test_what_a_tracker_answers_is_understood(site: Site, project: Project) -> None:
    tracker, options = tickets.get(site.kind), connect(site, project).options()
    site.answers = [Scripted(429, {"Retry-After": "77"}, b"{}")]
    with pytest.raises(Rejected) as limited:
        tracker.probe(options)
    assert not limited.value.permanent
    assert limited.value.retry_after == 77 or site.kind == "linear"
    for status, body in ((500, b"<html>"), (503, b""), (200, b"<html>"), (200, b"[1]")):
        site.answers = [Scripted(status, {}, body)]
        with pytest.raises((Rejected, Unreachable, Misconfigured)) as broken:
            tracker.fetch(options, "1")
        assert status == 200 or not broken.value.permanent
    site.answers = [Scripted(302, {"Location": "http://127.0.0.1/"}, b"")]
    with pytest.raises(Rejected, match="redirect") as moved:
        tracker.fetch(options, "1")
    assert moved.value.permanent
    with pytest.raises(Gone):
        tracker.fetch(options, {"asana": "1300000000000999", "linear": "ENG-999"}.get(
            site.kind, "999"))  # fmt: skip
    with pytest.raises(Rejected) as unknown:
        tracker.probe({**options, "token": "wrong"})
    assert unknown.value.permanent
    assert "uth" in str(unknown.value) or "redentials" in str(unknown.value)
