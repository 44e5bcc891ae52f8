"""Maps that come late: events, keys and issues follow, and no twin remains."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ingest import remap
from tests.factories.events import send
from tests.tracker.symbols.conftest import *  # noqa: F403 - fixtures
from tests.tracker.symbols.conftest import DEBUG_ID, build, js_event, upload
from tests.tracker.symbols.test_mapping import crash, is_mapped, stored
from tracker.models import Issue, MissingMap, Project
from tracker.symbols import lookup

pytestmark = pytest.mark.django_db


def later() -> Any:
    return timezone.now() + timedelta(seconds=30)


@pytest.mark.parametrize("how", ["debug id", "address"])
def test_a_late_map_maps_what_is_stored_and_the_next_event_joins(shop: Project, how: str):
    event = {"debug_id": DEBUG_ID} if how == "debug id" else {"release": "1"}
    send(shop, js_event(**event), js_event(**event))
    assert not is_mapped(crash(shop))
    upload(
        shop,
        build(DEBUG_ID if how == "debug id" else None),
        release="" if how == "debug id" else "1",
    )
    assert remap.run(later()) == 2
    assert is_mapped(crash(shop))
    assert "errors" not in stored(shop)
    issue = Issue.objects.live().get(project=shop)
    assert "totalOfBasket" in issue.culprit
    assert not MissingMap.objects.exists()
    assert remap.run(later()) == 0
    lookup.ANSWERS.forget()
    send(shop, js_event(**event))
    issue = Issue.objects.live().get(project=shop)
    assert issue.events == 3


def test_twins_are_joined(shop: Project):
    upload(shop, build(DEBUG_ID))
    send(shop, js_event(debug_id=DEBUG_ID))
    other = uuid.UUID(int=7)
    late = js_event("https://shop.example/next/b77.js", debug_id=other)
    late["exception"]["values"][0].update(value="quite another sentence")
    send(shop, late)
    upload(shop, build(other))
    assert remap.run(later()) == 1
    issues = list(Issue.objects.live().filter(project=shop))
    events = sum(issue.events for issue in issues)
    assert (len(issues), events) == (1, 2), [(i.title, i.culprit) for i in issues]


def test_what_arrived_in_the_moment_it_was_missed_is_found(shop: Project):
    send(shop, js_event(debug_id=DEBUG_ID))
    upload(shop, build(DEBUG_ID))
    MissingMap.objects.update(found_at=None)
    assert remap.run(timezone.now()) == 0
    assert remap.run(later()) == 1
