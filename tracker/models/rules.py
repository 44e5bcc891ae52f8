"""A project's grouping rules with their history, and what similar issues are told by."""

from __future__ import annotations

from collections.abc import Collection
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tracker.models.access import User
from tracker.models.project import Project


class GroupingRulesQuerySet(models.QuerySet["GroupingRules"]):
    """Questions about revisions of rules."""

    def current(self, project_ids: Collection[int]) -> Self:
        """The latest revision of each project that has one."""
        return (
            self.filter(project__in=project_ids)
            .order_by("project_id", "-number")
            .distinct("project_id")
        )


class GroupingRules(models.Model):
    """One revision of both texts of a project; written once, the highest number holds."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    fingerprint_rules = models.TextField(blank=True)
    stack_rules = models.TextField(blank=True)
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    restored = models.PositiveIntegerField(
        null=True, help_text="Number of the revision that this one brought back."
    )

    objects = GroupingRulesQuerySet.as_manager()

    class Meta:
        constraints = [
            # Also finds the current one; two who save at once can't both win.
            models.UniqueConstraint(fields=["project", "number"], name="grouping_rules_number"),
        ]
        verbose_name_plural = "grouping rules"

    def __str__(self) -> str:
        return f"revision {self.number}"


class IssueFeatures(models.Model):
    """What an issue is compared with others by: written when it is founded."""

    pk = models.CompositePrimaryKey("project_id", "issue_id")
    project_id = models.BigIntegerField()
    issue_id = models.BigIntegerField()
    anchors = ArrayField(models.BigIntegerField())
    """Hashes of project and type, project and frame: what candidates must share one of."""
    features = models.JSONField()

    class Meta:
        managed = False
        db_table = "tracker_issuefeatures"
