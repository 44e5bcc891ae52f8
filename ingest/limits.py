"""When to say 429: rate, monthly quota, and a backlog that must not grow for ever.

Every web process has a bucket per project, or per key where the key has a rate of its
own; once a second they tell each other through PostgreSQL what they took, so that
together they keep the rate.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

import psycopg
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from ingest import waiting
from ingest.auth import KEYS, TOKENS, Sender, copy_keys
from ingest.errors import TooMuch
from ingest.spool import SPOOL
from ingest.usage import Usage
from tracker import store
from tracker.models import Ledger
from tracker.sql import columns, hang_up, run

RATE_PER_MINUTE = 6_000
BURST = 2
"""The bucket holds this many minutes' worth."""
MOST_ROWS = 50_000
MOST_BYTES = 1024**3
MOST_AGE = 300.0
NEARLY = 0.8
"""Share of these at which the heaviest projects are put off, before all are."""
LEAST_DISK_SHARE = 0.05
LEAST_DISK = 1024**3
SYNC = 1.0
"""Seconds between looks at the database."""
REST = 19
"""A look at the backlog reads all of it: 90 ms at 25,000 events. Then it rests as many times
as long as it took, so that what is late is not made later.
"""
MOST_REST = 5.0

log = structlog.get_logger(__name__)


class Bucket:
    """Tokens of one project or key in this process; may be negative after a sync."""

    __slots__ = ("at", "capacity", "per_minute", "rate", "spent", "tokens")

    def __init__(self, per_minute: int, now: float) -> None:
        self.per_minute = per_minute
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
        if not self.rate:
            return 60
        return max(1, round((1 - self.tokens) / self.rate))


class Allowance(NamedTuple):
    """What a sender may still send, for answers that tell."""

    limit: int
    """Requests a minute."""
    remaining: int
    reset: int
    """Seconds until the allowance is whole again."""


class Limits:
    """The state of this process: buckets, backlog, and refusals not yet in the books."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[int, Bucket] = {}
        self._refused: dict[tuple[int, str, str], int] = {}
        self._seen: dict[int, int] = {}
        self._full = ""
        self._full_here = ""
        self._heavy: frozenset[int] = frozenset()
        self._look_at = 0.0
        """When the backlog is looked at again, by the clock."""
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self.usage = Usage()

    def check(self, sender: Sender, *, wait: bool = True) -> None:
        """Let one request of a sender pass, or raise TooMuch; MustWait when `wait` is false and
        the database would be asked.
        """
        self._start()
        full = self._full_here or self._full
        if full or sender.project_id in self._heavy:
            why = full or "most of what waits is of this project"
            raise TooMuch(
                f"Events are arriving faster than they are digested ({why}); try again.",
                "backlog",
                30,
                "organization" if full else "project",
            )
        if sender.unlimited:
            return
        self.usage.check(sender, wait=wait)
        with self._lock:
            bucket = self._bucket(sender)
            seconds = bucket.take(self._clock())
        if seconds:
            whose = "project" if sender.rate_per_minute is None else "key"
            raise TooMuch(
                f"This {whose} may send {bucket.per_minute:,} events a minute;"
                f" try again in {seconds} s.",
                "rate",
                min(60, seconds),
                whose,
            )

    def _bucket(self, sender: Sender) -> Bucket:
        """The bucket that a sender takes from; the caller holds the lock."""
        number, per_minute = _bucket_of(sender)
        bucket = self._buckets.get(number)
        if bucket is None or bucket.per_minute != per_minute:
            bucket = self._buckets[number] = Bucket(per_minute, self._clock())
        return bucket

    def allowance(self, sender: Sender) -> Allowance:
        """What the sender may still send."""
        if sender.unlimited:
            return Allowance(1_000_000, 1_000_000, 0)
        with self._lock:
            bucket = self._bucket(sender)
            bucket.refill(self._clock())
            missing = bucket.capacity - bucket.tokens
            reset = round(missing / bucket.rate) if bucket.rate else 60
            return Allowance(bucket.per_minute, max(0, int(bucket.tokens)), reset)

    def spend(self, sender: Sender, events: int) -> None:
        """Note events that were taken, for usage and quota."""
        if events:
            self.usage.spend(sender, events)

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
        while not self._stopped.wait(SYNC):
            self.work_once()

    def work_once(self) -> None:
        """A second's work of the thread; whatever fails is tried again, over a fresh connection."""
        for step in (self.sync, KEYS.renew, TOKENS.renew, copy_keys):
            try:
                step()
            except Exception as error:  # mostly a database that is away; the thread must live
                hang_up()
                log.warning("limits not exchanged", error=type(error).__name__)

    def stop(self) -> None:
        """End the thread after its present round."""
        self._stopped.set()

    def sync(self) -> None:
        """One exchange with the database: books, shares, usage, backlog."""
        self._full_here = SPOOL.why_full() or why_disk_is_full()
        self.flush()
        self._rebalance()
        self.usage.sync()
        began = self._clock()
        if began >= self._look_at:
            backlog = waiting.backlog()
            self._full = why_full(backlog)
            self._heavy = heaviest(waiting.shares()) if nearly_full(backlog) else frozenset()
            ended = self._clock()
            self._look_at = ended + min(MOST_REST, REST * (ended - began))

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
            spent = {number: b.spent for number, b in self._buckets.items() if b.spent}
            for number in spent:
                self._buckets[number].spent = 0
            watched = sorted(self._buckets)
        if not watched:
            return
        totals = _exchange(watched, spent)
        with self._lock:
            for number, total in totals.items():
                others = total - self._seen.get(number, total) - spent.get(number, 0)
                self._seen[number] = total
                bucket = self._buckets.get(number)
                if bucket is not None and others > 0:
                    bucket.tokens -= others


def _bucket_of(sender: Sender) -> tuple[int, int]:
    """Number and rate of a sender's bucket: the project's, or minus the key's id."""
    if sender.rate_per_minute is None:
        return sender.project_id, RATE_PER_MINUTE
    return -sender.key_id, sender.rate_per_minute


def _exchange(watched: list[int], spent: dict[int, int]) -> dict[int, int]:
    """Add to the shared counts; returns all of them, this process's own included."""
    if spent:
        run(
            """INSERT INTO ingest_rate AS r (bucket, taken)
               SELECT * FROM unnest(%s::bigint[], %s::bigint[]) ORDER BY 1
               ON CONFLICT (bucket) DO UPDATE SET taken = r.taken + excluded.taken""",
            columns(sorted(spent.items()), 2),
        )
    return dict(run("SELECT bucket, taken FROM ingest_rate WHERE bucket = ANY(%s)", [watched]))


def nearly_full(backlog: waiting.Backlog) -> bool:
    """Whether so much waits that the heaviest senders must slow down."""
    return (
        backlog.rows > MOST_ROWS * NEARLY
        or backlog.size > MOST_BYTES * NEARLY
        or backlog.oldest > MOST_AGE * NEARLY
    )


def heaviest(shares: dict[int, int]) -> frozenset[int]:
    """Projects that hold more than an equal share of what waits; nobody when there is one."""
    if len(shares) < 2:
        return frozenset()
    fair = sum(shares.values()) / len(shares)
    return frozenset(project for project, rows in shares.items() if rows > fair)


def why_full(backlog: waiting.Backlog) -> str:
    """Why nothing more can be taken, in words; "" when it can."""
    if backlog.rows > MOST_ROWS:
        return f"{backlog.rows:,} wait"
    if backlog.size > MOST_BYTES:
        return f"{backlog.size >> 20:,} MiB wait"
    if backlog.oldest > MOST_AGE:
        return f"the oldest has waited {backlog.oldest:.0f} s"
    return ""


def why_disk_is_full() -> str:
    """The same of the local disk, which is known without database."""
    with suppress(OSError):
        disk = shutil.disk_usage(settings.EMBERWATCH_DATA)
        if disk.free < LEAST_DISK or disk.free < disk.total * LEAST_DISK_SHARE:
            return "the disk is nearly full"
    return ""


LIMITS = Limits()


def refuse(project_id: int, reason: str) -> None:
    """Count one refused request as one event; 0 is for requests of no known project."""
    LIMITS.count(project_id, Ledger.Kind.REFUSED.value, reason)
