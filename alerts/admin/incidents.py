"""Incidents and the decisions behind them: why somebody was told, or was not."""

from __future__ import annotations

import re

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from alerts.admin.base import LogAdmin, LogInline, issue_link
from alerts.domain import wording
from alerts.models import Decision, Delivery, Incident
from tracker.models.issue import to_base36
from tracker.search.meanings import short_id


class DeliveryInline(LogInline):
    """What was sent."""

    model = Delivery
    fields = ("seq", "kind", "channel", "state", "attempts", "last_status", "last_error", "sent_at")
    ordering = ("seq", "pk")


class DecisionInline(LogInline):
    """Why."""

    model = Decision
    fields = ("created_at", "what", "outcome", "why")
    ordering = ("pk",)

    @admin.display(description="what")
    def what(self, decision: Decision) -> str:
        """The kind of letter."""
        return wording.kind_in_words(decision.kind)

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

    list_display = ("at", "outcome", "what", "rule", "about", "why")
    list_filter = ("outcome",)
    list_select_related = ("rule", "project")
    search_fields = ("issue_id",)
    search_help_text = "An issue: SHOP-4F, or the number in its address"
    ordering = ("-pk",)
    fields = (
        "at", "created_at", "project", "rule", "about", "incident", "what", "outcome", "why",
    )  # fmt: skip
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Decision], search_term: str
    ) -> tuple[QuerySet[Decision], bool]:
        """One issue, by its short id or its number."""
        text = search_term.strip()
        named = short_id(text)
        if named is not None:
            return queryset.filter(project__slug=named[0], issue_id=named[1]), False
        if not text:
            return queryset, False
        if not re.fullmatch(r"\d{1,18}", text, re.ASCII):
            return queryset.none(), False
        return queryset.filter(issue_id=int(text)), False

    @admin.display(description="what", ordering="kind")
    def what(self, decision: Decision) -> str:
        """The kind of letter."""
        return wording.kind_in_words(decision.kind)

    @admin.display(description="issue")
    def about(self, decision: Decision) -> str:
        """The issue by its short id, which needs no question."""
        if decision.issue_id is None:
            return "the project"
        name = f"{decision.project.slug.upper()}-{to_base36(decision.issue_id)}"
        address = reverse("admin:tracker_issue_change", args=[decision.issue_id])
        return format_html('<a href="{}">{}</a>', address, name)

    @admin.display(description="because")
    def why(self, decision: Decision) -> str:
        """The checks."""
        return checks_of(decision)


def checks_of(decision: Decision) -> str:
    """Each check on a line: passed or not, what was seen, what was wanted."""
    rows = (
        ("✓" if check.get("passed") else "✗", wording.check_in_words(check))
        for check in decision.reasons
    )
    return format_html_join("\n", "<div>{} {}</div>", rows)
