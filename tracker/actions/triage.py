"""Verbs of triage: resolve, reopen, assign, comment, mark as reviewed.

Each takes a queryset of issues (already scoped to what the actor may touch), so
that one issue and a thousand share one path; each locks its rows in key order and
writes Activity in the same transaction. Issues that a verb does not apply to are
left alone and counted.

    TriageError
    └── NotAMember
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from msgspec import Struct

from tracker.actions.activity import Entry, write_activity
from tracker.domain.lifecycle import Cause, columns, move, sources
from tracker.models import ActivityKind, Issue, Team, User

COMMENT_LIMIT = 10_000


class TriageError(Exception):
    """Base of what a triager can do wrong; `str()` is for the page."""


class NotAMember(TriageError):
    """Nobody can be made responsible for what they may not see."""


class EmptyComment(TriageError):
    """A comment says nothing, or too much."""


class Outcome(Struct, frozen=True):
    """What a verb did."""

    changed: tuple[int, ...]
    """Ids of the issues that it changed."""
    skipped: int
    """How many it did not apply to (any more)."""


def resolve(issues: QuerySet[Issue], actor: User | None, now: datetime) -> Outcome:
    """Mark issues as resolved; an event that happens from now on reopens them."""
    return _move(issues, Cause.TRIAGER_RESOLVED, ActivityKind.RESOLVED, actor, now)


def reopen(issues: QuerySet[Issue], actor: User | None, now: datetime) -> Outcome:
    """Put resolved issues back among the unresolved."""
    return _move(issues, Cause.TRIAGER_REOPENED, ActivityKind.REOPENED, actor, now)


def _locked(issues: QuerySet[Issue]) -> QuerySet[Issue]:
    """The rows, locked in the order that the digest locks them in."""
    return (
        Issue.objects.filter(pk__in=list(issues.values_list("pk", flat=True)))
        .live()
        .order_by("project_id", "pk")
        .select_for_update(no_key=True)
    )


def _move(
    issues: QuerySet[Issue], cause: Cause, kind: str, actor: User | None, now: datetime
) -> Outcome:
    """Take every issue that `cause` can move along the table of moves."""
    movable = set(sources(cause))
    with transaction.atomic():
        rows = list(_locked(issues))
        moving = [row for row in rows if row.state in movable]
        for row in moving:
            row.status, row.substatus = columns(move(row.state, cause))
            row.state_changed_at = now
            row.state_why = ""
            resolved = row.status == Issue.Status.RESOLVED
            row.resolved_at = now if resolved else None
            row.resolved_release_id = row.last_release_id if resolved else None
        Issue.objects.bulk_update(
            moving,
            [
                "status",
                "substatus",
                "state_changed_at",
                "state_why",
                "resolved_at",
                "resolved_release",
            ],
            batch_size=500,
        )
        write_activity([_entry(row, kind, actor, now) for row in moving])
    return Outcome(tuple(row.pk for row in moving), len(rows) - len(moving))


def assign(
    issues: QuerySet[Issue], actor: User | None, to: User | Team | None, now: datetime
) -> Outcome:
    """Make a person or a team responsible; None: nobody.

    Raises NotAMember when the person can't see one of the issues' projects.
    """
    person = to if isinstance(to, User) else None
    team = to if isinstance(to, Team) else None
    with transaction.atomic():
        rows = list(
            _locked(issues).select_related("project").select_for_update(of=("self",), no_key=True)
        )
        if person is not None:
            _check_can_see(person, rows)
        wanted = (person.pk if person else None, team.pk if team else None)
        changing = [row for row in rows if (row.assignee_id, row.assignee_team_id) != wanted]
        for row in changing:
            row.assignee_id, row.assignee_team_id = wanted
        Issue.objects.filter(pk__in=[row.pk for row in changing]).update(
            assignee=person, assignee_team=team
        )
        data = {"user": wanted[0], "team": wanted[1], "name": str(to) if to else ""}
        write_activity([_entry(r, ActivityKind.ASSIGNED, actor, now, data) for r in changing])
    return Outcome(tuple(row.pk for row in changing), len(rows) - len(changing))


def _check_can_see(person: User, rows: list[Issue]) -> None:
    if person.is_superuser and person.is_active:
        return
    mine = set(person.memberships.values_list("team_id", flat=True)) if person.is_active else set()
    for row in rows:
        if row.project.team_id not in mine:
            raise NotAMember(
                f"{person} is not in the team of {row.project}; add them to it, then assign."
            )


def comment(issues: QuerySet[Issue], actor: User, text: str, now: datetime) -> Outcome:
    """Add a comment. Raises EmptyComment when it says nothing or more than 10,000 characters."""
    text = text.replace("\x00", "").strip()
    if not text:
        raise EmptyComment("Write something first.")
    if len(text) > COMMENT_LIMIT:
        raise EmptyComment(
            f"A comment has at most {COMMENT_LIMIT:,} characters; this has {len(text):,}."
        )
    with transaction.atomic():
        rows = list(issues.filter(merged_into__isnull=True).order_by("project_id", "pk"))
        data = {"text": text}
        write_activity([_entry(r, ActivityKind.COMMENTED, actor, now, data) for r in rows])
    return Outcome(tuple(row.pk for row in rows), 0)


def mark_reviewed(issues: QuerySet[Issue], now: datetime) -> Outcome:
    """Note that somebody looked; the issues leave "for review"."""
    ids = tuple(issues.filter(merged_into__isnull=True).values_list("pk", flat=True))
    Issue.objects.filter(pk__in=ids).update(reviewed_at=now)
    return Outcome(ids, 0)


def _entry(
    row: Issue, kind: str, actor: User | None, now: datetime, data: dict[str, Any] | None = None
) -> Entry:
    return Entry(
        project_id=row.project_id,
        issue_id=row.pk,
        kind=kind,
        at=now,
        data=data or {},
        actor_id=actor.pk if actor else None,
    )
