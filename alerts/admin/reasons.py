"""Why somebody was told of an issue, or was not: a block of its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.http import HttpRequest
from django.template.loader import render_to_string

from alerts.actions import acting
from alerts.domain import rules, wording
from alerts.models import Decision
from tracker.access import Access
from tracker.asides import aside, column
from tracker.models import Issue, Role

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Told:
    """One decision in words."""

    at: datetime
    word: str
    rule: str
    why: str


def decisions() -> ArraySubquery:
    """The last decisions of an issue, each with its rule and incident."""
    rows = Decision.objects.filter(project=OuterRef("project_id"), issue_id=OuterRef("pk"))
    return ArraySubquery(
        rows.order_by("-pk").values(one=JSONObject(
            at="at", rule="rule__name", outcome="outcome", activity_id="activity_id",
            kind="kind", reasons="reasons", incident="incident_id",
            incident_rule="incident__rule__name",
            opened_at="incident__opened_at", closed_at="incident__closed_at",
            acknowledged_at="incident__acknowledged_at",
            acknowledged_by="incident__acknowledged_by",
        ))[: 2 * SHOWN]
    )  # fmt: skip


column("decisions_told", decisions)


@aside(order=2)
def alerts(request: HttpRequest, issue: Issue, access: Access, now: datetime) -> str:
    """The rail's block: what is open, and the last decisions. They came with the issue."""
    rows: list[dict[str, Any]] = getattr(issue, "decisions_told", [])
    if not rows:
        return ""
    found = {row["incident"]: row for row in rows if row["incident"] is not None}
    going = [
        {**row, "opened_at": datetime.fromisoformat(row["opened_at"])}
        for row in found.values()
        if row["closed_at"] is None
    ]
    may = access.has(Role.TRIAGER, issue.project.team_id)
    waits = may and any(row["acknowledged_at"] is None for row in going)
    context = {
        "issue": issue, "open": going, "told": [in_words(row) for row in rows[:SHOWN]],
        "acknowledge": acting.path("acknowledge", issue.pk) if waits else "", "can_see": may,
    }  # fmt: skip
    return render_to_string("admin/alerts/decision/rail.html", context, request)


def in_words(decision: dict[str, Any]) -> Told:
    """What was decided, and the checks that decided it."""
    outcome = decision["outcome"]
    noted = decision["activity_id"] is None or decision["kind"] == rules.NEARLY
    near = noted and outcome == rules.Outcome.PASS.value
    word = "Came close" if near else wording.OUTCOMES.get(outcome, "Not told")
    checks = [check for check in decision["reasons"] if isinstance(check, dict)]
    failed = [check for check in checks if not check.get("passed")]
    why = "; ".join(wording.check_in_words(check) for check in failed or checks[-2:])
    return Told(datetime.fromisoformat(decision["at"]), word, decision["rule"], why)
