"""Wake the digest when something was put: a hint through Redis, never needed.

At most one wake-up waits in the queue at a time (a key that the digest deletes when
it starts). Under load they are paced, for events cost less by the hundred. Redis has
50 ms; when it fails, nobody asks it again for some seconds and the sweep finds the rows.
"""

from __future__ import annotations

import math
import threading
import time
from contextlib import suppress
from functools import lru_cache

import redis
import structlog
from django.conf import settings

from tracker.ringing import Publisher

TIMEOUT = 0.05
BREAK = 5.0
"""Seconds without asking Redis after it failed; then what waits is announced again."""
PACE = 0.005
"""Seconds between two wake-ups of one process: under load each commit would ask Redis."""
LOAD = 200.0
"""Letters a second of one process from which on wake-ups are further apart."""
LONGEST_PACE = 0.15
GOOD_BATCH = 400
"""Letters that are worth a wake-up under load."""
_MEMORY = 0.25
"""Seconds over which the rate is averaged: a handful of letters at once is no load."""
_LATCH_MS = 2_000
TASK = "ingest.tasks.digest"

log = structlog.get_logger(__name__)


def _latch() -> str:
    return f"{settings.REDIS_PREFIX}digest-wanted"


@lru_cache(maxsize=4)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)


_publisher = Publisher(TIMEOUT)


def send() -> bool:
    """Ask for a digest unless one is asked for already. Raises what Redis raises."""
    client = _client(settings.REDIS_URL)
    if not client.set(_latch(), 1, nx=True, px=_LATCH_MS):
        return False
    try:
        _publisher.publish(TASK)
    except Exception:
        # Nobody was asked: the latch must not keep others from asking.
        with suppress(redis.RedisError, OSError):
            client.delete(_latch())
        raise
    return True


def heard() -> None:
    """The digest has begun: what is put from now on needs a new wake-up."""
    with suppress(redis.RedisError, OSError):
        _client(settings.REDIS_URL).delete(_latch())


class Rate:
    """Letters a second, averaged over the last quarter."""

    def __init__(self, now: float) -> None:
        self._rate = 0.0
        self._at = now

    def add(self, letters: int, now: float) -> None:
        """So many were put."""
        self._rate = self.at(now) + letters / _MEMORY
        self._at = now

    def at(self, now: float) -> float:
        """What it has come down to by now."""
        return self._rate * math.exp((self._at - now) / _MEMORY)


def pace(rate: float) -> float:
    """Seconds until the next wake-up, at so many letters a second."""
    return PACE if rate < LOAD else min(LONGEST_PACE, GOOD_BATCH / rate)


class Bell:
    """Rings from a thread of its own, so that no commit waits for Redis."""

    def __init__(self) -> None:
        self._rate = Rate(time.monotonic())
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def ring(self, letters: int = 1) -> None:
        """Have the digest woken soon, so many letters were put; returns at once."""
        self._rate.add(letters, time.monotonic())
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="bell", daemon=True)
                    self._thread.start()
        self._wanted.set()

    def _work(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            try:
                send()
                time.sleep(pace(self._rate.at(time.monotonic())))
            except Exception as error:  # Redis, broker or network: the sweep would do, later
                log.warning("wake-up failed", error=type(error).__name__)
                time.sleep(BREAK)
                self._wanted.set()


BELL = Bell()
