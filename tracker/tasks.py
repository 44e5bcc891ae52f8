"""Thin timers of the tracker."""

from celery import shared_task
from django.utils import timezone

from tracker.actions import upkeep


@shared_task(name="tracker.tasks.partitions")
def partitions() -> None:
    """Make the partitions of the coming days."""
    upkeep.make_partitions(timezone.now())


@shared_task(name="tracker.tasks.age_substatus")
def age_substatus() -> int:
    """What was new a week ago is ongoing now."""
    return upkeep.age_issues(timezone.now())
