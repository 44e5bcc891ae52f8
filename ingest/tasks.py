"""Celery's way into the digest: wake-ups and the sweep that needs none."""

from celery import shared_task

from ingest import digest as work
from ingest import inbox, wakeup


@shared_task(name="ingest.tasks.digest")
def digest() -> int:
    """Digest what waits. May run twice, or beside another."""
    wakeup.heard()
    counted = work.run()
    if inbox.anything_waits():
        wakeup.send()
    return counted


@shared_task(name="ingest.tasks.sweep")
def sweep() -> bool:
    """Find rows and expired claims whose bell nobody heard."""
    return inbox.anything_waits() and wakeup.send()
