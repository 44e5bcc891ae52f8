"""What pipelines tell and ask: releases, deploys, go or stop, hidden environments, owners."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.events import python_event, send
from tests.tracker.api.conftest import World, client_for, member
from tracker import release_counts
from tracker.actions import triage
from tracker.models import (
    Activity,
    Deploy,
    Environment,
    Issue,
    OwnershipRules,
    Release,
    ReleaseUse,
    Role,
    SessionHour,
)  # fmt: skip

pytestmark = pytest.mark.django_db
API = "/api/v1/"


def put(world: World, method: str, path: str, body: dict[str, Any], role: str = "") -> Any:
    user = member(world.shop, role, "bo") if role else world.user
    return getattr(client_for(user), method)(API + path, body, format="json")


def health(world: World, version: str, **query: Any) -> dict[str, Any]:
    answer = client_for(world.user).get(f"{API}releases/{version}/health/", query)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_a_release_is_made_once(world: World):
    body = {"project": "shop", "version": "2.0/rc", "released_at": "2026-05-01T00:00:00Z"}
    first, again = (put(world, "post", "releases/", body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() and first.json()["source"] == "api"
    known = put(world, "post", "releases/", {"project": "shop", "version": "1.0"})
    assert (known.status_code == 200 and known.json()["source"] == "deploy") or "api"


@pytest.mark.parametrize("version", ["", " ", "a\nb", "x" * 201])
def test_what_is_no_version(world: World, version: str):
    answer = put(world, "post", "releases/", {"project": "shop", "version": version})
    assert answer.status_code == 400 and "version" in answer.json()["detail"]


def test_a_deploy_is_noted_and_told(world: World):
    body = {"project": "shop", "release": "3.0", "environment": "qa", "actor": "ci"}
    answer = put(world, "post", "deploys/", body)
    assert answer.status_code == 201, answer.content
    assert answer.json()["status"] == "succeeded" and answer.json()["release"] == "3.0"
    assert Release.objects.get(project=world.shop, version="3.0").source == "deploy"
    assert Activity.objects.filter(project=world.shop, kind="deployed").count() == 1
    bad = put(world, "post", "deploys/", {**body, "status": "perhaps"})
    assert bad.status_code == 400


@pytest.mark.parametrize("role", [*Role.values, "stranger"])
def test_roles(world: World, role: str):
    told = Role.ADMIN if role == "stranger" else role
    user = member(world.other if role == "stranger" else world.shop, told, "bo")
    client, environment = client_for(user), Environment.objects.get(project=world.shop)
    refused = {Role.VIEWER: 403, "stranger": 404}
    asked = [
        ("post", "releases/", {"project": "shop", "version": "7"}, Role.TRIAGER),
        ("post", "deploys/", {"project": "shop", "release": "7", "environment": "e"}, Role.TRIAGER),
        ("patch", f"environments/{environment.pk}/", {"hidden": True}, Role.ADMIN),
        ("put", "projects/shop/ownership/", {"text": "path:a/* none"}, Role.ADMIN),
    ]
    for method, path, body, least in asked:
        code = getattr(client, method)(API + path, body, format="json").status_code
        if role == Role.ADMIN or (role == Role.TRIAGER and least == Role.TRIAGER):
            assert code in (200, 201), path
        else:
            assert code == refused.get(role, 403), path
    environment.refresh_from_db()
    assert environment.hidden == (role == Role.ADMIN)
    assert OwnershipRules.objects.filter(project=world.shop).exists() == (role == Role.ADMIN)


def test_a_token_that_reads_writes_nothing(world: World):
    client = client_for(world.user, "read")
    body = {"project": "shop", "version": "7"}
    assert client.post(API + "releases/", body, format="json").status_code == 403


def test_ownership_by_api(world: World):
    empty = client_for(world.user).get(API + "projects/shop/ownership/").json()
    assert empty == {"revision": 0, "text": "", "assign": False, "problems": []}
    text = "path:a/* ada\nnonsense\npath:b/* nobody-here"
    answer = put(world, "put", "projects/shop/ownership/", {"text": text, "assign": True}, "admin")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["revision"], body["text"], body["assign"]) == (1, text, True)
    assert [problem["line"] for problem in body["problems"]] == [2, 3]
    admin = client_for(type(world.user).objects.get(username="bo"))
    stale = admin.put(API + "projects/shop/ownership/", {"text": "", "revision": 0}, format="json")
    assert stale.status_code == 400 and "meanwhile" in stale.json()["detail"]
    kept = admin.put(API + "projects/shop/ownership/", {"text": "", "revision": 1}, format="json")
    assert kept.json()["assign"] is True and kept.json()["revision"] == 2


def test_events_are_counted_by_release(world: World):
    send(world.shop, *(python_event(n, release="1.0", environment="qa") for n in (3, 4)))
    rows = {row.environment_id: row for row in ReleaseUse.objects.filter(project_id=world.shop.pk)}
    qa = Environment.objects.get(project=world.shop, name="qa")
    assert len(rows) == 2 and rows[qa.pk].events == 2
    release, now = Release.objects.get(project=world.shop), datetime.now(UTC)
    since = now - timedelta(minutes=10)
    assert release_counts.between(world.shop.pk, release.pk, since, now) == 3
    assert release_counts.between(world.shop.pk, release.pk, since, now, [qa.pk]) == 2
    assert release_counts.of_all(world.shop.pk, since, now) == 3
    assert release_counts.forget(now + timedelta(minutes=1), most=1) == 1
    assert release_counts.forget(now + timedelta(minutes=1)) == 2
    assert sum(row.events for row in ReleaseUse.objects.filter(release_id=release.pk)) == 3


def ship(world: World, version: str, ago: timedelta) -> Deploy:
    release, _ = Release.objects.get_or_create(
        project=world.shop, version=version, defaults={"source": "deploy"}
    )
    environment, _ = Environment.objects.get_or_create(project=world.shop, name="production")
    return Deploy.objects.create(project=world.shop, release=release, environment=environment,
                                 started_at=datetime.now(UTC) - ago)  # fmt: skip


def test_a_new_issue_stops_and_is_named(world: World):
    ship(world, "1.1", timedelta(minutes=30))
    quiet = health(world, "1.1", environment="production")
    assert quiet["verdict"] == "go" and quiet["predecessor"]["version"] == "1.0"
    assert quiet["release"]["crash_free_sessions"] is None
    send(world.shop, python_event(9, release="1.1", environment="production"))
    found = health(world, "1.1", environment="production")
    new = Issue.objects.get(project=world.shop, first_release__version="1.1")
    assert found["verdict"] == "stop" and found["new_issues"] == [new.short_id]
    assert "1 new issue" in found["why"]
    assert health(world, "1.1", environment="production", max_new_issues=1)["verdict"] == "go"
    assert health(world, "1.1", environment="staging")["verdict"] == "wait"


def test_a_regression_stops(world: World):
    triage.resolve(Issue.objects.filter(pk=world.issue.pk), None, datetime.now(UTC))
    ship(world, "1.1", timedelta(minutes=30))
    send(world.shop, python_event(1, release="1.1", environment="production"))
    found = health(world, "1.1")
    assert found["verdict"] == "stop" and found["regressed_issues"] == [world.issue.short_id]
    assert found["new_issues"] == []


def test_crashes_stop(world: World):
    for version, ago, crashed in (("1.5", 20, 1), ("1.6", 1, 90)):
        deploy = ship(world, version, timedelta(hours=ago))
        SessionHour.objects.create(
            project_id=world.shop.pk, release_id=deploy.release_id,
            environment_id=deploy.environment_id, total=1000, errored=0, abnormal=0,
            crashed=crashed, users=b"", crashed_users=b"",
            bucket=deploy.started_at.replace(minute=0, second=0, microsecond=0),
        )  # fmt: skip
    found = health(world, "1.6", environment="production")
    assert found["verdict"] == "stop" and "91 % of 1,000 sessions" in found["why"]
    assert found["predecessor"]["version"] == "1.5"


def test_unknown_and_odd_requests(world: World):
    client = client_for(world.user)
    assert client.get(API + "releases/77/health/").status_code == 404
    assert client.get(API + "releases/9/health/").status_code == 404, "another team's"
    for query in ("max_rate=x", "max_new_issues=-1", "min_crash_free=2", "max_rate=nan"):
        assert client.get(f"{API}releases/1.0/health/?{query}").status_code == 400, query


def test_the_gate_costs_a_bounded_number_of_queries(world: World):
    ship(world, "1.1", timedelta(minutes=30))
    with CaptureQueriesContext(connection) as few:
        health(world, "1.1", environment="production")
    for number in range(5):
        ship(world, f"0.{number}", timedelta(days=number))
        send(world.shop, python_event(20 + number, release="1.1", environment="production"))
    with CaptureQueriesContext(connection) as many:
        health(world, "1.1", environment="production")
    assert len(many) <= len(few) <= 24, [q["sql"] for q in many.captured_queries]


def test_what_came_after_the_first_hour_does_not_change_its_verdict(world: World):
    ship(world, "1.1", timedelta(hours=3))
    release = Release.objects.get(project=world.shop, version="1.1")
    send(world.shop, python_event(31, release="1.1", environment="production"))
    late = Issue.objects.get(first_release=release)
    assert health(world, "1.1")["new_issues"] == [late.short_id]
    first = health(world, "1.1", hours=1)
    assert (first["verdict"], first["new_issues"]) == ("go", [])
    assert first["release"]["seconds"] == 3600 and first["release"]["events"] == 0
    Issue.objects.filter(pk=late.pk).update(first_seen=datetime.now(UTC) - timedelta(hours=2.5))
    assert health(world, "1.1", hours=1)["verdict"] == "stop"
    for hours in ("0", "25", "x"):
        url = f"{API}releases/1.1/health/?hours={hours}"
        assert client_for(world.user).get(url).status_code == 400, hours
