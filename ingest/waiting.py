"""What waits in the inbox: how much, whose, and whether a claim would find any of it."""

from __future__ import annotations

from typing import NamedTuple

from tracker.sql import run


class Backlog(NamedTuple):
    """How much waits."""

    rows: int
    size: int
    """Bytes of bodies."""
    oldest: float
    """Seconds since the oldest was received; 0.0 when nothing waits."""


def backlog() -> Backlog:
    """How much waits, as far as a bounded look tells (exact up to 100,000 rows)."""
    rows, size, oldest = run(
        """SELECT count(*), coalesce(sum(size), 0),
                  coalesce(extract(epoch FROM clock_timestamp() - min(received_at)), 0)
           FROM (SELECT size, received_at FROM ingest_inbox ORDER BY id LIMIT 100000) q"""
    ).fetchone()  # type: ignore[misc]
    return Backlog(int(rows), int(size), float(oldest))


def shares() -> dict[int, int]:
    """How many rows wait per project, as far as the same bounded look tells."""
    return dict(
        run(
            """SELECT project_id, count(*) FROM
                 (SELECT project_id FROM ingest_inbox ORDER BY id LIMIT 100000) q
               GROUP BY project_id"""
        )
    )


def anything_waits(least: int = 1) -> bool:
    """Whether a claim would find something now: one left behind, or so many fresh rows."""
    row = run(
        """SELECT EXISTS (SELECT 1 FROM ingest_claim
                          WHERE coalesce(retry_at, lease_until) <= clock_timestamp())
               OR EXISTS (SELECT 1 FROM ingest_inbox i WHERE NOT EXISTS (
                 SELECT 1 FROM (SELECT unnest(ids) AS id FROM ingest_claim) t
                 WHERE t.id = i.id) OFFSET %s)""",
        [least - 1],
    ).fetchone()
    return bool(row and row[0])
