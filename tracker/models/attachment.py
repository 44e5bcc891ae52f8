"""Files that came with events; their bytes lie in Django's default storage."""

from __future__ import annotations

from django.db import models

from tracker.models.project import Project


class Attachment(models.Model):
    """One file of an event. Always downloaded, never shown inline."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="attachments")
    event_id = models.UUIDField(help_text="May arrive before or after; kept a day without it.")
    filename = models.CharField(max_length=256)
    content_type = models.CharField(max_length=128, default="", blank=True)
    kind = models.CharField(max_length=64, default="event.attachment")
    size = models.BigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200, help_text="Name in the storage.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "event_id", "sha256", "filename"], name="attachment_once"
            )
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="attachment_oldest")]

    def __str__(self) -> str:
        return self.filename
