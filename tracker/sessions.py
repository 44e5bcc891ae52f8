"""SQL of sessions: rows by id, counts by hour, and the figures that pages show.

Rows come sorted by their key; all but `figures` run in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from tracker.domain import sketch
from tracker.domain.sessions import crash_free
from tracker.sql import columns, run


class Seen(NamedTuple):
    """A session that is counted."""

    project_id: int
    sid: UUID
    seq: int
    outcome: int
    release_id: int
    environment_id: int
    bucket: datetime


class Hour(NamedTuple):
    """What is added to one hour."""

    project_id: int
    release_id: int
    environment_id: int
    bucket: datetime
    total: int
    errored: int
    abnormal: int
    crashed: int
    users: bytes
    crashed_users: bytes


def insert(rows: Sequence[Seen]) -> set[tuple[int, UUID]]:
    """Remember sessions; returns the (project, sid) pairs that are new."""
    found = run(
        """INSERT INTO tracker_session
             (project_id, sid, seq, outcome, release_id, environment_id, bucket)
           SELECT * FROM unnest(%s::bigint[], %s::uuid[], %s::bigint[], %s::int2[], %s::bigint[],
                                %s::bigint[], %s::timestamptz[])
           ON CONFLICT DO NOTHING RETURNING project_id, sid""",
        columns(rows, 7),
    )
    return {(project, sid) for project, sid in found}


def lock(rows: Sequence[tuple[int, UUID]]) -> list[Seen]:
    """Lock and read sessions by (project, sid), in that order."""
    found = run(
        """SELECT s.project_id, s.sid, s.seq, s.outcome, s.release_id, s.environment_id, s.bucket
           FROM tracker_session s JOIN unnest(%s::bigint[], %s::uuid[]) q (project, sid)
             ON s.project_id = q.project AND s.sid = q.sid
           ORDER BY s.project_id, s.sid FOR NO KEY UPDATE OF s""",
        columns(rows, 2),
    )
    return [Seen(*row) for row in found]


def change(rows: Sequence[tuple[int, UUID, int, int]]) -> None:
    """New words of locked sessions: (project, sid, seq, outcome)."""
    run(
        """UPDATE tracker_session s SET seq = q.seq, outcome = q.outcome
           FROM unnest(%s::bigint[], %s::uuid[], %s::bigint[], %s::int2[])
             q (project, sid, seq, outcome)
           WHERE s.project_id = q.project AND s.sid = q.sid""",
        columns(rows, 4),
    )


_ADD = """total = h.total + {q}.total, errored = h.errored + {q}.errored,
          abnormal = h.abnormal + {q}.abnormal, crashed = h.crashed + {q}.crashed,
          users = h.users || substr({q}.users, 2),
          crashed_users = h.crashed_users || substr({q}.crashed_users, 2)"""
_LONG = "CASE WHEN length(h.users) > %s OR length(h.crashed_users) > %s THEN {} END"


def add(rows: Sequence[Hour]) -> None:
    """Count new sessions; sketches that have grown long are folded."""
    found = run(
        f"""INSERT INTO tracker_sessionhour AS h
             (project_id, release_id, environment_id, bucket, total, errored, abnormal, crashed,
              users, crashed_users)
           SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[],
                                %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
                                %s::bytea[], %s::bytea[])
           ON CONFLICT (project_id, release_id, environment_id, bucket) DO UPDATE SET
             {_ADD.format(q="excluded")}
           RETURNING h.project_id, h.release_id, h.environment_id, h.bucket,
             {_LONG.format("h.users")}, {_LONG.format("h.crashed_users")}""",
        [*columns(rows, 10), *[sketch.FOLD_ABOVE] * 4],
    ).fetchall()
    for *key, users, crashed_users in found:
        if users is not None:
            run(
                """UPDATE tracker_sessionhour SET users = %s, crashed_users = %s
                   WHERE (project_id, release_id, environment_id, bucket) = (%s, %s, %s, %s)""",
                [sketch.fold(users), sketch.fold(crashed_users), *key],
            )


def move(rows: Sequence[Hour]) -> None:
    """Change outcomes of sessions that are counted: the figures may be negative."""
    run(
        f"""UPDATE tracker_sessionhour h SET {_ADD.format(q="q")}
           FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::bigint[],
                       %s::bigint[], %s::bigint[], %s::bigint[], %s::bytea[], %s::bytea[])
             q (project, release, environment, bucket, total, errored, abnormal, crashed, users,
                crashed_users)
           WHERE h.project_id = q.project AND h.release_id = q.release
             AND h.environment_id = q.environment AND h.bucket = q.bucket""",
        columns(rows, 10),
    )


def forget(before: datetime, most: int = 5_000) -> int:
    """Drop rows of sessions too old for another update; returns how many."""
    return run(
        """DELETE FROM tracker_session WHERE (project_id, sid) IN
             (SELECT project_id, sid FROM tracker_session WHERE bucket < %s LIMIT %s)""",
        [before, most],
    ).rowcount


class Figures(Struct, frozen=True):
    """Sessions of a span of time. `None` rates: there is no denominator, so do not guess."""

    total: int = 0
    errored: int = 0
    abnormal: int = 0
    crashed: int = 0
    users: int = 0
    crashed_users: int = 0

    @property
    def crash_free_sessions(self) -> float | None:
        """Share of sessions that did not crash, 0 to 1."""
        return crash_free(self.total, self.crashed)

    @property
    def crash_free_users(self) -> float | None:
        """Share of people who met no crash, 0 to 1."""
        return crash_free(self.users, min(self.crashed_users, self.users))


def figures(
    project_id: int,
    since: datetime,
    until: datetime,
    *,
    release_id: int | None = None,
    environment_ids: Sequence[int] | None = None,
) -> Figures:
    """Sessions that began in a span, of one release or all, in some environments or all."""
    rows = run(
        """SELECT total, errored, abnormal, crashed, users, crashed_users
           FROM tracker_sessionhour
           WHERE project_id = %s AND bucket >= %s AND bucket < %s
             AND (%s::bigint IS NULL OR release_id = %s::bigint)
             AND (%s::bigint[] IS NULL OR environment_id = ANY(%s::bigint[]))""",
        [project_id, since, until, release_id, release_id]
        + [None if environment_ids is None else list(environment_ids)] * 2,
    ).fetchall()
    if not rows:
        return Figures()
    sums = [sum(row[at] for row in rows) for at in range(4)]
    people = [sketch.estimate(sketch.merge(row[at] for row in rows)) for at in (4, 5)]
    return Figures(*sums, *people)
