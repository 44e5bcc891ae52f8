"""Maps looked for in vain are written down, so that events are mapped when they arrive."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from tracker.models import DebugFile, MissingMap
from tracker.symbols import lookup
from tracker.symbols.session import Miss

MOST = 5_000
"""Rows of a project: strangers choose the addresses."""
EVERY = 60.0
"""Seconds between two writes of the same miss by one process."""
LATELY = timedelta(minutes=10)
PROGUARD = "proguard"
"""Kind of a mapping, and what stands for its address."""
_MOST_REMEMBERED = 10_000
_written: dict[Miss, float] = {}


def write(misses: Iterable[Miss], now: datetime) -> None:
    """Note what events asked for; part of the transaction that stores them."""
    clock = time.monotonic()
    fresh = [miss for miss in misses if _written.get(miss, -EVERY) <= clock - EVERY]
    if not fresh:
        return
    if len(_written) > _MOST_REMEMBERED:
        _written.clear()
    full = {
        project
        for project in {miss.project_id for miss in fresh}
        if MissingMap.objects.filter(project_id=project).count() >= MOST
    }
    rows = [
        MissingMap(
            project_id=miss.project_id, debug_id=miss.debug_id, release=miss.release[:200],
            url=miss.url[:1024], first_seen=now, last_seen=now,
            found_at=now if miss.ready else None,
        )
        for miss in sorted(fresh, key=lambda m: (m.project_id, str(m.debug_id), m.release, m.url))
        if miss.project_id not in full
    ]  # fmt: skip
    # Rows of one statement may not name one key twice: `ready` alone tells no two apart.
    unique = {(row.project_id, row.debug_id, row.release, row.url): row for row in rows}
    MissingMap.objects.bulk_create(
        unique.values(),
        update_conflicts=True,
        unique_fields=["project", "debug_id", "release", "url"],
        update_fields=["last_seen"],
    )
    for miss in fresh:
        _written[miss] = clock


def forget() -> None:
    """Nothing was written (tests)."""
    _written.clear()


def look_again(now: datetime) -> int:
    """Find what arrived in the moment in which it was noted as missing; how many."""
    lookup.ANSWERS.forget()
    lately = MissingMap.objects.filter(found_at=None, last_seen__gte=now - LATELY)
    here = []
    for row in lately.order_by("-last_seen")[:500]:
        if row.debug_id is not None and row.url == PROGUARD:
            there = DebugFile.objects.filter(
                project=row.project_id, debug_id=row.debug_id, kind=PROGUARD
            ).exists()
        elif row.debug_id is not None:
            there = bool(lookup.by_debug_ids(row.project_id, [row.debug_id]))
        else:
            # The dist of the event is not noted: files of no dist are found this way.
            there = lookup.by_url(row.project_id, row.release, "", row.url) is not None
        if there:
            here.append(row.pk)
    return MissingMap.objects.filter(pk__in=here).update(found_at=now)
