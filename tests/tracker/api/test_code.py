"""Repositories, commits and suspects by the API; events across issues."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.factories.events import python_event, send
from tests.tracker.api.conftest import World, client_for, member
from tracker import vault
from tracker.models import AuditEntry, Commit, Project, Repository, Role

pytestmark = pytest.mark.django_db
URL = "https://git.example.org/team/shop.git"
API = "/api/v1/"


def ok(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.content
    return answer.json() if answer.content else None


@pytest.fixture
def admin(world: World) -> APIClient:
    return client_for(member(world.shop, Role.ADMIN, "bo"))


def add(api: APIClient, **more: Any) -> Any:
    return api.post(f"{API}repositories/", {"project": "shop", "url": URL, **more}, format="json")


def test_a_repository_from_added_to_forgotten(admin: APIClient, world: World):
    made = ok(add(admin, secret="glpat-secret", mappings="/srv/app/ => src/"), 201)
    assert (made["name"], made["state"], made["has_secret"]) == ("team/shop", "waiting", True)
    assert "glpat-secret" not in str(made)
    row = Repository.objects.get(pk=made["id"])
    assert vault.unseal(row.sealed) == {"token": "glpat-secret"} and row.bell_sealed
    url = f"{API}repositories/{row.pk}/"
    changed = ok(admin.patch(url, {"depth": 50}, format="json"))
    assert (changed["depth"], changed["mappings"]) == (50, "/srv/app/ => src/")
    row.refresh_from_db()
    assert vault.unseal(row.sealed) == {"token": "glpat-secret"}, "what is not named stays"
    bell = ok(admin.get(f"{url}webhook/"))
    assert str(row.bell) in bell["url"] and len(bell["secret"]) > 30
    assert ok(admin.get(f"{API}repositories/"))["results"] == [ok(admin.get(url))]
    assert admin.delete(url).status_code == 204
    assert admin.get(url).status_code == 404


@pytest.mark.parametrize(
    "body",
    [{"url": "file:///etc"}, {"url": "ext::sh"}, {"url": ""}, {"mappings": "odd"}, {"depth": 0},
     {"provider": "svn"}, {"web_url": "javascript:alert(1)"}],
)  # fmt: skip
def test_what_makes_no_repository_is_said(admin: APIClient, body: dict[str, Any]):
    assert ok(add(admin, **body), 400)["detail"]


def test_a_name_is_given_once(admin: APIClient):
    ok(add(admin), 201)
    assert "already" in ok(add(admin), 400)["detail"]


def test_commits_of_a_release_are_told_and_listed(api: APIClient, world: World):
    one = {"sha": "a" * 40, "message": "Pay\n\nmore", "author": "Grace", "repository": "team/shop",
           "author_email": "g@example.org", "committed_at": "2026-03-04T05:06:07+02:00",
           "files": [{"path": "pay.py"}, {"path": "old.py", "type": "D"}]}  # fmt: skip
    url = f"{API}releases/1.0/"
    body = {"commits": [one, {"sha": "b" * 40, "committed_at": "2026-03-04T05:06:07Z"}]}
    for _ in range(2):
        ok(api.put(f"{url}commits/", body, format="json"), 204)
    page = ok(api.get(f"{url}commits/?limit=1"))
    assert [row["sha"][0] for row in page["results"]] == ["a"]
    assert page["results"][0]["files"][1] == {"path": "old.py", "type": "D"}
    rest = ok(api.get(page["next"]))
    assert [row["sha"][0] for row in rest["results"]] == ["b"] and rest["next"] is None
    assert Commit.objects.count() == 2
    detail = ok(api.get(url))
    assert (detail["commits"], detail["archived"]) == (2, False)
    changed = ok(api.patch(url, {"archived": True, "url": "https://example.org"}, format="json"))
    assert (changed["archived"], changed["url"]) == (True, "https://example.org")
    assert "has events" in ok(api.delete(url), 400)["detail"]
    for wrong in ({}, {"commits": [{"sha": "a"}]}, {"commits": [{**one, "sha": "a b"}]}):
        ok(api.put(f"{url}commits/", wrong, format="json"), 400)


def test_suspects_of_an_issue_nobody_looked_at(api: APIClient, world: World):
    found = ok(api.get(f"{API}issues/{world.issue.pk}/suspects/"))
    assert found["suspects"] == [] and "looked" in found["why"]


def test_events_across_issues(api: APIClient, world: World):
    for number in range(10, 15):
        send(world.shop, python_event(number, release="2.0", environment="qa"))
    rows, url = [], f"{API}events/?limit=2"
    while url:
        page = ok(api.get(url))
        rows += page["results"]
        url = page["next"]
    assert len(rows) == 6 == len({row["event_id"] for row in rows})
    for query, count in (
        ("query=level:error", 6), ("query=env:production", 1), ("environment=qa", 5),
        ("release=2.0", 5), ("release=9", 0), ("project=shop", 6), ("query=is:resolved", 0),
    ):  # fmt: skip
        assert len(ok(api.get(f"{API}events/?{query}"))["results"]) == count, query
    ok(api.get(f"{API}events/?query=odd:1"), 400)
    ok(api.get(f"{API}events/?cursor=odd"), 400)


def test_projects_are_made_and_changed_by_admins(admin: APIClient, api: APIClient, world: World):
    team = world.shop.team.slug
    made = ok(admin.post(f"{API}projects/", {"name": "Tills", "team": team}, format="json"), 201)
    assert (made["slug"], made["team"], len(made["dsn"])) == ("tills", team, 1)
    assert ok(admin.get(f"{API}projects/tills/")) == made
    changed = {"name": "Tills and more", "platform": "python"}
    told = ok(admin.patch(f"{API}projects/tills/", changed, format="json"))
    assert (told["name"], told["platform"], told["slug"]) == (*changed.values(), "tills")
    kinds = AuditEntry.objects.filter(project_id=made["id"]).values_list("action", flat=True)
    assert set(kinds) >= {"added", "changed"}
    new = {"name": "More", "team": team}
    assert api.post(f"{API}projects/", new, format="json").status_code == 403, "a triager"
    assert api.patch(f"{API}projects/shop/", {"name": "x"}, format="json").status_code == 403
    assert api.patch(f"{API}projects/other/", {"name": "x"}, format="json").status_code == 404
    theirs = {"name": "More", "team": world.other.team.slug}
    assert ok(admin.post(f"{API}projects/", theirs, format="json"), 404)
    for wrong in ({}, {"name": ""}, {"name": "x" * 101, "team": team}, {"name": "x"}):
        ok(admin.post(f"{API}projects/", wrong, format="json"), 400)
    assert Project.objects.count() == 3
