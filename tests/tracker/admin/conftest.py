"""Two teams that must not see each other, people of every role, an issue in each project."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from tests.factories.events import python_event, send
from tests.factories.projects import make_project
from tracker.actions import record
from tracker.models import EventRow, Issue, Membership, Project, Release, Team, User

ROLES = ("owner", "admin", "triager", "viewer", "stranger", "nobody")


@dataclass(frozen=True)
class Cast:
    """Everybody and everything. `red` is the team that roles are about."""

    red: Project
    blue: Project
    people: dict[str, User]
    ours: Issue
    """In red."""
    theirs: Issue
    """In blue."""

    def client(self, role: str) -> Client:
        """A browser in which this person is logged in."""
        client = Client()
        client.force_login(self.people[role])
        return client

    def event_of(self, issue: Issue) -> EventRow:
        """The issue's latest event."""
        return EventRow.objects.of_issue(issue.project_id, issue.pk)[0]


@pytest.fixture(autouse=True)
def fresh_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Partitions that one test made were rolled back with it."""
    monkeypatch.setattr(record, "_days_made", set())


@pytest.fixture
def cast(db: None) -> Cast:
    red, blue = make_project("Red", "Red team"), make_project("Blue", "Blue team")
    people = {role: User.objects.create_user(role, f"{role}@example.org") for role in ROLES}
    User.objects.filter(username="owner").update(is_superuser=True)
    people["owner"].refresh_from_db()
    teams = {"stranger": blue.team}
    for role in ("admin", "triager", "viewer", "stranger"):
        Membership.objects.create(
            team=teams.get(role, red.team),
            user=people[role],
            role="admin" if role == "stranger" else role,
        )
    for project in (red, blue):
        send(project, python_event(1, release="1.0", environment="production", user={"id": "7"}))
    return Cast(red, blue, people, red.issues.get(), blue.issues.get())


@pytest.fixture
def more_issues(cast: Cast) -> Callable[[int], list[Issue]]:
    """Makes issues in red, each of one event."""

    def make(count: int, **more: Any) -> list[Issue]:
        before = set(cast.red.issues.values_list("pk", flat=True))
        send(cast.red, *(python_event(100 + n, **more) for n in range(count)))
        return list(cast.red.issues.exclude(pk__in=before).order_by("pk"))

    return make


def ids_of(team: Team, project: Project) -> dict[str, int]:
    """Ids of one row of every kind, for addresses."""
    return {
        "team": team.pk,
        "project": project.pk,
        "projectkey": project.keys.get().pk,
        "environment": project.environments.get().pk,
        "release": Release.objects.get(project=project).pk,
    }
