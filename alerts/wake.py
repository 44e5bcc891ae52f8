"""Rings the bell of a task through Celery: quickly or not at all.

Called after commits, also by the digest, so it neither raises nor waits: time-outs
of 0.2 s, and after a failure no try for 5 s. Whatever is not rung is found by
`alerts.tasks.sweep`.
"""

from __future__ import annotations

import time

import structlog

from tracker.ringing import Busy, Publisher

log = structlog.get_logger(__name__)
PATIENCE = 0.2
"""Seconds for connecting and for each command."""
SULK = 5.0
"""Seconds without a try after a failure."""
LONGEST_COUNTDOWN = 240.0
"""Below Celery's visibility timeout; later attempts are left to the sweep."""


class Bell:
    """Rings, or sulks for a while after it could not."""

    def __init__(self) -> None:
        self._publisher = Publisher(PATIENCE)
        self._silent_until = 0.0

    def ring(self, task: str, *args: int, countdown: float | None = None) -> bool:
        """Ask for a run of `task`; False when nobody could be asked, or it is due too late."""
        if countdown is not None and countdown > LONGEST_COUNTDOWN:
            return False
        if time.monotonic() < self._silent_until:
            return False
        try:
            self._publisher.publish(task, args, countdown)
        except Busy:
            return False
        except Exception as error:  # a hint is never worth a failure
            self._silent_until = time.monotonic() + SULK
            log.warning("wake-up not sent", task=task, error=type(error).__name__)
            return False
        return True


_bell = Bell()


def evaluate() -> bool:
    """Letters were committed."""
    return _bell.ring("alerts.tasks.evaluate")


def release(countdown: float) -> bool:
    """Messages that are held back will be due in `countdown` seconds."""
    return _bell.ring("alerts.tasks.release", countdown=max(countdown, 0.0))


def tickets(connection_id: int, countdown: float | None = None) -> bool:
    """A connection has work, now or in `countdown` seconds (left to the sweep when far off)."""
    return _bell.ring("alerts.tasks.tickets", connection_id, countdown=countdown)


def deliver(delivery_id: int, countdown: float | None = None) -> bool:
    """A delivery may leave, now or in `countdown` seconds (left to the sweep when far off)."""
    return _bell.ring("alerts.tasks.deliver", delivery_id, countdown=countdown)
