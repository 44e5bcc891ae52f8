"""Every address x every role x own and foreign objects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.tracker.api.conftest import World, client_for, member
from tracker.api.urls import urlpatterns
from tracker.models import Activity, Issue, Project, Repository, Role, User

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
READ = [
    "issues/{issue}/",
    "issues/{short}/",
    "issues/{issue}/why/",
    "issues/{issue}/comments/",
    "issues/{issue}/activity/",
    "issues/{issue}/suspects/",
    "issues/{issue}/markdown/",
    "issues/{issue}/events/",
    "issues/{issue}/events/latest/",
    "issues/{issue}/events/{event}/",
    "issues/{issue}/events/{event}/markdown/",
    "events/{event}/",
    "projects/{slug}/",
    "projects/{project}/",
    "issues/?project={slug}",
    "releases/?project={slug}",
    "environments/?project={slug}",
    "deploys/?project={slug}",
    "projects/{slug}/ownership/",
    "releases/{version}/?project={slug}",
    "releases/{version}/commits/?project={slug}",
    "releases/{version}/health/?project={slug}",
    "repositories/?project={slug}",
    "repositories/{repository}/",
    "events/?project={slug}",
    "stats/?project={slug}",
    "stats/?issue={issue}",
]
UNCLONED = "repositories/{repository}/commits/"  # answered with a 409 once it is found
ADMINS = "repositories/{repository}/webhook/"
LISTS = [
    "issues/",
    "issues/?query=",
    "events/",
    "events/?query=is:unresolved",
    "repositories/",
    "projects/",
    "releases/",
    "deploys/",
    "environments/",
    "stats/",
]
WRITES = [
    ("patch", "issues/{issue}/", {"status": "resolved"}),
    ("patch", "issues/{issue}/", {"assignee": "me"}),
    ("patch", "issues/{issue}/", {"reviewed": True}),
    ("patch", "issues/{issue}/", {"snooze": {"until": "next"}}),
    ("patch", "issues/{issue}/", {"priority": "high"}),
    ("patch", "issues/{issue}/", {"resolve_in": ["next"]}),
    ("post", "issues/{issue}/comments/", {"text": "seen"}),
    ("patch", "releases/{version}/?project={slug}", {"url": "https://example.org"}),
    ("put", "releases/{version}/commits/?project={slug}", {"commits": []}),
    ("post", "repositories/{repository}/fetch/", {}),
]
ADMIN_WRITES: list[tuple[str, str, dict[str, Any]]] = [
    ("patch", "repositories/{repository}/", {"depth": 7}),
    ("post", "repositories/", {"project": "{slug}", "url": "https://git.example.org/a/b.git"}),
    ("delete", "repositories/{repository}/", {}),
]
ROLES = [*Role.values, "owner", "stranger", "nobody"]


def own(world: World) -> dict[str, object]:
    return {"issue": world.issue.pk, "short": world.issue.short_id, "event": world.event["event_id"],
            "project": world.shop.pk, "slug": world.shop.slug,
            "version": "1.0", "repository": repository(world.shop)}  # fmt: skip


def foreign(world: World) -> dict[str, object]:
    return {"issue": world.foreign.pk, "short": world.foreign.short_id,
            "event": world.foreign_event["event_id"], "project": world.other.pk,
            "slug": world.other.slug, "version": "9",
            "repository": repository(world.other)}  # fmt: skip


def repository(project: Project) -> int:
    """Of the project; made where there is none."""
    row, _ = Repository.objects.get_or_create(
        project=project, name="code",
        defaults={"url": "https://git.example.org/x/y.git", "provider": "gitea",
                  "created_at": LONG_AGO,
                  "due_at": LONG_AGO},
    )  # fmt: skip
    return int(row.pk)


def test_every_address_is_covered() -> None:
    routes = {str(p.pattern) for p in urlpatterns} - {"schema/", "<path:rest>"}
    routes -= {"environments/<int:environment>/"}  # written, never read: test_shipping
    written = [path for _, path, _ in [*WRITES, *ADMIN_WRITES]]
    asked = {path.partition("?")[0] for path in [*READ, *LISTS, *written, UNCLONED, ADMINS]}
    covered = {
        path.replace("{issue}", "<str:issue>").replace("{short}", "<str:issue>")
        .replace("{event}", "<str:event>").replace("latest", "<str:event>")
        .replace("{project}", "<str:project>").replace("{slug}", "<str:project>")
        .replace("{version}", "<path:version>").replace("{repository}", "<int:repository>")
        for path in asked
    }  # fmt: skip
    assert covered == routes


@pytest.mark.parametrize("role", ROLES)
def test_reads(world: World, role: str) -> None:
    client = caller(world, role)
    sees_own = 200 if role in (*Role.values, "owner") else 404
    sees_foreign = 200 if role in ("owner", "stranger") else 404
    for path in READ:
        got = client.get("/api/v1/" + path.format(**own(world)))
        assert got.status_code == (401 if role == "nobody" else sees_own), (path, got.content)
        got = client.get("/api/v1/" + path.format(**foreign(world)))
        assert got.status_code == (401 if role == "nobody" else sees_foreign), (path, got.content)
        if got.status_code == 404:
            assert got["Content-Type"].startswith(("application/json", "text/markdown"))
    for path in LISTS:
        got = client.get("/api/v1/" + path)
        if role == "nobody":
            assert got.status_code == 401
            continue
        assert got.status_code == 200
        text = got.content.decode()
        assert ('"shop"' in text) == (sees_own == 200), path
        assert ('"other"' in text) == (sees_foreign == 200), path


@pytest.mark.parametrize("role", ROLES)
def test_writes(world: World, role: str) -> None:
    client = caller(world, role)
    for method, path, body in WRITES:
        before = snapshot()
        ask = getattr(client, method)
        got = ask("/api/v1/" + path.format(**foreign(world)), body, format="json")
        may = role in ("owner", "stranger")
        assert (got.status_code < 300) == may, got.content
        if not may:
            assert got.status_code == (401 if role == "nobody" else 404)
            assert snapshot() == before
        before = snapshot()
        got = ask("/api/v1/" + path.format(**own(world)), body, format="json")
        may = role in (Role.TRIAGER, Role.ADMIN, "owner")
        assert (got.status_code < 300) == may, got.content
        if not may:
            assert got.status_code == {"nobody": 401, Role.VIEWER: 403}.get(role, 404)
            assert snapshot() == before


@pytest.mark.parametrize("role", ROLES)
def test_repositories_are_for_admins_to_change(world: World, role: str) -> None:
    client = caller(world, role)
    mine, theirs = own(world), foreign(world)
    for names, sees, rules in (
        (theirs, role in ("owner", "stranger"), role in ("owner", "stranger")),
        (mine, role in (*Role.values, "owner"), role in (Role.ADMIN, "owner")),
    ):
        hidden = 401 if role == "nobody" else 404
        got = client.get("/api/v1/" + UNCLONED.format(**names))
        assert got.status_code == (409 if sees else hidden), got.content
        got = client.get("/api/v1/" + ADMINS.format(**names))
        assert got.status_code == (200 if rules else 403 if sees else hidden), got.content
        for method, path, body in ADMIN_WRITES:
            before = list(Repository.objects.order_by("pk").values())
            filled = {k: v.format(**names) if isinstance(v, str) else v for k, v in body.items()}
            got = getattr(client, method)("/api/v1/" + path.format(**names), filled, format="json")
            if rules:
                assert got.status_code < 300, got.content
            else:
                assert got.status_code == (403 if sees else hidden), got.content
                assert list(Repository.objects.order_by("pk").values()) == before


def test_a_person_of_no_project_sees_empty_lists(world: World) -> None:
    client = client_for(User.objects.create_user("new"))
    for path in LISTS:
        body = client.get("/api/v1/" + path).json()
        assert (body["results"] if "results" in body else body["series"]) == []


def caller(world: World, role: str) -> APIClient:
    if role == "nobody":
        return APIClient()
    if role == "owner":
        return client_for(User.objects.create_superuser("root", "", "x"))
    if role == "stranger":
        return client_for(member(world.other, Role.ADMIN, "eve"))
    return client_for(member(world.shop, role, "bo"))


def snapshot() -> tuple[list[object], int]:
    fields = ("pk", "status", "assignee", "assignee_team", "reviewed_at")
    return list(Issue.objects.order_by("pk").values_list(*fields)), Activity.objects.count()
