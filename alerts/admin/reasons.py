"""Why somebody was told of an issue, or was not: a block of its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.template.loader import render_to_string

from alerts.actions import acting
from alerts.domain import rules
from alerts.models import Decision
from tracker.access import Access
from tracker.asides import aside
from tracker.models import Issue, Role

SHOWN = 8
_WORDS = {
    rules.Outcome.OPEN.value: "Told",
    rules.Outcome.REOPEN.value: "Told again: it came back",
    rules.Outcome.UPDATE.value: "Told again: it goes on",
    rules.Outcome.QUIET.value: "Kept quiet",
    rules.Outcome.ACK.value: "Acknowledged",
    rules.Outcome.CLOSE.value: "Ended",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One decision in words."""

    at: datetime
    word: str
    rule: str
    why: str


@aside(order=2)
def alerts(request: HttpRequest, issue: Issue, access: Access, now: datetime) -> str:
    """The rail's block: what is open, and the last decisions. One query."""
    rows = list(
        Decision.objects.filter(project=issue.project_id, issue_id=issue.pk)
        .select_related("rule", "incident__rule")
        .order_by("-pk")[: 2 * SHOWN]
    )
    if not rows:
        return ""
    found = {row.incident_id: row.incident for row in rows if row.incident is not None}
    going = [each for each in found.values() if each.closed_at is None]
    may = access.has(Role.TRIAGER, issue.project.team_id)
    waits = may and any(each.acknowledged_at is None for each in going)
    context = {
        "issue": issue, "open": going, "told": [in_words(row) for row in rows[:SHOWN]],
        "acknowledge": acting.path("acknowledge", issue.pk) if waits else "", "can_see": may,
    }  # fmt: skip
    return render_to_string("admin/alerts/decision/rail.html", context, request)


def in_words(decision: Decision) -> Told:
    """What was decided, and the checks that decided it."""
    near = decision.outcome == rules.Outcome.PASS and decision.activity_id is None
    word = "Came close" if near else _WORDS.get(decision.outcome, "Not told")
    checks = [check for check in decision.reasons if isinstance(check, dict)]
    failed = [check for check in checks if not check.get("passed")]
    why = "; ".join(
        f"{check.get('name')}: {check.get('saw')} (wanted {check.get('wanted')})"
        for check in failed or checks[-2:]
    )
    return Told(decision.at, word, str(decision.rule), why)
