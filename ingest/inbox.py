"""The inbox: durable rows for acknowledged bodies. The only raw SQL of ingest.

Rows are put by a group commit: while one commit is on its way to the disk, what
arrives meanwhile gathers for the next. They are claimed in batches by rows of
another table, never updated, and deleted in the transaction that records them.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import psycopg
import structlog
from django.db import DatabaseError, InterfaceError

from ingest.away import AWAY
from ingest.errors import InboxAway
from tracker.sql import asks, columns, cut, hang_up, held, is_closed, run

PUT_TIMEOUT = 2.0
"""Seconds to wait for the commit before the sender is told to come back."""
COMMIT_TIMEOUT = 30.0
"""Seconds that a commit which has begun may take."""
SLOW = 1.5
"""Seconds of one commit after which the database counts as away."""
HUNG = 2.0
"""Seconds after which a commit is cut off: its letters go to the shelter, as unsure."""
SPOOLED_AT = "spooled_at"
"""In `meta`: when a letter that lay in the spool was received, in seconds since 1970."""
LINGER = 0.002
"""Seconds that a commit waits at most where the last one had company, for as many as had been on
their way by its end: a commit of sixteen costs little more than one of eight."""
_GATHER = 256
_NEVER = 1 << 30
_GATHER_BYTES = 16 * 1024 * 1024

log = structlog.get_logger(__name__)


class Letter(NamedTuple):
    """One body to be put."""

    project_id: int
    key_id: int
    adapter: str
    encoding: str
    event_id: UUID | None
    events: int
    meta: bytes
    body: bytes


class Row(NamedTuple):
    """One row that was claimed."""

    id: int
    project_id: int
    key_id: int
    received_at: datetime
    adapter: str
    encoding: str
    event_id: UUID | None
    events: int
    meta: bytes
    body: bytes


_PUT = """
WITH put AS (
  INSERT INTO ingest_inbox
    (project_id, key_id, adapter, encoding, event_id, events, size, meta, body)
  SELECT project, key, adapter, encoding, event_id, events, length(body), meta, body
  FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::uuid[], %s::int2[],
              %s::bytea[], %s::bytea[])
    q (project, key, adapter, encoding, event_id, events, meta, body)
  RETURNING project_id, (received_at AT TIME ZONE 'UTC')::date AS day, events
)
INSERT INTO tracker_ledger AS l (project_id, day, kind, reason, count)
SELECT project_id, day, 'acknowledged', '', sum(events) FROM put
GROUP BY project_id, day HAVING sum(events) > 0 ORDER BY project_id, day
ON CONFLICT (project_id, day, kind, reason) DO UPDATE SET count = l.count + excluded.count
"""


def put_rows(letters: Sequence[Letter]) -> None:
    """Store bodies and count them as acknowledged, in one commit of its own."""
    run(_PUT, columns(letters, 8))


class Ticket:
    """An event loop's place in the queue: its future ends with whether the letter is durable.

    All tickets of a commit are told in one call, because waking a loop costs a system call.
    """

    __slots__ = ("_free", "future", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.future: asyncio.Future[bool] = loop.create_future()
        self._free = [True]

    def take(self) -> bool:
        """Whoever asks first gets it: the commit, or a holder who gives up waiting."""
        try:
            return self._free.pop()
        except IndexError:
            return False


Batch = list[tuple[Letter, "Future[None] | Ticket"]]


class Unsure(Exception):
    """A connection broke while a commit was on its way: it may have come through."""


_OURS = ("08", "53", "57", "58")
"""Classes of errors that are the database's state, not the letters' fault."""


def is_away(error: Exception) -> bool:
    """Whether an error of a commit means that the database can't take anything now."""
    if isinstance(error, Unsure | InterfaceError):
        return True
    if isinstance(error, DatabaseError):  # Django's own: no connection could be had
        return True
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return not error.sqlstate or error.sqlstate.startswith(_OURS)
    return False


class Committer:
    """Gathers letters of many threads and loops into few commits.

    What the database can't take goes to the `shelter`: it keeps letters durably or raises.
    """

    def __init__(self, committed: Callable[[int], None] | None = None) -> None:
        self._shelter: Callable[[Sequence[Letter], bool], None] | None = None
        self._since = 0.0
        self._last = 0
        """Letters of the last commit."""
        self._enough = _NEVER
        """Length of the queue for which the committer waits."""
        self._reached = threading.Event()
        self._connection: Any = None
        self._queue: queue.SimpleQueue[tuple[Letter, Future[None] | Ticket]] = queue.SimpleQueue()
        self._committed = committed
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def shelter_with(self, shelter: Callable[[Sequence[Letter], bool], None]) -> None:
        """Have `shelter` keep what the database can't take; it is told whether that is unsure."""
        self._shelter = shelter
        threading.Thread(target=self._watch, name="inbox-watch", daemon=True).start()

    def enlist(self, letter: Letter, loop: asyncio.AbstractEventLoop) -> Ticket:
        """Have a letter stored, for a caller on an event loop.

        A ticket that could be taken back was never begun with: nothing was stored.
        """
        ticket = Ticket(loop)
        self._submit(letter, ticket)
        return ticket

    def _submit(self, letter: Letter, promise: Future[None] | Ticket) -> None:
        if self._thread is None:
            self._start()
        self._queue.put((letter, promise))
        if self._queue.qsize() >= self._enough:
            self._reached.set()

    def put(self, letter: Letter, timeout: float = PUT_TIMEOUT) -> None:
        """Return once the letter is durable. Raises InboxAway: it is not, and never will be."""
        promise: Future[None] = Future()
        self._submit(letter, promise)
        try:
            promise.result(timeout)
        except FutureTimeout:
            if promise.cancel():
                raise InboxAway from None
            # The commit is on its way: the answer must say how it ends.
            promise.result(COMMIT_TIMEOUT)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="inbox", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        self._connection = held()
        while True:
            batch = self._gather()
            self._last = len(batch)
            if not batch:
                continue
            if AWAY.now and self._take_in(batch):
                continue
            self._since = time.monotonic()
            try:
                self._commit([letter for letter, _ in batch])
            except Exception as error:  # the senders get to know; the thread must live
                self._since = 0.0
                log.warning("inbox commit failed", error=type(error).__name__, rows=len(batch))
                self._failed(batch, error)
            else:
                self._since = 0.0
                _settle([promise for _, promise in batch], None)
                if self._committed is not None:
                    with suppress(Exception):
                        self._committed(len(batch))

    def _failed(self, batch: Batch, error: Exception) -> None:
        """Shelter what is known not to be stored, or is known again; refuse the rest."""
        if is_away(error):
            AWAY.note()
            unsure = isinstance(error, Unsure)
            # Only events can be told from their doubles.
            safe = [entry for entry in batch if not unsure or entry[0].events]
            if self._take_in(safe, unsure):
                batch = [entry for entry in batch if unsure and not entry[0].events]
        if batch:
            _settle([promise for _, promise in batch], InboxAway())
            time.sleep(0.05)

    def _take_in(self, batch: Batch, unsure: bool = False) -> bool:
        """Have letters sheltered and their senders told; False: nothing was done."""
        if self._shelter is None:
            return False
        try:
            self._shelter([letter for letter, _ in batch], unsure)
        except Exception as error:  # full, or a disk that fails
            log.warning("spool refused", error=type(error).__name__, rows=len(batch))
            return False
        _settle([promise for _, promise in batch], None)
        return True

    def _watch(self) -> None:
        """Shelter what waits behind a commit that takes too long."""
        while True:
            time.sleep(SLOW / 6)
            since = self._since
            if since and time.monotonic() - since > SLOW:
                AWAY.note()
                batch = self._more([], 0)
                if batch and not self._take_in(batch):
                    _settle([promise for _, promise in batch], InboxAway())
            # Sheltering took its time: only a commit that is still the same one is cut off.
            hangs = since == self._since and time.monotonic() - since > HUNG
            if since and hangs and asks(self._connection):
                cut(self._connection)

    @staticmethod
    def _commit(letters: Sequence[Letter]) -> None:
        try:
            put_rows(letters)
        except psycopg.Error as error:
            # A connection that died while idle: once more on a fresh one, if nothing was sent.
            broken = is_closed()
            hang_up()
            if not broken:
                raise
            if AWAY.now:  # cut off for taking too long: a fresh one would fare no better
                raise Unsure from error
            try:
                put_rows(letters)
            except (DatabaseError, InterfaceError, psycopg.Error):
                hang_up()
                raise Unsure from error
        except (DatabaseError, InterfaceError):
            hang_up()
            raise

    def _gather(self) -> Batch:
        """Everything that waits, up to a bound; blocks until there is something."""
        company = self._last + self._queue.qsize() if self._last > 1 else 1
        entry = self._queue.get()
        self._await(min(company, _GATHER) - 1)
        if _begin(entry[1]):
            return self._more([entry], len(entry[0].body))
        return self._more([], 0)

    def _await(self, enough: int) -> None:
        """Wait until so many are in the queue, but not for long."""
        self._reached.clear()
        self._enough = enough
        if self._queue.qsize() < enough:
            self._reached.wait(LINGER)
        self._enough = _NEVER

    def _more(self, batch: Batch, size: int) -> Batch:
        """`batch` of so many bytes, and what else waits now, up to the bound."""
        while len(batch) < _GATHER and size < _GATHER_BYTES:
            try:
                entry = self._queue.get_nowait()
            except queue.Empty:
                break
            if _begin(entry[1]):
                batch.append(entry)
                size += len(entry[0].body)
        return batch


def _begin(promise: Future[None] | Ticket) -> bool:
    """Whether somebody still waits for it; from now on they wait for the end."""
    if isinstance(promise, Ticket):
        return promise.take()
    return promise.set_running_or_notify_cancel()


def _settle(promises: Sequence[Future[None] | Ticket], error: InboxAway | None) -> None:
    """Tell everybody how the commit ended, each loop once."""
    loops: dict[asyncio.AbstractEventLoop, list[Ticket]] = {}
    for promise in promises:
        if isinstance(promise, Ticket):
            loops.setdefault(promise.loop, []).append(promise)
        elif error is None:
            promise.set_result(None)
        else:
            promise.set_exception(error)
    for loop, tickets in loops.items():
        with suppress(RuntimeError):  # a loop that was closed meanwhile
            loop.call_soon_threadsafe(_end, tickets, error is None)


def _end(tickets: Sequence[Ticket], durable: bool) -> None:
    for ticket in tickets:
        if not ticket.future.done():
            ticket.future.set_result(durable)


def read(ids: Sequence[int]) -> list[Row]:
    """The rows of a claim, oldest first; those already gone are absent."""
    found = run(
        """SELECT id, project_id, key_id, received_at, adapter, encoding, event_id, events, meta,
                  body
           FROM ingest_inbox WHERE id = ANY(%s) ORDER BY id""",
        [list(ids)],
    )
    return [as_received(Row(*row)) for row in found]


def as_received(row: Row) -> Row:
    """A row with its true time of receipt: one that lay in the spool tells it in its meta."""
    if b'"spooled_at":' not in row.meta:
        return row
    at = orjson.loads(row.meta).get(SPOOLED_AT)
    if not isinstance(at, int | float):
        return row
    return row._replace(received_at=datetime.fromtimestamp(at, UTC))


def delete(ids: Sequence[int]) -> int:
    """Delete rows in the caller's transaction; returns how many were still there."""
    return run("DELETE FROM ingest_inbox WHERE id = ANY(%s)", [list(ids)]).rowcount
