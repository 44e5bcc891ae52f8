"""Priority, trend and what counts as escalating: computed from counts, by timers and verbs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import ceil

from django.core.cache import cache

from tracker import states
from tracker.domain.escalation import BASE, FLOOR, baseline, hours_of
from tracker.domain.priority import MANY_USERS, Facts, is_production, priority_of
from tracker.domain.trends import HOUR, floor_to
from tracker.models import Environment, Issue, RollupHour

CHUNK = 1_000
"""Issues a statement scores at the most; only those that change are locked."""
MOST = 50_000
"""Issues a run scores at the most, the last seen first."""
FRESH = timedelta(minutes=20)
"""How far back the quick timer looks when it does not know when it last looked."""
LATE = timedelta(seconds=30)
"""An event may be recorded so long after it was received; later ones wait for the slow timer."""
STALE = timedelta(hours=49)
"""How far back the slow timer looks: a day after its last event an issue is scored once more."""
SHARES, SHARE_EVERY = 12, timedelta(minutes=5)
"""The slow timer scores one share of the issues at a time: all of them within the hour."""
_LOOKED = "scored-fresh-until"


def refresh(ids: Iterable[int], now: datetime) -> int:
    """Compute the priority of some issues; returns how many changed."""
    wanted = Issue.objects.filter(pk__in=list(ids)).order_by("project_id", "pk")
    rows = list(wanted.values_list("project_id", "pk"))
    return _prioritise(rows, now) if rows else 0


def score_fresh(now: datetime) -> int:
    """Score what was seen since the last look; returns how many rows changed."""
    looked = cache.get(_LOOKED)
    known = isinstance(looked, datetime) and now - FRESH < looked <= now
    changed = score(now, now - looked + LATE if known else FRESH)
    cache.set(_LOOKED, now, timeout=FRESH.total_seconds())
    return changed


def score_stale(now: datetime) -> int:
    """Score the share of the last days' issues whose turn it is; returns how many rows changed."""
    return score(now, STALE, int(now.timestamp() // SHARE_EVERY.total_seconds()) % SHARES, SHARES)


def score(now: datetime, since: timedelta, share: int = 0, shares: int = 1) -> int:
    """Compute priority and trend of issues seen lately; returns how many rows changed."""
    changed = 0
    rows = states.touched(now - since, MOST, share, shares)
    for some in (rows[at : at + CHUNK] for at in range(0, len(rows), CHUNK)):
        changed += _prioritise(some, now) + states.set_trends(some, now)
    return changed


def _prioritise(rows: Sequence[tuple[int, int]], now: datetime) -> int:
    projects = {project for project, _ in rows}
    names = Environment.objects.filter(project__in=projects).values_list("pk", "name")
    production = [number for number, name in names if is_production(name)]
    changes = []
    for row in states.facts(rows, production, now, MANY_USERS):
        facts = Facts(row.level, row.unhandled, row.production, row.users_24h, row.escalating)
        found = priority_of(facts).value
        if found != row.priority:
            changes.append((row.project_id, row.id, row.priority, found))
    return states.set_priorities(changes)


def escalations(issues: Sequence[Issue], now: datetime) -> dict[int, int]:
    """Events an hour from which each issue is escalating, by the hours of its last week."""
    hour = floor_to(now, HOUR)
    counts: dict[int, dict[datetime, int]] = {}
    for issue, bucket, events in RollupHour.objects.filter(
        project_id__in={i.project_id for i in issues}, issue_id__in=[i.pk for i in issues],
        bucket__gte=hour - BASE, bucket__lt=hour,
    ).values_list("issue_id", "bucket", "events"):  # fmt: skip
        hours = counts.setdefault(issue, {})
        hours[bucket] = hours.get(bucket, 0) + events
    found = {}
    for each in issues:
        seen = list(counts.get(each.pk, {}).values())
        usual = baseline(seen, hours_of(each.first_seen, now))
        found[each.pk] = ceil(usual.escalates_at) if usual.hours else FLOOR
    return found
