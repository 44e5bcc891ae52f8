"""Requests to delete a person's data: the work that is left, and the record that it was done."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tracker.models.access import User
from tracker.models.project import Project


class PersonRemoval(models.Model):
    """One request. It names nobody: the key can't be turned back into a person."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    user_key = models.UUIDField()
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    reached = models.DateTimeField(
        null=True, help_text="Events of the present issue are done down to here."
    )
    events = models.IntegerField(default=0, help_text="Events that were emptied of the person.")
    issues = models.IntegerField(default=0, help_text="Issues the person was taken out of.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "user_key"], condition=Q(done_at__isnull=True),
                name="removal_once_at_a_time",
            )
        ]  # fmt: skip
        # What is left, for the timer.
        indexes = [
            models.Index(fields=["id"], condition=Q(done_at__isnull=True), name="removal_left")
        ]

    def __str__(self) -> str:
        return f"removal of {self.user_key}"
