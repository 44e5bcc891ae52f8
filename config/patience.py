"""Nobody waits for ever for a database that neither answers nor refuses: its connection is cut.

A frozen server (a disk that hangs, a machine that is paused) leaves a reader in a wait that no
time-out of PostgreSQL's own ends. So each request is watched: whose time is up has the socket of
its connection shut, and goes on with an OperationalError.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

from ingest.away import AWAY
from tracker.sql import asks, cut, held

PAGES = 20.0
"""Seconds that a page may be in one query; none that works needs a tenth of it."""
PAGES_AWAY = 3.0
"""The same while the database is known to be away."""
INGEST = 1.5
"""Seconds that an SDK's request may wait before its event goes to the spool."""
LOOK = 0.25
"""Seconds between looks at who waits."""

Handler = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger(__name__)


@dataclass
class _Waiter:
    """One request."""

    connection: Any
    """Django's holder of its connection."""
    most: Callable[[], float]
    since: float | None = None
    """When it was first seen in the query that it was still in at each look since."""


class Watch:
    """Looks after the requests of this process."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._waiters: dict[int, _Waiter] = {}
        self._somebody = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, most: Callable[[], float]) -> Iterator[None]:
        """Cut this thread's connection when the database takes more than that many seconds."""
        number = threading.get_ident()
        with self._lock:
            self._waiters[number] = _Waiter(held(), most)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="patience", daemon=True)
                self._thread.start()
        self._somebody.set()
        try:
            yield
        finally:
            with self._lock:
                self._waiters.pop(number, None)

    def _work(self) -> None:
        while True:
            self._somebody.wait()
            time.sleep(LOOK)
            self.look()

    def look(self) -> int:
        """Cut off whoever has waited too long; returns how many."""
        now, ended = self._now(), 0
        # Held while cutting: who is done meanwhile keeps its connection until that is over.
        with self._lock:
            if not self._waiters:
                self._somebody.clear()
            for waiter in self._waiters.values():
                if not asks(waiter.connection):
                    waiter.since = None
                elif waiter.since is None:
                    waiter.since = now
                elif now - waiter.since > waiter.most():
                    ended += cut(waiter.connection)
                    waiter.since = None
        if ended:
            log.warning("the database did not answer; requests were cut off", requests=ended)
        return ended


WATCH = Watch()


def pages(get_response: Handler) -> Handler:
    """Middleware of the pages."""

    def answer(request: HttpRequest) -> HttpResponse:
        with WATCH.over(lambda: PAGES_AWAY if AWAY.now else PAGES):
            return get_response(request)

    return answer


def ingest(get_response: Handler) -> Handler:
    """Middleware of the addresses that SDKs post to."""

    def answer(request: HttpRequest) -> HttpResponse:
        with WATCH.over(lambda: INGEST):
            return get_response(request)

    return answer
