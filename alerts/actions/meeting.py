"""Notices firsts: an issue's first event in an environment or release, its 10^n-th event.

Looked for every minute, in projects with a rule that listens for them, among the
issues that were touched since. What was found is a letter in Activity, so that
rules read it, the issue's history shows it, and a preview finds it again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from alerts import store
from alerts.domain.rules import Trigger
from alerts.models import AlertRule
from tracker.actions.activity import Entry, write_activity

BACK = timedelta(minutes=10)
"""Events are looked for this long after they were received."""
_KINDS = {
    "env": Trigger.FIRST_IN_ENVIRONMENT,
    "release": Trigger.FIRST_IN_RELEASE,
    "power": Trigger.MILESTONE,
}


def meet(now: datetime) -> int:
    """Write down and announce firsts; returns how many letters were written."""
    wanted = [kind.value for kind in _KINDS.values()]
    projects = AlertRule.objects.filter(
        enabled=True, counts="", triggers__overlap=wanted
    ).values_list("project_id", flat=True)
    return sum(_meet(project, now) for project in sorted(set(projects)))


def _meet(project: int, now: datetime) -> int:
    with transaction.atomic():
        firsts = store.meet(project, now - BACK, now)
        write_activity([_entry(project, *first, now) for first in firsts])
    return len(firsts)


def _entry(project: int, issue: int, level: int, kind: str, value: str, now: datetime) -> Entry:
    why = {
        "env": f"first event in {value or 'no environment'}",
        "release": f"first event in release {value}",
        "power": f"{int(value):,} events" if kind == "power" else "",
    }[kind]
    data: dict[str, object] = {"why": why, "level": level}
    if kind == "env":
        data["environment"] = value
    if kind == "release":
        data["release"] = value
    return Entry(project, issue, _KINDS[kind].value, now, data)
