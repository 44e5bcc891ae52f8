"""Near misses: issues that came close to a counter rule's threshold and did not reach it.

They are written down as decisions that led to nothing, so that "why was I not paged" has an
answer where nothing fired; at most one a rule and issue in SELDOM, and never while an incident
is open or was just closed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from django.db.models import Q
from msgspec import Struct

from alerts.actions.matching import matching
from alerts.domain.rules import Check, Outcome
from alerts.models import AlertRule, Decision, Incident

NEAR = 0.8
"""Of a threshold: as close as this is worth a note."""
SELDOM = timedelta(hours=6)
MOST = 20
"""Issues of one rule and span, the closest first."""


class Near(Struct, frozen=True):
    """How close the issues of a project came to one rule in a span."""

    rule: AlertRule
    values: Mapping[int, float]
    """Counts by issue, all below the threshold."""


def split(rule: AlertRule, values: Mapping[int, float]) -> tuple[dict[int, float], Near]:
    """Those that reach the threshold, and the closest of the others."""
    reached = {issue: value for issue, value in values.items() if value >= rule.threshold}
    below = sorted(
        ((value, issue) for issue, value in values.items() if issue not in reached), reverse=True
    )
    return reached, Near(rule, {issue: value for value, issue in below[:MOST]})


def wanted(threshold: int) -> int:
    """The least whole number that is close to a threshold."""
    return max(-(-threshold * 8 // 10), 1)


def note(nears: Sequence[Near], span: datetime, now: datetime) -> int:
    """Write near misses of a span down; returns how many. The caller holds the transaction."""
    nears = [near for near in nears if near.values]
    if not nears:
        return 0
    rules = [near.rule.pk for near in nears]
    issues = {issue for near in nears for issue in near.values}
    since = span - SELDOM
    lately = Incident.objects.filter(rule__in=rules, issue__in=issues).filter(
        Q(closed_at=None) | Q(closed_at__gt=since)
    )
    noted = Decision.objects.near_misses().filter(rule__in=rules, issue_id__in=issues, at__gt=since)
    known = {*lately.values_list("rule_id", "issue_id"), *noted.values_list("rule_id", "issue_id")}
    made = [
        _decision(near.rule, issue, value, span, now)
        for near in nears
        for issue, value in _found(near, now).items()
        if (near.rule.pk, issue) not in known
    ]
    Decision.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def _found(near: Near, now: datetime) -> Mapping[int, float]:
    """Those that the rule's search finds."""
    rule = near.rule
    if not rule.query:
        return near.values
    found = matching(rule.project_id, rule.query, near.values, now)
    return {issue: value for issue, value in near.values.items() if issue in found}


def _decision(rule: AlertRule, issue: int, value: float, span: datetime, now: datetime) -> Decision:
    least = f">= {rule.threshold} in {rule.window_minutes} min"
    check = Check(rule.counts, False, f"{value:g}", least)
    return Decision(
        project_id=rule.project_id, rule=rule, at=span, issue_id=issue, kind=rule.counts,
        outcome=Outcome.PASS.value, fired=False, reasons=msgspec.to_builtins([check]),
        created_at=now,
    )  # fmt: skip
