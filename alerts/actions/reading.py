"""Reads letters that nobody has read: each rule decides, incidents move, the outbox fills.

Everything a batch of letters leads to is written in one transaction: Decision,
Incident, Delivery and the mark that the letter was read. Two evaluators at once do
no harm: the row of LowWater is locked, so the second waits and then finds less to do.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, Max, Min, OuterRef

from alerts.actions import personal
from alerts.actions.desk import READ, Desk
from alerts.actions.happening import happening_of
from alerts.actions.ticket_follow import follow
from alerts.models import Evaluated, LowWater
from tracker.models import Activity

log = structlog.get_logger(__name__)
BATCH = 500
SETTLED = timedelta(minutes=10)
"""A letter may be committed this long after its id was taken; longer transactions are killed."""


class Reading(msgspec.Struct, frozen=True):
    """What came of a batch."""

    letters: int
    deliveries: tuple[int, ...]
    held_until: datetime | None = None
    """When the first message that was held back is due."""


def evaluate(now: datetime, limit: int = BATCH) -> Reading:
    """Read up to `limit` unread letters. One transaction; waits for another evaluator."""
    with transaction.atomic():
        low, _made = LowWater.objects.select_for_update().get_or_create(pk=1)
        letters = list(unread(low.activity_id)[:limit])
        found = (happening_of(letter) for letter in letters if letter.kind in READ)
        happenings = [happening for happening in found if happening is not None]
        desk = Desk(happenings, now)
        for happening in happenings:
            desk.read(happening)
        desk.write()
        own = personal.tell(letters, now)
        follow(letters)
        Evaluated.objects.bulk_create(
            [Evaluated(activity_id=letter.pk, at=now) for letter in letters]
        )
    ready = (*(delivery.pk for delivery in desk.deliveries), *own)
    return Reading(len(letters), ready, desk.held_until)


def evaluate_singly(now: datetime, limit: int = BATCH) -> Reading:
    """Read letters one by one after a batch failed; one that can't be read is left out, loudly.

    Raises what the database raises when it is away: no letter is to blame for that.
    """
    deliveries: list[int] = []
    for count in range(limit):
        try:
            read = evaluate(now, limit=1)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # a bug met by this letter must not stop all others
            _leave_out(now, error)
            continue
        if not read.letters:
            return Reading(count, tuple(deliveries))
        deliveries += read.deliveries
    return Reading(limit, tuple(deliveries))


def _leave_out(now: datetime, error: Exception) -> None:
    with transaction.atomic():
        low, _made = LowWater.objects.select_for_update().get_or_create(pk=1)
        letter = unread(low.activity_id).first()
        if letter is not None:
            log.error("letter left out", activity=letter.pk, kind=letter.kind, exc_info=error)
            Evaluated.objects.create(activity_id=letter.pk, at=now)


def unread(low_water: int) -> Any:
    """Letters above the low water that were not read, oldest first."""
    return (
        Activity.objects.filter(pk__gt=low_water)
        .filter(~Exists(Evaluated.objects.filter(pk=OuterRef("pk"))))
        .order_by("pk")
    )


def raise_low_water(now: datetime) -> int:
    """Forget single letters that were read so long ago that none can still appear before them."""
    with transaction.atomic():
        low, _made = LowWater.objects.select_for_update().get_or_create(pk=1)
        settled = Evaluated.objects.filter(at__lt=now - SETTLED).aggregate(top=Max("pk"))["top"]
        if settled is None:
            return low.activity_id
        first = unread(low.activity_id).aggregate(first=Min("pk"))["first"]
        low.activity_id = settled if first is None else min(settled, first - 1)
        low.save(update_fields=["activity_id"])
        Evaluated.objects.filter(pk__lte=low.activity_id).delete()
    return low.activity_id
