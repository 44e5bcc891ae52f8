"""A verb on many issues, done in chunks behind the page."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from tracker.models.access import User


class BulkJob(models.Model):
    """Which issues, what is to be done to them, and how far it is. Each chunk moves `position`."""

    actor = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    verb = models.CharField(max_length=20)
    arguments = models.JSONField(default=dict)
    ids = ArrayField(models.BigIntegerField())
    position = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    token = models.UUIDField(default=uuid.uuid4, help_text="Takes all of it back.")
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=Q(finished_at__isnull=True), name="bulk_left"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} of {self.total:,} issues"

    @property
    def total(self) -> int:
        """Issues that were chosen."""
        return len(self.ids)

    @property
    def skipped(self) -> int:
        """Issues looked at that the verb did not apply to any more."""
        return self.position - self.changed
