"""SQL of suspect commits: which issues wait for a look, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from psycopg.types.json import Jsonb

from tracker.domain.culprits import Found
from tracker.sql import run

RECENT = 5_000
"""Entries of Activity among which arrivals are looked for, the newest: the primary key's end."""


class Arrival(NamedTuple):
    """An issue that is new or came back, and has not been looked at since."""

    project_id: int
    issue_id: int
    activity_id: int
    kind: str
    data: dict[str, Any]
    at: datetime
    tries: int


def alone() -> bool:
    """Whether nobody else is at it; `done` must follow where this says so."""
    row = run("SELECT pg_try_advisory_lock(hashtext('suspects'))").fetchone()
    return bool(row and row[0])


def done() -> None:
    """Let others at it."""
    run("SELECT pg_advisory_unlock(hashtext('suspects'))").fetchall()


def waiting(since: datetime, now: datetime, limit: int) -> list[Arrival]:
    """The latest arrival of issues in projects with code, that were not looked at, or are due."""
    rows = run(
        """WITH recent AS (
             SELECT id, project_id, issue_id, kind, data, created_at
             FROM tracker_activity ORDER BY id DESC LIMIT %s
           ), arrived AS (
             SELECT DISTINCT ON (a.project_id, a.issue_id) a.*
             FROM recent a
             WHERE a.kind IN ('first_seen', 'regressed') AND a.issue_id IS NOT NULL
               AND a.created_at > %s
             ORDER BY a.project_id, a.issue_id, a.id DESC
           ), coded AS (
             SELECT p.project_id FROM (SELECT DISTINCT project_id FROM arrived) p
             WHERE EXISTS (SELECT 1 FROM tracker_repository r WHERE r.project_id = p.project_id)
                OR EXISTS (SELECT 1 FROM tracker_commit c WHERE c.project_id = p.project_id)
           ), fresh AS (
             SELECT a.* FROM arrived a JOIN coded USING (project_id)
           ), unseen AS (
             SELECT f.*, 0 AS tries FROM fresh f
             LEFT JOIN tracker_issuesuspects s USING (project_id, issue_id)
             WHERE s.activity_id IS NULL OR s.activity_id < f.id
           ), again AS (
             SELECT a.id, a.project_id, a.issue_id, a.kind, a.data, a.created_at, s.tries
             FROM tracker_issuesuspects s
             JOIN tracker_activity a ON a.project_id = s.project_id AND a.id = s.activity_id
             WHERE s.retry_at <= %s ORDER BY s.retry_at LIMIT %s
           )
           SELECT project_id, issue_id, id, kind, data, created_at, tries
           FROM (SELECT * FROM unseen UNION ALL SELECT * FROM again) w
           ORDER BY tries, id DESC LIMIT %s""",
        [RECENT, since, now, limit, limit],
    ).fetchall()
    return [Arrival(*row) for row in rows]


def put(arrival: Arrival, found: Found, now: datetime, retry_at: datetime | None) -> None:
    """Replace what was found before."""
    run(
        """INSERT INTO tracker_issuesuspects
             (project_id, issue_id, activity_id, found, at, tries, retry_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (project_id, issue_id) DO UPDATE SET
             activity_id = excluded.activity_id, found = excluded.found, at = excluded.at,
             tries = excluded.tries, retry_at = excluded.retry_at
           WHERE tracker_issuesuspects.activity_id <= excluded.activity_id""",
        [
            arrival.project_id, arrival.issue_id, arrival.activity_id,
            Jsonb(_plain(msgspec.to_builtins(found))), now, arrival.tries + 1, retry_at,
        ],
    )  # fmt: skip


def hurry(projects: Sequence[int], now: datetime) -> None:
    """Something is known that was not: look again at what still waits."""
    run(
        """UPDATE tracker_issuesuspects SET retry_at = %s
           WHERE project_id = ANY(%s::bigint[]) AND retry_at > %s""",
        [now, list(projects), now],
    )


def _plain(value: Any) -> Any:
    """Without NUL, which jsonb refuses: commits may say anything."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
