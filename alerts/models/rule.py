"""Alert rules: what is worth telling whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models

from alerts.domain import rules
from alerts.models.channel import Channel
from tracker.models import Project, Role, User
from tracker.models.issue import LEVEL_CHOICES


def severity_choices() -> list[tuple[str, str]]:
    """How loud a rule may be."""
    return list(rules.SEVERITY_NAMES.items())


def count_choices() -> list[tuple[str, str]]:
    """What a rule may count."""
    return list(rules.COUNT_NAMES.items())


def level_choices() -> list[tuple[int, str]]:
    """Levels as they are stored."""
    return LEVEL_CHOICES


def default_triggers() -> list[str]:
    """What a rule listens for when nobody says."""
    return [rules.Trigger.FIRST_SEEN.value, rules.Trigger.REGRESSED.value]


class AlertRuleQuerySet(models.QuerySet["AlertRule"]):
    """Questions about rules."""

    def visible_to(self, user: User, role: str = Role.VIEWER) -> Self:
        """Rules of projects in which the user has at least `role`."""
        return self.filter(project__in=Project.objects.visible_to(user, role))


class AlertRule(models.Model):
    """When something happens (any trigger) and matters (all filters), tell these channels."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="alert_rules")
    name = models.CharField(max_length=100)
    enabled = models.BooleanField(default=True)
    triggers = ArrayField(models.CharField(max_length=30), default=default_triggers, blank=True)
    counts = models.CharField(
        max_length=10, choices=count_choices, blank=True, default="",
        help_text="Instead of the above: a number of these within a window.",
    )  # fmt: skip
    threshold = models.PositiveIntegerField(
        default=0, help_text="At least so many; percent for a share of users."
    )
    window_minutes = models.PositiveIntegerField(
        "window", default=10, choices=[(m, f"{m} min") for m in (5, 10, 15, 30, 60, 120, 360, 1440)]
    )
    query = models.CharField(
        "search", max_length=500, blank=True, default="",
        help_text="Only issues that this search finds, as in the list of issues.",
    )  # fmt: skip
    environments = ArrayField(
        models.CharField(max_length=64, blank=True), default=list, blank=True,
        help_text="Names separated by commas; empty: any environment.",
    )  # fmt: skip
    min_level = models.PositiveSmallIntegerField(
        "level", choices=level_choices, default=40, help_text="This level and above."
    )
    severity = models.CharField(
        max_length=10, choices=severity_choices, default=rules.Severity.NOTIFY.value
    )
    cooldown_minutes = models.PositiveIntegerField(
        default=30, validators=[MaxValueValidator(10_080)],
        help_text="Repeats within this time are not told; it doubles while an incident goes on.",
    )  # fmt: skip
    channels = models.ManyToManyField(
        Channel, blank=True, related_name="rules",
        help_text="Empty: every channel of the project.",
    )  # fmt: skip
    ticket = models.ForeignKey(
        "alerts.TicketConnection", null=True, blank=True, on_delete=models.SET_NULL,
        related_name="rules", help_text="Also make a ticket there, one an issue.",
    )  # fmt: skip
    only_ticket = models.BooleanField(
        "tell nobody", default=False, help_text="Only make the ticket."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AlertRuleQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="rule_once")]

    def __str__(self) -> str:
        return self.name

    def spec(self) -> rules.Rule:
        """The rule as the evaluator reads it."""
        return rules.Rule(
            triggers=frozenset(() if self.counts else self.triggers),
            environments=frozenset(self.environments),
            min_level=self.min_level,
            cooldown=timedelta(minutes=self.cooldown_minutes),
            enabled=self.enabled,
            counter=self.counter(),
            query=self.query,
        )

    def counter(self) -> rules.Counter | None:
        """What it counts, if it is a counter rule."""
        if not self.counts:
            return None
        window = timedelta(minutes=self.window_minutes)
        return rules.Counter(self.counts, self.threshold, window)
