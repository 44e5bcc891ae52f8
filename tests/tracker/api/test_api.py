"""What the API answers: shapes, pages, changes, errors, and how many queries it asks."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.factories.events import python_event, send
from tests.tracker.api.conftest import World, client_for
from tracker.models import Activity, ApiToken, Issue, Membership, User

pytestmark = pytest.mark.django_db


def get(api: APIClient, path: str, status: int = 200) -> Any:
    got = api.get(path if path.startswith("http") else f"/api/v1/{path}")
    assert got.status_code == status, got.content
    return got.json()


# --- Tokens ------------------------------------------------------------------------------------


def test_tokens_live_and_die(world: World) -> None:
    token, secret = ApiToken.make(world.user, ["read"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert client.get("/api/v1/issues/").status_code == 200
    token.refresh_from_db()
    used = token.last_used_at
    assert used is not None
    assert datetime.now(UTC) - used < timedelta(minutes=1)
    client.get("/api/v1/issues/")
    token.refresh_from_db()
    assert token.last_used_at == used
    ApiToken.objects.update(last_used_at=used - timedelta(minutes=2))
    client.get("/api/v1/issues/")
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert token.last_used_at >= used
    ApiToken.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert client.get("/api/v1/issues/").status_code == 401
    ApiToken.objects.update(expires_at=None)
    User.objects.update(is_active=False)
    assert client.get("/api/v1/issues/").status_code == 401


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer a b", "Bearer é", "Basic YTpi", "Bearer x"]
)
def test_without_a_token_401(world: World, header: str) -> None:
    client = APIClient()
    if header:
        client.credentials(HTTP_AUTHORIZATION=header)
    got = client.get("/api/v1/issues/")
    assert got.status_code == 401
    assert got["WWW-Authenticate"] == "Bearer"
    assert set(got.json()) == {"detail"}


def test_scopes(world: World) -> None:
    reader = client_for(world.user, "read")
    path = f"/api/v1/issues/{world.issue.pk}/"
    got = reader.patch(path, {"status": "resolved"}, format="json")
    assert (got.status_code, got.json()) == (403, {"detail": "This token lacks the scope “write”."})
    assert client_for(world.user, "write").get(path).status_code == 200
    changed = client_for(world.user, "admin").patch(path, {"reviewed": True}, format="json")
    assert changed.status_code == 200


# --- Issues ------------------------------------------------------------------------------------


def test_the_list_speaks_the_search_grammar(api: APIClient, world: World) -> None:
    row = get(api, "issues/")["results"][0]
    assert row["short_id"] == world.issue.short_id
    assert (row["status"], row["substatus"]) == ("unresolved", "new")
    assert (row["events"], row["users"]) == (1, 1)
    assert (row["environments"], row["last_release"]) == (["production"], "1.0")
    assert row["project"] == {"id": world.shop.pk, "slug": "shop", "name": "Shop"}
    assert len(get(api, "issues/?query=tag[tier]:gold+level:>=error")["results"]) == 1
    assert get(api, "issues/?query=is:resolved")["results"] == []
    wrong = get(api, "issues/?query=is:new+asigned:me", 400)
    assert wrong["position"] == 7
    assert wrong["suggestion"] == "assigned:me"
    assert "Did you mean" in wrong["detail"]
    assert "one of" in get(api, "issues/?sort=nonsense", 400)["detail"]


def test_pages_meet_every_row_once(api: APIClient, world: World) -> None:
    send(world.shop, *(python_event(number) for number in range(10, 17)))
    Issue.objects.update(last_seen=datetime.now(UTC))  # ties: only the id tells them apart
    for sort in ("last_seen", "first_seen", "events", "users"):
        url, pages = f"issues/?limit=3&sort={sort}", []
        while url:
            body = get(api, url)
            pages.append([row["id"] for row in body["results"]])
            url = body["next"]
        seen = [number for page in pages for number in page]
        assert len(seen) == len(set(seen)) == 8
        back = get(api, f"issues/?limit=3&sort={sort}")
        forth = get(api, get(api, back["next"])["next"])
        assert [row["id"] for row in forth["results"]] == pages[2]
        again = get(api, get(api, forth["previous"])["previous"])
        assert [row["id"] for row in again["results"]] == pages[0]
        assert again["previous"] is None
    got = api.get("/api/v1/issues/?limit=3")
    assert 'rel="next"' in got["Link"]


@pytest.mark.parametrize("cursor", ["x", "!!!", "bnVsbA", "WzBd", "WzAsIm5vdyIsIjEiXQ", "Ww" * 500])
def test_wrong_cursors_are_400(api: APIClient, cursor: str) -> None:
    assert set(get(api, f"issues/?cursor={cursor}", 400)) == {"detail"}


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1e3", "٣"])
def test_wrong_limits_are_400(api: APIClient, limit: str) -> None:
    get(api, f"issues/?limit={limit}", 400)


def test_one_issue_says_why(api: APIClient, world: World) -> None:
    detail = get(api, f"issues/{world.issue.short_id.lower()}/")
    assert detail["id"] == world.issue.pk
    assert "ValueError" in detail["why"][0]["why"]
    assert detail["why"] == get(api, f"issues/{world.issue.pk}/why/")
    assert {"key": "tier", "total": 1, "values": [{"value": "gold", "count": 1}]} in detail["tags"]
    for wrong in ("0", "-1", "SHOP-", "SHOP-!", "OTHER-1", "9" * 40, "x", "é-1"):
        get(api, f"issues/{wrong}/", 404)


def test_triage(api: APIClient, world: World) -> None:
    path = f"/api/v1/issues/{world.issue.pk}/"
    change = {"status": "resolved", "assignee": "me", "reviewed": True}
    done = api.patch(path, change, format="json")
    assert done.status_code == 200
    body = done.json()
    assert (body["status"], body["assignee"]["name"]) == ("resolved", "ada")
    assert body["resolved_release"] == "1.0"
    assert body["reviewed_at"]
    assert body["resolved_at"]
    team = f"#{world.shop.team.slug}"
    assert api.patch(path, {"assignee": team}, format="json").json()["assignee"]["name"] == team
    change = {"status": "unresolved", "assignee": None}
    body = api.patch(path, change, format="json").json()
    assert (body["status"], body["substatus"], body["assignee"]) == ("unresolved", "ongoing", None)
    kinds = [row["kind"] for row in get(api, f"issues/{world.issue.pk}/activity/")["results"]]
    assert sorted(kinds) == sorted(
        ["first_seen", "assigned", "resolved", "assigned", "reopened", "assigned"]
    )


@pytest.mark.parametrize(
    "body",
    [{}, [], "x", 3, None, {"status": "gone"}, {"status": None}, {"nonsense": 1},
     {"assignee": "eve"}, {"assignee": "#others"}, {"assignee": {"a": 1}}, {"reviewed": False},
     {"status": "resolved", "assignee": "eve"}],
)  # fmt: skip
def test_wrong_changes_change_nothing(api: APIClient, world: World, body: object) -> None:
    User.objects.create_user("eve")
    before = Activity.objects.count()
    got = api.patch(f"/api/v1/issues/{world.issue.pk}/", body, format="json")
    assert got.status_code == 400, got.content
    assert set(got.json()) == {"detail"}
    assert Activity.objects.count() == before
    assert Issue.objects.get(pk=world.issue.pk).status == "unresolved"


def test_bodies_that_are_no_json(api: APIClient, world: World) -> None:
    path = f"/api/v1/issues/{world.issue.pk}/"
    assert api.patch(path, "{", content_type="application/json").status_code == 400
    form = "application/x-www-form-urlencoded"
    assert api.patch(path, "a=b", content_type=form).status_code == 415
    assert api.delete(path).status_code == 405


def test_comments(api: APIClient, world: World) -> None:
    path = f"/api/v1/issues/{world.issue.pk}/comments/"
    made = api.post(path, {"text": " <b>seen</b> "}, format="json")
    assert made.status_code == 201
    assert (made.json()["author"], made.json()["text"]) == ("ada", "<b>seen</b>")
    assert get(api, f"issues/{world.issue.pk}/comments/")["results"] == [made.json()]
    for wrong in ({}, {"text": ""}, {"text": "   "}, {"text": "x" * 10_001}, {"text": "\0"}):
        assert api.post(path, wrong, format="json").status_code == 400


# --- Events ------------------------------------------------------------------------------------


def test_events(api: APIClient, world: World) -> None:
    event_id = world.event["event_id"]
    event = get(api, f"events/{event_id}/")
    assert event["event_id"] == event_id
    assert event["issue"] == world.issue.pk
    assert (event["release"], event["environment"]) == ("1.0", "production")
    assert event["data"]["exception"]["values"][0]["type"] == "ValueError"
    assert get(api, f"events/{uuid.UUID(event_id)}/") == event
    assert get(api, f"issues/{world.issue.pk}/events/latest/") == event
    send(world.shop, *(python_event(1) for _ in range(3)))
    rows, url = [], f"issues/{world.issue.pk}/events/?limit=2"
    while url:
        body = get(api, url)
        rows += [row["event_id"] for row in body["results"]]
        url = body["next"]
    assert len(set(rows)) == 4
    assert rows[-1] == event_id
    assert get(api, f"issues/{world.issue.pk}/events/oldest/") == event
    for wrong in (uuid.uuid4().hex, "x", world.foreign_event["event_id"]):
        get(api, f"events/{wrong}/", 404)
        get(api, f"issues/{world.issue.pk}/events/{wrong}/", 404)


def test_markdown(api: APIClient, world: World) -> None:
    got = api.get(f"/api/v1/issues/{world.issue.pk}/markdown/")
    assert got["Content-Type"] == "text/markdown; charset=utf-8"
    text = got.content.decode()
    assert text.startswith("# ValueError: no\n")
    assert "raise ValueError(1)" in text
    assert "`fail_1` in `shop/orders.py:3`" in text


# --- The rest ----------------------------------------------------------------------------------


def test_projects_releases_environments(api: APIClient, world: World) -> None:
    (project,) = get(api, "projects/")["results"]
    assert (project["slug"], project["role"]) == ("shop", "triager")
    one = get(api, "projects/shop/")
    assert (one["unresolved"], one["unresolved_is_more"], len(one["dsn"])) == (1, False, 1)
    assert [r["version"] for r in get(api, "releases/")["results"]] == ["1.0"]
    assert get(api, "releases/?version=2")["results"] == []
    (deploy,) = get(api, "deploys/?environment=production")["results"]
    assert (deploy["release"], deploy["status"], deploy["actor"]) == ("1.0", "succeeded", "ci")
    assert get(api, "deploys/?environment=theirs")["results"] == []
    assert [e["name"] for e in get(api, "environments/")["results"]] == ["production"]


def test_stats(api: APIClient, world: World) -> None:
    for query in ("", "?interval=day", f"?issue={world.issue.pk}", "?environment=production",
                  "?query=level:error+is:unresolved"):  # fmt: skip
        body = get(api, f"stats/{query}")
        (series,) = body["series"]
        assert series["total"] == 1, query
        assert len(series["points"]) == (14 if body["interval"] == "day" else 24)
        assert series["points"][-1]["events"] == 1
    assert get(api, "stats/?environment=staging")["series"][0]["total"] == 0
    assert get(api, "stats/?query=is:resolved")["series"][0]["total"] == 0
    get(api, "stats/?query=odd:1", 400)
    for wrong in ("interval=year", "since=x", "since=2026-01-02&until=2026-01-01",
                  "since=0001-01-01", "since=2020-01-01",
                  "until=9999-12-31T23:59:59-23:59"):  # fmt: skip
        get(api, f"stats/?{wrong}", 400)
    get(api, "stats/?issue=99999", 404)


def test_schema_describes_every_address(api: APIClient) -> None:
    got = APIClient().get("/api/v1/schema/?format=json")
    assert got.status_code == 200
    schema = got.json()
    assert schema["openapi"].startswith("3.")
    paths = set(schema["paths"])
    assert {"/api/v1/issues/{issue}/", "/api/v1/events/{event}/", "/api/v1/stats/"} <= paths
    assert len(paths) == 28
    change = schema["paths"]["/api/v1/issues/{issue}/"]["patch"]
    assert change["security"] == [{"token": []}]
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert "http://" not in got.content.decode()
    assert "https://" not in got.content.decode()


def test_unknown_addresses_are_json(api: APIClient) -> None:
    assert set(get(api, "nonsense/", 404)) == {"detail"}
    assert APIClient().get("/api/v1/nonsense/").status_code == 401


@pytest.mark.parametrize(
    ("path", "budget"),
    [
        ("issues/", 6),
        ("issues/?query=env:production+release:1.0+tag[tier]:gold+valueerror+assigned:none", 6),
        ("issues/{issue}/", 7),
        ("issues/{issue}/why/", 5),
        ("issues/{issue}/comments/", 5),
        ("issues/{issue}/events/", 8),
        ("issues/{issue}/markdown/", 6),
        ("events/{event}/", 8),
        ("projects/", 4),
        ("projects/shop/", 5),
        ("releases/", 4),
        ("events/", 12),
        ("repositories/", 4),
        ("issues/{issue}/suspects/", 5),
        ("environments/", 4),
        ("deploys/", 4),
        ("stats/", 4),
    ],
)
def test_query_budgets(
    api: APIClient, world: World, django_assert_max_num_queries: Any, path: str, budget: int
) -> None:
    """Token, memberships and projects are three of them; more rows cost no more queries."""
    send(world.shop, *(python_event(number, release=f"2.{number}") for number in range(20, 40)))
    for number in range(5):
        other = User.objects.create_user(f"u{number}")
        Membership.objects.create(user=other, team=world.shop.team)
    url = "/api/v1/" + path.format(issue=world.issue.pk, event=world.event["event_id"])
    with django_assert_max_num_queries(budget):
        assert api.get(url).status_code == 200


def test_a_patch_snoozes_prioritises_and_resolves_in(api: APIClient, world: World) -> None:
    path = f"/api/v1/issues/{world.issue.pk}/"

    def change(**what: Any) -> Any:
        answer = api.patch(path, what, format="json")
        assert answer.status_code == 200, answer.content
        return answer.json()

    body = change(snooze={"until": "events", "count": 100}, priority="low")
    assert (body["status"], body["snooze"]) == ("snoozed", "0 of 100 events")
    assert (body["priority"], body["priority_by_hand"]) == ("low", True)
    body = change(snooze={"until": "time", "at": "2030-01-01T00:00:00Z"}, priority=None)
    assert (body["snoozed_until"], body["priority_by_hand"]) == ("2030-01-01T00:00:00Z", False)
    body = change(resolve_in=["next"])
    assert (body["status"], body["resolution"]) == ("resolved", "in the next release after 1.0")
    change(status="unresolved")
    assert change(resolve_in=["2.0", "1.5.1"])["resolution"] == "in 2.0, 1.5.1"


@pytest.mark.parametrize(
    "change",
    [
        {"snooze": {"until": "never"}},
        {"snooze": {"until": "time"}},
        {"snooze": {"until": "events"}},
        {"snooze": {"until": "rate", "count": 3}},
        {"snooze": {"until": "time", "at": "2001-01-01T00:00:00Z"}},
        {"snooze": "next"},
        {"snooze": {"until": "next"}, "status": "resolved"},
        {"resolve_in": []},
        {"resolve_in": ["next", "1.0"]},
        {"priority": "urgent"},
    ],
)
def test_a_patch_that_makes_no_sense_changes_nothing(
    api: APIClient, world: World, change: dict[str, Any]
) -> None:
    answer = api.patch(
        f"/api/v1/issues/{world.issue.pk}/", {"assignee": "me", **change}, format="json"
    )
    assert answer.status_code == 400, answer.content
    issue = Issue.objects.get(pk=world.issue.pk)
    assert (issue.status, issue.assignee_id, issue.priority_by_hand) == ("unresolved", None, False)
