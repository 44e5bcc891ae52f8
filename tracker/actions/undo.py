"""Take a verb of triage back: for ten minutes, and only where nothing has changed since.

UndoError
├── NothingToUndo
└── TooLate
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction

from tracker import states
from tracker.actions.activity import Entry, write_activity
from tracker.actions.common import Outcome, TriageError
from tracker.models import ActivityKind, Issue, Role, Undo, User

VALID = timedelta(minutes=10)
KEPT = timedelta(hours=6)

Columns = tuple[str, ...]
_ASSIGNEE = ("assignee_id", "assignee_team_id")
_PRIORITY = ("priority", "priority_by_hand")
_RESTORED: dict[str, tuple[Columns, Columns]] = {
    # verb: (columns put back, columns that tell whether somebody was here since)
    ActivityKind.RESOLVED: (states.STATE, ("status", "substatus", "state_changed_at")),
    ActivityKind.REOPENED: (states.STATE, ("status", "substatus", "state_changed_at")),
    ActivityKind.SNOOZED: (states.STATE, ("status", "substatus", "state_changed_at")),
    ActivityKind.ASSIGNED: (_ASSIGNEE, _ASSIGNEE),
    ActivityKind.PRIORITISED: (_PRIORITY, _PRIORITY),
    ActivityKind.REVIEWED: (("reviewed_at",), ("reviewed_at",)),
}


class UndoError(TriageError):
    """Base of what can't be undone; `str()` is for the page."""


class NothingToUndo(UndoError):
    """There is no such token, it is somebody else's, or it was used."""


class TooLate(UndoError):
    """The ten minutes are over."""


def snapshot(rows: Iterable[Issue], verb: str) -> dict[int, dict[str, Any]]:
    """The columns that `verb` may change, by issue; take it before changing them."""
    names = _RESTORED[verb][0]
    return {row.pk: {name: _plain(getattr(row, name)) for name in names} for row in rows}


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


def remember(
    verb: str, actor: User | None, rows: Sequence[Issue],
    before: Mapping[int, Mapping[str, Any]], now: datetime,
) -> str:  # fmt: skip
    """Note what changed, in the transaction of the change; returns the token, "" without actor."""
    if actor is None or not rows:
        return ""
    tells = _RESTORED[verb][1]
    changes = [
        [row.project_id, row.pk, dict(before[row.pk]), {n: _plain(getattr(row, n)) for n in tells}]
        for row in rows
    ]
    made = Undo.objects.create(actor=actor, verb=verb, changes=changes, created_at=now)
    return str(made.token)


def undo(token: str | UUID, actor: User, now: datetime) -> Outcome:
    """Put back what `actor` changed under `token`, except where it has changed since.

    Each part of a bulk is one transaction. Raises NothingToUndo and TooLate.
    """
    changed: list[int] = []
    skipped = 0
    for number in waiting(token, actor, now):
        done = _undo_part(number, actor, now)
        changed += done.changed
        skipped += done.skipped
    return Outcome(tuple(changed), skipped)


def waiting(token: str | UUID, actor: User, now: datetime) -> list[int]:
    """The parts that can still be taken back, in their order. Raises NothingToUndo and TooLate."""
    try:
        wanted = UUID(str(token))
    except ValueError:
        raise NothingToUndo("There is nothing to undo.") from None
    parts = Undo.objects.filter(token=wanted, actor=actor).order_by("pk")
    left = list(parts.filter(undone_at=None).values_list("pk", "created_at"))
    if not left:
        raise NothingToUndo("There is nothing to undo, or it was undone already.")
    if max(made for _, made in left) < now - VALID:
        raise TooLate("Undo is offered for ten minutes; change the issues by hand.")
    return [number for number, _ in left]


def undo_next(token: str | UUID, actor: User, now: datetime) -> Outcome:
    """Take back the first part that is left, whatever its age: the job that asks began in time."""
    parts = Undo.objects.filter(token=token, actor=actor, undone_at=None)
    number = parts.order_by("pk").values_list("pk", flat=True).first()
    return Outcome((), 0) if number is None else _undo_part(number, actor, now)


def _undo_part(number: int, actor: User, now: datetime) -> Outcome:
    with transaction.atomic():
        part = Undo.objects.select_for_update().filter(pk=number, undone_at=None).first()
        if part is None:
            return Outcome((), 0)
        part.undone_at = now
        part.save(update_fields=["undone_at"])
        before = {issue: old for _, issue, old, _ in part.changes}
        after = {issue: new for _, issue, _, new in part.changes}
        rows = (
            Issue.objects.filter(pk__in=list(before))
            .visible_to(actor, Role.TRIAGER)
            .live()
            .order_by("project_id", "pk")
            .select_for_update(no_key=True)
        )
        same = [row for row in rows if _unchanged(row, after[row.pk])]
        states.put(
            _RESTORED[part.verb][0],
            [{"project_id": row.project_id, "id": row.pk, **before[row.pk]} for row in same],
        )
        write_activity([_entry(row, part.verb, before[row.pk], actor, now) for row in same])
    return Outcome(tuple(row.pk for row in same), len(before) - len(same))


def _unchanged(row: Issue, after: Mapping[str, Any]) -> bool:
    return all(_plain(getattr(row, name)) == value for name, value in after.items())


def _entry(row: Issue, verb: str, before: Mapping[str, Any], actor: User, now: datetime) -> Entry:
    data: dict[str, Any] = {"verb": verb}
    if "status" in before:
        data |= {"status": before["status"], "substatus": before["substatus"]}
    return Entry(row.project_id, row.pk, ActivityKind.UNDONE, now, data, actor.pk)


def forget(now: datetime) -> int:
    """Drop what can't be undone any more; returns how much. Long bulks have early parts."""
    return Undo.objects.filter(created_at__lt=now - KEPT).delete()[0]
