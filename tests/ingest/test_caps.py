"""What strangers can create is bounded, counted, and the books stay right."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from ingest import digest
from tests.ingest.conftest import Poster
from tracker import books, room, store
from tracker.actions import caps
from tracker.models import EventRow, Issue, IssueTag, Ledger, Project, Release


@pytest.fixture(autouse=True)
def fresh() -> None:
    caps.tags.forget()


def send(poster: Poster, *events: dict[str, Any]) -> None:
    from django.utils import timezone

    del timezone
    for event in events:
        assert poster.post("store/", {"event_id": uuid.uuid4().hex, **event}).status_code == 200
    digest.run()
    assert books.differences() == []


def capped(poster: Poster) -> dict[str, int]:
    rows = Ledger.objects.filter(project_id=poster.project.pk, kind="capped")
    return {row.reason: row.count for row in rows}


def apart(number: int) -> dict[str, Any]:
    return {"message": f"m{number}", "fingerprint": [f"f{number}"]}


def test_new_issues_above_the_cap_are_one_overflow_issue(
    poster: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caps, "ISSUES_AN_HOUR", 5)
    send(poster, *[apart(n) for n in range(4)])
    send(poster, *[apart(n) for n in range(12)])
    send(poster, *[apart(n) for n in range(20)])
    issues = Issue.objects.filter(project=poster.project)
    assert issues.count() == 6
    overflow = issues.get(title__startswith="Overflow")
    assert overflow.events == 7 + 15
    assert capped(poster) == {"issues": 22}
    assert EventRow.objects.filter(project_id=poster.project.pk).count() == 36
    assert issues.exclude(pk=overflow.pk).filter(events=3).count() == 4


def test_an_hour_later_issues_open_again(poster: Poster, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from django.db.models import F

    monkeypatch.setattr(caps, "ISSUES_AN_HOUR", 2)
    send(poster, *[apart(n) for n in range(4)])
    issues = Issue.objects.filter(project=poster.project)
    assert issues.count() == 3
    issues.update(first_seen=F("first_seen") - timedelta(hours=2))
    send(poster, apart(50))
    assert issues.count() == 4


def test_unlimited_projects_have_no_caps(poster: Poster, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ISSUES_AN_HOUR", "TAG_VALUES", "_LOOK_AFTER"):
        monkeypatch.setattr(caps, name, 2)
    Project.objects.filter(pk=poster.project.pk).update(unlimited=True)
    send(poster, *[{**apart(n), "tags": {"t": str(n)}} for n in range(9)])
    assert Issue.objects.filter(project=poster.project).count() == 9
    assert capped(poster) == {}


@pytest.mark.parametrize("what", ["environment", "release"])
def test_names_above_the_cap_are_other(
    poster: Poster, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    from tracker.actions import names

    memory = names.environments if what == "environment" else names.releases
    plural = f"{what}s"
    about = (
        (room.known_environments, store.environment_ids, room.environments_made)
        if what == "environment"
        else (room.known_releases, store.release_ids, room.releases_made)
    )
    monkeypatch.setattr(memory, "_fetch", caps.fetch_capped(plural, 3, *about))
    send(poster, *[{"message": "x", what: f"n{n}"} for n in range(3)])
    send(poster, *[{"message": "x", what: f"n{n}"} for n in range(8)])
    made = getattr(poster.project, plural)
    field = "name" if what == "environment" else "version"
    assert set(made.values_list(field, flat=True)) - {""} == {"n0", "n1", "n2", caps.OTHER}
    other = made.get(**{field: caps.OTHER}).pk
    rows = EventRow.objects.filter(project_id=poster.project.pk, **{f"{what}_id": other})
    assert rows.count() == 5
    assert capped(poster)[plural] == 5


def test_releases_that_people_made_do_not_count(poster: Poster) -> None:
    Release.objects.create(project=poster.project, version="a", source="api")
    Release.objects.create(project=poster.project, version="b", source="event")
    assert room.releases_made([poster.project.pk]) == {poster.project.pk: 1}


def test_tag_values_above_the_cap_are_other(
    poster: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caps, "TAG_VALUES", 10)
    monkeypatch.setattr(caps, "_LOOK_AFTER", 4)
    for start in range(0, 60, 6):
        send(
            poster,
            *[
                {"message": "x", "tags": {"order": f"o{start + n}", "shop": "Lyon"}}
                for n in range(6)
            ],
        )
    send(poster, {"message": "x", "tags": {"order": "o1"}})
    tags = IssueTag.objects.filter(project_id=poster.project.pk)
    orders = {row.value: row.count for row in tags.filter(key="order")}
    assert len(orders) <= 10 + 6 and orders["o1"] == 2
    assert sum(orders.values()) == 61 and orders[caps.OTHER] == capped(poster)["tags"]
    assert tags.get(key="shop").count == 60


def test_tag_keys_above_the_cap_are_other(poster: Poster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caps, "TAG_KEYS", 20)
    monkeypatch.setattr(caps, "_LOOK_AFTER", 8)
    for start in range(0, 80, 8):
        send(poster, {"message": "x", "tags": {f"k{start + n}": "v" for n in range(8)}})
    tags = IssueTag.objects.filter(project_id=poster.project.pk)
    keys = set(tags.values_list("key", flat=True))
    assert len(keys) <= 20 + 8 and caps.OTHER in keys
    assert sum(tags.exclude(key="level").values_list("count", flat=True)) == 80
