"""Wake the digest when something was put: a hint through Redis, never needed.

At most one wake-up waits in the queue at a time (a key that the digest deletes when
it starts). Redis has 50 ms; when it fails, nobody asks it again for some seconds and
the sweep finds the rows.
"""

from __future__ import annotations

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


class Bell:
    """Rings from a thread of its own, so that no commit waits for Redis."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def ring(self) -> None:
        """Have the digest woken soon; returns at once."""
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
                time.sleep(PACE)
            except Exception as error:  # Redis, broker or network: the sweep would do, later
                log.warning("wake-up failed", error=type(error).__name__)
                time.sleep(BREAK)
                self._wanted.set()


BELL = Bell()
