"""What people said about an error they met."""

from __future__ import annotations

from django.db import models

from tracker.models.project import Project


class Feedback(models.Model):
    """One comment, with or without an event."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="feedback")
    feedback_id = models.UUIDField(help_text="Makes a second delivery harmless.")
    event_id = models.UUIDField(null=True, help_text="The event it is about; may arrive later.")
    name = models.CharField(max_length=256, default="", blank=True)
    email = models.CharField(max_length=256, default="", blank=True)
    message = models.TextField()
    url = models.CharField(max_length=2048, default="", blank=True)
    release = models.CharField(max_length=200, default="", blank=True)
    environment = models.CharField(max_length=64, default="", blank=True)
    source = models.CharField(max_length=64, default="", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "feedback"
        constraints = [
            models.UniqueConstraint(fields=["project", "feedback_id"], name="feedback_once")
        ]
        indexes = [
            models.Index(fields=["project", "-created_at", "-id"], name="feedback_newest"),
            models.Index(fields=["project", "event_id"], name="feedback_of_event"),
        ]

    def __str__(self) -> str:
        return self.message[:80]
