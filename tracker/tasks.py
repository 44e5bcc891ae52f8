"""Thin timers of the tracker."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from tracker import release_counts, slots
from tracker.actions import (
    bulk,
    escalation,
    forgetting,
    moving,
    repositories,
    retain,
    scoring,
    suspecting,
    undo,
    upkeep,
    varying,
)
from tracker.symbols import assembling


@shared_task(name="tracker.tasks.partitions")
def partitions() -> None:
    """Make the partitions of the coming days."""
    upkeep.make_partitions(timezone.now())


@shared_task(name="tracker.tasks.age_substatus")
def age_substatus() -> int:
    """What was new a week ago is ongoing now."""
    return upkeep.age_issues(timezone.now())


@shared_task(name="tracker.tasks.escalate")
def escalate() -> tuple[int, int]:
    """What gets suddenly worse than it usually is, and what has calmed down."""
    return escalation.watch(timezone.now())


@shared_task(name="tracker.tasks.move")
def move() -> int:
    """Move on with what merges, unmerges, deletes and removals of people have left; join
    issues whose messages differ by a word that turned out to vary.
    """
    varying.join(timezone.now())
    finished = moving.work_off(timezone.now() + timedelta(seconds=8), timezone.now)
    return finished + forgetting.work_off(timezone.now() + timedelta(seconds=4), timezone.now)


@shared_task(name="tracker.tasks.retain")
def retain_events() -> int:
    """Let go of what is past its age."""
    now, days = timezone.now(), settings.RETENTION_DAYS
    gone = retain.drop_old_days(now.date(), days) + retain.expire_projects(now.date())
    retain.forget_seen(now.date(), days)
    retain.drop_dictionaries(now, days)
    slots.forget(now.date())
    while release_counts.forget(now - release_counts.KEPT):
        pass
    return gone


@shared_task(name="tracker.tasks.train")
def train() -> int:
    """Train dictionaries for projects that have enough events."""
    return retain.train_dictionaries(timezone.now())


@shared_task(name="tracker.tasks.wake")
def wake() -> int:
    """Wake what was snoozed until now."""
    return upkeep.wake_issues(timezone.now())


@shared_task(name="tracker.tasks.score_fresh")
def score_fresh() -> int:
    """Priority and trend of what was seen since the last look."""
    return scoring.score_fresh(timezone.now())


@shared_task(name="tracker.tasks.score")
def score() -> int:
    """Priority and trend of a share of what was seen in the last days."""
    return scoring.score_stale(timezone.now())


@shared_task(name="tracker.tasks.follow_days")
def follow_days() -> int:
    """What is unusual for a snooze changes with the days; what was undone long ago is forgotten."""
    now = timezone.now()
    undo.forget(now)
    return upkeep.set_escalation_levels(now)


@shared_task(name="tracker.tasks.resolve_quiet")
def resolve_quiet() -> int:
    """Resolve what has been quiet for as long as its project waits."""
    return upkeep.resolve_quiet_issues(timezone.now())


@shared_task(name="tracker.tasks.bulk")
def work_off_bulk() -> int:
    """Go on with what was asked of many issues."""
    return bulk.work_off(timezone.now() + timedelta(seconds=20), timezone.now)


@shared_task(name="tracker.tasks.assemble")
def assemble() -> int:
    """Put together the bundles whose pieces are all here."""
    return assembling.assemble_waiting(timezone.now())


@shared_task(name="tracker.tasks.tidy_uploads")
def tidy_uploads() -> int:
    """Let go of uploads that no event asks for, and of pieces nobody finished."""
    return assembling.let_go(timezone.now(), settings.SYMBOLS_DAYS)


@shared_task(name="tracker.tasks.fetch_code")
def fetch_code() -> int:
    """Fetch the repositories that are due."""
    return repositories.work_off(timezone.now() + timedelta(seconds=15), timezone.now)


@shared_task(name="tracker.tasks.tidy_code")
def tidy_code() -> int:
    """Delete clones whose repository is gone."""
    return repositories.tidy()


@shared_task(name="tracker.tasks.suspect")
def suspect() -> int:
    """Look for the commits that brought what is new or came back."""
    return suspecting.work_off(timezone.now() + timedelta(seconds=20), timezone.now)
