"""Celery's way into the digest: wake-ups and the sweep that needs none."""

import time
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from ingest import claims, damaged, likeness, quarantine, tidying, usage, waiting, wakeup
from ingest import digest as work
from ingest import remap as maps
from tracker import sessions
from tracker.actions import attachments, monitors


@shared_task(name="ingest.tasks.digest")
def digest() -> int:
    """Digest what waits. May run twice, or beside another."""
    wakeup.heard()
    deadline = time.monotonic() + work.RUN_FOR
    counted = work.run(deadline, to_the_last=False)
    # What came while the last batch was worked on has a bell of its own.
    if waiting.anything_waits(1 if time.monotonic() >= deadline else claims.BATCH):
        wakeup.send()
    return counted


@shared_task(name="ingest.tasks.sweep")
def sweep() -> bool:
    """Find rows and expired claims whose bell nobody heard; give back the disk of a backlog."""
    tidying.shrink()
    return waiting.anything_waits() and wakeup.send()


@shared_task(name="ingest.tasks.watch_monitors")
def watch_monitors() -> int:
    """Jobs that are late or take too long, failures that are not yet events, and recoveries."""
    now = timezone.now()
    monitors.watch(now)
    raised = monitors.raise_alarms(now)
    monitors.settle_recoveries(now)
    return raised


@shared_task(name="ingest.tasks.watch_quotas")
def watch_quotas() -> int:
    """Quotas that have room again."""
    return usage.all_clear(timezone.now())


@shared_task(name="ingest.tasks.tidy")
def tidy() -> int:
    """Remove what waited in vain: files and reports without event, old sessions and check-ins."""
    now = timezone.now()
    gone = attachments.remove_lonely(now) + monitors.prune(now)
    for _ in range(100):
        dropped = sessions.forget(now - timedelta(days=6))
        gone += dropped
        if dropped < 5_000:
            break
    return gone + quarantine.expire(now - timedelta(days=14)) + damaged.expire(now)


@shared_task(name="ingest.tasks.remap")
def remap() -> int:
    """Map events again whose source maps came late."""
    return maps.run(timezone.now())


@shared_task(name="ingest.tasks.compare")
def compare() -> int:
    """Make issues comparable that are not yet."""
    return likeness.fill()
