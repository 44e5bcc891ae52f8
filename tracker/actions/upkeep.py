"""Chores of the timer: partitions ahead, issues that wake, go quiet or are new no longer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from tracker import states, store
from tracker.actions import scoring
from tracker.actions.common import Outcome
from tracker.actions.resolving import resolve_quiet, wake
from tracker.domain.lifecycle import Cause, columns, move
from tracker.domain.snooze import Until
from tracker.models import Activity, Issue, Project
from tracker.models.coarse import bound

DAYS_AHEAD = 7
CHUNK = 500
"""Issues a transaction changes at the most."""
NEW_FOR = timedelta(days=7)
"""How long an issue counts as new, or as regressed."""


def make_partitions(now: datetime) -> None:
    """Have the partitions of today and the coming week."""
    for ahead in range(DAYS_AHEAD + 1):
        with transaction.atomic():
            store.ensure_day((now + timedelta(days=ahead)).date())


def age_issues(now: datetime) -> int:
    """Turn new and regressed issues into ongoing ones after a week; returns how many."""
    old = Issue.objects.filter(
        status="unresolved", substatus__in=["new", "regressed"], state_changed_at__lt=now - NEW_FOR
    )
    aged = 0
    while True:
        with transaction.atomic():
            rows = list(
                old.order_by("project_id", "pk").select_for_update(no_key=True, skip_locked=True)[
                    :500
                ]
            )
            for row in rows:
                row.status, row.substatus = columns(move(row.state, Cause.AGED))
                row.state_changed_at = now
            Issue.objects.bulk_update(rows, ["status", "substatus", "state_changed_at"])
        aged += len(rows)
        if len(rows) < 500:
            return aged


def wake_issues(now: datetime) -> int:
    """Wake issues whose snooze is over; returns how many."""
    due = Issue.objects.live().filter(status="snoozed", snoozed_until__lte=now)
    return _in_chunks(due, partial(wake, now=now))


def resolve_quiet_issues(now: datetime) -> int:
    """Resolve what had no events for as long as its project waits; returns how many.

    What somebody has touched meanwhile is not quiet.
    """
    done = 0
    waiting = Project.objects.filter(auto_resolve_days__isnull=False)
    for project, days in waiting.order_by("pk").values_list("pk", "auto_resolve_days"):
        if days is None:
            continue
        since = now - timedelta(days=days)
        touched = Activity.objects.filter(
            project_id=OuterRef("project_id"), issue_id=OuterRef("pk"), created_at__gte=since
        )
        quiet = (
            Issue.objects.live()
            .unresolved()
            .filter(bound(last_seen__lt=since), project=project)
            .exclude(Exists(touched))
        )
        done += _in_chunks(quiet, partial(resolve_quiet, days=days, now=now))
    return done


def _in_chunks(due: QuerySet[Issue], verb: Callable[[QuerySet[Issue]], Outcome]) -> int:
    """Apply a verb that takes issues out of `due`, some at a time."""
    done = 0
    while ids := list(due.order_by("project_id", "pk").values_list("pk", flat=True)[:CHUNK]):
        changed = len(verb(due.filter(pk__in=ids)).changed)
        done += changed
        if not changed:
            break  # changed meanwhile: the next beat looks again
    return done


def set_escalation_levels(now: datetime) -> int:
    """What is unusual changes with the days: bring snoozes that wait for it up to date."""
    done = 0
    after = 0
    asleep = Issue.objects.live().filter(status="snoozed", snooze__kind=Until.ESCALATING.value)
    while True:
        with transaction.atomic():
            rows = list(
                asleep.filter(pk__gt=after)
                .order_by("pk")
                .select_for_update(no_key=True, skip_locked=True)[:CHUNK]
            )
            usual = scoring.escalations(rows, now)
            for row in rows:
                row.snooze = {**(row.snooze or {}), "count": usual[row.pk]}
            names = [{"project_id": r.project_id, "id": r.pk, "snooze": r.snooze} for r in rows]
            states.put(("snooze",), names)
        done += len(rows)
        if len(rows) < CHUNK:
            return done
        after = rows[-1].pk
