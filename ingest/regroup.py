"""What new grouping rules would do to the latest stored events, within bounds of time and size."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from uuid import UUID

from msgspec import Struct

from ingest.adapters.base import Context
from ingest.adapters.sentry import event_from_dict
from tracker import ageing
from tracker.domain.event import Event
from tracker.domain.grouping.preview import Preview, Seen, compare, look
from tracker.domain.grouping.rules import Rules
from tracker.models import EventRow, Project
from tracker.payloads import PayloadError, unpack

MOST_EVENTS = 1_000
MOST_BYTES = 24 * 1024 * 1024
"""Packed: about ten times as much once unpacked, but never more than a chunk at a time."""
SECONDS = 8.0
"""After which what was read is told."""
CHUNK = 40


class Place(Struct, frozen=True):
    """Where a previewed event is stored."""

    event_id: UUID
    issue_id: int


class Told(Struct, frozen=True):
    """A preview, and where its events are."""

    preview: Preview
    places: tuple[Place, ...]
    """In the order of the preview's events."""
    culprits: tuple[str, ...]
    unread: int
    """Stored events that can't be read."""
    cut: bool
    """Older events were left out for lack of time or space."""
    idle: tuple[str, ...]
    """New fingerprint rules that none of the events came to: no match, or another one first."""


def preview_rules(project: Project, before: Rules, after: Rules) -> Told:
    """Regroup the latest events of a project by the rules it has and by those it may get."""
    deadline = time.monotonic() + SECONDS
    seen: list[Seen] = []
    places: list[Place] = []
    unread = size = 0
    cut = False
    used: set[str] = set()
    for row in _rows(project.pk):
        size += len(row.payload)
        if time.monotonic() > deadline or size > MOST_BYTES:
            cut = True
            break
        try:
            event = event_of(row)
        except PayloadError:
            unread += 1
            continue
        rule = after.fingerprint_for(event)
        if rule is not None:
            used.add(rule.text)
        seen.append(look(event, before, after, project.grouping_version))
        places.append(Place(row.event_id, row.issue_id))
    # They were read newest first, so that a cut leaves the latest; they arrived the other way.
    seen.reverse()
    places.reverse()
    culprits = tuple(one.culprit for one in seen)
    idle = tuple(rule.text for rule in after.fingerprints if rule.text not in used)
    return Told(compare(seen), tuple(places), culprits, unread, cut, idle)


def event_of(row: EventRow) -> Event:
    """A stored event as its adapter made it. Raises PayloadError."""
    data = unpack(bytes(row.payload), row.dictionary)
    context = Context(
        project_id=row.project_id,
        received=row.received_at.timestamp(),
        event_id=row.event_id.hex,
        scrub=False,  # it was, when it came
    )
    return event_from_dict(data, context)


def _rows(project_id: int) -> Iterator[EventRow]:
    """The latest stored events, newest first, at most `MOST_EVENTS`; payloads in chunks."""
    left = MOST_EVENTS
    for day in reversed(ageing.days_of("tracker_event")):
        of_day = EventRow.objects.filter(project_id=project_id, day=day)
        newest = of_day.order_by("-received_at", "-event_id").values_list("event_id", flat=True)
        ids: Sequence[UUID] = list(newest[:left])
        for chunk in _batched(ids):
            rows = {row.event_id: row for row in of_day.filter(event_id__in=chunk)}
            yield from (rows[event_id] for event_id in chunk if event_id in rows)
        left -= len(ids)
        if left <= 0:
            return


def _batched(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
