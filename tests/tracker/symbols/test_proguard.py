"""Obfuscated Java frames become what people wrote, by the mapping that the event names."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ingest import remap
from tests.factories.events import send
from tests.tracker.symbols.conftest import DEBUG_ID
from tests.tracker.symbols.test_mapping import crash, stored
from tracker.models import Issue, MissingMap, Project
from tracker.symbols import assembling, chunks, lookup

pytestmark = pytest.mark.django_db
MAPPING = b"""com.shop.Basket -> a.b:
    1:3:int total(int):7:9 -> a
com.shop.BasketError -> a.c:
"""
OTHER_ID = uuid.UUID("0b1f4d2e-6e1a-4b58-9d43-3a4f4c1c7a02")
OTHER = MAPPING.replace(b"a.b:", b"x.y:").replace(b"-> a\n", b"-> z\n").replace(b"a.c:", b"x.q:")
"""The next build: the same code under other short names."""


def upload(shop: Project, content: bytes = MAPPING, debug_id: uuid.UUID = DEBUG_ID) -> None:
    sha1, now = hashlib.sha1(content).hexdigest(), timezone.now()
    chunks.put(sha1, content, zipped=False, now=now)
    assembling.announce_debug_file(shop, sha1, f"/proguard/{debug_id}.txt", "", [sha1], now)


def fault(
    debug_id: uuid.UUID = DEBUG_ID, kind: str = "a.c", place: str = "a.b.a"
) -> dict[str, Any]:
    """As an app built with that mapping reports it."""
    module, _, function = place.rpartition(".")
    frame = {"module": module, "function": function, "lineno": 2, "in_app": True}
    package, _, name = kind.rpartition(".")
    link = {"type": name, "module": package, "value": "no", "stacktrace": {"frames": [frame]}}
    return {
        "event_id": uuid.uuid4().hex, "platform": "java", "exception": {"values": [link]},
        "debug_meta": {"images": [{"type": "proguard", "uuid": str(debug_id)}]},
    }  # fmt: skip


def is_mapped(link: dict[str, Any]) -> bool:
    [frame] = link["stacktrace"]["frames"]
    return (link["module"], link["type"]) == ("com.shop", "BasketError") and (
        frame["module"], frame["function"], frame["lineno"]
    ) == ("com.shop.Basket", "total", 8)  # fmt: skip


def later() -> Any:
    return timezone.now() + timedelta(seconds=30)


def test_classes_methods_and_lines(shop: Project):
    upload(shop)
    send(shop, fault())
    assert is_mapped(crash(shop)), crash(shop)
    assert crash(shop)["raw_stacktrace"]["frames"][0]["function"] == "a"
    assert "errors" not in stored(shop)
    assert not MissingMap.objects.exists()


def test_a_missing_mapping_says_what_was_looked_for(shop: Project):
    send(shop, fault())
    [note] = stored(shop)["errors"]
    assert note["type"] == "proguard_missing"
    assert str(DEBUG_ID) in note["value"] and "upload-proguard" in note["value"]
    [missed] = MissingMap.objects.all()
    assert (missed.debug_id, missed.found_at) == (DEBUG_ID, None)


def test_a_late_mapping_maps_what_is_stored_and_the_next_event_joins(shop: Project):
    send(shop, fault(), fault())
    upload(shop)
    assert remap.run(later()) == 2
    assert is_mapped(crash(shop)), crash(shop)
    assert "errors" not in stored(shop)
    issue = Issue.objects.live().get(project=shop)
    assert (issue.type, issue.title.split(":")[0]) == ("BasketError", "BasketError")
    assert "total" in issue.culprit
    assert not MissingMap.objects.exists()
    assert remap.run(later()) == 0
    lookup.ANSWERS.forget()
    send(shop, fault())
    assert Issue.objects.live().get(project=shop).events == 3


def test_what_arrived_in_the_moment_it_was_missed_is_found(shop: Project):
    send(shop, fault())
    upload(shop)
    MissingMap.objects.update(found_at=None)
    assert remap.run(timezone.now()) == 0
    assert remap.run(later()) == 1


def test_two_builds_of_one_fault_are_one_issue(shop: Project):
    upload(shop)
    send(shop, fault())
    late = fault(OTHER_ID, "x.q", "x.y.z")
    late["exception"]["values"][0]["value"] = "quite another sentence"
    send(shop, late)
    assert Issue.objects.live().filter(project=shop).count() == 2
    upload(shop, OTHER, OTHER_ID)
    assert remap.run(later()) == 1
    [issue] = Issue.objects.live().filter(project=shop)
    assert (issue.events, issue.type) == (2, "BasketError")


def test_what_a_mapping_does_not_know_is_left(shop: Project):
    send(shop, fault(place="q.r.s", kind="q.T"))
    upload(shop)
    assert remap.run(later()) == 1  # its note is gone, and nothing else
    assert crash(shop)["stacktrace"]["frames"][0]["function"] == "s"
    assert "raw_stacktrace" not in crash(shop)
    assert "errors" not in stored(shop)
