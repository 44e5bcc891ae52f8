"""A small world with two teams, and a caller with a token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from ingest import digest
from tests.factories.events import python_event, send
from tests.factories.projects import make_project
from tracker.actions import names, record
from tracker.models import (
    ApiToken,
    Deploy,
    Environment,
    Issue,
    Membership,
    Project,
    Release,
    Role,
    User,
)


@dataclass
class World:
    """Ada triages Shop; Other belongs to people she does not know."""

    shop: Project
    other: Project
    user: User
    issue: Issue
    foreign: Issue
    event: dict[str, Any]
    foreign_event: dict[str, Any]


def member(project: Project, role: str, name: str = "ada") -> User:
    user = User.objects.create_user(name, f"{name}@example.org")
    Membership.objects.create(user=user, team=project.team, role=role)
    return user


def client_for(user: User, *scopes: str) -> APIClient:
    _, secret = ApiToken.make(user, list(scopes or ("read", "write")))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


@pytest.fixture(autouse=True)
def fresh_memory() -> Iterator[None]:
    """Each test is rolled back: what the digest remembers of the database goes with it."""
    yield
    record._days_made.clear()
    names.environments.forget()
    names.releases.forget()
    digest._rules.clear()


@pytest.fixture
def world(fresh_memory: None) -> World:
    shop, other = make_project("Shop"), make_project("Other", team="Others")
    event = python_event(1, release="1.0", environment="production", tags={"tier": "gold"},
                         user={"id": "7"})  # fmt: skip
    foreign_event = python_event(2, release="9", environment="theirs")
    send(shop, event)
    send(other, foreign_event)
    for project in (shop, other):
        release = Release.objects.get(project=project)
        environment = Environment.objects.get(project=project)
        Deploy.objects.create(project=project, release=release, environment=environment,
                              started_at=datetime.now(UTC), actor="ci")  # fmt: skip
    issue, foreign = Issue.objects.get(project=shop), Issue.objects.get(project=other)
    return World(shop, other, member(shop, Role.TRIAGER), issue, foreign, event, foreign_event)


@pytest.fixture
def api(world: World) -> APIClient:
    """Ada's client; her token was used a moment ago, so that its use is not written again."""
    client = client_for(world.user)
    client.get("/api/v1/projects/")
    return client
