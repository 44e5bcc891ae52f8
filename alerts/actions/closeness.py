"""Near misses: what came close to a rule's threshold, or to escalating, and did not reach it.

They are written down as decisions that led to nothing, so that "why was I not paged" has an
answer where nothing fired; at most one a rule and issue in SELDOM, and never while an incident
is open or was just closed. Counts are looked at when their span is over, deploys when their
window is, and escalations once the next minutes have shown that they did not come.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from django.db.models import Q
from msgspec import Struct

from alerts.actions.happening import Happening
from alerts.actions.matching import matching
from alerts.domain import rules
from alerts.domain.rules import SPAN, Check, Counter, Counts, Outcome, Trigger
from alerts.models import AlertRule, Decision, Incident
from tracker.actions import escalation
from tracker.actions.activity import Entry, write_activity
from tracker.models import Activity

NEAR = 0.8
"""Of a threshold: as close as this is worth a note."""
SELDOM = timedelta(hours=6)
MOST = 20
"""Issues of one rule and span, the closest first."""
WAITED = 2 * SPAN
"""An issue that came close to escalating may do so yet: noted after this."""


class Near(Struct, frozen=True):
    """How close the issues of a project came to one rule in a span."""

    rule: AlertRule
    values: Mapping[int, float]
    """Counts by issue, all below the threshold."""
    deploys: Sequence[Happening] = ()
    """Deploys whose window ended in the span, with a count below the threshold."""


def check(counter: Counter, value: float, release: str = "") -> Check:
    """What a near miss saw and what it would have taken."""
    least = f">= {counter.threshold} in {counter.window // timedelta(minutes=1)} min"
    after = f" new issues after the deploy of {release}" if release else ""
    return Check(counter.counts, False, f"{value:g}{after}", least)


def closest(values: Mapping[int, float]) -> dict[int, float]:
    """The closest of those below a threshold."""
    below = sorted(((value, issue) for issue, value in values.items()), reverse=True)
    return {issue: value for value, issue in below[:MOST]}


def split(rule: AlertRule, values: Mapping[int, float]) -> tuple[dict[int, float], Near]:
    """Those that reach the threshold, and the closest of the others."""
    reached = {issue: value for issue, value in values.items() if value >= rule.threshold}
    below = {issue: value for issue, value in values.items() if issue not in reached}
    return reached, Near(rule, closest(below))


def wanted(threshold: int) -> int:
    """The least whole number that is close to a threshold."""
    return max(-(-threshold * 8 // 10), 1)


def note(nears: Sequence[Near], span: datetime, now: datetime) -> int:
    """Write near misses of a span down; returns how many. The caller holds the transaction."""
    made = [_decision(near.rule, deploy, span, now) for near in nears for deploy in near.deploys]
    nears = [near for near in nears if near.values]
    known = _known(nears, span) if nears else set()
    made += [
        _decision(near.rule, Happening(near.rule.project_id, issue, "", span, {}, value=value),
                  span, now)
        for near in nears
        for issue, value in _found(near, now).items()
        if (near.rule.pk, issue) not in known
    ]  # fmt: skip
    Decision.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def _known(nears: Sequence[Near], span: datetime) -> set[tuple[int, int | None]]:
    """Rules and issues that were told of or noted lately, as it was at the end of the span."""
    found = [near.rule.pk for near in nears]
    issues = {issue for near in nears for issue in near.values}
    since = span - SELDOM
    lately = Incident.objects.filter(rule__in=found, issue__in=issues).filter(
        Q(closed_at=None, opened_at__lt=span + SPAN) | Q(closed_at__gt=since)
    )
    noted = Decision.objects.near_misses().filter(rule__in=found, issue_id__in=issues, at__gt=since)
    return {*lately.values_list("rule_id", "issue_id"), *noted.values_list("rule_id", "issue_id")}


def note_escalations(span: datetime, now: datetime) -> int:
    """Write a letter for what came close to escalating by the end of a span, in projects with a
    rule that listens for it; returns how many. The caller holds the transaction.
    """
    listening = AlertRule.objects.filter(
        enabled=True, counts="", triggers__contains=[Trigger.ESCALATING.value]
    )
    projects = set(listening.values_list("project_id", flat=True))
    if not projects:
        return 0
    found = escalation.nearing(projects, span + SPAN - WAITED, NEAR, now)
    lately = set(
        Activity.objects.filter(
            project__in=projects, issue__in=[issue for _project, issue, _n, _from in found],
            kind__in=[rules.NEARLY, Trigger.ESCALATING.value, rules.CALMED],
            created_at__gt=now - SELDOM,
        ).values_list("issue_id", flat=True)
    )  # fmt: skip
    entries, written = [], Tally[int]()
    for project, issue, number, least in sorted(found, key=lambda row: row[2] / row[3])[::-1]:
        if issue in lately or written[project] >= MOST:
            continue
        written[project] += 1
        why = f"{number:,} events in 60 minutes, escalating from {least:g} on"
        data: dict[str, object] = {"why": why, "events": number, "from": least}
        entries.append(Entry(project, issue, rules.NEARLY, now, data))
    write_activity(entries)
    return len(entries)


def _found(near: Near, now: datetime) -> Mapping[int, float]:
    """Those that the rule's search finds."""
    rule = near.rule
    if not rule.query:
        return near.values
    found = matching(rule.project_id, rule.query, near.values, now)
    return {issue: value for issue, value in near.values.items() if issue in found}


def _decision(rule: AlertRule, near: Happening, span: datetime, now: datetime) -> Decision:
    counter = rule.counter() or Counter(Counts.EVENTS, rule.threshold)
    reason = check(counter, near.value or 0.0, str(near.data.get("release") or ""))
    return Decision(
        project_id=rule.project_id, rule=rule, at=span, issue_id=near.issue_id, kind=rule.counts,
        outcome=Outcome.PASS.value, fired=False, reasons=msgspec.to_builtins([reason]),
        created_at=now,
    )  # fmt: skip
