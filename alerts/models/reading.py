"""What the evaluator has read, and what it decided.

Letters (Activity rows) get their ids before they are committed, so ids may become
visible out of order. `Evaluated` holds one row a letter that was read; everything
up to `LowWater.activity_id` was read long ago and needs no row.
"""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models.functions import Now

from alerts.domain import rules, wording
from alerts.models.incident import Incident
from alerts.models.rule import AlertRule
from tracker.models import Project, Role, User


def outcome_choices() -> list[tuple[str, str]]:
    """What a decision may lead to."""
    return [(outcome.value, wording.OUTCOMES[outcome]) for outcome in rules.Outcome]


class Evaluated(models.Model):
    """A letter that was read."""

    activity_id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "evaluated"


class LowWater(models.Model):
    """One row: every letter up to this id was read. Its lock makes the evaluator single."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    activity_id = models.BigIntegerField(default=0)
    counted_to = models.DateTimeField(null=True)
    """Spans that end up to here were counted for the last time."""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="low_water_single"),
        ]


class DecisionQuerySet(models.QuerySet["Decision"]):
    """Questions about decisions."""

    def visible_to(self, user: User, role: str = Role.VIEWER) -> Self:
        """Decisions of projects in which the user has at least `role`."""
        return self.filter(project__in=Project.objects.visible_to(user, role))

    def near_misses(self) -> Self:
        """What came close to a threshold, or to escalating."""
        return self.filter(
            models.Q(activity_id__isnull=True) | models.Q(kind=rules.NEARLY),
            outcome=rules.Outcome.PASS.value,
        )


class Decision(models.Model):
    """Why a rule fired on a letter, or did not. Kept 14 days."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="decisions")
    activity_id = models.BigIntegerField(null=True)
    """None: a count."""
    at = models.DateTimeField(db_default=Now())
    """The letter's time; for a count the start of its span."""
    issue_id = models.BigIntegerField(null=True)
    incident = models.ForeignKey(
        Incident, null=True, on_delete=models.SET_NULL, related_name="decisions"
    )
    kind = models.CharField(max_length=30)
    """Kind of the letter."""
    outcome = models.CharField(max_length=10, choices=outcome_choices)
    fired = models.BooleanField()
    reasons = models.JSONField(default=list)
    """Checks: name, passed, saw, wanted; and what became of channels."""
    created_at = models.DateTimeField()

    objects = DecisionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["activity_id", "rule"], name="decision_once"),
            models.UniqueConstraint(
                fields=["rule", "issue_id", "at", "outcome"],
                condition=models.Q(activity_id__isnull=True, issue_id__isnull=False),
                name="decision_once_counted",
            ),
        ]
        indexes = [
            # "Why was I (not) told" on the issue.
            models.Index(fields=["project", "issue_id", "-id"], name="decision_of_issue"),
            # The purge after 14 days.
            models.Index(fields=["created_at"], name="decision_age"),
        ]

    def __str__(self) -> str:
        outcome = wording.OUTCOMES.get(self.outcome, self.outcome)
        return f"{wording.kind_in_words(self.kind)}: {outcome}"


class Met(models.Model):
    """What an issue was met in before: environments, releases, powers of ten of its events."""

    project_id = models.BigIntegerField()
    issue_id = models.BigIntegerField()
    kind = models.CharField(max_length=12)
    value = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "met"
        constraints = [
            models.UniqueConstraint(
                fields=["project_id", "issue_id", "kind", "value"], name="met_once"
            )
        ]
