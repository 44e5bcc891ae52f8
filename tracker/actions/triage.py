"""Verbs of triage: resolve, reopen, snooze, assign, prioritise, comment, mark as reviewed, undo.

Each takes a queryset of issues (already scoped to what the actor may touch), so
that one issue and a thousand share one path; each locks its rows in key order and
writes Activity in the same transaction, and hands back a token by which its actor can
take it back. Issues that a verb does not apply to are left alone and counted.

    TriageError
    ├── NotAMember
    ├── EmptyComment
    ├── BadCondition, BadRelease
    └── UndoError
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tracker import states
from tracker.actions import mentions, scoring, undo
from tracker.actions.activity import write_activity
from tracker.actions.common import Outcome, TriageError, entry, locked
from tracker.actions.resolving import (
    BadCondition,
    BadRelease,
    calm,
    escalate,
    reopen,
    resolve,
    resolve_in,
    resolve_in_next,
    snooze,
)
from tracker.actions.undo import NothingToUndo, TooLate, UndoError
from tracker.domain.priority import Priority
from tracker.models import ActivityKind, Issue, Team, User

__all__ = [
    "COMMENT_LIMIT",
    "BadCondition",
    "BadRelease",
    "EmptyComment",
    "NotAMember",
    "NothingToUndo",
    "Outcome",
    "Priority",
    "TooLate",
    "TriageError",
    "UndoError",
    "assign",
    "calm",
    "comment",
    "escalate",
    "mark_reviewed",
    "reopen",
    "resolve",
    "resolve_in",
    "resolve_in_next",
    "set_priority",
    "snooze",
]

COMMENT_LIMIT = 10_000


class NotAMember(TriageError):
    """Nobody can be made responsible for what they may not see."""


class EmptyComment(TriageError):
    """A comment says nothing, or too much."""


def assign(
    issues: QuerySet[Issue],
    actor: User | None,
    to: User | Team | None,
    now: datetime,
    why: str = "",
) -> Outcome:
    """Make a person or a team responsible; None: nobody. `why` is for the history.

    Raises NotAMember when the person can't see one of the issues' projects.
    """
    person = to if isinstance(to, User) else None
    team = to if isinstance(to, Team) else None
    with transaction.atomic():
        rows = list(
            locked(issues).select_related("project").select_for_update(of=("self",), no_key=True)
        )
        if person is not None:
            _check_can_see(person, rows)
        wanted = (person.pk if person else None, team.pk if team else None)
        changing = [row for row in rows if (row.assignee_id, row.assignee_team_id) != wanted]
        before = undo.snapshot(changing, ActivityKind.ASSIGNED)
        for row in changing:
            row.assignee_id, row.assignee_team_id = wanted
        Issue.objects.filter(pk__in=[row.pk for row in changing]).update(
            assignee=person, assignee_team=team
        )
        data = {"user": wanted[0], "team": wanted[1], "name": str(to) if to else "", "why": why}
        token = undo.remember(ActivityKind.ASSIGNED, actor, changing, before, now)
        write_activity([entry(r, ActivityKind.ASSIGNED, actor, now, data) for r in changing])
    return Outcome(tuple(row.pk for row in changing), len(rows) - len(changing), token)


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
        named = mentions.mentioned(text, {row.project_id for row in rows})
        write_activity([
            entry(r, ActivityKind.COMMENTED, actor, now,
                  {"text": text, "mentions": named.get(r.project_id, [])})
            for r in rows
        ])  # fmt: skip
    return Outcome(tuple(row.pk for row in rows), 0)


def mark_reviewed(issues: QuerySet[Issue], now: datetime, actor: User | None = None) -> Outcome:
    """Note that somebody looked; the issues leave "for review". No Activity: nothing happened."""
    with transaction.atomic():
        rows = list(locked(issues))
        before = undo.snapshot(rows, ActivityKind.REVIEWED)
        Issue.objects.filter(pk__in=[row.pk for row in rows]).update(reviewed_at=now)
        for row in rows:
            row.reviewed_at = now
        token = undo.remember(ActivityKind.REVIEWED, actor, rows, before, now)
    return Outcome(tuple(row.pk for row in rows), 0, token)


def set_priority(
    issues: QuerySet[Issue], actor: User | None, priority: Priority | None, now: datetime
) -> Outcome:
    """Choose a priority, which sticks; None: have it computed again."""
    with transaction.atomic():
        rows = list(locked(issues))
        wanted = (priority.value if priority else None, priority is not None)
        changing = [
            row
            for row in rows
            if (row.priority if row.priority_by_hand else None, row.priority_by_hand) != wanted
        ]
        before = undo.snapshot(changing, ActivityKind.PRIORITISED)
        for row in changing:
            row.priority, row.priority_by_hand = priority or row.priority, priority is not None
        names = ("priority", "priority_by_hand")
        states.put(
            names,
            [
                {"project_id": r.project_id, "id": r.pk, **{n: getattr(r, n) for n in names}}
                for r in changing
            ],
        )
        if priority is None:
            scoring.refresh([row.pk for row in changing], now)
            fresh = dict(
                Issue.objects.filter(pk__in=[r.pk for r in changing]).values_list("pk", "priority")
            )
            for row in changing:
                row.priority = fresh[row.pk]
        token = undo.remember(ActivityKind.PRIORITISED, actor, changing, before, now)
        data = {"priority": priority.name.lower() if priority else "computed"}
        write_activity([entry(r, ActivityKind.PRIORITISED, actor, now, data) for r in changing])
    return Outcome(tuple(row.pk for row in changing), len(rows) - len(changing), token)
