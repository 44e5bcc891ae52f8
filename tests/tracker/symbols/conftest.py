"""A project, a storage of the test's own, and a bundle that esbuild made of two files."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from ingest import digest
from tests.factories.projects import make_project
from tracker.actions import names, record
from tracker.models import ArtifactBundle, Project
from tracker.symbols import assembling, bundles, chunks, lookup, maps, misses
from tracker.symbols.assembling import Announced
from tracker.symbols.bundles import Entry

FILES = Path(__file__).resolve().parent / "files"
MINIFIED = (FILES / "shop.min.js").read_bytes()
MAP = (FILES / "shop.min.js.map").read_bytes()
DEBUG_ID = uuid.UUID("6ac1a1c0-9f0e-4f5e-8ff0-6a1f2f7c1a11")
ADDRESS = "https://shop.example/static/shop.min.js"
CALLS = (("Timeout._onTimeout", 744), ("u", 713), ("f", 665), ("s.totalOfBasket", 554))
"""Frames of a real run of the bundle under Node: (function, column)."""


@pytest.fixture(autouse=True)
def fresh_memory(tmp_path: Path) -> Iterator[None]:
    """Nothing remembered of another test's database or storage."""
    forget()
    with override_settings(MEDIA_ROOT=tmp_path / "files"):
        yield
    forget()


def forget() -> None:
    record._days_made.clear()
    names.environments.forget()
    names.releases.forget()
    digest._rules.clear()
    lookup.ANSWERS.forget()
    maps.MAPS.forget()
    misses.forget()
    assembling._used_on.clear()


@pytest.fixture
def shop(db: None) -> Project:
    return make_project()


def entry(
    kind: str, url: str, content: bytes, debug_id: uuid.UUID | None = None, ref: str = ""
) -> Entry:
    return Entry(kind, "files/_/_/" + url.rpartition("/")[2], url, debug_id, ref, len(content))


def build(debug_id: uuid.UUID | None = None, release: str = "", dist: str = "") -> bytes:
    """The bundle as sentry-cli would send it."""
    files = [
        (
            entry("minified_source", "~/static/shop.min.js", MINIFIED, debug_id, "shop.min.js.map"),
            MINIFIED,
        ),
        (entry("source_map", "~/static/shop.min.js.map", MAP, debug_id), MAP),
    ]
    return bundles.make(files, release, dist)


def upload(project: Project, content: bytes, release: str = "", dist: str = "") -> ArtifactBundle:
    """Through chunks, announcement and assembly."""
    now = timezone.now()
    size = chunks.CHUNK_SIZE
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    sums = [hashlib.sha1(piece).hexdigest() for piece in pieces]
    for name, piece in zip(sums, pieces, strict=True):
        chunks.put(name, piece, zipped=False, now=now)
    checksum = hashlib.sha1(content).hexdigest()
    told = Announced(checksum, tuple(sums), release, dist)
    assembling.announce_bundle([project], told, now)
    assembling.assemble_waiting(now)
    return ArtifactBundle.objects.get(
        project=project, checksum=checksum, release=release, dist=dist
    )


def js_event(
    address: str = ADDRESS, debug_id: uuid.UUID | None = None, **more: Any
) -> dict[str, Any]:
    """What an SDK sends of the minified bundle."""
    frames = [
        {"function": function, "filename": address, "lineno": 1,
         "colno": column, "in_app": True}
        for function, column in CALLS
    ]  # fmt: skip
    event: dict[str, Any] = {
        "event_id": uuid.uuid4().hex,
        "platform": "javascript",
        "exception": {"values": [{"type": "BasketError", "value": "a basket without lines",
                                  "stacktrace": {"frames": frames}}]},
        **more,
    }  # fmt: skip
    if debug_id:
        image = {"type": "sourcemap", "code_file": address, "debug_id": str(debug_id)}
        event["debug_meta"] = {"images": [image]}
    return json.loads(json.dumps(event))
