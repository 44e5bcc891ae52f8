"""Audits: counts of stored events, and the equations that the books must satisfy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from msgspec import Struct

from tracker.sql import run


class Difference(Struct, frozen=True):
    """An equation that does not hold."""

    equation: str
    project_id: int
    issue_id: int | None
    left: int
    right: int


def event_counts(ids: Sequence[UUID]) -> Iterator[tuple[UUID, int]]:
    """How often each id is stored, over all projects; absent ones are left out."""
    for start in range(0, len(ids), 5_000):
        yield from run(
            """SELECT e.event_id, count(*) FROM unnest(%s::uuid[]) q (id)
               JOIN tracker_eventseen s ON s.event_id = q.id
               JOIN tracker_event e ON e.project_id = s.project_id AND e.event_id = s.event_id
                 AND e.day = s.day
               GROUP BY e.event_id ORDER BY e.event_id""",
            [list(ids[start : start + 5_000])],
        )


_ACKNOWLEDGED = """
SELECT project_id,
  sum(count) FILTER (WHERE kind = 'acknowledged')::bigint,
  sum(count) FILTER (WHERE kind IN ('duplicate', 'filtered', 'discarded', 'counted',
                                    'quarantined', 'waiting'))::bigint
FROM (SELECT project_id, kind, count FROM tracker_ledger
      UNION ALL SELECT project_id, 'waiting', events FROM ingest_inbox) q
WHERE project_id IN (SELECT id FROM tracker_project)
GROUP BY project_id
"""
_COUNTED = """
SELECT project_id,
  sum(count) FILTER (WHERE kind = 'counted')::bigint,
  sum(count) FILTER (WHERE kind IN ('rows', 'sampled', 'expired', 'deleted'))::bigint
FROM (SELECT project_id, kind, count FROM tracker_ledger
      UNION ALL SELECT project_id, 'rows', count(*) FROM tracker_event GROUP BY project_id) q
WHERE project_id IN (SELECT id FROM tracker_project)
GROUP BY project_id
"""
_PER_ISSUE = """
SELECT i.project_id, i.id, i.events, coalesce(q.total, 0)
FROM tracker_issue i LEFT JOIN (
  SELECT project_id, issue_id, sum({value})::bigint AS total FROM {table}
  GROUP BY project_id, issue_id
) q ON q.project_id = i.project_id AND q.issue_id = i.id
WHERE i.merged_into IS NULL AND i.deleted_at IS NULL AND i.{column} <> coalesce(q.total, 0)
"""

EQUATIONS: tuple[tuple[str, str], ...] = (
    (
        "acknowledged = duplicate + filtered + discarded + counted + quarantined + waiting",
        _ACKNOWLEDGED,
    ),
    ("counted = rows + sampled + expired + deleted", _COUNTED),
)
ISSUE_EQUATIONS: tuple[tuple[str, str], ...] = (
    (
        "issue.events = counted of its keys",
        _PER_ISSUE.format(value="events", table="tracker_groupingkey", column="events"),
    ),
    (
        "issue.events = sum of its daily rollups",
        _PER_ISSUE.format(value="events", table="tracker_rollupday", column="events"),
    ),
    (
        "issue.users = people known",
        _PER_ISSUE.format(value="1", table="tracker_issueuser", column="users").replace(
            "i.events,", "i.users,"
        ),
    ),
)


def differences() -> list[Difference]:
    """Every equation that does not hold. Call it in a REPEATABLE READ transaction."""
    found = []
    for equation, sql in EQUATIONS:
        for project, left, right in run(sql):
            if (left or 0) != (right or 0):
                found.append(Difference(equation, project, None, left or 0, right or 0))
    for equation, sql in ISSUE_EQUATIONS:
        found += [Difference(equation, *row) for row in run(sql)]
    return found
