"""Notices firsts: an issue's first event in an environment or release, its 10^n-th event.

Looked for every minute, in projects with a rule that listens for them, among the
issues that were touched since. What was found is a letter in Activity, so that
rules read it, the issue's history shows it, and a preview finds it again.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction

from alerts.domain.rules import Trigger
from alerts.models import AlertRule, Met
from tracker.actions.activity import Entry, write_activity
from tracker.models import Environment, Issue, IssueTag

BACK = timedelta(minutes=10)
"""Events are looked for this long after they were received."""
_KINDS = {
    "env": Trigger.FIRST_IN_ENVIRONMENT,
    "release": Trigger.FIRST_IN_RELEASE,
    "power": Trigger.MILESTONE,
}
Fact = tuple[str, str]
"""Kind and value."""


def meet(now: datetime) -> int:
    """Write down and announce firsts; returns how many letters were written."""
    wanted = [kind.value for kind in _KINDS.values()]
    projects = AlertRule.objects.filter(
        enabled=True, counts="", triggers__overlap=wanted
    ).values_list("project_id", flat=True)
    return sum(_meet(project, now) for project in sorted(set(projects)))


def _meet(project: int, now: datetime) -> int:
    issues = {
        issue.pk: issue
        for issue in Issue.objects.live().filter(
            project=project, status=Issue.Status.UNRESOLVED, last_seen__gte=now - BACK
        )
    }
    with transaction.atomic():
        known: dict[int, set[Fact]] = {}
        rows = Met.objects.filter(project_id=project, issue_id__in=list(issues))
        for number, kind, value in rows.values_list("issue_id", "kind", "value"):
            known.setdefault(number, set()).add((kind, value))
        facts = _facts(project, issues, now)
        fresh = {number: found - known.get(number, set()) for number, found in facts.items()}
        made = [
            Met(project_id=project, issue_id=number, kind=kind, value=value, at=now)
            for number, found in sorted(fresh.items())
            for kind, value in sorted(found)
        ]
        Met.objects.bulk_create(made, ignore_conflicts=True)
        entries = [
            _entry(issues[number], kind, value, now)
            for number, found in sorted(fresh.items())
            for kind, value in sorted(found)
            if number in known or (kind == "power" and issues[number].first_seen > now - BACK)
        ]
        write_activity(entries)
    return len(entries)


def _facts(project: int, issues: dict[int, Issue], now: datetime) -> dict[int, set[Fact]]:
    names = dict(Environment.objects.filter(project=project).values_list("pk", "name"))
    found: dict[int, set[Fact]] = defaultdict(set)
    for number, issue in issues.items():
        found[number] |= {("env", names[pk]) for pk in issue.environments if pk in names}
        if issue.events >= 10:
            found[number].add(("power", str(10 ** (len(str(issue.events)) - 1))))
    tags = IssueTag.objects.filter(
        project_id=project, issue_id__in=list(issues), key="release", last_seen__gte=now - BACK
    )
    for number, value in tags.values_list("issue_id", "value"):
        found[number].add(("release", value[:200]))
    return found


def _entry(issue: Issue, kind: str, value: str, now: datetime) -> Entry:
    why = {
        "env": f"first event in {value or 'no environment'}",
        "release": f"first event in release {value}",
        "power": f"{int(value):,} events" if kind == "power" else "",
    }[kind]
    data: dict[str, object] = {"why": why, "level": issue.level}
    if kind == "env":
        data["environment"] = value
    if kind == "release":
        data["release"] = value
    return Entry(issue.project_id, issue.pk, _KINDS[kind].value, now, data)
