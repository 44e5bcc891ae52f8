"""Stored events, by day, and the memory of which ids were seen.

Read models: rows are written by `tracker.store` alone. Never registered in the
admin; their pages are reached through the issue, which is scoped.
"""

from __future__ import annotations

from typing import Self

from django.db import models


class EventQuerySet(models.QuerySet["EventRow"]):
    """Questions about events."""

    def of_issue(self, project_id: int, *issue_ids: int) -> Self:
        """An issue's events, newest first; several ids while rows move (`Issue.sources`)."""
        return self.filter(project_id=project_id, issue_id__in=issue_ids).order_by(
            "-received_at", "-event_id"
        )


class EventRow(models.Model):
    """One stored event; `tracker.payloads` unpacks the payload."""

    pk = models.CompositePrimaryKey("project_id", "event_id", "day")
    project_id = models.BigIntegerField()
    event_id = models.UUIDField()
    day = models.DateField()
    issue_id = models.BigIntegerField()
    key_id = models.BigIntegerField()
    received_at = models.DateTimeField()
    timestamp = models.DateTimeField()
    environment_id = models.BigIntegerField()
    release_id = models.BigIntegerField(null=True)
    level = models.PositiveSmallIntegerField()
    user_key = models.UUIDField(null=True)
    dictionary = models.SmallIntegerField(default=0)
    payload = models.BinaryField()
    trace_id = models.UUIDField(null=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "tracker_event"


class EventSeen(models.Model):
    """An event id that was counted; makes a second delivery harmless."""

    pk = models.CompositePrimaryKey("project_id", "event_id")
    project_id = models.BigIntegerField()
    event_id = models.UUIDField()
    day = models.DateField()

    class Meta:
        managed = False
        db_table = "tracker_eventseen"
