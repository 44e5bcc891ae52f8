"""Issues, events, repositories and path mappings as `sentry-cli` asks for them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from tests.factories.events import python_event, send
from tests.tracker.api.conftest import World, client_for, member
from tests.tracker.api.test_scoping import ROLES, caller
from tracker.actions import releases, repositories
from tracker.actions.releases import CommitTold, ReleaseTold
from tracker.actions.repositories import RepositoryTold
from tracker.api.paging import Cursor
from tracker.api.zero import urls
from tracker.models import AuditEntry, BulkJob, Issue, Repository, Role, User

pytestmark = pytest.mark.django_db
ORG = "/api/0/organizations/acme"
ISSUES = "/api/0/projects/acme/shop/issues/"
EVENTS = "/api/0/projects/acme/shop/events/"


def following(answer: Any) -> str:
    """The cursor with which the tool goes on; "" when it stops."""
    links = str(answer["Link"]).split(", ")
    [line] = [one for one in links if 'rel="next"' in one]
    found = re.search(r'results="true"; cursor="([^"]+)"', line)
    return found[1] if found else ""


def walked(api: APIClient, url: str) -> list[Any]:
    """All pages, as the tool walks them."""
    rows, cursor = [], ""
    for _ in range(20):
        answer = api.get(f"{url}{'&' if '?' in url else '?'}cursor={cursor}")
        assert answer.status_code == 200, answer.content
        rows += answer.json()
        cursor = following(answer)
        if not cursor:
            return rows
    raise AssertionError("the pages do not end")


def put(api: APIClient, query: str, **body: Any) -> Any:
    return api.put(f"{ISSUES}?{query}", body, format="json")


def test_issues_are_listed_page_by_page(api: APIClient, world: World):
    send(world.shop, *(python_event(number) for number in range(10, 17)))
    rows = walked(api, f"{ISSUES}?limit=3")
    assert len(rows) == 8 == len({row["id"] for row in rows})
    assert [row["lastSeen"] for row in rows] == sorted((r["lastSeen"] for r in rows), reverse=True)
    first = next(row for row in rows if row["id"] == str(world.issue.pk))
    assert first["shortId"] == world.issue.short_id and first["status"] == "unresolved"
    assert (first["level"], first["count"], first["project"]["slug"]) == ("error", "1", "shop")


def test_issues_by_the_one_grammar(api: APIClient, world: World):
    send(world.shop, python_event(10, level="fatal"))
    assert len(api.get(f"{ISSUES}?query=level:fatal").json()) == 1
    assert len(api.get(f"{ISSUES}?query=env:production").json()) == 1
    assert api.get(f"{ISSUES}?query=is:resolved").json() == []
    wrong = api.get(f"{ISSUES}?query=stage:production&cursor=")
    assert wrong.status_code == 400 and set(wrong.json()) == {"detail"}
    assert api.get(f"{ISSUES}?status=odd").status_code == 400
    assert api.get(f"{ISSUES}?cursor=odd").status_code == 400


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"status": "resolved", "snoozeDuration": None}, "resolved", ""),
        ({"status": "resolvedInNextRelease"}, "resolved", ""),
        ({"status": "resolved", "statusDetails": {"inNextRelease": True}}, "resolved", ""),
        ({"status": "resolved", "statusDetails": {"inRelease": "1.0"}}, "resolved", ""),
        ({"status": "muted"}, "snoozed", "escalating"),
        ({"status": "ignored", "snoozeDuration": 30}, "snoozed", "time"),
        ({"status": "ignored", "statusDetails": {"ignoreCount": 5}}, "snoozed", "events"),
        ({"status": "ignored", "statusDetails": {"ignoreCount": 5, "ignoreWindow": 60}},
         "snoozed", "rate"),
        ({"status": "ignored", "statusDetails": {"ignoreUserCount": 5}}, "snoozed", "users"),
    ],
)  # fmt: skip
def test_issues_are_moved(api: APIClient, world: World, body: Any, status: str, kind: str):
    answer = put(api, f"id={world.issue.pk}", **body)
    assert answer.status_code == 200, answer.content
    world.issue.refresh_from_db()
    assert world.issue.status == status
    assert (world.issue.snooze or {}).get("kind", "") == kind
    assert (
        put(api, f"status={body['status'].split('In')[0]}", status="unresolved").status_code < 300
    )
    world.issue.refresh_from_db()
    assert world.issue.status == "unresolved"


def test_what_makes_no_change_is_refused(api: APIClient, world: World):
    for query, body in (
        ("id=x", {"status": "resolved"}), ("", {"status": "gone"}), ("", {}),
        ("", {"status": "resolved", "assignedTo": "ada"}), ("status=odd", {"status": "resolved"}),
        ("", {"status": "ignored", "snoozeDuration": -1}),
        ("", {"status": "ignored", "statusDetails": ["inNextRelease"]}),
    ):  # fmt: skip
        assert put(api, query, **body).status_code == 400, body
    assert put(api, "status=ignored", status="unresolved").status_code == 204, "none is"
    assert not Issue.objects.exclude(status="unresolved").exists()


def test_one_foreign_issue_spoils_all(api: APIClient, world: World):
    answer = put(api, f"id={world.issue.pk}&id={world.foreign.pk}", status="resolved")
    assert answer.status_code == 404
    assert not Issue.objects.filter(status="resolved").exists()


def test_more_than_a_page_waits_for_is_a_job(
    api: APIClient, world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tracker.actions.bulk.AT_ONCE", 1)
    send(world.shop, python_event(10))
    assert put(api, "", status="muted").status_code == 200
    job = BulkJob.objects.get()
    assert (job.verb, len(job.ids)) == ("snooze", 2)


def test_events_are_listed_page_by_page_across_days(api: APIClient, world: World):
    for number in range(10, 16):
        send(world.shop, python_event(number, user={"id": 7, "email": "a@example.org"}))
    rows = walked(api, f"{EVENTS}?limit=2")
    assert len(rows) == 7 == len({row["eventID"] for row in rows})
    assert [r["dateReceived"] for r in rows] == sorted(
        (r["dateReceived"] for r in rows), reverse=True
    )
    assert rows[0]["user"] == {
        "id": "7", "email": "a@example.org", "username": None, "ip_address": None,
    }  # fmt: skip
    mine = next(row for row in rows if row["eventID"] == world.event["event_id"])
    assert {"key": "tier", "value": "gold"} in mine["tags"] and mine["title"] == "ValueError: no"
    assert len(api.get(f"{EVENTS}?query=env:production").json()) == 1
    first = datetime(1, 1, 1, tzinfo=UTC)
    nowhere = Cursor((first.date(), first, UUID(int=0)))
    assert api.get(f"{EVENTS}?cursor={nowhere}").json() == []


# -- repositories -------------------------------------------------------------------


@pytest.fixture
def repository(world: World) -> Repository:
    told = RepositoryTold("team/shop", "https://git.example.org/team/shop.git", mappings="# mine")
    return repositories.save(world.shop, None, told, None, datetime.now(UTC))


def test_repositories_with_an_address_are_git_and_others_are_passed_over(
    api: APIClient, world: World, repository: Repository
):
    told = CommitTold("a" * 40, datetime.now(UTC), repository="elsewhere")
    releases.make([world.shop], "2.0", ReleaseTold(commits=(told,)))
    rows = {row["name"]: row for row in api.get(f"{ORG}/repos/").json()}
    assert rows["team/shop"]["url"] == "https://git.example.org/team/shop"
    assert rows["team/shop"]["provider"]["id"] == "git"
    # The tool gives up on a git repository that has no address.
    assert (rows["elsewhere"]["url"], rows["elsewhere"]["provider"]["id"]) == (None, "told")


def upload(api: APIClient, *pairs: tuple[str, str], **more: str) -> Any:
    told = [{"stackRoot": stack, "sourceRoot": source} for stack, source in pairs]
    body = {"project": "shop", "repository": "Team/Shop", "defaultBranch": "main",
            "mappings": told, **more}  # fmt: skip
    return api.post(f"{ORG}/code-mappings/bulk/", body, format="json")


def test_path_mappings_are_kept_beside_those_of_people(world: World, repository: Repository):
    admin = client_for(member(world.shop, Role.ADMIN, "bo"))
    answer = upload(admin, ("com/example", "src/com/example"), ("/srv/app/", "src/"), ("a", "../x"))
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["created"], body["updated"], body["errors"]) == (2, 0, 1)
    assert body["mappings"][2]["status"] == "error" and ".." in body["mappings"][2]["detail"]
    body = upload(admin, ("/srv/app/", "lib/"), ("com/example", "src/com/example")).json()
    assert (body["created"], body["updated"], body["errors"]) == (0, 2, 0)
    repository.refresh_from_db()
    assert repository.mappings.splitlines() == [
        "# mine", "com/example => src/com/example", "/srv/app/ => lib/",
    ]  # fmt: skip
    assert AuditEntry.objects.filter(kind="repository", action="changed").count() == 2


def test_path_mappings_need_an_admin_and_a_known_repository(
    api: APIClient, world: World, repository: Repository
):
    assert upload(api, ("a", "b")).status_code == 403, "a triager"
    admin = client_for(member(world.shop, Role.ADMIN, "bo"))
    assert "add it on its page" in upload(admin, ("a", "b"), repository="x").json()["detail"]
    assert upload(admin, ("a", "b"), project="other").status_code == 404
    reader = client_for(User.objects.get(username="bo"), "read")
    assert upload(reader, ("a", "b")).status_code == 403


# -- every address x every role ------------------------------------------------------

READS = {  # address: whether it answers about one thing of one project
    "": False,
    "organizations/": False,
    "organizations/{org}/": False,
    "organizations/{org}/projects/": False,
    "organizations/{org}/repos/": False,
    "organizations/{org}/monitors/": False,
    "organizations/{org}/chunk-upload/": False,
    "organizations/{org}/releases/": False,
    "organizations/{org}/releases/{version}/": True,
    "organizations/{org}/releases/{version}/commits/": True,
    "organizations/{org}/releases/{version}/previous-with-commits/": True,
    "organizations/{org}/releases/{version}/deploys/": True,
    "organizations/{org}/releases/{version}/files/": True,
    "projects/": False,
    "projects/{org}/{project}/issues/": True,
    "projects/{org}/{project}/events/": True,
    "projects/{org}/{project}/releases/": True,
    "projects/{org}/{project}/releases/{version}/": True,
    "projects/{org}/{project}/releases/{version}/commits/": True,
    "projects/{org}/{project}/releases/{version}/files/": True,
    "projects/{org}/{project}/files/dsyms/": True,
}
WRITTEN_ONLY = {
    "organizations/{org}/events/",  # refused: `logs list`
    "organizations/{org}/code-mappings/bulk/",
    "organizations/{org}/artifactbundle/assemble/",
    "organizations/{org}/releases/{version}/assemble/",
    "projects/{org}/{project}/files/difs/assemble/",
    "projects/{org}/{project}/files/dsyms/associate/",
    "projects/{org}/{project}/files/proguard-artifact-releases/",
}


def test_every_address_is_covered():
    routes = set()
    for one in urls.urlpatterns:
        route = re.sub(r"\(\?P<(\w+)>[^)]*\)|<(?:\w+:)?(\w+)>", r"{\1\2}", str(one.pattern))
        routes.add(route.strip("^$"))
    assert routes - {"{rest}"} == set(READS) | WRITTEN_ONLY


@pytest.mark.parametrize("role", ROLES)
def test_reads(world: World, role: str):
    client = caller(world, role)
    sees = {"shop": role not in ("stranger", "nobody"), "other": role in ("owner", "stranger")}
    for path, of_one in READS.items():
        for project, version in (("shop", "1.0"), ("other", "9")):
            url = path.format(org="acme", project=project, version=version)
            answer = client.get(f"/api/0/{url}")
            usual = 200 if sees[project] or not of_one else 404
            assert answer.status_code == (401 if role == "nobody" else usual), url
            if role != "nobody" and not sees[project]:
                assert f'"{project}"' not in answer.content.decode(), url


@pytest.mark.parametrize("role", ROLES)
def test_writes(world: World, role: str):
    client = caller(world, role)
    answer = put(client, "", status="resolved")
    may = role in (Role.TRIAGER, Role.ADMIN, "owner")
    usual = 200 if may else 403 if role == Role.VIEWER else 404
    assert answer.status_code == (401 if role == "nobody" else usual)
    world.issue.refresh_from_db()
    assert (world.issue.status == "resolved") == may
