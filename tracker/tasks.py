"""Thin timers of the tracker."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from tracker.actions import moving, retain, upkeep


@shared_task(name="tracker.tasks.partitions")
def partitions() -> None:
    """Make the partitions of the coming days."""
    upkeep.make_partitions(timezone.now())


@shared_task(name="tracker.tasks.age_substatus")
def age_substatus() -> int:
    """What was new a week ago is ongoing now."""
    return upkeep.age_issues(timezone.now())


@shared_task(name="tracker.tasks.move")
def move() -> int:
    """Move on with what merges, unmerges and deletes have left."""
    return moving.work_off(timezone.now() + timedelta(seconds=8), timezone.now)


@shared_task(name="tracker.tasks.retain")
def retain_events() -> int:
    """Let go of what is past its age."""
    now, days = timezone.now(), settings.RETENTION_DAYS
    gone = retain.drop_old_days(now.date(), days) + retain.expire_projects(now.date())
    retain.forget_seen(now.date(), days)
    retain.drop_dictionaries(now, days)
    return gone


@shared_task(name="tracker.tasks.train")
def train() -> int:
    """Train dictionaries for projects that have enough events."""
    return retain.train_dictionaries(timezone.now())
