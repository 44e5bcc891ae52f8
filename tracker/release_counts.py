"""SQL of what releases send: events ever and by five minutes, per environment.

Written in the digest's transaction, beside the ledger: few rows a batch, sorted by key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet, Sum

from tracker.models import Release5m, ReleaseUse
from tracker.sql import columns, run

STEP = timedelta(minutes=5)
KEPT = timedelta(days=90)
"""How long counts by five minutes are kept."""

Sighting = tuple[int, int, int, datetime]
"""Project, release, environment and moment of receipt of an event."""


def add(sightings: Iterable[Sighting]) -> None:
    """Count events of a batch."""
    five: dict[tuple[int, int, int, datetime], int] = defaultdict(int)
    spans: dict[tuple[int, int, int], tuple[datetime, datetime, int]] = {}
    for project, release, environment, at in sightings:
        five[project, release, environment, bucket_of(at)] += 1
        first, last, count = spans.get((project, release, environment), (at, at, 0))
        spans[project, release, environment] = (min(first, at), max(last, at), count + 1)
    if not spans:
        return
    run(
        """INSERT INTO tracker_releaseuse AS u
             (project_id, release_id, environment_id, first_seen, last_seen, events)
           SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[],
                                %s::timestamptz[], %s::bigint[])
           ON CONFLICT (project_id, release_id, environment_id) DO UPDATE SET
             first_seen = least(u.first_seen, excluded.first_seen),
             last_seen = greatest(u.last_seen, excluded.last_seen),
             events = u.events + excluded.events""",
        columns([(*key, *span) for key, span in sorted(spans.items())], 6),
    )
    run(
        """INSERT INTO tracker_release5m AS r
             (project_id, release_id, environment_id, bucket, events)
           SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[],
                                %s::int[])
           ON CONFLICT (project_id, release_id, environment_id, bucket) DO UPDATE SET
             events = r.events + excluded.events""",
        columns([(*key, count) for key, count in sorted(five.items())], 5),
    )


def bucket_of(at: datetime) -> datetime:
    """Start of the five minutes that hold a moment."""
    return at.replace(minute=at.minute - at.minute % 5, second=0, microsecond=0)


def forget(before: datetime, most: int = 5_000) -> int:
    """Drop counts by five minutes from before a moment; returns how many rows went."""
    return run(
        """DELETE FROM tracker_release5m WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM tracker_release5m WHERE bucket < %s LIMIT %s)) AND bucket < %s""",
        [before, most, before],
    ).rowcount


# --- Reading -----------------------------------------------------------------------------------


def uses(project_id: int, release_ids: Sequence[int]) -> list[ReleaseUse]:
    """What releases sent from each environment; most events first."""
    rows = ReleaseUse.objects.filter(project_id=project_id, release_id__in=release_ids)
    return list(rows.order_by("-events", "environment_id"))


def between(
    project_id: int,
    release_id: int,
    since: datetime,
    until: datetime,
    environment_ids: Sequence[int] | None = None,
) -> int:
    """Events of a release in a span; what began before it within the first bucket counts too."""
    return _sum(
        _within(bucket_of(since), until, environment_ids).filter(
            project_id=project_id, release_id=release_id
        )
    )


def of_all(
    project_id: int, since: datetime, until: datetime, environment_ids: Sequence[int] | None = None
) -> int:
    """Events of all releases in a span."""
    return _sum(_within(bucket_of(since), until, environment_ids).filter(project_id=project_id))


def by_bucket(project_id: int, release_id: int, since: datetime) -> dict[datetime, int]:
    """Events of a release by five minutes, of all environments."""
    rows = Release5m.objects.filter(project_id=project_id, release_id=release_id, bucket__gte=since)
    return dict(rows.order_by().values_list("bucket").annotate(total=Sum("events")))


def _within(
    since: datetime, until: datetime, environment_ids: Sequence[int] | None
) -> QuerySet[Release5m]:
    rows = Release5m.objects.filter(bucket__gte=since, bucket__lt=until)
    return rows if environment_ids is None else rows.filter(environment_id__in=environment_ids)


def _sum(rows: QuerySet[Release5m]) -> int:
    return int(rows.aggregate(total=Sum("events"))["total"] or 0)
