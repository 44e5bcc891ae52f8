"""SQL of caps: what a project has made already, as far as the cap asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tracker.sql import columns, run


def issues_opened(project_ids: Sequence[int], since: datetime, most: int) -> dict[int, int]:
    """How many issues some projects opened since a moment, as far as `most`."""
    return dict(
        run(
            """SELECT p, (SELECT count(*) FROM (SELECT 1 FROM tracker_issue i
                 WHERE i.project_id = p AND i.first_seen > %s LIMIT %s) q)
               FROM unnest(%s::bigint[]) p""",
            [since, most, list(project_ids)],
        )
    )


def known_environments(names: Sequence[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """Ids of those (project, name) that there are."""
    found = run(
        """SELECT e.project_id, e.name, e.id FROM unnest(%s::bigint[], %s::text[]) q (project, name)
           JOIN tracker_environment e ON e.project_id = q.project AND e.name = q.name""",
        columns(names, 2),
    )
    return {(project, name): number for project, name, number in found}


def known_releases(versions: Sequence[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """Ids of those (project, version) that there are."""
    found = run(
        """SELECT r.project_id, r.version, r.id
           FROM unnest(%s::bigint[], %s::text[]) q (project, version)
           JOIN tracker_release r ON r.project_id = q.project AND r.version = q.version""",
        columns(versions, 2),
    )
    return {(project, version): number for project, version, number in found}


def environments_made(project_ids: Sequence[int]) -> dict[int, int]:
    """How many environments some projects have; unlimited ones are absent."""
    return dict(
        run(
            """SELECT p.id, (SELECT count(*) FROM tracker_environment e WHERE e.project_id = p.id)
               FROM tracker_project p WHERE p.id = ANY(%s) AND NOT p.unlimited""",
            [list(project_ids)],
        )
    )


def releases_made(project_ids: Sequence[int]) -> dict[int, int]:
    """How many releases events made within a day; unlimited projects are absent."""
    return dict(
        run(
            """SELECT p.id, (SELECT count(*) FROM tracker_release r WHERE r.project_id = p.id
                               AND r.created_at > now() - interval '1 day' AND r.source = 'event')
               FROM tracker_project p WHERE p.id = ANY(%s) AND NOT p.unlimited""",
            [list(project_ids)],
        )
    )


def known_tag_values(project: int, issue: int, key: str, values: Sequence[str]) -> set[str]:
    """Those values of a tag that an issue has."""
    found = run(
        """SELECT value FROM tracker_issuetag
           WHERE project_id = %s AND issue_id = %s AND key = %s AND value = ANY(%s)""",
        [project, issue, key, list(values)],
    )
    return {value for (value,) in found}


def count_tag_values(project: int, issue: int, key: str, most: int) -> int:
    """How many values of a tag an issue has, as far as `most`."""
    row = run(
        """SELECT count(*) FROM (SELECT 1 FROM tracker_issuetag
             WHERE project_id = %s AND issue_id = %s AND key = %s LIMIT %s) q""",
        [project, issue, key, most],
    ).fetchone()
    return int(row[0]) if row else 0


def tag_keys(project: int, issue: int, most: int) -> list[str]:
    """The keys of an issue's tags, at most `most`: from key to key, past all their values."""
    found = run(
        """WITH RECURSIVE walk AS (
             (SELECT key, 1 AS n FROM tracker_issuetag WHERE project_id = %s AND issue_id = %s
              ORDER BY key LIMIT 1)
             UNION ALL
             SELECT (SELECT t.key FROM tracker_issuetag t WHERE t.project_id = %s
                       AND t.issue_id = %s AND t.key > w.key ORDER BY t.key LIMIT 1), w.n + 1
             FROM walk w WHERE w.key IS NOT NULL AND w.n < %s)
           SELECT key FROM walk WHERE key IS NOT NULL""",
        [project, issue, project, issue, most],
    )
    return [key for (key,) in found]
