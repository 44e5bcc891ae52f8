"""Counter rules: every minute, over the issues that were touched since.

Time is cut into spans of five minutes, as the rollups are. A rule decides at most
once on an issue and span, and the decision carries the span as its time: within a
span counts only grow, so that looking early (live) and looking at the finished
span (preview) find the same. A span is looked at until it is SETTLED.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from msgspec import Struct

from alerts import store
from alerts.actions.closeness import Near, note, note_escalations, split, wanted
from alerts.actions.desk import Desk
from alerts.actions.happening import Happening
from alerts.actions.reading import Reading
from alerts.domain import measures, rules
from alerts.domain.measures import Measures
from alerts.domain.rules import SPAN, Counts
from alerts.models import AlertRule, Incident, LowWater
from tracker.domain import sketch
from tracker.models import Deploy, Environment, Issue

SETTLED = timedelta(seconds=60)
"""A span is looked at for so long after its end."""
MOST_SPANS = 24
"""How far a counter that was down goes back: two hours."""


class Ask(Struct, frozen=True):
    """One question to one rule."""

    rule: AlertRule
    happening: Happening


def count(now: datetime) -> Reading:
    """Look at all spans that are not settled. One transaction each; safe to run twice."""
    ready: list[int] = []
    asked, held = 0, None
    for span in _spans(now):
        with transaction.atomic():
            low, _made = LowWater.objects.select_for_update().get_or_create(pk=1)
            settled = span + SPAN + SETTLED <= now
            number, desk = _look(span, now, settled=settled)
            if settled:
                note_escalations(span, now)
            to = span + SPAN if settled else span
            if low.counted_to is None or (settled and low.counted_to < to):
                low.counted_to = to
                low.save(update_fields=["counted_to"])
        asked += number
        if desk is not None:
            ready += [delivery.pk for delivery in desk.deliveries]
            held = min(filter(None, (held, desk.held_until)), default=None)
    return Reading(asked, tuple(ready), held)


def _spans(now: datetime) -> list[datetime]:
    low = LowWater.objects.filter(pk=1).first()
    current = measures.span_of(now)
    start = low.counted_to if low and low.counted_to else current
    start = max(start, current - MOST_SPANS * SPAN)
    return [start + n * SPAN for n in range((current - start) // SPAN + 1)]


def _look(span: datetime, now: datetime, *, settled: bool) -> tuple[int, Desk | None]:
    """Decide on one span; returns how many questions were asked."""
    watched = AlertRule.objects.exclude(counts="").filter(
        Q(enabled=True) | Q(incidents__closed_at__isnull=True, incidents__isnull=False)
    )
    by_project: dict[int, list[AlertRule]] = defaultdict(list)
    for rule in watched.distinct().order_by("project_id", "pk"):
        by_project[rule.project_id].append(rule)
    asks: list[Ask] = []
    nears: list[Near] = []
    for project, found in by_project.items():
        asks += questions(project, found, span, settled=settled, nears=nears)
    note(nears, span, now)
    if not asks:
        return 0, None
    every = [rule for found in by_project.values() for rule in found]
    desk = Desk([ask.happening for ask in asks], now, only=every)
    told: dict[int | None, set[int]] = defaultdict(set)
    for ask in asks:
        issue = desk.issue(ask.happening.issue_id)
        if issue is not None and issue.status != Issue.Status.UNRESOLVED:
            continue  # somebody was quicker
        incident = desk.latest(ask.rule, ask.happening.issue_id, ask.happening.subject)
        if ask.happening.kind == Counts.DEPLOY and incident is not None:
            continue  # told once a deploy
        if not rules.is_decided(incident.past() if incident else None, span):
            desk.ask_only(ask.rule, ask.happening, told[ask.happening.issue_id])
    desk.write()
    return len(asks), desk


def questions(
    project: int, found: Sequence[AlertRule], span: datetime, *, settled: bool, nears: list[Near]
) -> list[Ask]:
    """What to ask the counter rules of a project about a span: who reached a threshold, and
    who is open and did not. At the end of a span those that came close are added to `nears`.
    """
    names = dict(Environment.objects.filter(project=project).values_list("name", "pk"))
    scan = measure(project, found, span)
    asks: list[Ask] = []
    for rule in found:
        if rule.counts == Counts.DEPLOY:
            after = _after_deploys(rule, span)
            asks += [Ask(rule, each) for each, _ends in after if _reaches(each, rule)]
            over = [
                each for each, ends in after
                if not _reaches(each, rule) and span < ends <= span + SPAN
            ]  # fmt: skip
            nears.append(Near(rule, {}, over if settled and rule.enabled else []))
            continue
        environments = _environments(rule, names)
        values = {} if not rule.enabled else reached(rule, scan, environments, near=settled)
        values, near = split(rule, values)
        nears.append(near)
        asks += [Ask(rule, _happening(rule, issue, span, value)) for issue, value in values.items()]
        if settled:
            window = timedelta(minutes=rule.window_minutes)
            quiet = Incident.objects.open().filter(
                rule=rule, issue__isnull=False, cause=rule.counts,
                active_at__lte=span - rules.QUIET_WINDOWS * window,
            ).exclude(issue__in=list(values))  # fmt: skip
            asks += [
                Ask(rule, _happening(rule, issue, span, 0.0))
                for issue in quiet.values_list("issue_id", flat=True)
            ]
    return asks


def measure(project: int, found: Iterable[AlertRule], span: datetime) -> Measures:
    """Counts of the project's issues that were touched in the span, for all windows of rules."""
    windows = {
        timedelta(minutes=rule.window_minutes)
        for rule in found if rule.counts in (Counts.EVENTS, Counts.USERS, Counts.SHARE)
    }  # fmt: skip
    starts = sorted({measures.start_of(span, window) for window in windows})
    levels = dict(store.touched(project, span)) if starts else {}
    rows = store.sums(project, list(levels), span, span + SPAN, starts) if levels else []
    return Measures(span, starts, rows, levels)


def reached(
    rule: AlertRule, scan: Measures, environments: frozenset[int] | None, *, near: bool = False
) -> dict[int, float]:
    """Issues that reach the rule's threshold, with what was counted; or come `near` to it."""
    counter = rule.counter()
    if counter is None or not scan.levels or environments == frozenset():
        return {}
    # People and shares of people never outnumber events: few issues are left to look into.
    people = _people_there(rule, scan.span, environments) if rule.counts == Counts.SHARE else 0
    if rule.counts == Counts.SHARE and not people:
        return {}
    least = wanted(counter.threshold) if near else counter.threshold
    events_at_least = least
    if rule.counts == Counts.SHARE:
        events_at_least = max(-(-people * least // 100) * 99 // 100, 1)
    found = scan.at_least(events_at_least, counter.window, environments, rule.min_level)
    if rule.counts == Counts.EVENTS:
        events = scan.events(counter.window, environments)
        return {issue: float(events[issue]) for issue in found}
    hit = _people_hit(rule, found, scan.span, environments)
    if rule.counts == Counts.USERS:
        return {issue: float(n) for issue, n in hit.items() if n >= least}
    shares = {issue: measures.percent(n, people) for issue, n in hit.items()}
    return {
        issue: share for issue, share in shares.items()
        if share is not None and share >= least
    }  # fmt: skip


def _people_hit(
    rule: AlertRule, issues: Sequence[int], span: datetime, environments: frozenset[int] | None
) -> dict[int, int]:
    if not issues:
        return {}
    start = measures.start_of(span, timedelta(minutes=rule.window_minutes))
    found: dict[int, list[bytes]] = defaultdict(list)
    for issue, environment, users in store.sketches(rule.project_id, issues, start, span + SPAN):
        if environments is None or environment in environments:
            found[issue].append(bytes(users))
    return {issue: sketch.estimate(sketch.merge(found[issue])) for issue in issues}


def _people_there(rule: AlertRule, span: datetime, environments: frozenset[int] | None) -> int:
    start, end = measures.denominator_hours(span, timedelta(minutes=rule.window_minutes))
    rows = store.session_people(rule.project_id, start, end)
    found = measures.pick(rows, environments)
    return sketch.estimate(sketch.merge(found)) if found else 0


def _environments(rule: AlertRule, names: dict[str, int]) -> frozenset[int] | None:
    if not rule.environments:
        return None
    return frozenset(names[name] for name in rule.environments if name in names)


def _happening(rule: AlertRule, issue: int, span: datetime, value: float) -> Happening:
    what = {
        Counts.EVENTS.value: f"{value:g} events",
        Counts.USERS.value: f"{value:g} users hit",
        Counts.SHARE.value: f"{value:g} % of users hit",
    }[rule.counts]
    why = f"{what} in {rule.window_minutes} min"
    where = rule.environments[0] if len(rule.environments) == 1 else ""
    return Happening(
        rule.project_id, issue, rule.counts, span, {"why": why, "environment": where}, value=value
    )


def _reaches(happening: Happening, rule: AlertRule) -> bool:
    return (happening.value or 0) >= rule.threshold


def _after_deploys(rule: AlertRule, span: datetime) -> list[tuple[Happening, datetime]]:
    """Deploys within the window and when that ends, with the number of issues that their release
    is the first of, where it is at least close to the threshold.
    """
    window = timedelta(minutes=rule.window_minutes)
    deploys = Deploy.objects.filter(
        project=rule.project_id, started_at__gt=span - window, started_at__lt=span + SPAN
    ).select_related("release", "environment")
    if rule.environments:
        deploys = deploys.filter(environment__name__in=rule.environments)
    found = []
    for deploy in deploys.order_by("pk"):
        new = Issue.objects.live().filter(
            project=rule.project_id, first_release=deploy.release_id, level__gte=rule.min_level,
            first_seen__gte=deploy.started_at, first_seen__lt=deploy.started_at + window,
        ).filter(first_seen__lt=span + SPAN)  # fmt: skip
        number = new.count()
        if number < wanted(rule.threshold):
            continue
        release, place = deploy.release.version, deploy.environment.name
        data = {
            "title": f"{number} new issues since the deploy of {release}",
            "why": f"{number} new issues within {rule.window_minutes} min of {deploy}",
            "release": release,
            "environment": place,
        }
        happening = Happening(
            rule.project_id, None, rule.counts, span, data, None, f"deploy:{deploy.pk}",
            float(number),
        )  # fmt: skip
        found.append((happening, deploy.started_at + window))
    return found
