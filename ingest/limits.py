"""When to say 429: per-project rate, and a backlog that must not grow for ever.

Every web process has a bucket per project; once a second they tell each other
through PostgreSQL what they took, so that together they keep the rate.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import psycopg
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from ingest import inbox
from ingest.auth import Sender
from ingest.errors import TooMuch
from tracker import store
from tracker.models import Ledger
from tracker.sql import columns, run

RATE_PER_MINUTE = 6_000
BURST = 2
"""The bucket holds this many minutes' worth."""
MOST_ROWS = 50_000
MOST_BYTES = 1024**3
MOST_AGE = 300.0
LEAST_DISK_SHARE = 0.05
LEAST_DISK = 1024**3
SYNC = 1.0
"""Seconds between looks at the database."""

log = structlog.get_logger(__name__)


class Bucket:
    """Tokens of one project in this process; may be negative after a sync."""

    __slots__ = ("at", "capacity", "rate", "spent", "tokens")

    def __init__(self, per_minute: int, now: float) -> None:
        self.rate = per_minute / 60
        self.capacity = float(per_minute * BURST)
        self.tokens = self.capacity
        self.at = now
        self.spent = 0

    def refill(self, now: float) -> None:
        """Add what time has brought."""
        self.tokens = min(self.capacity, self.tokens + (now - self.at) * self.rate)
        self.at = now

    def take(self, now: float) -> int:
        """0 when an event may pass, else seconds until one may."""
        self.refill(now)
        if self.tokens >= 1:
            self.tokens -= 1
            self.spent += 1
            return 0
        return max(1, round((1 - self.tokens) / self.rate))


class Limits:
    """The state of this process: buckets, backlog, and refusals not yet in the books."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[int, Bucket] = {}
        self._refused: dict[tuple[int, str, str], int] = {}
        self._seen: dict[int, int] = {}
        self._full = ""
        self._thread: threading.Thread | None = None

    def check(self, sender: Sender) -> None:
        """Let one event of a sender pass, or raise TooMuch."""
        self._start()
        if self._full:
            raise TooMuch(
                f"Events are arriving faster than they are digested ({self._full}); try again.",
                "backlog",
                30,
            )
        if sender.unlimited:
            return
        with self._lock:
            bucket = self._buckets.get(sender.project_id)
            per_minute = sender.rate_per_minute or RATE_PER_MINUTE
            if bucket is None or bucket.rate != per_minute / 60:
                bucket = self._buckets[sender.project_id] = Bucket(per_minute, self._clock())
            wait = bucket.take(self._clock())
        if wait:
            raise TooMuch(
                f"This project may send {per_minute:,} events a minute; try again in {wait} s.",
                "rate",
                min(60, wait),
            )

    def count(self, project_id: int, kind: str, reason: str, events: int = 1) -> None:
        """Note something for the ledger; written within a second."""
        self._start()
        with self._lock:
            key = (project_id, kind, reason)
            self._refused[key] = self._refused.get(key, 0) + events

    def _start(self) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="limits", daemon=True)
                    self._thread.start()

    def _work(self) -> None:
        while True:
            time.sleep(SYNC)
            with suppress(DatabaseError, InterfaceError, psycopg.Error):
                self.sync()

    def sync(self) -> None:
        """One exchange with the database: books, shares, backlog."""
        self.flush()
        self._rebalance()
        self._full = why_full(inbox.backlog())

    def flush(self) -> None:
        """Write what was noted into the ledger."""
        with self._lock:
            noted, self._refused = self._refused, {}
        if not noted:
            return
        today = datetime.now(UTC).date()
        rows = sorted((p, today, kind, reason, n) for (p, kind, reason), n in noted.items())
        try:
            store.add_to_ledger(rows)
        except (DatabaseError, InterfaceError, psycopg.Error):
            with self._lock:  # keep them for the next second
                for key, events in noted.items():
                    self._refused[key] = self._refused.get(key, 0) + events
            raise

    def _rebalance(self) -> None:
        """Tell the others what was taken here, and take off what they took."""
        with self._lock:
            spent = {project: b.spent for project, b in self._buckets.items() if b.spent}
            for project in spent:
                self._buckets[project].spent = 0
            watched = sorted(self._buckets)
        if not watched:
            return
        totals = _exchange(watched, spent)
        with self._lock:
            for project, total in totals.items():
                others = total - self._seen.get(project, total) - spent.get(project, 0)
                self._seen[project] = total
                bucket = self._buckets.get(project)
                if bucket is not None and others > 0:
                    bucket.tokens -= others


def _exchange(watched: list[int], spent: dict[int, int]) -> dict[int, int]:
    """Add to the shared counts; returns all of them, this process's own included."""
    if spent:
        run(
            """INSERT INTO ingest_rate AS r (project_id, taken)
               SELECT * FROM unnest(%s::bigint[], %s::bigint[]) ORDER BY 1
               ON CONFLICT (project_id) DO UPDATE SET taken = r.taken + excluded.taken""",
            columns(sorted(spent.items()), 2),
        )
    return dict(
        run("SELECT project_id, taken FROM ingest_rate WHERE project_id = ANY(%s)", [watched])
    )


def why_full(backlog: inbox.Backlog) -> str:
    """Why nothing more can be taken, in words; "" when it can."""
    if backlog.rows > MOST_ROWS:
        return f"{backlog.rows:,} wait"
    if backlog.size > MOST_BYTES:
        return f"{backlog.size >> 20:,} MiB wait"
    if backlog.oldest > MOST_AGE:
        return f"the oldest has waited {backlog.oldest:.0f} s"
    with suppress(OSError):
        disk = shutil.disk_usage(settings.EMBERWATCH_DATA)
        if disk.free < LEAST_DISK or disk.free < disk.total * LEAST_DISK_SHARE:
            return "the disk is nearly full"
    return ""


LIMITS = Limits()


def refuse(project_id: int, reason: str) -> None:
    """Count one refused request as one event; 0 is for requests of no known project."""
    LIMITS.count(project_id, Ledger.Kind.REFUSED.value, reason)
