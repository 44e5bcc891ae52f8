"""Ingest health: what became of a project's events lately, how late we are, who sends.

`of_project` is what pages show; the gauges are for /readyz and /metrics.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from msgspec import Struct

from ingest import damaged, waiting
from ingest.models import Client, DailyUsage, Quarantined
from ingest.spool import SPOOL
from tracker.gauges import gauge
from tracker.models import Ledger, Monitor, ProjectKey
from tracker.sql import run

_BANNERS = {
    "issues": "It opened 200 issues within an hour: what else is new goes to one overflow issue.",
    "releases": "It made more than 1,000 releases in a day: more are counted as <other>.",
    "environments": "It has 100 environments: more are counted as <other>.",
    "tags": "An issue has too many different tags: more are counted as <other>.",
}


class Sdk(Struct, frozen=True):
    """An SDK and version that sends."""

    name: str
    last_at: datetime
    events: int


class KeyUsage(Struct, frozen=True):
    """What a key sent this month."""

    key_id: int
    label: str
    hint: str
    enabled: bool
    used: int
    quota: int | None
    per_day: tuple[tuple[date, int], ...]

    @property
    def percent(self) -> int | None:
        """Of the quota; None without one."""
        return self.used * 100 // self.quota if self.quota else None


class Health(Struct, frozen=True):
    """What became of what a project sent, in events, over some days."""

    since: date
    accepted: int
    counted: int
    waiting: int
    oldest_seconds: float
    """Age of the oldest event of the project that waits; 0 when none does."""
    duplicate: int
    quarantined: int
    in_quarantine: int
    """Bodies that can be replayed now."""
    filtered: dict[str, int]
    """By rule."""
    refused: dict[str, int]
    """By reason: `rate`, `quota`, `backlog`, `invalid`, `too_large` ..."""
    skipped: dict[str, int]
    """Items that are not kept, by kind: `transaction`, `log` ..."""
    lost: dict[str, int]
    """What clients threw away themselves, by `category:reason`."""
    capped: dict[str, int]
    sdks: tuple[Sdk, ...]
    keys: tuple[KeyUsage, ...]

    @property
    def limited(self) -> int:
        """Refused for being too much."""
        return sum(self.refused.get(reason, 0) for reason in ("rate", "quota", "backlog"))

    @property
    def banners(self) -> list[str]:
        """What a page should warn of."""
        return [_BANNERS[what] for what in sorted(self.capped) if what in _BANNERS]


def of_project(project_id: int, now: datetime, days: int = 7, *, with_keys: bool = True) -> Health:
    """The last days of one project, today included; a handful of indexed queries.

    Three without the quarantine and the use of keys.
    """
    since = now.date() - timedelta(days=days - 1)
    books: dict[str, dict[str, int]] = {}
    rows = Ledger.objects.filter(project_id=project_id, day__gte=since)
    for kind, reason, count in rows.values_list("kind", "reason", "count"):
        of_kind = books.setdefault(kind, {})
        of_kind[reason] = of_kind.get(reason, 0) + count
    waiting, oldest = _waiting(project_id)

    def total(kind: str) -> int:
        return sum(books.get(kind, {}).values())

    return Health(
        since=since,
        accepted=total("acknowledged"),
        counted=total("counted"),
        waiting=waiting,
        oldest_seconds=oldest,
        duplicate=total("duplicate"),
        quarantined=total("quarantined"),
        in_quarantine=(
            Quarantined.objects.filter(project_id=project_id).count() if with_keys else 0
        ),
        filtered=_sorted(books.get("filtered", {})),
        refused=_sorted(books.get("refused", {})),
        skipped=_sorted(books.get("skipped", {})),
        lost=_sorted(books.get("lost", {})),
        capped=_sorted(books.get("capped", {})),
        sdks=sdks_of(project_id),
        keys=usage_of(project_id, now.date()) if with_keys else (),
    )


def _sorted(counts: dict[str, int]) -> dict[str, int]:
    """Most first."""
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _waiting(project_id: int) -> tuple[int, float]:
    row = run(
        """SELECT coalesce(sum(events), 0),
                  coalesce(extract(epoch FROM clock_timestamp() - min(received_at)), 0)
           FROM (SELECT project_id, events, received_at FROM ingest_inbox
                 ORDER BY id LIMIT 100000) q
           WHERE project_id = %s""",
        [project_id],
    ).fetchone()
    return (int(row[0]), float(row[1])) if row else (0, 0.0)


def sdks_of(project_id: int, most: int = 20) -> tuple[Sdk, ...]:
    """SDKs and versions that sent, last ones first."""
    rows = Client.objects.filter(project_id=project_id).order_by("-last_at")[:most]
    return tuple(Sdk(row.sdk, row.last_at, row.events) for row in rows)


def usage_of(project_id: int, today: date) -> tuple[KeyUsage, ...]:
    """What each key of a project sent this calendar month, and by day."""
    start = today.replace(day=1)
    days: dict[int, list[tuple[date, int]]] = {}
    rows = DailyUsage.objects.filter(project_id=project_id, day__gte=start).order_by("day")
    for row in rows:
        days.setdefault(row.key_id, []).append((row.day, row.events))
    keys = ProjectKey.objects.filter(project_id=project_id).order_by("pk")
    return tuple(
        KeyUsage(
            key_id=key.pk,
            label=key.label,
            hint=f"…{key.public_key[-4:]}",
            enabled=key.enabled,
            used=sum(events for _, events in days.get(key.pk, [])),
            quota=key.monthly_quota,
            per_day=tuple(days.get(key.pk, [])),
        )
        for key in keys
    )


@gauge("inbox_oldest_seconds", "Age of the oldest event that waits, seconds", ready=True)
def inbox_oldest() -> float:
    """The digest's lag."""
    return waiting.backlog().oldest


@gauge("inbox_rows", "Bodies that wait to be digested", ready=True)
def inbox_rows() -> float:
    """As far as a bounded look tells."""
    return float(waiting.backlog().rows)


@gauge("spool_bytes", "Events on this machine's disk that wait for the database, bytes")
def spool_bytes() -> float:
    """What came while the database was away and is not yet in the inbox."""
    return float(SPOOL.size)


@gauge("spool_damaged_files", "Spool files of this machine that wait for a person")
def spool_damaged() -> float:
    """Listed above the quarantine, where they can be recovered."""
    return float(len(damaged.listed()))


@gauge("quarantined_bodies", "Bodies in quarantine that wait for a person", ready=True)
def quarantined_bodies() -> float:
    """For /readyz and /metrics."""
    return float(Quarantined.objects.count())


@gauge("monitors_failing", "Monitors whose last run failed, was missed or took too long")
def monitors_failing() -> float:
    """For /metrics."""
    return float(Monitor.objects.filter(status__in=["error", "missed", "timeout"]).count())
