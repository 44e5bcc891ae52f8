"""SQL of states: what issues wait for, releases to judge by, priority and trend.

Writers hold the locks of the issues' rows, taken in (project, id) order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from tracker.domain.coarse import MINUTE
from tracker.domain.versions import Known
from tracker.sql import columns, run

_TYPES = {
    "status": "text", "substatus": "text", "state_changed_at": "timestamptz", "state_why": "text",
    "resolved_at": "timestamptz", "resolved_release_id": "bigint", "resolution": "jsonb",
    "snooze": "jsonb", "snoozed_until": "timestamptz", "reviewed_at": "timestamptz",
    "assignee_id": "bigint", "assignee_team_id": "bigint", "priority": "smallint",
    "priority_by_hand": "boolean",
}  # fmt: skip
STATE = (
    "status", "substatus", "state_changed_at", "state_why", "resolved_at", "resolved_release_id",
    "resolution", "snooze", "snoozed_until", "reviewed_at",
)  # fmt: skip
"""The columns that make a state."""


def put(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Set some columns of locked issues; each row names `project_id`, `id` and all `names`."""
    if not rows:
        return
    run(
        f"""UPDATE tracker_issue i SET {", ".join(f"{name} = q.{name}" for name in names)}
            FROM jsonb_to_recordset(%s::jsonb)
              q (project_id bigint, id bigint, {", ".join(f"{n} {_TYPES[n]}" for n in names)})
            WHERE i.project_id = q.project_id AND i.id = q.id""",
        [msgspec.json.encode(rows).decode()],
    )


# -- releases ------------------------------------------------------------------------


class ReleaseRow(NamedTuple):
    """A release that was asked for."""

    id: int
    project_id: int
    known: Known


_RELEASE = """r.id, r.project_id, r.version, coalesce(r.released_at, r.created_at),
              r.source <> 'event', r.ignored"""


def _releases(found: Iterable[tuple[Any, ...]]) -> list[ReleaseRow]:
    return [ReleaseRow(number, project, Known(*facts)) for number, project, *facts in found]


def releases_by_version(wanted: Iterable[tuple[int, str]]) -> list[ReleaseRow]:
    """Those of (project, version) that are known."""
    rows = sorted(set(wanted))
    if not rows:
        return []
    return _releases(
        run(
            f"""SELECT {_RELEASE} FROM unnest(%s::bigint[], %s::text[]) q (project, version)
                JOIN tracker_release r ON r.project_id = q.project AND r.version = q.version""",
            columns(rows, 2),
        )
    )


def releases_by_id(ids: Iterable[int]) -> list[ReleaseRow]:
    """Releases by their ids."""
    wanted = sorted(set(ids))
    if not wanted:
        return []
    return _releases(
        run(f"SELECT {_RELEASE} FROM tracker_release r WHERE r.id = ANY(%s)", [wanted])
    )


def recent_releases(projects: Iterable[int], most: int = 300) -> list[ReleaseRow]:
    """The latest releases of some projects: of those told by API or deploy, and of all."""
    return _releases(
        run(
            f"""SELECT DISTINCT ON (r.id) {_RELEASE}
                FROM unnest(%s::bigint[]) q (project) CROSS JOIN LATERAL (
                  (SELECT * FROM tracker_release t WHERE t.project_id = q.project
                     AND t.source <> 'event' ORDER BY t.created_at DESC LIMIT %s)
                  UNION ALL
                  (SELECT * FROM tracker_release t WHERE t.project_id = q.project
                   ORDER BY t.created_at DESC LIMIT %s)
                ) r ORDER BY r.id""",
            [sorted(set(projects)), most, most],
        )
    )


# -- priority and trend ------------------------------------------------------------------


class Scored(NamedTuple):
    """What a computed priority is made of."""

    project_id: int
    id: int
    level: int
    unhandled: bool
    production: bool
    users_24h: int
    escalating: bool
    priority: int


def facts(
    rows: Sequence[tuple[int, int]], production: Sequence[int], now: datetime, many: int
) -> list[Scored]:
    """Facts of issues whose priority is computed; no row is locked, so the digest never waits.

    `production`: ids of environments that are. People are only counted where `many` are
    possible, and only up to `many`.
    """
    found = run(
        """SELECT i.project_id, i.id, i.level, i.handled IS FALSE,
             i.environments = '{}' OR i.environments && %s::bigint[],
             CASE WHEN i.users >= %s AND %s <= (
               SELECT coalesce(sum(h.events), 0) FROM tracker_rolluphour h
               WHERE h.project_id = i.project_id AND h.issue_id = i.id
                 AND h.bucket > %s::timestamptz - interval '25 hours')
             THEN (SELECT count(*) FROM (
               SELECT 1 FROM tracker_issueuser u
               WHERE u.project_id = i.project_id AND u.issue_id = i.id
                 AND u.last_seen > %s::timestamptz - interval '24 hours' LIMIT %s) people)
             ELSE 0 END,
             i.substatus IS NOT DISTINCT FROM 'escalating', i.priority
           FROM tracker_issue i
           JOIN unnest(%s::bigint[], %s::bigint[]) q (project, issue)
             ON i.project_id = q.project AND i.id = q.issue
           WHERE NOT i.priority_by_hand AND i.merged_into IS NULL AND i.deleted_at IS NULL""",
        [list(production), many, many, now, now, many, *columns(rows, 2)],
    )
    return [Scored(*row) for row in found]


def set_priorities(rows: Sequence[tuple[int, int, int, int]]) -> int:
    """Set priorities: (project, id, was, is); what changed meanwhile, or is busy, stays."""
    if not rows:
        return 0
    return run(
        """WITH mine AS (
             SELECT i.project_id, i.id, q.fresh FROM tracker_issue i
             JOIN unnest(%s::bigint[], %s::bigint[], %s::int2[], %s::int2[])
               q (project, issue, was, fresh) ON i.project_id = q.project AND i.id = q.issue
             WHERE NOT i.priority_by_hand AND i.priority = q.was
             ORDER BY i.project_id, i.id FOR NO KEY UPDATE OF i SKIP LOCKED
           )
           UPDATE tracker_issue i SET priority = mine.fresh FROM mine
           WHERE i.project_id = mine.project_id AND i.id = mine.id""",
        columns(rows, 4),
    ).rowcount


def touched(since: datetime, most: int, share: int, shares: int) -> list[tuple[int, int]]:
    """Open issues seen since a moment, the newest `most`, in key order: (project, id).

    Of `shares` about equal parts only the one numbered `share` is looked at.
    """
    found = run(
        """SELECT project_id, id FROM tracker_issue
           WHERE last_seen > %s AND seen_minute > %s AND id %% %s = %s AND status <> 'resolved'
             AND merged_into IS NULL AND deleted_at IS NULL
           ORDER BY seen_minute DESC, last_seen DESC, id DESC LIMIT %s""",
        [since, since - MINUTE, shares, share, most],
    ).fetchall()
    return sorted(found)


def set_trends(rows: Sequence[tuple[int, int]], now: datetime) -> int:
    """Compute the trend of some issues from hourly counts; returns how many changed by 1 %."""
    return run(
        """WITH counted AS (
             SELECT a.project_id, a.id, a.trend,
               (coalesce(sum(h.events) FILTER (WHERE h.bucket >= q.day), 0) + 1)::float8
               / (coalesce(sum(h.events) FILTER (WHERE h.bucket < q.day), 0) / 7.0 + 1)::float8
                 AS fresh
             FROM unnest(%s::bigint[], %s::bigint[]) w (project, issue)
             JOIN tracker_issue a ON a.project_id = w.project AND a.id = w.issue
             CROSS JOIN (SELECT date_trunc('hour', %s::timestamptz) - interval '23 hours') q (day)
             LEFT JOIN tracker_rolluphour h
               ON h.project_id = a.project_id AND h.issue_id = a.id
                 AND h.bucket >= q.day - interval '7 days'
             GROUP BY a.project_id, a.id, a.trend
           ), mine AS (
             SELECT i.project_id, i.id, c.fresh FROM tracker_issue i
             JOIN counted c ON i.project_id = c.project_id AND i.id = c.id
             WHERE abs(c.fresh - c.trend) > 0.01 * c.trend
             ORDER BY i.project_id, i.id FOR NO KEY UPDATE OF i SKIP LOCKED
           )
           UPDATE tracker_issue i SET trend = mine.fresh FROM mine
           WHERE i.project_id = mine.project_id AND i.id = mine.id""",
        [*columns(rows, 2), now],
    ).rowcount
