"""Incidents and the decisions behind them: why somebody was told, or was not."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html_join

from alerts.admin.base import LogAdmin, LogInline, issue_link
from alerts.models import Decision, Delivery, Incident


class DeliveryInline(LogInline):
    """What was sent."""

    model = Delivery
    fields = ("seq", "kind", "channel", "state", "attempts", "last_status", "last_error", "sent_at")
    ordering = ("seq", "pk")


class DecisionInline(LogInline):
    """Why."""

    model = Decision
    fields = ("created_at", "kind", "outcome", "why")
    ordering = ("pk",)

    @admin.display(description="because")
    def why(self, decision: Decision) -> str:
        """The checks."""
        return checks_of(decision)


@admin.register(Incident)
class IncidentAdmin(LogAdmin[Incident]):
    """Incidents of the user's projects, newest first."""

    list_display = ("opened_at", "condition", "about", "rule", "severity", "firings", "closed_at")
    list_filter = (("closed_at", admin.EmptyFieldListFilter), "severity")
    list_select_related = ("rule", "issue__project")
    ordering = ("-pk",)
    fields = (
        "about", "rule", "severity", "opened_at", "closed_at", "closed_why", "firings",
        "notified_at",
    )  # fmt: skip
    readonly_fields = fields
    inlines = (DeliveryInline, DecisionInline)

    @admin.display(description="state")
    def condition(self, incident: Incident) -> str:
        """Open or closed."""
        return "open" if incident.closed_at is None else f"closed: {incident.closed_why}"

    @admin.display(description="issue")
    def about(self, incident: Incident) -> str:
        """The issue."""
        return issue_link(incident.issue)


@admin.register(Decision)
class DecisionAdmin(LogAdmin[Decision]):
    """Every decision of the last 14 days: "why was I (not) told"."""

    list_display = ("at", "outcome", "kind", "rule", "issue_id", "why")
    list_filter = ("outcome",)
    list_select_related = ("rule",)
    search_fields = ("issue_id",)
    search_help_text = "Id of an issue"
    ordering = ("-pk",)
    fields = (
        "at",
        "created_at",
        "project",
        "rule",
        "issue_id",
        "incident",
        "kind",
        "outcome",
        "why",
    )
    readonly_fields = fields

    @admin.display(description="because")
    def why(self, decision: Decision) -> str:
        """The checks."""
        return checks_of(decision)


def checks_of(decision: Decision) -> str:
    """Each check on a line: passed or not, what was seen, what was wanted."""
    rows = (
        (
            "✓" if check.get("passed") else "✗",
            check.get("name", ""),
            check.get("saw", ""),
            check.get("wanted", ""),
        )
        for check in decision.reasons
    )
    return format_html_join("\n", "<div>{} {}: {} (wanted {})</div>", rows)
