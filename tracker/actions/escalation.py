"""Finds issues that escalate or have calmed down, every minute, and moves them.

What is usual changes with the hour, so it is looked up about once an hour and issue: some at a
time, for the turn of the hour would otherwise look up all at once.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import datetime

from tracker import baselines
from tracker.actions import resolving
from tracker.domain import escalation
from tracker.domain.escalation import BASE, FLOOR, HOUR, Baseline
from tracker.models import Issue

Name = tuple[int, int]
"""Project and issue."""
MOST_KNOWN = 50_000
RENEWED = 300
"""Issues a run looks up again; others wait for the next, with what was usual an hour ago."""
TOO_OLD = 2 * HOUR

_known: dict[Name, tuple[datetime, Baseline]] = {}
"""What is usual for an issue, and the hour that this was looked up in."""


def watch(now: datetime) -> tuple[int, int]:
    """Mark what escalates and what is calm again; returns how many of each."""
    return _escalate(now), _calm(now)


def _escalate(now: datetime) -> int:
    found = baselines.loud(now - HOUR, now, FLOOR)
    aged = [(project, issue, first) for project, issue, first, _n in found]
    usual = _usual(aged, now)
    why = {
        issue: text
        for project, issue, _first, number in found
        if (base := usual.get((project, issue))) and (text := escalation.escalates(number, base))
    }
    if not why:
        return 0
    projects = {project for project, issue, _first, _n in found if issue in why}
    issues = Issue.objects.filter(project__in=projects, pk__in=why)
    return len(resolving.escalate(issues, why, now).changed)


def nearing(
    projects: Collection[int], end: datetime, share: float, now: datetime
) -> list[tuple[int, int, int, float]]:
    """(project, issue, events, events from which it escalates) of those whose 60 minutes up to
    `end` came within `share` of escalating and did not, and that have not escalated since.
    """
    loud = baselines.loud(end - HOUR, end, math.ceil(FLOOR * share))
    found = [row for row in loud if row[0] in projects]
    usual = _usual([(project, issue, first) for project, issue, first, _n in found], now)
    return [
        (project, issue, number, base.escalates_at)
        for project, issue, _first, number in found
        if (base := usual.get((project, issue))) and base.hours
        and share * base.escalates_at <= number < base.escalates_at
    ]  # fmt: skip


def _calm(now: datetime) -> int:
    found = baselines.escalating(now - 2 * HOUR, now - HOUR, now)
    usual = _usual([(project, issue, first) for project, issue, first, _n, _m in found], now)
    calm = [
        (project, issue)
        for project, issue, _first, last, before in found
        if escalation.is_calm(last, before, usual.get((project, issue), Baseline(0, 0, 0)))
    ]
    if not calm:
        return 0
    issues = Issue.objects.filter(
        project__in={project for project, _ in calm}, pk__in=[issue for _, issue in calm]
    )
    return len(resolving.calm(issues, now).changed)


def _usual(issues: Sequence[tuple[int, int, datetime]], now: datetime) -> dict[Name, Baseline]:
    """What is usual for issues that are old enough."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    old = {
        (project, issue): number
        for project, issue, first in issues
        if (number := escalation.hours_of(first, now))
    }
    if len(_known) > MOST_KNOWN:
        _known.clear()
    unknown = _to_look_up(list(old), hour)
    counts = baselines.hours(unknown, hour - BASE, hour - HOUR)
    for name in unknown:
        _known[name] = hour, escalation.baseline(counts.get(name, []), old[name])
    return {name: _known[name][1] for name in old}


def _to_look_up(names: Sequence[Name], hour: datetime) -> list[Name]:
    """Those that nothing is known of, and some of those that it is an hour since."""
    never = datetime.min.replace(tzinfo=hour.tzinfo)
    ages = {name: _known[name][0] if name in _known else never for name in names}
    # A clock that was put back makes all unknown.
    unknown = [name for name, at in ages.items() if not hour - TOO_OLD < at <= hour]
    older = [name for name, at in ages.items() if hour - TOO_OLD < at < hour]
    return unknown + older[:RENEWED]
