"""The inbox stays small: its dead rows are vacuumed by whoever made them.

Bodies come and go at megabytes a second. Autovacuum looks in once a minute (three times in the
embedded server) and would leave all that was deleted since on the disk.
"""

from __future__ import annotations

import os

import psycopg
import structlog

from tracker.sql import in_transaction, run

DEAD = max(4, 32 // max(2, os.cpu_count() or 2)) * 2**20
"""Bytes of bodies that a process deletes before it vacuums: about 32 MiB of all, one a core."""
LARGE = 48 * 2**20
"""Bytes on disk below which an inbox is left alone by `shrink`: a steady load stays below."""

log = structlog.get_logger(__name__)


class Broom:
    """How much this process deleted since it last vacuumed."""

    def __init__(self) -> None:
        self._dead = 0

    def deleted(self, size: int) -> None:
        """Note bytes of bodies that are gone; vacuum once they are many. Not in a transaction."""
        self._dead += size
        if self._dead >= DEAD and not in_transaction():
            self._dead = 0
            _vacuum(truncate=False)


broom = Broom()


def shrink() -> bool:
    """Give the disk back what a backlog took, once most of it is gone; whether that was tried.

    Giving back needs a moment without writers, and waits up to five seconds for it.
    """
    row = run(
        """SELECT pg_total_relation_size('ingest_inbox'),
                  (SELECT coalesce(sum(size), 0)::bigint
                   FROM (SELECT size FROM ingest_inbox LIMIT 100000) q)"""
    ).fetchone()
    if row is None or row[0] < LARGE or row[0] < 4 * row[1]:
        return False
    _vacuum(truncate=True)
    return True


def _vacuum(*, truncate: bool) -> None:
    """Vacuum the inbox unless somebody does already; one that fails is autovacuum's to do."""
    turn = "hashtext('ingest_inbox vacuum')"
    try:
        # Asked before: each lock that SKIP_LOCKED does not get is a warning in the server's log.
        row = run(f"SELECT pg_try_advisory_lock({turn})").fetchone()
        if row is None or not row[0]:
            return
        try:
            kept = "on" if truncate else "off"
            run(f"VACUUM (SKIP_LOCKED, PARALLEL 0, TRUNCATE {kept}) ingest_inbox")
        finally:
            run(f"SELECT pg_advisory_unlock({turn})").fetchone()
    except psycopg.Error as error:
        log.warning("the inbox was not vacuumed", error=type(error).__name__)
