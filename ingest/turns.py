"""At most as many digests at a time as there are cores, where PostgreSQL shares them.

More workers than cores are for a database elsewhere: while one waits for it, others compute. On
the same machine all of them at once only get in each other's way: their batches are smaller, and
an event costs a tenth more.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.conf import settings

PAUSE = 0.005
"""Seconds between two looks for a free place."""


class Places:
    """Bytes of a nameless file, each locked by one process; those of who dies are free.

    To be made before processes are forked, which then share it. A process that holds one holds it
    for all its threads.
    """

    def __init__(self, many: int) -> None:
        self.many = many
        self._file = os.memfd_create("digest-turns") if hasattr(os, "memfd_create") else -1

    @contextmanager
    def taken(self, deadline: float) -> Iterator[bool]:
        """Hold one within the block; False when there was none until then (time.monotonic())."""
        if not self.many or self._file < 0:
            yield True
            return
        place = self._take()
        while place is None and time.monotonic() < deadline:
            time.sleep(PAUSE)
            place = self._take()
        try:
            yield place is not None
        finally:
            if place is not None:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)

    def _take(self) -> int | None:
        for place in range(self.many):
            with suppress(BlockingIOError):
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
                return place
        return None


PLACES = Places(settings.DIGESTS_AT_ONCE)
