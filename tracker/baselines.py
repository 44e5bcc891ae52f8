"""SQL of escalations: the last hours of issues, and their usual ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tracker.domain.coarse import MINUTE
from tracker.sql import run


def loud(since: datetime, now: datetime, at_least: int) -> list[tuple[int, int, datetime, int]]:
    """(project, issue, first seen, events since) of issues that might escalate: touched since,
    unresolved or asleep until they escalate, and not escalating yet.
    """
    return run(
        """SELECT i.project_id, i.id, i.first_seen, sum(r.events)::bigint
           FROM tracker_issue i
           JOIN tracker_rollup5m r ON r.project_id = i.project_id AND r.issue_id = i.id
             AND r.bucket > %s AND r.bucket <= %s
           WHERE i.status IN ('unresolved', 'snoozed')
             AND i.substatus IS DISTINCT FROM 'escalating'
             AND i.last_seen >= %s AND i.seen_minute > %s
             AND i.merged_into IS NULL AND i.deleted_at IS NULL
           GROUP BY i.project_id, i.id, i.first_seen HAVING sum(r.events) >= %s""",
        [since, now, since, since - MINUTE, at_least],
    ).fetchall()


def escalating(
    start: datetime, middle: datetime, now: datetime
) -> list[tuple[int, int, datetime, int, int]]:
    """(project, issue, first seen, events after `middle`, events between) of escalating issues."""
    return run(
        """SELECT i.project_id, i.id, i.first_seen,
                  coalesce(sum(r.events) FILTER (WHERE r.bucket > %s), 0)::bigint,
                  coalesce(sum(r.events) FILTER (WHERE r.bucket <= %s), 0)::bigint
           FROM tracker_issue i
           LEFT JOIN tracker_rollup5m r ON r.project_id = i.project_id AND r.issue_id = i.id
             AND r.bucket > %s AND r.bucket <= %s
           WHERE i.status = 'unresolved' AND i.substatus = 'escalating'
             AND i.merged_into IS NULL AND i.deleted_at IS NULL
           GROUP BY i.project_id, i.id, i.first_seen""",
        [middle, middle, start, now],
    ).fetchall()


def hours(
    issues: Sequence[tuple[int, int]], start: datetime, end: datetime
) -> dict[tuple[int, int], list[int]]:
    """Events of each hour in [start, end) that had any, by (project, issue)."""
    if not issues:
        return {}
    projects, numbers = zip(*issues, strict=True)
    rows = run(
        """SELECT project_id, issue_id, array_agg(events) FROM (
             SELECT r.project_id, r.issue_id, sum(r.events)::bigint AS events
             FROM unnest(%s::bigint[], %s::bigint[]) AS q (project, issue)
             JOIN tracker_rolluphour r ON r.project_id = q.project AND r.issue_id = q.issue
               AND r.bucket >= %s AND r.bucket < %s
             GROUP BY r.project_id, r.issue_id, r.bucket) h
           GROUP BY project_id, issue_id""",
        [list(projects), list(numbers), start, end],
    ).fetchall()
    return {(project, issue): counts for project, issue, counts in rows}
