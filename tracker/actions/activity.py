"""Write Activity in the transaction of the fact, and ring the bell on commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from msgspec import Struct

from tracker.models import Activity
from tracker.signals import activity_committed


class Entry(Struct, frozen=True):
    """One thing that happened."""

    project_id: int
    issue_id: int | None
    kind: str
    at: datetime
    data: dict[str, Any]
    actor_id: int | None = None


def write_activity(entries: Sequence[Entry]) -> None:
    """Store entries in order. The caller holds a transaction."""
    if not entries:
        return
    rows = Activity.objects.bulk_create(
        Activity(
            project_id=entry.project_id,
            issue_id=entry.issue_id,
            kind=entry.kind,
            actor_id=entry.actor_id,
            data=entry.data,
            created_at=entry.at,
        )
        for entry in entries
    )
    ids = [row.pk for row in rows]
    transaction.on_commit(lambda: _ring(ids))


def _ring(ids: list[int]) -> None:
    activity_committed.send_robust(sender=Activity, activity_ids=ids)
