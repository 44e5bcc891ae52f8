"""Obfuscated Java frames become what people wrote, by the mapping that the event names."""

from __future__ import annotations

import hashlib
import uuid

import pytest
from django.utils import timezone

from tests.factories.events import send
from tests.tracker.symbols.conftest import DEBUG_ID
from tests.tracker.symbols.test_mapping import crash
from tracker.models import Project
from tracker.symbols import assembling, chunks

MAPPING = b"""com.shop.Basket -> a.b:
    1:3:int total(int):7:9 -> a
com.shop.BasketError -> a.c:
"""


@pytest.mark.django_db
def test_classes_methods_and_lines(shop: Project):
    sha1, now = hashlib.sha1(MAPPING).hexdigest(), timezone.now()
    chunks.put(sha1, MAPPING, zipped=False, now=now)
    assembling.announce_debug_file(shop, sha1, f"/proguard/{DEBUG_ID}.txt", "", [sha1], now)
    frame = {"module": "a.b", "function": "a", "lineno": 2, "in_app": True}
    link = {"type": "c", "module": "a", "value": "no", "stacktrace": {"frames": [frame]}}
    send(shop, {
        "event_id": uuid.uuid4().hex, "platform": "java", "exception": {"values": [link]},
        "debug_meta": {"images": [{"type": "proguard", "uuid": str(DEBUG_ID)}]},
    })  # fmt: skip
    found = crash(shop)
    assert (found["module"], found["type"]) == ("com.shop", "BasketError")
    [after] = found["stacktrace"]["frames"]
    assert (after["module"], after["function"], after["lineno"]) == ("com.shop.Basket", "total", 8)
    assert found["raw_stacktrace"]["frames"][0]["function"] == "a"
