"""What a rule would have done in the last days: by the live evaluator, over the same rows.

Letters come from Activity, counts from the five-minute rollups that live rules read.
What an issue is filtered by (level, query) is taken as it is now.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from alerts import store
from alerts.actions.counting import SETTLED
from alerts.actions.desk import FOLLOWED, READ, losers_of
from alerts.actions.happening import Happening, facts_of, happening_of
from alerts.actions.matching import matching
from alerts.domain import measures, rules
from alerts.domain.rules import SPAN as FIVE
from alerts.domain.rules import Counter, Counts, Outcome, Past, Rule, Verdict
from tracker.domain import sketch
from tracker.models import Activity, Deploy, Environment, Issue

SPAN = timedelta(days=7)
MOST_LETTERS = 20_000
"""Bounds the page's cost; beyond, the newest count."""
SHOWN = 20
_AWAY = frozenset({"resolved", "snoozed"})
_BACK = frozenset({"regressed", "reopened", "woken"})
_STATES = _AWAY | _BACK


class Firing(Struct, frozen=True):
    """One time that the rule would have told somebody that something is wrong."""

    at: datetime
    issue_id: int
    outcome: Outcome


class Seen(Struct, frozen=True):
    """One decision, with its values and reasons."""

    at: datetime
    issue_id: int
    subject: str
    kind: str
    verdict: Verdict


class Preview(Struct, frozen=True):
    """What would have happened."""

    firings: tuple[Firing, ...]
    outcomes: dict[Outcome, int]
    """How many letters led to what."""
    decisions: tuple[Seen, ...] = ()
    """All but those that passed by."""


def preview(project_id: int, rule: Rule, now: datetime, span: timedelta = SPAN) -> Preview:
    """Run a rule over a project's letters and counts of the last `span`, as if nothing had been
    before.
    """
    start = now - span
    letters = _letters(project_id, start)
    counts = _counts(project_id, rule, start, now)
    story = _Story(project_id, rule, letters + counts, now)
    for happening in sorted(letters + counts, key=_order):
        story.read(happening)
    story.end(now)
    firings = tuple(
        Firing(each.at, each.issue_id, each.verdict.outcome)
        for each in story.decisions if each.verdict.fired
    )  # fmt: skip
    return Preview(firings, dict(story.outcomes), tuple(story.decisions))


def _order(happening: Happening) -> tuple[datetime, bool, int]:
    # Within a span counts go first: they are looked at while it lasts.
    counted = happening.kind in rules.COUNTED
    return happening.at, not counted, happening.activity_id or happening.issue_id or 0


class _Story:
    """The incidents of one rule, letter by letter."""

    def __init__(
        self, project_id: int, rule: Rule, happenings: Sequence[Happening], now: datetime
    ) -> None:
        self.rule = rule
        self.decisions: list[Seen] = []
        self.outcomes: Tally[Outcome] = Tally()
        self._pasts: dict[tuple[int, str], Past | None] = {}
        ids = {each.issue_id for each in happenings if each.issue_id}
        self._issues = Issue.objects.filter(project=project_id, pk__in=ids).in_bulk()
        self._matching = matching(project_id, rule.query, ids, now) if rule.query else ids
        self._away = self._away_at_first(happenings)

    def read(self, happening: Happening) -> None:
        """Decide on one letter; first end what became quiet before it."""
        issue_id = happening.issue_id or 0
        issue = self._issues.get(issue_id)
        if issue_id and issue is None:
            return
        self._end_quiet(issue_id, happening.at)
        if happening.kind == FOLLOWED:
            self._follow(issue_id, happening)
            return
        if happening.kind in _STATES:
            (self._away.add if happening.kind in _AWAY else self._away.discard)(issue_id)
        if happening.kind in rules.COUNTED:
            key = (issue_id, happening.subject)
            once = happening.kind == Counts.DEPLOY and key in self._pasts
            if once or issue_id in self._away or (issue and issue.level < self.rule.min_level):
                return
        self._decide(issue_id, happening, issue)

    def end(self, now: datetime) -> None:
        """What is quiet by now."""
        for issue_id, _subject in list(self._pasts):
            self._end_quiet(issue_id, now - SETTLED - FIVE, until_now=True)

    def _decide(self, issue_id: int, happening: Happening, issue: Issue | None) -> None:
        key = (issue_id, happening.subject)
        past = self._pasts.get(key)
        facts = facts_of(happening, issue, matches=not issue_id or issue_id in self._matching)
        verdict = rules.decide(self.rule, facts, past)
        if happening.kind in rules.COUNTED and verdict.outcome == Outcome.PASS:
            return
        self._pasts[key] = rules.advance(past, facts, verdict)
        self.outcomes[verdict.outcome] += 1
        if verdict.outcome != Outcome.PASS:
            seen = Seen(happening.at, issue_id, happening.subject, happening.kind, verdict)
            self.decisions.append(seen)

    def _end_quiet(self, issue_id: int, before: datetime, *, until_now: bool = False) -> None:
        counter, past = self.rule.counter, self._pasts.get((issue_id, ""))
        if counter is None or past is None or past.closed_at is not None or not past.active_at:
            return
        at = past.active_at + rules.QUIET_WINDOWS * counter.window
        if at < before or (until_now and at <= before):
            quiet = Happening(0, issue_id, counter.counts, at, {}, value=0.0)
            self._decide(issue_id, quiet, self._issues.get(issue_id))

    def _follow(self, survivor: int, happening: Happening) -> None:
        for loser in losers_of(happening):
            past, own = self._pasts.get((loser, "")), self._pasts.get((survivor, ""))
            if past is None or past.closed_at is not None:
                continue
            if own is None or own.closed_at is not None:
                self._pasts[survivor, ""] = self._pasts.pop((loser, ""))
                continue
            check = rules.Check(FOLLOWED, True, f"merged into {survivor}", "open")
            verdict = Verdict(Outcome.CLOSE, (check,))
            self.outcomes[Outcome.CLOSE] += 1
            self.decisions.append(Seen(happening.at, loser, "", FOLLOWED, verdict))
            self._pasts.pop((loser, ""))

    def _away_at_first(self, happenings: Sequence[Happening]) -> set[int]:
        """Issues that were not unresolved when the story begins: told by their first move."""
        first: dict[int, str] = {}
        for each in sorted(happenings, key=lambda h: h.at):
            if each.kind in _STATES and each.issue_id:
                first.setdefault(each.issue_id, each.kind)
        away = {issue for issue, kind in first.items() if kind in _BACK}
        return away | {
            pk for pk, issue in self._issues.items()
            if pk not in first and issue.status != Issue.Status.UNRESOLVED
        }  # fmt: skip


def _letters(project_id: int, start: datetime) -> list[Happening]:
    kinds = READ | _STATES
    rows = Activity.objects.filter(
        project=project_id, kind__in=kinds, created_at__gt=start
    ).order_by("-pk")[:MOST_LETTERS]  # fmt: skip
    found = (happening_of(row) for row in rows)
    return [happening for happening in found if happening is not None]


def _counts(project_id: int, rule: Rule, start: datetime, now: datetime) -> list[Happening]:
    counter = rule.counter
    if counter is None:
        return []
    names = dict(Environment.objects.filter(project=project_id).values_list("name", "pk"))
    chosen = (
        frozenset(names[name] for name in rule.environments if name in names)
        if rule.environments else None
    )  # fmt: skip
    if counter.counts == Counts.DEPLOY:
        return list(_deploys(project_id, rule, counter, start, now))
    if chosen == frozenset():
        return []
    first = measures.span_of(start) + FIVE
    events = store.reaching(
        project_id, first, now, counter.window - FIVE,
        counter.threshold if counter.counts != Counts.SHARE else 1,
        sorted(chosen) if chosen is not None else None, MOST_LETTERS,
    )  # fmt: skip
    if counter.counts == Counts.EVENTS:
        return [_happening(counter, issue, span, float(n)) for issue, span, n in events]
    return list(_people(project_id, counter, chosen, events))


def _people(
    project_id: int, counter: Counter, chosen: frozenset[int] | None,
    events: Sequence[tuple[int, datetime, int]],
) -> Iterator[Happening]:  # fmt: skip
    """The spans of those in which enough people were hit."""
    spans: dict[datetime, list[int]] = defaultdict(list)
    for issue, span, _number in events:
        spans[span].append(issue)
    for span, issues in spans.items():
        start = measures.start_of(span, counter.window)
        met: dict[int, list[bytes]] = defaultdict(list)
        for issue, environment, users in store.sketches(project_id, issues, start, span + FIVE):
            if chosen is None or environment in chosen:
                met[issue].append(bytes(users))
        there = 0
        if counter.counts == Counts.SHARE:
            hours = measures.denominator_hours(span, counter.window)
            rows = measures.pick(store.session_people(project_id, *hours), chosen)
            there = sketch.estimate(sketch.merge(rows)) if rows else 0
        for issue in issues:
            hit = sketch.estimate(sketch.merge(met[issue]))
            share = measures.percent(hit, there)
            value = float(hit) if counter.counts == Counts.USERS else share
            if value is not None and value >= counter.threshold:
                yield _happening(counter, issue, span, value)


def _deploys(
    project_id: int, rule: Rule, counter: Counter, start: datetime, now: datetime
) -> Iterator[Happening]:
    deploys = Deploy.objects.filter(project=project_id, started_at__gt=start, started_at__lt=now)
    if rule.environments:
        deploys = deploys.filter(environment__name__in=rule.environments)
    for deploy in deploys.select_related("environment", "release").order_by("pk"):
        new = Issue.objects.live().filter(
            project=project_id, first_release=deploy.release_id, level__gte=rule.min_level,
            first_seen__gte=deploy.started_at, first_seen__lt=deploy.started_at + counter.window,
        ).order_by("first_seen").values_list("first_seen", flat=True)  # fmt: skip
        found = list(new)
        if len(found) >= counter.threshold:
            span = measures.span_of(found[max(counter.threshold, 1) - 1])
            value = float(sum(at < span + FIVE for at in found))
            data = {"environment": deploy.environment.name, "release": deploy.release.version}
            yield Happening(
                project_id, None, counter.counts, span, data, None, f"deploy:{deploy.pk}", value
            )


def _happening(counter: Counter, issue: int, span: datetime, value: float) -> Happening:
    return Happening(0, issue, counter.counts, span, {}, value=value)
