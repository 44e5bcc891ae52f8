"""The one listener to tracker: activity wakes the evaluator, a new project gets its alerts."""

from __future__ import annotations

from typing import Any

import structlog
from django.db.models.signals import post_save
from django.dispatch import receiver

from alerts import wake
from alerts.actions.setup import defaults
from tracker.models import Project
from tracker.signals import activity_committed

log = structlog.get_logger(__name__)


@receiver(activity_committed, dispatch_uid="alerts.wake")
def on_activity(sender: Any, **_kwargs: Any) -> None:
    """Ring for the evaluator; never raises into the digest that has just committed."""
    try:
        wake.evaluate()
    except Exception:  # the sweep reads what was not announced
        log.exception("wake-up failed")


@receiver(post_save, sender=Project, dispatch_uid="alerts.defaults")
def on_project(instance: Project, created: bool, raw: bool = False, **_kwargs: Any) -> None:
    """Give a new project its default rule and mail channel, in the same transaction."""
    if created and not raw:
        defaults(instance)
