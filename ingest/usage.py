"""Per-key daily counts, and the monthly quota that is kept by them.

Exact within a process; processes tell each other once a second. A killed process
forgets at most the last second, in the sender's favour; the ledger forgets nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime

import psycopg
from django.db import DatabaseError, InterfaceError, transaction
from msgspec import Struct

from ingest.auth import Sender
from ingest.errors import MustWait, TooMuch
from tracker.actions.activity import Entry, write_activity
from tracker.sql import columns, run

QUOTA_80 = "quota_80"
QUOTA_100 = "quota_100"
"""Kinds of project-level Activity, once a month and key."""
QUOTA_OK = "quota_ok"
"""The end of one of them: the month is over, or the quota was raised."""
PERCENTS = {80: QUOTA_80, 100: QUOTA_100}

_AGAIN = 60
"""Seconds that an SDK is told to wait when the month's quota is used up."""


class Month(Struct):
    """What a key with a quota has sent in a calendar month, all processes together."""

    start: date
    sender: Sender
    used: int
    told: int = 0
    """Percent of which the project was told already."""


class Usage:
    """What keys have sent, as far as this process knows."""

    def __init__(self, today: Callable[[], date] = lambda: datetime.now(UTC).date()) -> None:
        self._today = today
        self._lock = threading.Lock()
        self._spent: dict[tuple[int, int, date], int] = {}
        self._months: dict[int, Month] = {}

    def check(self, sender: Sender, *, wait: bool = True) -> None:
        """Raise TooMuch when the month's quota is used up; MustWait when `wait` is false and the
        database would be asked.
        """
        if sender.monthly_quota is None:
            return
        month = self._month(sender, wait)
        if month.used >= sender.monthly_quota:
            raise TooMuch(
                f"The monthly quota of {sender.monthly_quota:,} events is used up.",
                "quota",
                _AGAIN,
                "key",
            )

    def spend(self, sender: Sender, events: int) -> None:
        """Note events that were taken."""
        today = self._today()
        with self._lock:
            key = (sender.project_id, sender.key_id, today)
            self._spent[key] = self._spent.get(key, 0) + events
            month = self._months.get(sender.key_id)
            if month is not None and month.start == today.replace(day=1):
                month.used += events

    def _month(self, sender: Sender, wait: bool) -> Month:
        """This month's state of a key with a quota; read once a process and month."""
        start = self._today().replace(day=1)
        month = self._months.get(sender.key_id)
        if month is None or month.start != start:
            if not wait:
                raise MustWait
            try:
                used = used_since(start, [sender.key_id]).get(sender.key_id, 0)
            except (DatabaseError, InterfaceError, psycopg.Error):
                # In the sender's favour; asked again as soon as the database answers.
                return Month(start, sender, 0)
            with self._lock:
                used += self._unwritten(sender.key_id, start)
                month = self._months[sender.key_id] = Month(start, sender, used)
        month.sender = sender
        return month

    def _unwritten(self, key_id: int, start: date) -> int:
        return sum(n for (_, key, day), n in self._spent.items() if key == key_id and day >= start)

    def sync(self) -> None:
        """Write what was spent, learn what others spent, tell of quotas that are nearly used up."""
        self._flush()
        start = self._today().replace(day=1)
        with self._lock:
            self._months = {k: m for k, m in self._months.items() if m.start == start}
            watched = sorted(self._months)
        if not watched:
            return
        totals = used_since(start, watched)
        with self._lock:
            for key_id in watched:
                self._months[key_id].used = totals.get(key_id, 0) + self._unwritten(key_id, start)
        for key_id in watched:
            self._tell(self._months[key_id])

    def _flush(self) -> None:
        with self._lock:
            spent, self._spent = self._spent, {}
        if not spent:
            return
        try:
            run(
                """INSERT INTO ingest_usage AS u (project_id, key_id, day, events)
                   SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::bigint[])
                   ON CONFLICT (project_id, key_id, day) DO UPDATE SET
                     events = u.events + excluded.events""",
                columns([(*key, events) for key, events in sorted(spent.items())], 4),
            )
        except (DatabaseError, InterfaceError, psycopg.Error):
            with self._lock:  # keep them for the next second
                for key, events in spent.items():
                    self._spent[key] = self._spent.get(key, 0) + events
            raise

    def _tell(self, month: Month) -> None:
        """Write the Activity of 80 and 100 percent, once over all processes."""
        quota = month.sender.monthly_quota
        if quota is None:
            return
        for percent, kind in PERCENTS.items():
            if month.used * 100 < quota * percent:
                month.told = min(month.told, max(percent - 20, 0))  # raised: tell again, then
            elif month.told < percent:
                tell(month, kind, percent, datetime.now(UTC))
                month.told = percent


def used_since(start: date, key_ids: list[int]) -> dict[int, int]:
    """Events per key from a day on."""
    return dict(
        run(
            """SELECT key_id, sum(events)::bigint FROM ingest_usage
               WHERE key_id = ANY(%s) AND day >= %s GROUP BY key_id""",
            [key_ids, start],
        )
    )


def tell(month: Month, kind: str, percent: int, now: datetime) -> bool:
    """Write one project-level Activity of a quota; False when another process has done so."""
    sender = month.sender
    with transaction.atomic():
        first = run(
            """INSERT INTO ingest_quotanotice (key_id, month, percent) VALUES (%s, %s, %s)
               ON CONFLICT DO NOTHING RETURNING key_id""",
            [sender.key_id, month.start, percent],
        ).fetchone()
        if first is None:
            return False
        data = {
            "key_id": sender.key_id,
            "key": f"…{sender.public_key[-4:]}",
            "percent": percent,
            "used": month.used,
            "quota": sender.monthly_quota,
            "month": month.start.isoformat(),
        }
        write_activity([Entry(sender.project_id, None, kind, now, data)])
    return True


def all_clear(now: datetime) -> int:
    """Tell of quotas that have room again, and forget that it was told; returns how many."""
    this = now.astimezone(UTC).date().replace(day=1)
    rows = run(
        """SELECT n.key_id, n.month, n.percent, k.project_id, k.public_key, k.monthly_quota,
                  coalesce(sum(u.events), 0)::bigint
           FROM ingest_quotanotice n
           LEFT JOIN tracker_projectkey k ON k.id = n.key_id
           LEFT JOIN ingest_usage u ON u.key_id = n.key_id AND u.day >= n.month
             AND u.day < n.month + interval '1 month'
           GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3"""
    ).fetchall()
    cleared = 0
    for key_id, month, percent, project, public_key, quota, used in rows:
        if month == this and quota is not None and used * 100 >= quota * percent:
            continue
        with transaction.atomic():
            mine = run(
                """DELETE FROM ingest_quotanotice
                   WHERE key_id = %s AND month = %s AND percent = %s RETURNING key_id""",
                [key_id, month, percent],
            ).fetchone()
            if mine is None or project is None:
                continue  # another process was quicker, or the key is gone
            limit = "no limit any more" if quota is None else f"of {quota:,} events"
            why = "a new month has begun" if month < this else f"{used:,} used, {limit}"
            data = {
                "key": f"…{public_key[-4:]}", "percent": percent, "month": month.isoformat(),
                "used": used, "quota": quota, "why": why,
            }  # fmt: skip
            write_activity([Entry(project, None, QUOTA_OK, now, data)])
        cleared += 1
    return cleared
