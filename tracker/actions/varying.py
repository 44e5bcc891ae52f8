"""Joining issues whose messages differ by a word that turned out to be data.

The digest finds out (`domain.grouping.resolve`) and sends further words to the oldest of the
issues; the others are joined here, by a timer. Issues that a person has touched are left
alone. Taking the key out of the joined issue undoes it and keeps the words apart.
"""

from __future__ import annotations

from datetime import datetime

from tracker import slots
from tracker.actions import moving
from tracker.models import GroupingKey, Issue

MOST = 20
"""Slots a run looks at."""


def join(now: datetime) -> int:
    """Join what waits; returns how many issues went into others."""
    gone = 0
    for slot in slots.to_join(MOST):
        key = GroupingKey.objects.filter(
            project=slot.project_id, version=slot.version, hash=slot.hash, locked=False
        ).first()
        if key is not None:
            gone += _join(key.issue_id, slot, now)
        slots.joined(slot)
    return gone


def _join(target: int, slot: slots.ToJoin, now: datetime) -> int:
    untouched = Issue.objects.filter(
        pk__in=slot.members, project=slot.project_id, status="unresolved",
        assignee=None, assignee_team=None,
    )  # fmt: skip
    ids = {target, *untouched.live().values_list("pk", flat=True)}
    try:
        _, outcome = moving.merge(Issue.objects.filter(pk__in=ids), None, now)
    except moving.NothingToMerge:
        return 0
    return len(outcome.changed)
