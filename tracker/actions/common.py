"""What all verbs of triage share: locked rows, their Activity, and what a verb says of itself.

TriageError
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from msgspec import Struct

from tracker.actions.activity import Entry
from tracker.models import Issue, User


class TriageError(Exception):
    """Base of what a triager can do wrong; `str()` is for the page."""


class Outcome(Struct, frozen=True):
    """What a verb did."""

    changed: tuple[int, ...]
    """Ids of the issues that it changed."""
    skipped: int
    """How many it did not apply to (any more)."""
    undo: str = ""
    """Token that takes it back; "" when nothing can be."""


def locked(issues: QuerySet[Issue]) -> QuerySet[Issue]:
    """The rows, locked in the order that the digest locks them in."""
    return (
        Issue.objects.filter(pk__in=list(issues.values_list("pk", flat=True)))
        .live()
        .order_by("project_id", "pk")
        .select_for_update(no_key=True)
    )


def entry(
    row: Issue, kind: str, actor: User | None, now: datetime, data: dict[str, Any] | None = None
) -> Entry:
    """One thing that happened to an issue."""
    return Entry(
        project_id=row.project_id,
        issue_id=row.pk,
        kind=kind,
        at=now,
        data=data or {},
        actor_id=actor.pk if actor else None,
    )
