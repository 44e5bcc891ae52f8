"""Rings the bell of a task through Celery: quickly or not at all.

Called after commits, also by the digest, so it neither raises nor waits: time-outs
of 0.2 s, and after a failure no try for 5 s. Whatever is not rung is found by
`alerts.tasks.sweep`.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import Any

import structlog
from celery import current_app

log = structlog.get_logger(__name__)
PATIENCE = 0.2
"""Seconds for connecting and for each command."""
SULK = 5.0
"""Seconds without a try after a failure."""
LONGEST_COUNTDOWN = 240.0
"""Below Celery's visibility timeout; later attempts are left to the sweep."""


class Bell:
    """A connection of its own, kept open; one at a time may ring."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: Any = None
        self._silent_until = 0.0

    def ring(self, task: str, *args: int, countdown: float | None = None) -> bool:
        """Ask for a run of `task`; False when nobody could be asked."""
        if not self._lock.acquire(timeout=PATIENCE):
            return False
        try:
            if time.monotonic() < self._silent_until:
                return False
            self._send(task, args, countdown)
            return True
        except Exception as error:  # a hint is never worth a failure
            self._silent_until = time.monotonic() + SULK
            self._drop()
            log.warning("wake-up not sent", task=task, error=type(error).__name__)
            return False
        finally:
            self._lock.release()

    def _send(self, task: str, args: tuple[int, ...], countdown: float | None) -> None:
        if self._connection is None:
            options = {
                **current_app.conf.broker_transport_options,
                "socket_timeout": PATIENCE,
                "socket_connect_timeout": PATIENCE,
                "max_retries": 0,
                "interval_start": 0,
            }
            self._connection = current_app.connection_for_write(transport_options=options)
        current_app.send_task(
            task, args=args, countdown=countdown, connection=self._connection, retry=False,
            ignore_result=True,
        )  # fmt: skip

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        with contextlib.suppress(Exception):  # it is broken already
            if connection is not None:
                connection.release()

    def forget(self) -> None:
        """A child must not talk on its parent's socket."""
        self._lock = threading.Lock()
        self._connection = None


_bell = Bell()
os.register_at_fork(after_in_child=_bell.forget)


def evaluate() -> bool:
    """Letters were committed."""
    return _bell.ring("alerts.tasks.evaluate")


def release(countdown: float) -> bool:
    """Messages that are held back will be due in `countdown` seconds."""
    if countdown > LONGEST_COUNTDOWN:
        return False
    return _bell.ring("alerts.tasks.release", countdown=max(countdown, 0.0))


def tickets(connection_id: int, countdown: float | None = None) -> bool:
    """A connection has work, now or in `countdown` seconds (left to the sweep when far off)."""
    if countdown is not None and countdown > LONGEST_COUNTDOWN:
        return False
    return _bell.ring("alerts.tasks.tickets", connection_id, countdown=countdown)


def deliver(delivery_id: int, countdown: float | None = None) -> bool:
    """A delivery may leave, now or in `countdown` seconds (left to the sweep when far off)."""
    if countdown is not None and countdown > LONGEST_COUNTDOWN:
        return False
    return _bell.ring("alerts.tasks.deliver", delivery_id, countdown=countdown)
