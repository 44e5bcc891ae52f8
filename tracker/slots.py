"""SQL of message slots: which issues the words of an open place in a message have opened.

A slot is no grouping key until its word has proved to vary (`domain.grouping.resolve`); so it
stands in a table of its own, which forgets what was quiet for `KEPT_DAYS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from msgspec import Struct

from tracker.domain.grouping.resolve import MOST_MEMBERS
from tracker.sql import columns, run

KEPT_DAYS = 60

SlotId = tuple[int, str, bytes]
"""Project, version and hash."""


class SlotRow(NamedTuple):
    """A stored slot that does not vary yet."""

    project_id: int
    version: str
    hash: bytes
    issue_id: int
    """The oldest of its members that still lives, or what that was merged into."""
    members: list[int]
    repeats: int


class SlotNote(Struct):
    """What a batch has to say of a slot."""

    members: tuple[int, ...] = ()
    repeats: int = 0
    varies: bool = False


class ToJoin(NamedTuple):
    """A slot that varies, and whose members are not joined yet."""

    project_id: int
    version: str
    hash: bytes
    members: list[int]


def find(rows: Iterable[SlotId]) -> list[SlotRow]:
    """Those of (project, version, hash) that are known, do not vary and have a living member."""
    wanted = sorted(rows)
    if not wanted:
        return []
    found = run(
        """SELECT s.project_id, s.version, s.hash, live.id, s.members, s.repeats
           FROM unnest(%s::bigint[], %s::text[], %s::bytea[]) q (project, version, hash)
           JOIN tracker_groupingslot s
             ON s.project_id = q.project AND s.version = q.version AND s.hash = q.hash
           CROSS JOIN LATERAL (
             SELECT coalesce(i.merged_into, i.id) AS id
             FROM unnest(s.members) WITH ORDINALITY m (id, place)
             JOIN tracker_issue i ON i.project_id = s.project_id AND i.id = m.id
             WHERE i.deleted_at IS NULL ORDER BY m.place LIMIT 1) live
           WHERE NOT s.varying""",
        columns(wanted, 3),
    )
    return [SlotRow(*row) for row in found]


def note(notes: Mapping[SlotId, SlotNote], today: date) -> None:
    """Write what a batch has seen. A slot whose key went with its issue begins anew."""
    if not notes:
        return
    rows: list[tuple[int, str, bytes, str, int, bool]] = [
        (*name, "{" + ",".join(map(str, one.members)) + "}", one.repeats, one.varies)
        for name, one in sorted(notes.items())
    ]
    run(
        """INSERT INTO tracker_groupingslot AS s
             (project_id, version, hash, members, repeats, varying, touched_on)
           SELECT project, version, hash, members::bigint[], repeats, varying, %s
           FROM unnest(%s::bigint[], %s::text[], %s::bytea[], %s::text[], %s::int[], %s::bool[])
             q (project, version, hash, members, repeats, varying)
           ON CONFLICT (project_id, version, hash) DO UPDATE SET
             members = CASE WHEN s.varying THEN excluded.members
                            ELSE (s.members || excluded.members)[1:%s] END,
             repeats = CASE WHEN s.varying THEN 0 ELSE least(100, s.repeats + excluded.repeats) END,
             varying = excluded.varying, joined = false, touched_on = excluded.touched_on""",
        [today, *columns(rows, 6), MOST_MEMBERS],
    )


def to_join(limit: int) -> list[ToJoin]:
    """Slots that vary and wait for their members to be joined."""
    found = run(
        """SELECT project_id, version, hash, members FROM tracker_groupingslot
           WHERE varying AND NOT joined ORDER BY project_id, version, hash LIMIT %s""",
        [limit],
    )
    return [ToJoin(*row) for row in found]


def joined(slot: ToJoin) -> None:
    """Its members were joined."""
    run(
        """UPDATE tracker_groupingslot SET joined = true
           WHERE project_id = %s AND version = %s AND hash = %s""",
        [slot.project_id, slot.version, slot.hash],
    )


def forget(today: date) -> int:
    """Drop slots that were quiet for long; returns how many."""
    limit = today - timedelta(days=KEPT_DAYS)
    rows: Sequence[tuple[int]] = run(
        """WITH gone AS (DELETE FROM tracker_groupingslot WHERE touched_on < %s AND NOT varying
                         RETURNING 1) SELECT count(*) FROM gone""",
        [limit],
    ).fetchall()
    return rows[0][0]
