"""Quarantine: bodies that could not be digested, kept with the reason, replayable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import structlog
from django.db import transaction

from ingest import claims
from tracker import store
from tracker.models import Ledger
from tracker.sql import run

log = structlog.get_logger(__name__)


def put(claim: claims.Claim, reason: str) -> int:
    """Move a claim's rows into quarantine and book them; returns how many."""
    with transaction.atomic():
        rows = run(
            """WITH gone AS (DELETE FROM ingest_inbox WHERE id = ANY(%s) RETURNING *)
               INSERT INTO ingest_quarantined (project_id, key_id, received_at, adapter, encoding,
                 event_id, events, size, meta, body, reason, detail, quarantined_at)
               SELECT project_id, key_id, received_at, adapter, encoding, event_id, events, size,
                 meta, body, %s, '', clock_timestamp() FROM gone
               RETURNING project_id, (received_at AT TIME ZONE 'UTC')::date, events""",
            [claim.ids, reason],
        ).fetchall()
        _book(rows, +1)
        claims.drop(claim)
    log.error("event quarantined", rows=len(rows), reason=reason)
    return len(rows)


def replay(ids: Sequence[int]) -> int:
    """Put quarantined bodies back into the inbox; returns how many."""
    with transaction.atomic():
        rows = run(
            """WITH gone AS (DELETE FROM ingest_quarantined WHERE id = ANY(%s) RETURNING *)
               INSERT INTO ingest_inbox (project_id, key_id, received_at, adapter, encoding,
                 event_id, events, size, meta, body)
               SELECT project_id, key_id, received_at, adapter, encoding, event_id, events, size,
                 meta, body FROM gone
               RETURNING project_id, (received_at AT TIME ZONE 'UTC')::date, events""",
            [list(ids)],
        ).fetchall()
        _book(rows, -1)
    return len(rows)


def expire(before: datetime, most: int = 5_000) -> int:
    """Drop bodies older than quarantine keeps them; they stay booked as quarantined."""
    return run(
        """DELETE FROM ingest_quarantined WHERE id IN
             (SELECT id FROM ingest_quarantined WHERE quarantined_at < %s ORDER BY id LIMIT %s)""",
        [before, most],
    ).rowcount


def _book(rows: Sequence[tuple[int, date, int]], sign: int) -> None:
    sums: dict[tuple[int, date], int] = {}
    for project, day, events in rows:
        sums[project, day] = sums.get((project, day), 0) + sign * events
    store.add_to_ledger(
        [(p, day, Ledger.Kind.QUARANTINED.value, "", n) for (p, day), n in sorted(sums.items())]
    )
