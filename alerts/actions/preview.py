"""What a rule would have done in the last days: by the live evaluator, over the same rows.

Letters come from Activity, counts from the five-minute rollups that live rules read.
What an issue is filtered by (level, query) is taken as it is now.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from alerts.actions import closeness
from alerts.actions.counting import SETTLED
from alerts.actions.desk import FOLLOWED, READ, losers_of
from alerts.actions.happening import Happening, facts_of, happening_of
from alerts.actions.matching import matching
from alerts.actions.recounting import MOST_LETTERS, Counted, counted
from alerts.domain import rules
from alerts.domain.rules import SPAN as FIVE
from alerts.domain.rules import Counter, Counts, Outcome, Past, Rule, Verdict
from tracker.models import Activity, Issue

SPAN = timedelta(days=7)
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
    nears: tuple[Seen, ...] = ()
    """What came close and led to nothing."""


def preview(project_id: int, rule: Rule, now: datetime, span: timedelta = SPAN) -> Preview:
    """Run a rule over a project's letters and counts of the last `span`, as if nothing had been
    before.
    """
    start = now - span
    letters, counts = _letters(project_id, start), counted(project_id, rule, start, now)
    story = _Story(project_id, rule, [*letters, *counts.happenings], counts, now)
    line: list[Happening | datetime] = [*letters, *counts.happenings, *counts.below]
    for each in sorted(line, key=_order):
        if isinstance(each, Happening):
            story.read(each)
        else:
            story.end_span(each)
    story.end(now)
    firings = tuple(
        Firing(each.at, each.issue_id, each.verdict.outcome)
        for each in story.decisions if each.verdict.fired
    )  # fmt: skip
    nears = sorted([*story.nears, *_deploys(counts, rule)], key=lambda near: near.at)
    return Preview(firings, dict(story.outcomes), tuple(story.decisions), tuple(nears))


def _deploys(counts: Counted, rule: Rule) -> list[Seen]:
    if rule.counter is None:
        return []
    return [_close_call(rule.counter, each) for each in counts.deploys_below]


def _close_call(counter: Counter, near: Happening) -> Seen:
    release = str(near.data.get("release") or "")
    verdict = Verdict(Outcome.PASS, (closeness.check(counter, near.value or 0.0, release),))
    return Seen(near.at, near.issue_id or 0, near.subject, counter.counts, verdict)


def _order(happening: Happening | datetime) -> tuple[datetime, bool, int]:
    """By time; a moment stands for the span that begins with it, when that is looked back at."""
    if isinstance(happening, datetime):
        return happening + FIVE + SETTLED, True, 0
    # Within a span counts go first: they are looked at while it lasts.
    counted = happening.kind in rules.COUNTED
    return happening.at, not counted, happening.activity_id or happening.issue_id or 0


class _Story:
    """The incidents of one rule, letter by letter."""

    def __init__(
        self, project_id: int, rule: Rule, happenings: Sequence[Happening], counts: Counted,
        now: datetime,
    ) -> None:  # fmt: skip
        self.rule = rule
        self.nears: list[Seen] = []
        self._below = counts.below
        self._noted: dict[int, datetime] = {}
        self._opened: dict[int, datetime] = {}
        self._closed: dict[int, datetime] = {}
        self.decisions: list[Seen] = []
        self.outcomes: Tally[Outcome] = Tally()
        self._pasts: dict[tuple[int, str], Past | None] = {}
        ids = {each.issue_id for each in happenings if each.issue_id}
        ids |= {issue for values in counts.below.values() for issue in values}
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

    def end_span(self, span: datetime) -> None:
        """Note who came close in a span, as `closeness.note` does."""
        values = {
            issue: value for issue, value in self._below[span].items()
            if issue not in self._away and self._counts(self._issues.get(issue))
        }  # fmt: skip
        counter = self.rule.counter
        for issue, value in closeness.closest(values).items():
            if counter is None or issue not in self._matching or self._is_known(issue, span):
                continue
            self._noted[issue] = span
            near = Happening(0, issue, "", span, {}, value=value)
            self.nears.append(_close_call(counter, near))

    def _counts(self, issue: Issue | None) -> bool:
        if issue is None or issue.merged_into or issue.deleted_at:
            return False
        return issue.level >= self.rule.min_level

    def _is_known(self, issue: int, span: datetime) -> bool:
        """Told of or noted lately, as it was at the end of the span."""
        self._end_quiet(issue, span)
        past, since, never = self._pasts.get((issue, "")), span - closeness.SELDOM, span - SPAN
        is_open = past is not None and past.closed_at is None
        return (
            (is_open and self._opened.get(issue, span) < span + FIVE)
            or self._closed.get(issue, never) > since
            or self._noted.get(issue, never) > since
        )

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
        if verdict.outcome == Outcome.OPEN:
            self._opened[issue_id] = facts.at
        elif verdict.outcome == Outcome.REOPEN:
            self._closed.pop(issue_id, None)
        elif verdict.outcome == Outcome.CLOSE:
            self._closed[issue_id] = facts.at
        self.outcomes[verdict.outcome] += 1
        if verdict.outcome != Outcome.PASS:
            seen = Seen(happening.at, issue_id, happening.subject, happening.kind, verdict)
            self.decisions.append(seen)
        elif rules.listens(self.rule, happening.kind) and rules.is_close(happening.kind, verdict):
            self.nears.append(Seen(happening.at, issue_id, "", happening.kind, verdict))

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
