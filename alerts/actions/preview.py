"""What a rule would have done with the letters of the last days: by the live evaluator."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from msgspec import Struct

from alerts.actions.reading import READ, facts_of
from alerts.domain import rules
from alerts.domain.rules import Outcome, Past, Rule
from tracker.models import Activity, Issue

SPAN = timedelta(days=7)
MOST_LETTERS = 20_000
"""Bounds the page's cost; beyond, the newest count."""
SHOWN = 20


class Firing(Struct, frozen=True):
    """One time that the rule would have told somebody that something is wrong."""

    at: datetime
    issue_id: int
    outcome: Outcome


class Preview(Struct, frozen=True):
    """What would have happened."""

    firings: tuple[Firing, ...]
    outcomes: dict[Outcome, int]
    """How many letters led to what."""


def preview(project_id: int, rule: Rule, now: datetime, span: timedelta = SPAN) -> Preview:
    """Run a rule over a project's letters of the last `span`, as if nothing had been before."""
    letters = Activity.objects.filter(
        project=project_id, kind__in=READ, created_at__gt=now - span, issue__isnull=False
    ).order_by("-pk")[:MOST_LETTERS]
    found = sorted(letters, key=lambda letter: letter.pk)
    issues = Issue.objects.filter(
        project=project_id, pk__in={letter.issue_id for letter in found}
    ).in_bulk()
    pasts: dict[int, Past | None] = {}
    firings: list[Firing] = []
    outcomes: Counter[Outcome] = Counter()
    for letter in found:
        issue = issues.get(letter.issue_id or 0)
        if issue is None:
            continue
        facts = facts_of(letter, issue)
        past = pasts.get(issue.pk)
        verdict = rules.decide(rule, facts, past)
        pasts[issue.pk] = rules.advance(past, facts, verdict)
        outcomes[verdict.outcome] += 1
        if verdict.fired:
            firings.append(Firing(facts.at, issue.pk, verdict.outcome))
    return Preview(tuple(firings), dict(outcomes))
