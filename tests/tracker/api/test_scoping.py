"""Every address x every role x own and foreign objects."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from tests.tracker.api.conftest import World, client_for, member
from tracker.api.urls import urlpatterns
from tracker.models import Activity, Issue, Role, User

pytestmark = pytest.mark.django_db

READ = [
    "issues/{issue}/",
    "issues/{short}/",
    "issues/{issue}/why/",
    "issues/{issue}/comments/",
    "issues/{issue}/activity/",
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
    "releases/{version}/health/?project={slug}",
    "stats/?project={slug}",
    "stats/?issue={issue}",
]
LISTS = [
    "issues/",
    "issues/?query=",
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
]
ROLES = [*Role.values, "owner", "stranger", "nobody"]


def own(world: World) -> dict[str, object]:
    return {"issue": world.issue.pk, "short": world.issue.short_id, "event": world.event["event_id"],
            "project": world.shop.pk, "slug": world.shop.slug,
            "version": "1.0"}  # fmt: skip


def foreign(world: World) -> dict[str, object]:
    return {"issue": world.foreign.pk, "short": world.foreign.short_id,
            "event": world.foreign_event["event_id"], "project": world.other.pk,
            "slug": world.other.slug, "version": "9"}  # fmt: skip


def test_every_address_is_covered() -> None:
    routes = {str(p.pattern) for p in urlpatterns} - {"schema/", "<path:rest>"}
    routes -= {"environments/<int:environment>/"}  # written, never read: test_shipping
    asked = {path.partition("?")[0] for path in [*READ, *LISTS]}
    covered = {
        path.replace("{issue}", "<str:issue>").replace("{short}", "<str:issue>")
        .replace("{event}", "<str:event>").replace("latest", "<str:event>")
        .replace("{project}", "<str:project>").replace("{slug}", "<str:project>")
        .replace("{version}", "<path:version>")
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
