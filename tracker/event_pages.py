"""Stored events across issues, newest first, a page at a time.

There is no index over a project's time (each would cost every event): the rows of a day are
sorted, then those of the eight days before it, of 64, and so on until the page is full.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet

from tracker.models import EventRow

ORDER = ("-day", "-received_at", "-event_id")
BEGINNING = date(2020, 1, 1)
"""No event is older."""


def newest(rows: QuerySet[EventRow], top: date, most: int) -> list[EventRow]:
    """The `most` newest of the rows that arrived on `top` (UTC) or before."""
    found: list[EventRow] = []
    span = 1
    while len(found) < most and top >= BEGINNING:
        low = top - timedelta(days=span - 1)
        part = rows.filter(day__range=(low, top)).order_by(*ORDER)
        found += part[: most - len(found)]
        top, span = low - timedelta(days=1), span * 8
    return found


def before(rows: QuerySet[EventRow], place: Sequence[Any]) -> QuerySet[EventRow]:
    """Those behind one with this day, time of receipt and id."""
    day, received, event = place
    same_day = rows.filter(day=day, received_at__lt=received)
    same_time = rows.filter(day=day, received_at=received, event_id__lt=event)
    return rows.filter(day__lt=day) | same_day | same_time
