"""Chores of the timer: partitions ahead of time, issues that are new no longer."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from tracker import store
from tracker.domain.lifecycle import Cause, columns, move
from tracker.models import Issue

DAYS_AHEAD = 7
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
