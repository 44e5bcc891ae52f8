"""From what a frame says of its file to the uploaded file and its map.

First by debug id (newest upload wins), then by release, dist and address. Answers
are kept for some seconds, misses shorter than hits: maps may arrive at any moment.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from msgspec import Struct

from tracker.models import Artifact
from tracker.models.symbols import Uploaded
from tracker.symbols.urls import beside, candidates, tilde

HIT_FRESH = 60.0
MISS_FRESH = 5.0
"""Seconds that an answer is believed."""
MOST_ANSWERS = 4_096


class Ref(Struct, frozen=True):
    """A file in a bundle."""

    bundle_id: int
    path: str
    member: str
    size: int


class Found(Struct, frozen=True):
    """The map of a minified file, and the file itself if it was uploaded."""

    map: Ref | None
    minified: Ref | None
    url: str
    """Of the map, or of the minified file that refers to a map inside itself."""
    inline: str = ""
    """The reference when the map is inside the minified file (`data:`)."""


class Answers:
    """Remembered answers of this process, bounded and short-lived."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, now: float) -> tuple[bool, Any]:
        """(known, answer)."""
        with self._lock:
            found = self._kept.get(key)
        if found is None or found[0] < now:
            return False, None
        return True, found[1]

    def put(self, key: Hashable, answer: Any, now: float) -> None:
        """Remember; the oldest makes room."""
        with self._lock:
            self._kept[key] = (now + (HIT_FRESH if answer else MISS_FRESH), answer)
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_ANSWERS:
                self._kept.popitem(last=False)

    def forget(self) -> None:
        """Know nothing."""
        with self._lock:
            self._kept.clear()


ANSWERS = Answers()


def _usable() -> QuerySet[Artifact]:
    """Files of assembled bundles, newest upload first."""
    rows = Artifact.objects.filter(bundle__state=Uploaded.State.OK).select_related("bundle")
    return rows.order_by("-bundle__created_at", "-pk")


def has_any(project_id: int) -> bool:
    """Whether the project ever uploaded a file."""
    now = time.monotonic()
    known, answer = ANSWERS.get(("any", project_id), now)
    if not known:
        answer = Artifact.objects.filter(project_id=project_id).exists()
        ANSWERS.put(("any", project_id), answer, now)
    return bool(answer)


def by_debug_ids(project_id: int, ids: Iterable[UUID]) -> dict[UUID, Found]:
    """What was uploaded under these debug ids."""
    now = time.monotonic()
    found: dict[UUID, Found] = {}
    ask = []
    for debug_id in ids:
        known, answer = ANSWERS.get((project_id, debug_id), now)
        if not known:
            ask.append(debug_id)
        elif answer is not None:
            found[debug_id] = answer
    if ask:
        rows = list(_usable().filter(project_id=project_id, debug_id__in=ask)[:1_000])
        for debug_id in ask:
            pair = _pair([row for row in rows if row.debug_id == debug_id])
            ANSWERS.put((project_id, debug_id), pair, now)
            if pair is not None:
                found[debug_id] = pair
    return found


def _pair(rows: Sequence[Artifact]) -> Found | None:
    """The newest map among files of one debug id, and the minified file beside it."""
    maps = [row for row in rows if row.kind == Artifact.Kind.MAP]
    minified = [row for row in rows if row.kind == Artifact.Kind.MINIFIED]
    if maps:
        same = [row for row in minified if row.bundle_id == maps[0].bundle_id] or minified
        return Found(_ref(maps[0]), _ref(same[0]) if same else None, maps[0].url)
    inline = next((row for row in minified if row.sourcemap.startswith("data:")), None)
    if inline is not None:
        return Found(None, _ref(inline), inline.url, inline.sourcemap)
    return None


def by_url(project_id: int, release: str, dist: str, abs_path: str) -> Found | None:
    """The map of a file by its address within a release."""
    now = time.monotonic()
    key = (project_id, release, dist, abs_path)
    known, answer = ANSWERS.get(key, now)
    if not known:
        answer = _by_url(project_id, release, dist, abs_path)
        ANSWERS.put(key, answer, now)
    found: Found | None = answer
    return found


def _by_url(project_id: int, release: str, dist: str, abs_path: str) -> Found | None:
    names = candidates(abs_path)
    rows = _of_release(project_id, release, dist, names, Artifact.Kind.MINIFIED)
    for row in rows:
        if row.sourcemap.startswith("data:"):
            return Found(None, _ref(row), row.url, row.sourcemap)
        # Without a reference the map is looked for where bundlers put it.
        wanted = beside(row.url, row.sourcemap or row.url.rpartition("/")[2] + ".map")
        maps = _of_release(project_id, release, dist, [wanted, tilde(wanted)], Artifact.Kind.MAP)
        if maps:
            return Found(_ref(maps[0]), _ref(row), maps[0].url)
    # A map alone, as Rollbar's upload brings it: it goes under the minified file's name.
    maps = _of_release(
        project_id, release, dist, [name + ".map" for name in names], Artifact.Kind.MAP
    )
    return Found(_ref(maps[0]), None, maps[0].url) if maps else None


def _of_release(
    project_id: int, release: str, dist: str, names: Sequence[str], kind: str
) -> list[Artifact]:
    """Files of a release by name: the best name first, of its dist before those of none."""
    rows = _usable().filter(
        project_id=project_id,
        url__in=names,
        kind=kind,
        bundle__release=release,
        bundle__dist__in={dist, ""},
    )
    rank = {name: place for place, name in enumerate(names)}
    return sorted(rows[:200], key=lambda row: (rank[row.url], row.bundle.dist != dist))


def sources(bundle_id: int, urls: Iterable[str]) -> dict[str, Ref]:
    """Original sources that lie beside their map, for maps without contents; by address."""
    rows = Artifact.objects.filter(bundle=bundle_id, url__in=urls, kind=Artifact.Kind.SOURCE)
    return {row.url: _ref(row) for row in rows.select_related("bundle")[:MOST_ANSWERS]}


def _ref(row: Artifact) -> Ref:
    return Ref(row.bundle_id, row.bundle.path, row.member, row.size)
