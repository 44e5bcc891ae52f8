"""Incidents: one open per rule and issue, from the first alert to the all-clear."""

from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.db.models import Q

from alerts.domain import rules
from alerts.models.rule import AlertRule, severity_choices
from tracker.models import Issue, Project, Role, User


class IncidentQuerySet(models.QuerySet["Incident"]):
    """Questions about incidents."""

    def visible_to(self, user: User, role: str = Role.VIEWER) -> Self:
        """Incidents of projects in which the user has at least `role`."""
        return self.filter(project__in=Project.objects.visible_to(user, role))

    def open(self) -> Self:
        """What is still going on."""
        return self.filter(closed_at__isnull=True)


class Incident(models.Model):
    """A rule fired on an issue; written by the evaluator alone."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    """What receivers know it by: never reused, not even by another installation."""
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="incidents")
    issue = models.ForeignKey(
        Issue, null=True, on_delete=models.CASCADE, related_name="incidents", db_constraint=False
    )
    """None: it is about the project."""
    subject = models.CharField(max_length=100, default="", blank=True)
    """What it is about, when it is no issue: `deploy:7`, `quota_80:2026-03`."""
    cause = models.CharField(max_length=30, default="", blank=True)
    """Kind of the letter that opened it last."""
    active_at = models.DateTimeField(null=True)
    """When the rule last wanted to fire; a counted one ends when this is long ago."""
    severity = models.CharField(max_length=10, choices=severity_choices)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_why = models.CharField(max_length=200, default="", blank=True)
    acknowledged_at = models.DateTimeField(null=True)
    """When somebody said that they are on it; None again when it comes back."""
    acknowledged_by = models.CharField(max_length=150, default="", blank=True)
    seq = models.PositiveIntegerField(default=0)
    """Number of the last notice; deliveries to a channel leave in this order."""
    firings = models.PositiveIntegerField(default=0)
    """How often the rule fired, told or not."""
    notices = models.PositiveIntegerField(default=0)
    """How often it was told since it was last opened."""
    notified_at = models.DateTimeField()

    objects = IncidentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "issue"],
                condition=Q(closed_at__isnull=True),
                name="incident_one_open",
            ),
            models.UniqueConstraint(
                fields=["rule", "subject"],
                condition=Q(closed_at__isnull=True, issue__isnull=True),
                name="incident_one_open_subject",
            ),
        ]
        indexes = [
            # The evaluator asks for the latest of a rule and issue.
            models.Index(fields=["rule", "issue", "-id"], name="incident_latest"),
            # The list, newest first within a project.
            models.Index(fields=["project", "-id"], name="incident_of_project"),
            # Counted incidents that may have become quiet.
            models.Index(
                fields=["rule", "active_at"],
                condition=Q(closed_at__isnull=True),
                name="incident_open_active",
            ),
        ]

    def __str__(self) -> str:
        return f"Incident {self.pk}"

    def past(self) -> rules.Past:
        """The incident as the evaluator reads it."""
        return rules.Past(
            self.closed_at, self.notified_at, self.notices, self.active_at, self.cause,
            self.closed_why in rules.CLOSING, self.acknowledged_at is not None,
        )  # fmt: skip
