"""A connection to a stand-in of each tracker."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alerts.actions import reading, ticket_work
from alerts.actions import tickets as verbs
from alerts.models import TicketConnection, TicketJob, TicketLink
from alerts.tickets import asana, linear
from tests.alerts.conftest import NOW, Cast
from tests.alerts.tickets.sites import SITES, GitHubSite, Remote, Site
from tests.factories.events import python_event, send
from tracker.actions import record
from tracker.models import Issue, Project, ProjectKey, Role, User


@pytest.fixture(autouse=True)
def fresh_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Partitions that one test made were rolled back with it."""
    monkeypatch.setattr(record, "_days_made", set())


def connect(site: Site, project: Project, **values: Any) -> TicketConnection:
    """A connection of the project's team."""
    config, secrets = site.options()
    made = TicketConnection(
        team=project.team, kind=site.kind, name=f"Our {site.kind}", **{"closes": True, **values}
    )
    made.keep(config, secrets)
    made.save()
    return made


def _site(made: Site, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    settings.EMBERWATCH_OUTBOUND_ALLOW = ("127.0.0.1",)
    with made:
        monkeypatch.setattr(asana, "API", made.url)
        monkeypatch.setattr(linear, "API", f"{made.url}/graphql")
        yield made
    assert made.problems == []


@pytest.fixture(params=SITES, ids=lambda each: each.__name__)
def site(request: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Each tracker in turn."""
    yield from _site(request.param(), settings, monkeypatch)


@pytest.fixture
def github(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """One of them, where any will do."""
    yield from _site(GitHubSite(), settings, monkeypatch)


@pytest.fixture
def issue(project: Project, alice: User) -> Issue:
    """With an event, of Alice."""
    ProjectKey.objects.create(project=project)
    event = python_event(1, release="1.4.2", environment="production", user={"id": "7"})
    send(project, event)
    made = Issue.objects.get(project=project)
    Issue.objects.filter(pk=made.pk).update(assignee=alice)
    return Issue.objects.select_related("project").get(pk=made.pk)


def work() -> int:
    """Follow all letters, and do all that is due at trackers; returns how much that was."""
    done = 0
    while reading.evaluate(timezone.now()).letters or ticket_work.waiting():
        for connection in ticket_work.waiting():
            shift = ticket_work.work(connection)
            done += shift.done if shift else 0
    return done


def rested() -> None:
    """Let time pass, for all that waits."""
    TicketJob.objects.waiting().update(next_attempt_at=NOW)
    TicketConnection.objects.update(held_until=None)


def make(issue: Issue, connection: TicketConnection, actor: User) -> TicketLink:
    """A ticket of an issue, made."""
    verbs.ask([issue], connection, actor, timezone.now())
    work()
    return TicketLink.objects.get(issue=issue, connection=connection)


def ring(connection: TicketConnection, site: Site, ticket: Remote, **more: Any) -> int:
    """The tracker calls about a ticket; returns our answer's status."""
    return post(connection, *site.call(ticket, **more))


def post(connection: TicketConnection, headers: dict[str, str], body: bytes, query: str) -> int:
    """A call to a connection's webhook."""
    url = reverse("alerts-ticket-call", args=[connection.uid]) + query
    return Client().post(url, body, "application/json", headers=headers).status_code


__all__ = ["NOW", "Cast", "Role", "connect", "make", "post", "rested", "ring", "work"]
