"""The raw SQL of alerts: counts of issues over spans of time, set-based."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tracker.domain.coarse import MINUTE
from tracker.sql import run


def touched(project: int, since: datetime) -> list[tuple[int, int]]:
    """(issue, level) of a project's unresolved issues that had an event since."""
    return run(
        """SELECT id, level::int FROM tracker_issue
           WHERE project_id = %s AND status = 'unresolved' AND last_seen >= %s
             AND seen_minute > %s AND merged_into IS NULL AND deleted_at IS NULL""",
        [project, since, since - MINUTE],
    ).fetchall()


def sums(
    project: int, issues: Sequence[int], span: datetime, end: datetime, starts: Sequence[datetime]
) -> list[tuple[int, int, int, list[int]]]:
    """(issue, environment, events of the span, events since each of `starts`), all before `end`."""
    columns = ", ".join(
        "coalesce(sum(events) FILTER (WHERE bucket >= %s), 0)::bigint" for _start in starts
    )
    return run(
        f"""SELECT issue_id, environment_id,
                   coalesce(sum(events) FILTER (WHERE bucket = %s), 0)::bigint, ARRAY[{columns}]
            FROM tracker_rollup5m
            WHERE project_id = %s AND issue_id = ANY(%s) AND bucket >= %s AND bucket < %s
            GROUP BY issue_id, environment_id""",
        [span, *starts, project, list(issues), min([span, *starts]), end],
    ).fetchall()


def sketches(
    project: int, issues: Sequence[int], start: datetime, end: datetime
) -> list[tuple[int, int, bytes]]:
    """(issue, environment, sketch of people) of every bucket in [start, end)."""
    return run(
        """SELECT issue_id, environment_id, users FROM tracker_rollup5m
           WHERE project_id = %s AND issue_id = ANY(%s) AND bucket >= %s AND bucket < %s""",
        [project, list(issues), start, end],
    ).fetchall()


def session_people(project: int, start: datetime, end: datetime) -> list[tuple[int, bytes]]:
    """(environment, sketch of people) of sessions in the hours of [start, end)."""
    return run(
        """SELECT environment_id, users FROM tracker_sessionhour
           WHERE project_id = %s AND bucket >= %s AND bucket < %s""",
        [project, start, end],
    ).fetchall()


def reaching(
    project: int,
    start: datetime,
    end: datetime,
    before: timedelta,
    threshold: int,
    environments: Sequence[int] | None,
    most: int,
) -> list[tuple[int, datetime, int]]:
    """(issue, bucket, events of the window that ends with it) where they reach a threshold.

    `before` is the window's length less the bucket itself; only buckets with events count.
    """  # fmt: skip
    where = "" if environments is None else "AND environment_id = ANY(%s)"
    chosen = [] if environments is None else [list(environments)]
    return run(
        f"""SELECT issue_id, bucket, windowed FROM (
              SELECT issue_id, bucket, sum(events) AS events,
                     (sum(sum(events)) OVER (PARTITION BY issue_id ORDER BY bucket
                       RANGE BETWEEN %s::interval PRECEDING AND CURRENT ROW))::bigint AS windowed
              FROM tracker_rollup5m
              WHERE project_id = %s AND bucket >= %s AND bucket < %s {where}
              GROUP BY issue_id, bucket) q
            WHERE windowed >= %s AND events > 0 AND bucket >= %s
            ORDER BY bucket DESC, issue_id LIMIT %s""",
        [before, project, start - before, end, *chosen, threshold, start, most],
    ).fetchall()


def meet(project: int, since: datetime, now: datetime) -> list[tuple[int, int, str, str]]:
    """Remember what unresolved issues that had an event since were met in; (issue, level, kind,
    value) of what is news, in order: a first of an issue met before, or what a new issue grew to.
    """
    return run(
        """WITH touched AS (
             SELECT id, level, first_seen, events, environments FROM tracker_issue
             WHERE project_id = %s AND status = 'unresolved' AND last_seen >= %s
               AND seen_minute > %s AND merged_into IS NULL AND deleted_at IS NULL
           ), facts AS (
             SELECT t.id, 'env' AS kind, e.name::text AS value
             FROM touched t JOIN tracker_environment e ON e.id = ANY(t.environments)
             WHERE e.project_id = %s
             UNION
             SELECT id, 'power', '1' || repeat('0', length(events::text) - 1)
             FROM touched WHERE events >= 10
             UNION
             SELECT t.id, 'release', left(g.value, 200)
             FROM touched t JOIN tracker_issuetag g
               ON g.project_id = %s AND g.issue_id = t.id AND g.key = 'release'
             WHERE g.last_seen >= %s
           ), fresh AS (
             INSERT INTO alerts_met (project_id, issue_id, kind, value, at)
             SELECT %s, f.id, f.kind, f.value, %s FROM facts f
             WHERE NOT EXISTS (
               SELECT FROM alerts_met m WHERE m.project_id = %s AND m.issue_id = f.id
                 AND m.kind = f.kind AND m.value = f.value)
             ORDER BY f.id, f.kind, f.value
             ON CONFLICT DO NOTHING RETURNING issue_id, kind, value
           )
           SELECT t.id, t.level::int, f.kind, f.value
           FROM fresh f JOIN touched t ON t.id = f.issue_id
           WHERE EXISTS (SELECT FROM alerts_met m  -- as it was before this statement
                         WHERE m.project_id = %s AND m.issue_id = t.id)
              OR (f.kind = 'power' AND t.first_seen > %s)
           ORDER BY t.id, f.kind, f.value""",
        [
            project, since, since - MINUTE, project, project, since, project, now, project, project,
            since,
        ],
    ).fetchall()  # fmt: skip
