"""A project's ownership rules with their history, and the rule that an issue fell under."""

from __future__ import annotations

from collections.abc import Collection
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tracker.models.access import User
from tracker.models.project import Project


class OwnershipRulesQuerySet(models.QuerySet["OwnershipRules"]):
    """Questions about revisions of rules."""

    def current(self, project_ids: Collection[int]) -> Self:
        """The latest revision of each project that has one."""
        return (
            self.filter(project__in=project_ids)
            .order_by("project_id", "-number")
            .distinct("project_id")
        )


class OwnershipRules(models.Model):
    """One revision of a project's rules; written once, the highest number holds."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    assign = models.BooleanField(
        default=False, help_text="Give new and regressed issues that nobody has to their owner."
    )
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    restored = models.PositiveIntegerField(
        null=True, help_text="Number of the revision that this one brought back."
    )

    objects = OwnershipRulesQuerySet.as_manager()

    class Meta:
        constraints = [
            # Also finds the current one; two who save at once can't both win.
            models.UniqueConstraint(fields=["project", "number"], name="ownership_rules_number"),
        ]
        verbose_name_plural = "ownership rules"

    def __str__(self) -> str:
        return f"revision {self.number}"


class IssueOwner(models.Model):
    """What the rules said when the issue was founded or came back."""

    pk = models.CompositePrimaryKey("project_id", "issue_id")
    project_id = models.BigIntegerField()
    issue_id = models.BigIntegerField()
    revision = models.IntegerField()
    line = models.IntegerField()
    rule = models.TextField()
    value = models.TextField(help_text="What of the event matched.")
    owners = ArrayField(models.TextField(), help_text="As the rule names them; none: nobody.")
    user_id = models.BigIntegerField(null=True, help_text="The first owner who could be found.")
    team_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "tracker_issueowner"
