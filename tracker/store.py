"""The only raw SQL of the tracker: named bulk reads and upserts of the digest.

Every function takes rows already sorted by their key, so that two workers take
row locks in the same order, and runs in the caller's transaction unless it says
otherwise.  Values travel as arrays (`unnest`): one statement whatever the number
of rows, prepared once per connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from tracker.sql import columns, raw, run

# -- names --------------------------------------------------------------------


def environment_ids(names: Sequence[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """Ids of (project, name), made where missing. Run it outside the digest's transaction."""
    projects, texts = columns(sorted(names), 2)
    run(
        """INSERT INTO tracker_environment (project_id, name, hidden, first_seen)
           SELECT project, name, false, now()
           FROM unnest(%s::bigint[], %s::text[]) q (project, name)
           ON CONFLICT (project_id, name) DO NOTHING""",
        [projects, texts],
    )
    found = run(
        """SELECT e.project_id, e.name, e.id FROM unnest(%s::bigint[], %s::text[]) q (project, name)
           JOIN tracker_environment e ON e.project_id = q.project AND e.name = q.name""",
        [projects, texts],
    )
    return {(project, name): number for project, name, number in found}


def release_ids(versions: Sequence[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """Ids of (project, version), made where missing. Run it outside the digest's transaction."""
    projects, texts = columns(sorted(versions), 2)
    run(
        """INSERT INTO tracker_release (project_id, version, source, created_at)
           SELECT project, version, 'event', now()
           FROM unnest(%s::bigint[], %s::text[]) q (project, version)
           ON CONFLICT (project_id, version) DO NOTHING""",
        [projects, texts],
    )
    found = run(
        """SELECT r.project_id, r.version, r.id
           FROM unnest(%s::bigint[], %s::text[]) q (project, version)
           JOIN tracker_release r ON r.project_id = q.project AND r.version = q.version""",
        [projects, texts],
    )
    return {(project, version): number for project, version, number in found}


def dictionary(number: int) -> bytes | None:
    """A trained compression dictionary, or None."""
    row = run("SELECT content FROM tracker_payloaddictionary WHERE id = %s", [number]).fetchone()
    return bytes(row[0]) if row else None


# -- days ---------------------------------------------------------------------


def ensure_day(day: date) -> None:
    """Make the partitions of a day unless they are there."""
    run("SELECT tracker_ensure_day(%s)", [day])


# -- the digest's steps, in their order -----------------------------------------


def insert_seen(rows: Sequence[tuple[int, UUID, date]]) -> set[tuple[int, UUID]]:
    """Remember event ids; returns the (project, id) pairs that were new."""
    found = run(
        """INSERT INTO tracker_eventseen (project_id, event_id, day)
           SELECT * FROM unnest(%s::bigint[], %s::uuid[], %s::date[])
           ON CONFLICT DO NOTHING RETURNING project_id, event_id""",
        columns(rows, 3),
    )
    return {(project, event_id) for project, event_id in found}


def lock_grouping(project_ids: Sequence[int]) -> None:
    """Hold the right to make grouping keys of some projects until the transaction ends."""
    run(
        "SELECT pg_advisory_xact_lock(hashtext('grouping'), p) FROM unnest(%s::int[]) p",
        [sorted(project_ids)],
    ).fetchall()


class KeyRow(NamedTuple):
    """A stored grouping key."""

    project_id: int
    version: str
    hash: bytes
    issue_id: int
    kind: str
    precise: bool
    locked: bool
    discard: bool
    events: int


def find_keys(rows: Sequence[tuple[int, str, bytes]]) -> list[KeyRow]:
    """Those of (project, version, hash) that are known."""
    found = run(
        """SELECT k.project_id, k.version, k.hash, k.issue_id, k.kind, k.precise, k.locked,
                  k.discard, k.events
           FROM unnest(%s::bigint[], %s::text[], %s::bytea[]) q (project, version, hash)
           JOIN tracker_groupingkey k
             ON k.project_id = q.project AND k.version = q.version AND k.hash = q.hash""",
        columns(rows, 3),
    )
    return [KeyRow(*row) for row in found]


def new_issue_ids(count: int) -> list[int]:
    """Fresh numbers for issues that are about to be made."""
    if not count:
        return []
    found = run(
        """SELECT nextval(pg_get_serial_sequence('tracker_issue', 'id'))
           FROM generate_series(1, %s)""",
        [count],
    )
    return [number for (number,) in found]


def upsert_keys(
    rows: Sequence[tuple[int, str, bytes, int, str, bool, str, int]],
) -> dict[tuple[int, bytes], int]:
    """Store keys or add to their counts.

    Rows are (project, version, hash, issue, kind, precise, why, events).
    Returns the key's id per (project, hash).
    """
    found = run(
        """INSERT INTO tracker_groupingkey AS k
             (project_id, version, hash, issue_id, kind, precise, why, events)
           SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bytea[], %s::bigint[], %s::text[],
                                %s::bool[], %s::text[], %s::bigint[])
           ON CONFLICT (project_id, version, hash) DO UPDATE
             SET events = k.events + excluded.events, precise = k.precise OR excluded.precise
           RETURNING k.project_id, k.hash, k.id""",
        columns(rows, 8),
    )
    return {(project, key_hash): number for project, key_hash, number in found}


_EVENT_TYPES = [
    *("int8", "uuid", "date", "int8", "int8", "timestamptz", "timestamptz"),
    *("int8", "int8", "int2", "uuid", "int2", "bytea", "uuid"),
]


def copy_events(rows: Sequence[tuple[Any, ...]]) -> None:
    """Store events, in the order of the table's columns."""
    with psycopg.Cursor(raw()).copy(
        """COPY tracker_event (project_id, event_id, day, issue_id, key_id, received_at, timestamp,
             environment_id, release_id, level, user_key, dictionary, payload, trace_id)
           FROM STDIN (FORMAT BINARY)"""
    ) as copy:
        copy.set_types(_EVENT_TYPES)
        for row in rows:
            copy.write_row(row)


def upsert_users(
    rows: Sequence[tuple[int, int, UUID, int, datetime, datetime, int]],
) -> list[tuple[int, int, UUID]]:
    """Who was hit: (project, issue, user, environment, first, last, events).

    One row per (project, issue, user, environment), sorted; returns (project, issue, user) for
    each person who is new to the issue.
    """
    found = run(
        """INSERT INTO tracker_issueuser AS u
             (project_id, issue_id, user_key, environments, first_seen, last_seen, events)
           SELECT project, issue, person, array_agg(environment ORDER BY environment),
                  min(first), max(last), sum(events)::int
           FROM unnest(%s::bigint[], %s::bigint[], %s::uuid[], %s::bigint[], %s::timestamptz[],
                       %s::timestamptz[], %s::int[])
             q (project, issue, person, environment, first, last, events)
           GROUP BY project, issue, person ORDER BY project, issue, person
           ON CONFLICT (project_id, issue_id, user_key) DO UPDATE SET
             environments = CASE WHEN u.environments @> excluded.environments THEN u.environments
               ELSE ARRAY(SELECT unnest(u.environments) UNION SELECT unnest(excluded.environments)
                          ORDER BY 1) END,
             last_seen = greatest(u.last_seen, excluded.last_seen),
             events = u.events + excluded.events
           RETURNING u.project_id, u.issue_id, u.user_key, (u.xmax = 0)""",
        columns(rows, 7),
    )
    return [(project, issue, person) for project, issue, person, new in found if new]


def upsert_tags(
    rows: Sequence[tuple[int, int, str, str, int, datetime]],
) -> list[tuple[int, int, str, int]]:
    """How often tags had values: (project, issue, key, value, count, last).

    Returns how many values were new: (project, issue, key, number).
    """
    found = run(
        """WITH put AS (
             INSERT INTO tracker_issuetag AS t (project_id, issue_id, key, value, count, last_seen)
             SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[],
                                  %s::timestamptz[])
             ON CONFLICT (project_id, issue_id, key, value) DO UPDATE SET
               count = t.count + excluded.count,
               last_seen = greatest(t.last_seen, excluded.last_seen)
             RETURNING t.project_id, t.issue_id, t.key, t.xmax = 0 AS new)
           SELECT project_id, issue_id, key, count(*) FROM put WHERE new
           GROUP BY project_id, issue_id, key""",
        columns(rows, 6),
    )
    return [(project, issue, key, number) for project, issue, key, number in found]


class Sketched(NamedTuple):
    """A five-minute row whose sketch has grown long."""

    project_id: int
    issue_id: int
    bucket: datetime
    environment_id: int
    users: bytes


def upsert_rollup5m(
    rows: Sequence[tuple[int, int, datetime, int, int, bytes]], fold_above: int
) -> list[Sketched]:
    """Five-minute counts: (project, issue, bucket, environment, events, sketch).

    Sketches are appended; rows whose sketch is now longer than `fold_above` bytes are returned.
    """
    found = run(
        """INSERT INTO tracker_rollup5m AS r
             (project_id, issue_id, bucket, environment_id, events, users)
           SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::bigint[],
                                %s::int[], %s::bytea[])
           ON CONFLICT (project_id, issue_id, bucket, environment_id) DO UPDATE SET
             events = r.events + excluded.events, users = r.users || substr(excluded.users, 2)
           RETURNING r.project_id, r.issue_id, r.bucket, r.environment_id,
             CASE WHEN length(r.users) > %s THEN r.users END""",
        [*columns(rows, 6), fold_above],
    )
    return [Sketched(*row) for row in found if row[4] is not None]


def set_sketches(rows: Sequence[Sketched]) -> None:
    """Write folded sketches back."""
    for row in rows:
        run(
            """UPDATE tracker_rollup5m SET users = %s WHERE project_id = %s AND issue_id = %s
               AND bucket = %s AND environment_id = %s""",
            [row.users, row.project_id, row.issue_id, row.bucket, row.environment_id],
        )


def upsert_rollup(table: str, rows: Sequence[tuple[int, int, datetime, int, int]]) -> None:
    """Hour or day counts: (project, issue, bucket, environment, events)."""
    if table not in ("tracker_rolluphour", "tracker_rollupday"):
        raise ValueError(table)
    run(
        f"""INSERT INTO {table} AS r (project_id, issue_id, bucket, environment_id, events)
           SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::bigint[],
                                %s::int[])
           ON CONFLICT (project_id, issue_id, bucket, environment_id) DO UPDATE SET
             events = r.events + excluded.events""",
        columns(rows, 5),
    )


def add_to_ledger(rows: Sequence[tuple[int, date, str, str, int]]) -> None:
    """Add to the books: (project, day, kind, reason, count)."""
    run(
        """INSERT INTO tracker_ledger AS l (project_id, day, kind, reason, count)
           SELECT * FROM unnest(%s::bigint[], %s::date[], %s::text[], %s::text[], %s::bigint[])
           ON CONFLICT (project_id, day, kind, reason) DO UPDATE SET
             count = l.count + excluded.count""",
        columns(rows, 5),
    )


class IssueRow(NamedTuple):
    """What the lifecycle needs to know of an issue, read under its lock."""

    project_id: int
    id: int
    status: str
    substatus: str | None
    resolved_at: datetime | None
    resolved_release_id: int | None
    environments: list[int]
    resolution: dict[str, Any] | None
    snooze: dict[str, Any] | None
    users: int
    first_seen: datetime


def lock_issues(rows: Sequence[tuple[int, int]]) -> list[IssueRow]:
    """Lock and read live issues by (project, id), in that order. Call it last of all locks.

    Issues that were merged away or deleted meanwhile are absent.
    """
    found = run(
        """SELECT i.project_id, i.id, i.status, i.substatus, i.resolved_at, i.resolved_release_id,
                  i.environments, i.resolution, i.snooze, i.users, i.first_seen
           FROM tracker_issue i
           JOIN unnest(%s::bigint[], %s::bigint[]) q (project, issue)
             ON i.project_id = q.project AND i.id = q.issue
           WHERE i.merged_into IS NULL AND i.deleted_at IS NULL
           ORDER BY i.project_id, i.id FOR NO KEY UPDATE OF i""",
        columns(rows, 2),
    )
    return [IssueRow(*row) for row in found]


def insert_issues(rows: Sequence[tuple[Any, ...]]) -> None:
    """New issues with no counts yet: (project, id, level, type, message, culprit, title, platform,
    logger, handled, first_seen, first_release).
    """
    run(
        """INSERT INTO tracker_issue
             (project_id, id, level, type, message, culprit, title, platform, logger, handled,
              first_seen, last_seen, first_release_id, last_release_id, state_changed_at,
              status, substatus, environments, events, users, state_why, priority)
           SELECT project, id, level, type, message, culprit, title, platform, logger, handled,
                  seen, seen, release, release, seen, 'unresolved', 'new', '{}', 0, 0, '', 10
           FROM unnest(%s::bigint[], %s::bigint[], %s::int2[], %s::text[], %s::text[], %s::text[],
                       %s::text[], %s::text[], %s::text[], %s::bool[], %s::timestamptz[],
                       %s::bigint[])
             q (project, id, level, type, message, culprit, title, platform, logger, handled,
                seen, release)""",
        columns(rows, 12),
    )


def insert_issue_texts(rows: Sequence[tuple[int, int, int, str]]) -> None:
    """What searches look into: (project, issue, kind, text); words are written by a trigger."""
    if rows:
        run(
            """INSERT INTO tracker_issuetext (project_id, issue_id, kind, text)
               SELECT project, issue, kind, upper(text)
               FROM unnest(%s::bigint[], %s::bigint[], %s::int2[], %s::text[])
                 q (project, issue, kind, text)
               ON CONFLICT DO NOTHING""",
            columns(rows, 4),
        )


def add_to_issues(
    rows: Sequence[tuple[int, int, int, int, int, datetime, int | None, bool, int, list[int]]],
) -> None:
    """Counts of locked issues: (project, id, events, users, level, last_seen, last_release,
    unhandled, priority, environments). A computed priority is only raised here; timers lower it.
    Environments are all that the issue is in from now on; none: as they are.
    """
    *counts, environments = columns(rows, 10)
    # An array of arrays would need them equally long.
    lists = [f"{{{','.join(map(str, each))}}}" for each in environments]
    run(
        """UPDATE tracker_issue i SET events = i.events + q.events, users = i.users + q.users,
             level = q.level, last_seen = greatest(i.last_seen, q.seen),
             last_release_id = coalesce(q.release, i.last_release_id),
             handled = i.handled AND NOT q.unhandled,
             priority = CASE WHEN i.priority_by_hand THEN i.priority
                        ELSE greatest(i.priority, q.priority) END,
             environments = CASE q.environments WHEN '{}' THEN i.environments
                            ELSE q.environments::bigint[] END
           FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::int[], %s::int2[],
                       %s::timestamptz[], %s::bigint[], %s::bool[], %s::int2[], %s::text[])
             q (project, issue, events, users, level, seen, release, unhandled, priority,
                environments)
           WHERE i.project_id = q.project AND i.id = q.issue""",
        [*counts, lists],
    )
