"""SQL of moving rows between issues, chunk by chunk, each with its counts.

The digest adds to the same rows meanwhile: every statement is relative, and the
issue row is locked last, as in `tracker.store`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from tracker.sql import run


class Gone(NamedTuple):
    """An event row that was moved."""

    received_at: datetime
    environment_id: int
    user_key: UUID | None
    level: int
    release_id: int | None
    dictionary: int
    payload: bytes


def repoint_keys(project: int, source: int, target: int) -> int:
    """Give all keys of an issue to another; returns the events counted under them."""
    row = run(
        """WITH given AS (UPDATE tracker_groupingkey SET issue_id = %s
                          WHERE project_id = %s AND issue_id = %s RETURNING events)
           SELECT coalesce(sum(events), 0)::bigint FROM given""",
        [target, project, source],
    ).fetchone()
    return int(row[0]) if row else 0


def move_days(project: int, source: int, target: int) -> None:
    """All daily counts at once: few rows, and the books look at them."""
    run(
        """WITH gone AS (DELETE FROM tracker_rollupday WHERE project_id = %s AND issue_id = %s
                         RETURNING environment_id, bucket, events)
           INSERT INTO tracker_rollupday AS r (project_id, issue_id, environment_id, bucket, events)
           SELECT %s, %s, environment_id, bucket, events FROM gone ORDER BY bucket, environment_id
           ON CONFLICT (project_id, issue_id, bucket, environment_id)
           DO UPDATE SET events = r.events + excluded.events""",
        [project, source, project, target],
    )


_USERS = """
WITH chosen AS (
  SELECT user_key FROM tracker_issueuser WHERE project_id = %s AND issue_id = %s
  ORDER BY user_key LIMIT %s FOR UPDATE
), gone AS (
  DELETE FROM tracker_issueuser u USING chosen
  WHERE u.project_id = %s AND u.issue_id = %s AND u.user_key = chosen.user_key RETURNING u.*
), put AS (
  INSERT INTO tracker_issueuser AS u
    (project_id, issue_id, user_key, environments, first_seen, last_seen, events)
  SELECT project_id, %s, user_key, environments, first_seen, last_seen, events FROM gone
  ORDER BY user_key
  ON CONFLICT (project_id, issue_id, user_key) DO UPDATE SET
    environments = ARRAY(SELECT unnest(u.environments) UNION SELECT unnest(excluded.environments)
                         ORDER BY 1),
    first_seen = least(u.first_seen, excluded.first_seen),
    last_seen = greatest(u.last_seen, excluded.last_seen),
    events = u.events + excluded.events
  RETURNING (u.xmax = 0) AS new
)
SELECT (SELECT count(*) FROM gone), count(*) FILTER (WHERE new) FROM put
"""


def move_users(project: int, source: int, target: int, most: int) -> tuple[int, int]:
    """People of a merged issue: (rows moved, people new to the target)."""
    row = run(_USERS, [project, source, most, project, source, target]).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


_CHUNKS = {
    "tracker_issuetag": (
        "key, value, count, last_seen",
        "key, value",
        "count = r.count + excluded.count, last_seen = greatest(r.last_seen, excluded.last_seen)",
    ),
    "tracker_rolluphour": (
        "environment_id, bucket, events",
        "bucket, environment_id",
        "events = r.events + excluded.events",
    ),
    "tracker_rollup5m": (
        "environment_id, bucket, events, users",
        "bucket, environment_id",
        "events = r.events + excluded.events, users = r.users || substr(excluded.users, 2)",
    ),
}
# A folded sketch can't be appended to another: the few rows with one are merged by the caller.
COUNT_TABLES = tuple(_CHUNKS)


def move_counts(table: str, project: int, source: int, target: int, most: int) -> int:
    """Rows of one count table of a merged issue; returns how many were moved."""
    columns, key, add = _CHUNKS[table]
    key_columns = ", ".join(f"t.{name.strip()}" for name in key.split(","))
    row = run(
        f"""WITH chosen AS (
              SELECT {key} FROM {table} WHERE project_id = %s AND issue_id = %s
              ORDER BY {key} LIMIT %s
            ), gone AS (
              DELETE FROM {table} t WHERE t.project_id = %s AND t.issue_id = %s
                AND ({key_columns}) IN (SELECT {key} FROM chosen) RETURNING {columns}
            ), put AS (
              INSERT INTO {table} AS r (project_id, issue_id, {columns})
              SELECT %s, %s, {columns} FROM gone ORDER BY {key}
              ON CONFLICT (project_id, issue_id, {key}) DO UPDATE SET {add} RETURNING 1
            )
            SELECT count(*) FROM put""",
        [project, source, most, project, source, project, target],
    ).fetchone()
    return int(row[0]) if row else 0


def dense_sketches(project: int, source: int) -> list[tuple[int, datetime, bytes]]:
    """Five-minute rows of an issue whose sketch has registers: (environment, bucket, users)."""
    return run(
        """SELECT environment_id, bucket, users FROM tracker_rollup5m
           WHERE project_id = %s AND issue_id = %s AND get_byte(users, 0) = 1""",
        [project, source],
    ).fetchall()


def move_events(project: int, source: int, target: int, most: int) -> int:
    """Event rows of a merged issue; returns how many."""
    return run(
        """UPDATE tracker_event e SET issue_id = %s
           FROM (SELECT event_id, day FROM tracker_event WHERE project_id = %s AND issue_id = %s
                 ORDER BY received_at DESC LIMIT %s) q
           WHERE e.project_id = %s AND e.event_id = q.event_id AND e.day = q.day""",
        [target, project, source, most, project],
    ).rowcount


def move_events_of_key(project: int, source: int, key: int, target: int, most: int) -> list[Gone]:
    """Event rows counted under one key, newest first."""
    found = run(
        """UPDATE tracker_event e SET issue_id = %s
           FROM (SELECT event_id, day FROM tracker_event
                 WHERE project_id = %s AND issue_id = %s AND key_id = %s
                 ORDER BY received_at DESC LIMIT %s) q
           WHERE e.project_id = %s AND e.event_id = q.event_id AND e.day = q.day
           RETURNING e.received_at, e.environment_id, e.user_key, e.level, e.release_id,
                     e.dictionary, e.payload""",
        [target, project, source, key, most, project],
    )
    return [Gone(*row) for row in found]


def take_off_users(rows: list[tuple[int, int, UUID, int]]) -> int:
    """Subtract (project, issue, person, events); people without events left leave: how many."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    run(
        """UPDATE tracker_issueuser u SET events = u.events - q.events
           FROM unnest(%s::bigint[], %s::bigint[], %s::uuid[], %s::int[])
             q (project, issue, person, events)
           WHERE u.project_id = q.project AND u.issue_id = q.issue AND u.user_key = q.person""",
        columns,
    )
    return run(
        """DELETE FROM tracker_issueuser u USING unnest(%s::bigint[], %s::bigint[], %s::uuid[])
             q (project, issue, person)
           WHERE u.project_id = q.project AND u.issue_id = q.issue AND u.user_key = q.person
             AND u.events <= 0""",
        columns[:3],
    ).rowcount


def drop_empty_counts(project: int, issue: int) -> None:
    """Forget tags and buckets that came down to nothing."""
    for table, column in (
        ("tracker_issuetag", "count"),
        ("tracker_rollupday", "events"),
        ("tracker_rolluphour", "events"),
        ("tracker_rollup5m", "events"),
    ):
        run(
            f"DELETE FROM {table} WHERE project_id = %s AND issue_id = %s AND {column} <= 0",
            [project, issue],
        )


def add_to_key(key_id: int, project: int, events: int) -> None:
    """Add to the count of one key; it may be negative."""
    run(
        "UPDATE tracker_groupingkey SET events = events + %s WHERE project_id = %s AND id = %s",
        [events, project, key_id],
    )


def add_to_issue(project: int, issue: int, events: int, users: int) -> None:
    """Add to an issue's counts; they may be negative. Locks the issue: call it last."""
    run(
        """UPDATE tracker_issue SET events = events + %s, users = users + %s
           WHERE project_id = %s AND id = %s""",
        [events, users, project, issue],
    )


def delete_events(project: int, issue: int, most: int) -> list[tuple[Any, int]]:
    """Delete event rows of a deleted issue; (day, rows) of what went."""
    return run(
        """WITH gone AS (
             DELETE FROM tracker_event e USING (
               SELECT event_id, day FROM tracker_event WHERE project_id = %s AND issue_id = %s
               ORDER BY received_at DESC LIMIT %s) q
             WHERE e.project_id = %s AND e.event_id = q.event_id AND e.day = q.day
             RETURNING e.day)
           SELECT day, count(*)::bigint FROM gone GROUP BY day ORDER BY day""",
        [project, issue, most, project],
    ).fetchall()


def delete_counts(project: int, issue: int, most: int) -> int:
    """Delete rows that count for a deleted issue, from all tables; returns how many."""
    total = 0
    for table in (
        "tracker_issueuser",
        "tracker_issuetag",
        "tracker_issuefeatures",
        "tracker_issueowner",
        "tracker_issuesuspects",
        "tracker_rollup5m",
        "tracker_rolluphour",
        "tracker_rollupday",
    ):
        total += run(
            f"""DELETE FROM {table} WHERE ctid IN (SELECT ctid FROM {table}
                  WHERE project_id = %s AND issue_id = %s LIMIT %s)
                AND project_id = %s AND issue_id = %s""",
            [project, issue, most, project, issue],
        ).rowcount
    return total
