"""What is kept how long: days of events, ids, buckets of counts, trained dictionaries.

The instance's age drops whole partitions; a project's shorter age deletes rows in
bounded chunks. Every event that goes is booked as expired in the same transaction.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Sum
from psycopg.errors import LockNotAvailable

from tracker import ageing, payloads, store
from tracker.models import EventRow, Ledger, PayloadDictionary, Project

FIVE_MINUTES_FOR = 8
HOURS_FOR = 90
SEEN_FOR = 30
"""Days that event ids are remembered at the least."""
CHUNK = 5_000
TRAIN_FROM = 500
"""Stored events from which a project gets a dictionary of its own."""
SAMPLES = 1_500
RETRAIN_FIRST = timedelta(days=1)
"""The first one saw few events: it is replaced soon."""
RETRAIN_AFTER = timedelta(days=30)

log = structlog.get_logger(__name__)


def drop_old_days(today: date, days: int) -> int:
    """Drop the partitions of days past the instance's age; returns events that went.

    A drop waits 200 ms for the digest at the most, then tries again with the next run.
    """
    gone = 0
    for table, keep in (
        ("tracker_event", days),
        ("tracker_rollup5m", FIVE_MINUTES_FOR),
        ("tracker_rolluphour", HOURS_FOR),
    ):
        for day in ageing.days_of(table):
            if day < today - timedelta(days=keep):
                try:
                    gone += _drop_day(table, day)
                except LockNotAvailable:
                    log.info("partition in use, dropped later", table=table, day=str(day))
    return gone


def _drop_day(table: str, day: date) -> int:
    with transaction.atomic():
        counts = ageing.events_of_day(day) if table == "tracker_event" else []
        ageing.drop_day(table, day)
        _book(day, counts)
    return sum(number for _, number in counts)


def expire_projects(today: date) -> int:
    """Delete events past the age of projects that keep them shorter; returns how many."""
    gone = 0
    for project in Project.objects.filter(retention_days__isnull=False):
        before = today - timedelta(days=project.retention_days or 0)
        while True:
            with transaction.atomic():
                counts = ageing.delete_days(project.pk, before, CHUNK)
                for day, number in counts:
                    _book(day, [(project.pk, number)])
            gone += (number := sum(number for _, number in counts))
            if number < CHUNK:
                break
    return gone


def _book(day: date, counts: list[tuple[int, int]]) -> None:
    kind = Ledger.Kind.EXPIRED.value
    if counts:
        store.add_to_ledger([(project, day, kind, "", n) for project, n in sorted(counts)])


def forget_seen(today: date, days: int) -> int:
    """Forget event ids older than their events and 30 days; returns how many."""
    before = today - timedelta(days=max(days, SEEN_FOR))
    gone = 0
    while number := ageing.forget_seen(before, CHUNK):
        gone += number
    return gone


def train_dictionaries(now: datetime) -> int:
    """Give projects with many events a dictionary trained on them; returns how many got one."""
    trained = 0
    ripe = (
        Ledger.objects.filter(kind=Ledger.Kind.COUNTED)
        .values("project_id")
        .annotate(events=Sum("count"))
        .filter(events__gte=TRAIN_FROM)
        .values_list("project_id", flat=True)
    )
    for project in Project.objects.filter(pk__in=list(ripe)):
        made = PayloadDictionary.objects.filter(project=project)
        ages = sorted(now - at for at in made.values_list("created_at", flat=True))
        if ages and ages[0] < (RETRAIN_FIRST if len(ages) == 1 else RETRAIN_AFTER):
            continue
        rows = list(
            EventRow.objects.filter(project_id=project.pk, day__gte=now.date() - timedelta(days=7))
            .values_list("payload", "dictionary")[: SAMPLES + TRAIN_FROM]
        )  # fmt: skip
        if len(rows) < TRAIN_FROM:
            continue
        step = max(1, len(rows) // SAMPLES)
        samples = (payloads.unpack(bytes(payload), number) for payload, number in rows[::step])
        try:
            content = payloads.train(samples)
        except payloads.PayloadError as error:
            log.info("no dictionary", project=project.pk, error=str(error))
            continue
        with transaction.atomic():
            fresh = PayloadDictionary.objects.create(project=project, content=content)
            PayloadDictionary.objects.filter(pk=project.dictionary).update(retired_at=now)
            Project.objects.filter(pk=project.pk).update(dictionary=fresh.pk)
        trained += 1
    return trained


def drop_dictionaries(now: datetime, days: int) -> int:
    """Delete dictionaries that no stored payload can need any more; returns how many."""
    return PayloadDictionary.objects.filter(retired_at__lt=now - timedelta(days=days + 2)).delete()[
        0
    ]
