"""Occurrences, reports and versions as Rollbar's tools read them."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ingest.rollbar_api.base import number_of
from ingest.rollbar_api.occurrences import Place, walk
from tests.ingest.rollbar_api.conftest import Asker
from tracker.models import EventRow, Issue


def pages(asker: Asker, issue: Issue, limit: int) -> list[list[int]]:
    """All pages by `last_id`, each sorted as the MCP server sorts what it gets."""
    found: list[list[int]] = []
    last = ""
    while len(found) < 50:
        told = asker.call(f"item/{issue.pk}/instances?limit={limit}{last}")["instances"]
        if not told:
            break
        ordered = sorted(told, key=lambda one: (-one["timestamp"], -one["id"]))
        found.append([one["id"] for one in ordered])
        last = f"&last_id={ordered[-1]['id']}"
    return found


def shift(issue: Issue, seconds: list[float]) -> None:
    """Spread an issue's events over the past."""
    now = timezone.now()
    rows = EventRow.objects.filter(project_id=issue.project_id, issue_id=issue.pk).order_by()
    for row, back in zip(rows, seconds, strict=True):
        EventRow.objects.filter(pk=row.pk).update(received_at=now - timedelta(seconds=back))


def test_numbers_survive_javascript():
    for _ in range(100):
        event_id = uuid.uuid4()
        number = number_of(event_id)
        assert 0 <= number < 2**53
        assert int(float(number)) == number
        assert uuid.UUID(int=number << 75) <= event_id <= uuid.UUID(int=((number + 1) << 75) - 1)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_pages_by_last_id_hold_each_occurrence_once(asker: Asker, limit: int):
    issue = asker.send(times=9)
    shift(issue, [0.0, 0.2, 0.9, 1.0, 1.01, 1.02, 1.03, 5.5, 60.0])
    found = pages(asker, issue, limit)
    flat = [number for page in found for number in page]
    assert len(flat) == len(set(flat)) == 9
    assert all(len(page) == limit for page in found[:-1])
    by_page = [
        one["id"]
        for page in range(1, 11)
        for one in asker.call(f"item/{issue.pk}/instances/?limit={limit}&page={page}")["instances"]
    ]
    assert by_page == flat


def test_a_page_begins_where_the_other_ended(asker: Asker):
    issue = asker.send(times=4)
    shift(issue, [0.1, 0.1, 0.1, 0.1])
    rows = EventRow.objects.filter(project_id=issue.project_id, issue_id=issue.pk).order_by()
    ids = walk(rows, None, 10)
    assert ids == sorted(ids, reverse=True)
    row = rows.get(event_id=ids[1])
    assert walk(rows, Place(row.received_at.replace(microsecond=0), ids[1]), 10) == ids[2:]


def test_an_occurrence_is_in_rollbars_words(asker: Asker):
    sent = str(uuid.uuid4())
    issue = asker.send(
        uuid=sent, person={"id": "7", "email": "ada@example.org"}, context="checkout",
        request={"url": "https://shop.example/pay", "method": "POST", "user_ip": "203.0.113.9"},
        custom={"basket": 3}, server={"host": "web-1"}, timestamp=int(time.time()) - 5,
        notifier={"name": "pyrollbar", "version": "1.5.0"}, framework="django",
    )  # fmt: skip
    told = asker.call(f"instance/{number_of(uuid.UUID(sent))}")
    assert told == asker.call(f"instance/?uuid={sent}")
    assert (told["item_id"], told["project_id"]) == (issue.pk, asker.project.pk)
    data = told["data"]
    trace = data["body"]["trace"]
    assert trace["exception"] == {"class": "Fault1Error", "message": "order 1 failed"}
    assert trace["frames"][0]["filename"] == "shop/orders1.py"
    assert (trace["frames"][0]["method"], trace["frames"][0]["code"]) == (
        "fail_1",
        "raise ValueError",
    )
    wanted = {
        "uuid": sent, "environment": "production", "level": "error", "language": "python",
        "platform": "python", "framework": "django", "code_version": "1.0", "context": "checkout",
        "person": {"id": "7", "email": "ada@example.org"}, "custom": {"basket": 3},
        "notifier": {"name": "pyrollbar", "version": "1.5.0"},
    }  # fmt: skip
    assert {name: data.get(name) for name in wanted} == wanted
    assert data["server"]["host"] == "web-1"
    assert data["request"]["url"] == "https://shop.example/pay"
    assert data["metadata"]["customer_timestamp"] == data["timestamp"]
    for odd in (1, 2**53, 2**60):
        asker.call(f"instance/{odd}", 404)
    asker.call("instance/?uuid=", 404)
    asker.call(f"instance/?uuid={uuid.uuid4()}", 404)


def test_a_uuid_that_is_none_is_told_as_it_was_sent(asker: Asker):
    issue = asker.send(uuid="my-own-id-7")
    [told] = asker.call(f"item/{issue.pk}/instances")["instances"]
    assert told["data"]["uuid"] == "my-own-id-7"
    assert asker.call("instance/?uuid=my-own-id-7")["id"] == told["id"]


def test_the_projects_occurrences(asker: Asker):
    one, two = asker.send(1, times=2), asker.send(2)
    told = asker.call("instances/")
    assert sorted(entry["item_id"] for entry in told["instances"]) == sorted(
        [one.pk, one.pk, two.pk]
    )
    assert asker.call("instances/?page=2")["instances"] == []
    asker.call("instances/?page=11", 404)


def test_the_busiest_items(asker: Asker):
    quiet, busy = asker.send(1), asker.send(2, times=3)
    asker.send(3, environment="staging", times=5)
    told = asker.call("reports/top_active_items?hours=24&environments=production&sort=occurrences")
    assert [(row["item"]["id"], row["item"]["occurrences"]) for row in told] == [
        (busy.pk, 3), (quiet.pk, 1)]  # fmt: skip
    assert [sum(row["counts"]) for row in told] == [3, 1]
    assert len(told[0]["counts"]) == 24 and told[0]["item"]["level"] == 40
    assert len(asker.call("reports/top_active_items?environments=production,staging")) == 3
    assert asker.call("reports/top_active_items?environments=nowhere") == []


def test_occurrences_over_time(asker: Asker):
    issue = asker.send(1, times=2)
    asker.send(2, level="info")
    for size in (300, 3600, 86400):
        told = asker.call(f"reports/occurrence_counts?bucket_size={size}&buckets=3")
        assert len(told) == 3 and sum(count for _, count in told) == 3
        assert told[1][0] - told[0][0] == size
    for query, count in ((f"item_id={issue.pk}", 2), ("min_level=error", 2),
                         ("environments=staging", 0), ("environments=production", 3)):  # fmt: skip
        told = asker.call(f"reports/occurrence_counts?{query}")
        assert sum(n for _, n in told) == count, query
    asker.call("reports/occurrence_counts?bucket_size=60", 422)
    asker.call("reports/occurrence_counts?min_level=loud", 422)


def test_a_version(asker: Asker):
    issue = asker.send(1, code_version="web/2.0")
    body = {"environment": "production", "revision": "web/2.0", "local_username": "grace"}
    deploy(asker, body)
    for path in ("versions/web/2.0?environment=production", "versions/web%2F2.0"):
        told = asker.call(path)
        assert (told["version"], told["deployed_by"]) == ("web/2.0", "grace")
        assert told["first_occurrence_timestamp"] and told["last_deploy_timestamp"]
        assert told["item_stats"]["new"]["error"] == 1
        assert told["item_stats"]["resolved"] == dict.fromkeys(
            ("critical", "error", "warning", "info", "debug"), 0)  # fmt: skip
    assert [one["id"] for one in asker.call("versions/web/2.0/items?event=new")["items"]] == [
        issue.pk
    ]
    assert asker.call("versions/web/2.0/items?event=repeated")["items"] == []
    asker.call("versions/web/2.0/items?event=odd", 422)
    asker.call("versions/9", 404)
    told = asker.call("versions/web/2.0?environment=staging")
    assert told["deployed_by"] is None and told["first_occurrence_timestamp"] is None


def deploy(asker: Asker, body: dict[str, Any]) -> None:
    token = {"X-Rollbar-Access-Token": asker.tokens["post_server"]}
    answer = asker.client.post(
        "/api/1/deploy/", body, content_type="application/json", headers=token
    )
    assert answer.status_code == 200
