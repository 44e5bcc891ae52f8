"""Tasks of alerts: read letters, try one delivery, and sweep up what no bell announced.

All run in the io worker (threads). Each may run twice, late or not at all: the
tables say what is to be done.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime

import structlog
from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from alerts import wake
from alerts.actions import (
    counting,
    covering,
    folding,
    heartbeat,
    meeting,
    outbox,
    reading,
    ticket_work,
    upkeep,
)

log = structlog.get_logger(__name__)
_waiting = threading.Lock()
_running = threading.Lock()
MOST_BATCHES = 40
"""A task ends after so many; the sweep goes on."""


@shared_task(name="alerts.tasks.evaluate")
def evaluate() -> None:
    """Read all letters. At most one runs and one waits per process: the waiting one reads all."""
    if not _waiting.acquire(blocking=False):
        return
    with _running:
        _waiting.release()
        _read_all()


@shared_task(name="alerts.tasks.deliver")
def deliver(delivery_id: int) -> None:
    """Try one delivery, then ring for those that waited for it."""
    done = outbox.attempt(delivery_id)
    if done is None:
        return
    for following in done.following:
        wake.deliver(following)
    if done.again_in is not None:
        wake.deliver(delivery_id, countdown=done.again_in)


@shared_task(name="alerts.tasks.tickets")
def tickets(connection_id: int) -> None:
    """Do what is due at one tracker, then ring for what is due later."""
    shift = ticket_work.work(connection_id)
    if shift is not None and shift.again_in is not None:
        wake.tickets(connection_id, countdown=shift.again_in)


@shared_task(name="alerts.tasks.count")
def count() -> None:
    """Look at the counts of issues that were touched lately."""
    now = timezone.now()
    meeting.meet(now)
    heartbeat.beat(now)
    read = counting.count(now)
    _ring_for(read.deliveries)
    _ring_release(read.held_until, now)


@shared_task(name="alerts.tasks.release")
def release() -> None:
    """Let go what channels held back, as one message each."""
    now = timezone.now()
    let_go = folding.release(now)
    _ring_for(let_go.deliveries)
    _ring_release(let_go.next_at, now)


@shared_task(name="alerts.tasks.sweep")
def sweep() -> None:
    """Find letters and deliveries whose bell nobody heard; throw old rows away."""
    evaluate()
    folding.release(timezone.now())
    covering.cover()
    _ring_for(outbox.due())
    now = timezone.now()
    ticket_work.look_at_stale(now)
    for connection in ticket_work.waiting():
        wake.tickets(connection)
    reading.raise_low_water(now)
    upkeep.purge(now)


def _read(now: datetime) -> reading.Reading:
    try:
        return reading.evaluate(now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # one bad letter must not hold up the others
        log.exception("batch of letters failed; reading them one by one")
        return reading.evaluate_singly(now)


def _read_all() -> None:
    for _batch in range(MOST_BATCHES):
        read = _read(timezone.now())
        _ring_for(read.deliveries)
        _ring_release(read.held_until, timezone.now())
        if read.letters < reading.BATCH:
            return
    wake.evaluate()


def _ring_for(deliveries: Iterable[int]) -> None:
    """Rung in order: FIFO holds anyhow, but the first is then the first to be tried."""
    for delivery_id in deliveries:
        if not wake.deliver(delivery_id):
            return  # the next sweep finds the rest


def _ring_release(at: datetime | None, now: datetime) -> None:
    if at is not None:
        wake.release((at - now).total_seconds() + 0.05)
