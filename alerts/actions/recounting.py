"""The counts of the last days as a live counter rule saw them, from the same rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from alerts import store
from alerts.actions.closeness import wanted
from alerts.actions.counting import SETTLED
from alerts.actions.happening import Happening
from alerts.domain import measures
from alerts.domain.rules import SPAN, Counter, Counts, Rule
from tracker.domain import sketch
from tracker.models import Deploy, Environment, Issue

MOST_LETTERS = 20_000
"""Bounds the page's cost; beyond, the newest count."""


class Counted(Struct, frozen=True):
    """What reached a rule's threshold, and what came close."""

    happenings: list[Happening]
    below: dict[datetime, dict[int, float]]
    """By span and issue, in spans that are settled."""
    deploys_below: list[Happening]


def counted(project_id: int, rule: Rule, start: datetime, now: datetime) -> Counted:
    """Count for a rule in all spans between two moments."""
    counter = rule.counter
    if counter is None:
        return Counted([], {}, [])
    reached: list[Happening] = []
    deploys_below: list[Happening] = []
    if counter.counts == Counts.DEPLOY:
        for each, near in _deploys(project_id, rule, counter, start, now):
            (deploys_below if near else reached).append(each)
        return Counted(reached, {}, deploys_below)
    below: dict[datetime, dict[int, float]] = defaultdict(dict)
    for issue, span, value in _values(project_id, rule, counter, start, now):
        if value >= counter.threshold:
            reached.append(Happening(0, issue, counter.counts, span, {}, value=value))
        elif span + SPAN + SETTLED <= now:
            below[span][issue] = value
    return Counted(reached, dict(below), [])


def _values(
    project_id: int, rule: Rule, counter: Counter, start: datetime, now: datetime
) -> Iterator[tuple[int, datetime, float]]:
    """(issue, span, count) that is at least close to the threshold."""
    names = dict(Environment.objects.filter(project=project_id).values_list("name", "pk"))
    chosen = (
        frozenset(names[name] for name in rule.environments if name in names)
        if rule.environments else None
    )  # fmt: skip
    if chosen == frozenset():
        return
    events = store.reaching(
        project_id, measures.span_of(start) + SPAN, now, counter.window - SPAN,
        wanted(counter.threshold) if counter.counts != Counts.SHARE else 1,
        sorted(chosen) if chosen is not None else None, MOST_LETTERS,
    )  # fmt: skip
    if counter.counts == Counts.EVENTS:
        for issue, span, number in events:
            yield issue, span, float(number)
        return
    yield from _people(project_id, counter, chosen, events)


def _people(
    project_id: int, counter: Counter, chosen: frozenset[int] | None,
    events: Sequence[tuple[int, datetime, int]],
) -> Iterator[tuple[int, datetime, float]]:  # fmt: skip
    """The spans of those in which enough people were hit."""
    spans: dict[datetime, list[int]] = defaultdict(list)
    for issue, span, _number in events:
        spans[span].append(issue)
    for span, issues in spans.items():
        start = measures.start_of(span, counter.window)
        met: dict[int, list[bytes]] = defaultdict(list)
        for issue, environment, users in store.sketches(project_id, issues, start, span + SPAN):
            if chosen is None or environment in chosen:
                met[issue].append(bytes(users))
        there = 0
        if counter.counts == Counts.SHARE:
            hours = measures.denominator_hours(span, counter.window)
            rows = measures.pick(store.session_people(project_id, *hours), chosen)
            there = sketch.estimate(sketch.merge(rows)) if rows else 0
        for issue in issues:
            hit = sketch.estimate(sketch.merge(met[issue]))
            value = float(hit) if counter.counts == Counts.USERS else measures.percent(hit, there)
            if value is not None and value >= wanted(counter.threshold):
                yield issue, span, value


def _deploys(
    project_id: int, rule: Rule, counter: Counter, start: datetime, now: datetime
) -> Iterator[tuple[Happening, bool]]:
    """Deploys that brought enough new issues, or (True) nearly enough by the end of the window."""
    deploys = Deploy.objects.filter(project=project_id, started_at__gt=start, started_at__lt=now)
    if rule.environments:
        deploys = deploys.filter(environment__name__in=rule.environments)
    for deploy in deploys.select_related("environment", "release").order_by("pk"):
        end = deploy.started_at + counter.window
        new = Issue.objects.live().filter(
            project=project_id, first_release=deploy.release_id, level__gte=rule.min_level,
            first_seen__gte=deploy.started_at, first_seen__lt=end,
        ).order_by("first_seen").values_list("first_seen", flat=True)  # fmt: skip
        found = list(new)
        near = len(found) < counter.threshold
        if near:
            span = measures.span_of(end - timedelta(microseconds=1))
            if len(found) < wanted(counter.threshold) or span + SPAN + SETTLED > now:
                continue
        else:
            span = measures.span_of(found[max(counter.threshold, 1) - 1])
        value = float(sum(at < span + SPAN for at in found))
        data = {"environment": deploy.environment.name, "release": deploy.release.version}
        subject = f"deploy:{deploy.pk}"
        yield Happening(project_id, None, counter.counts, span, data, None, subject, value), near
