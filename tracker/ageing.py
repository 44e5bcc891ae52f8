"""SQL of letting go: days of events and counts, and the memory of ids."""

from __future__ import annotations

from datetime import date, datetime

from psycopg import sql

from tracker.sql import raw, run


def days_of(table: str) -> list[date]:
    """The days that a table has partitions of, oldest first."""
    found = run(
        """SELECT right(c.relname, 8) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
           WHERE i.inhparent = to_regclass(%s) ORDER BY 1""",
        [table],
    )
    return [datetime.strptime(name, "%Y%m%d").date() for (name,) in found]  # noqa: DTZ007


def events_of_day(day: date) -> list[tuple[int, int]]:
    """Stored events of a day per project: (project, count)."""
    return run(
        "SELECT project_id, count(*) FROM tracker_event WHERE day = %s GROUP BY 1 ORDER BY 1", [day]
    ).fetchall()


def drop_day(table: str, day: date) -> None:
    """Drop a day's partition. Raises LockNotAvailable when it is in use for over 200 ms."""
    run("SET LOCAL lock_timeout = '200ms'")
    name = sql.Identifier(f"{table}_{day:%Y%m%d}")
    raw().execute(sql.SQL("DROP TABLE {}").format(name))


def delete_days(project: int, before: date, most: int) -> list[tuple[date, int]]:
    """Delete some of a project's events of days before one: (day, count) of what went."""
    return run(
        """WITH gone AS (
             DELETE FROM tracker_event e USING (
               SELECT event_id, day FROM tracker_event WHERE project_id = %s AND day < %s LIMIT %s
             ) q
             WHERE e.project_id = %s AND e.event_id = q.event_id AND e.day = q.day
             RETURNING e.day)
           SELECT day, count(*) FROM gone GROUP BY day ORDER BY day""",
        [project, before, most, project],
    ).fetchall()


def forget_seen(before: date, most: int) -> int:
    """Forget some event ids of days before one; returns how many."""
    return run(
        """DELETE FROM tracker_eventseen s USING (
             SELECT project_id, event_id FROM tracker_eventseen WHERE day < %s LIMIT %s) q
           WHERE s.project_id = q.project_id AND s.event_id = q.event_id""",
        [before, most],
    ).rowcount
