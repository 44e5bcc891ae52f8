"""Claims: which worker has which inbox rows, and what becomes of failed ones.

A claim is committed before the work. One that expired (its worker died) or failed
is rerun by halves until the bad row stands alone; 5 errors or 3 deaths alone, and
the row goes to quarantine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from tracker.sql import run

BATCH = 1000
"""Most rows in one claim."""
BATCH_BYTES = 8 * 1024 * 1024
"""Most bytes of bodies, as received, in one claim."""
MOST_ERRORS = 5
MOST_DEATHS = 3


class Claim(NamedTuple):
    """A batch that is ours until the lease runs out."""

    id: int
    ids: list[int]
    deaths: int
    errors: int
    last_error: str
    more: bool = True
    """Whether more rows waited than it took, or may have."""

    @property
    def hopeless(self) -> bool:
        """Whether the one row has been tried often enough."""
        return len(self.ids) == 1 and (self.errors >= MOST_ERRORS or self.deaths >= MOST_DEATHS)


def take(worker: str) -> Claim | None:
    """Claim what another worker left behind, else fresh rows; None when nothing waits."""
    with transaction.atomic():
        return _take_over(worker) or _take_fresh(worker)


_FRESH = """
WITH candidates AS MATERIALIZED (
  SELECT i.id, i.size FROM ingest_inbox i
  WHERE NOT EXISTS (SELECT 1 FROM (SELECT unnest(ids) AS id FROM ingest_claim) t WHERE t.id = i.id)
  ORDER BY i.id LIMIT %s
), picked AS (
  SELECT id FROM (SELECT id, sum(size) OVER (ORDER BY id) - size AS before FROM candidates) q
  WHERE before < %s
)
INSERT INTO ingest_claim (ids, worker, lease_until)
SELECT array_agg(id ORDER BY id), %s, clock_timestamp() + make_interval(secs => %s)
FROM picked HAVING count(*) > 0
RETURNING id, ids,
  (SELECT count(*) FROM candidates) = %s OR (SELECT count(*) FROM candidates) > cardinality(ids)
"""


def _take_fresh(worker: str) -> Claim | None:
    # One claimer at a time: two must not pick the same rows. Held for about a millisecond.
    # A claim that a crash takes away was nobody's: its commit does not wait for the disk.
    run(
        """SELECT pg_advisory_xact_lock(hashtext('ingest_claim')),
                  set_config('synchronous_commit', 'off', true)"""
    ).fetchall()
    row = run(_FRESH, [BATCH, BATCH_BYTES, worker, settings.DIGEST_LEASE, BATCH]).fetchone()
    return Claim(row[0], row[1], 0, 0, "", row[2]) if row else None


def _take_over(worker: str) -> Claim | None:
    row = run(
        """SELECT id, ids, deaths, errors, last_error, retry_at IS NULL AS died FROM ingest_claim
           WHERE coalesce(retry_at, lease_until) <= clock_timestamp()
           ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"""
    ).fetchone()
    if row is None:
        return None
    number, ids, deaths, errors, last_error, died = row
    if died:
        deaths += 1
        last_error = last_error or "the worker died on it"
    if died and len(ids) > 1:
        # Which row kills is not known: leave one half to others, work on the other.
        half = len(ids) // 2
        _leave(ids[half:], worker, deaths, errors, last_error, delay=0)
        ids = ids[:half]
    alone = len(ids) == 1
    run(
        """UPDATE ingest_claim SET ids = %s, worker = %s, deaths = %s, retry_at = NULL,
             last_error = %s, lease_until = clock_timestamp() + make_interval(secs => %s)
           WHERE id = %s""",
        [ids, worker, deaths if alone else 0, last_error, settings.DIGEST_LEASE, number],
    )
    return Claim(number, ids, deaths if alone else 0, errors, last_error)


def _leave(
    ids: Sequence[int], worker: str, deaths: int, errors: int, error: str, delay: float
) -> None:
    """A claim of nobody's that anybody may take after `delay` seconds."""
    alone = len(ids) == 1
    run(
        """INSERT INTO ingest_claim (ids, worker, deaths, errors, last_error, retry_at, lease_until)
           VALUES (%s, %s, %s, %s, %s, clock_timestamp() + make_interval(secs => %s),
                   clock_timestamp())""",
        [list(ids), worker, deaths if alone else 0, errors if alone else 0, error, delay],
    )


def split(claim: Claim, worker: str, error: str) -> None:
    """The batch failed as a whole: rerun it by halves; a lone row counts the error."""
    with transaction.atomic():
        drop(claim)
        if len(claim.ids) == 1:
            wait = float(2**claim.errors)
            _leave(claim.ids, worker, claim.deaths, claim.errors + 1, error, delay=wait)
            return
        half = len(claim.ids) // 2
        for ids in (claim.ids[:half], claim.ids[half:]):
            _leave(ids, worker, 0, 0, error, delay=0)


def set_aside(claim: Claim, bad: Sequence[tuple[int, str]], worker: str) -> None:
    """Rows of the claim that are known to be bad stand alone from now on, with their error."""
    for number, error in bad:
        errors = claim.errors if len(claim.ids) == 1 else 0
        _leave([number], worker, claim.deaths, errors + 1, error, delay=float(2**errors))


def postpone(claim: Claim, seconds: float) -> None:
    """The database had a bad moment: the same batch again later, no blame."""
    run(
        """UPDATE ingest_claim SET retry_at = clock_timestamp() + make_interval(secs => %s)
           WHERE id = %s""",
        [seconds, claim.id],
    )


def drop(claim: Claim) -> None:
    """The claim is done with."""
    run("DELETE FROM ingest_claim WHERE id = %s", [claim.id])


def keep(claim: Claim, ids: Sequence[int]) -> None:
    """Narrow a claim to the rows that are still to be done, in the caller's transaction."""
    run("UPDATE ingest_claim SET ids = %s WHERE id = %s", [list(ids), claim.id])
