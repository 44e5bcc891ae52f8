"""What happened to an issue or project, in order: the letters that alerts read."""

from __future__ import annotations

from django.db import models

from tracker.models.access import User
from tracker.models.issue import Issue
from tracker.models.project import Project


class ActivityKind(models.TextChoices):
    """What happened."""

    FIRST_SEEN = "first_seen", "first seen"
    REGRESSED = "regressed", "regressed"
    RESOLVED = "resolved", "resolved"
    REOPENED = "reopened", "reopened"
    SNOOZED = "snoozed", "snoozed"
    WOKEN = "woken", "woken"
    ESCALATED = "escalated", "escalated"
    CALMED = "calmed", "calmed down"
    PRIORITISED = "prioritised", "priority set"
    REVIEWED = "reviewed", "reviewed"
    UNDONE = "undone", "undone"
    ASSIGNED = "assigned", "assigned"
    ACKNOWLEDGED = "acknowledged", "acknowledged"
    COMMENTED = "commented", "commented"
    MERGED = "merged", "merged"
    UNMERGED = "unmerged", "unmerged"
    DELETED = "deleted", "deleted"
    RULES_CHANGED = "rules_changed", "grouping rules changed"
    OWNERSHIP_CHANGED = "ownership_changed", "ownership rules changed"
    TICKET = "ticket", "ticket"
    GROUPING_UPGRADED = "grouping_upgraded", "grouping upgraded"


class Activity(models.Model):
    """One entry; written in the transaction of the fact, never changed."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    issue = models.ForeignKey(
        Issue, null=True, on_delete=models.CASCADE, related_name="activity",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    kind = models.CharField(max_length=20, help_text="One of ActivityKind.")
    actor = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            # The issue's history.
            models.Index(fields=["project", "issue", "-id"], name="activity_of_issue"),
            # The evaluator walks it in order.
            models.Index(fields=["id"], name="activity_order"),
        ]
        verbose_name_plural = "activity"

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
