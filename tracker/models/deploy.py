"""Deploys: when a release reached an environment, and who took it there."""

from __future__ import annotations

from django.db import models

from tracker.models.project import Environment, Project, Release


class Deploy(models.Model):
    """One roll-out of a release into an environment."""

    class Status(models.TextChoices):
        """How far it got."""

        STARTED = "started"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        TIMED_OUT = "timed_out"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="deploys")
    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="deploys")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="deploys")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.SUCCEEDED)
    actor = models.CharField(max_length=256, blank=True, help_text="Who deployed, as told.")
    name = models.CharField(max_length=64, blank=True)
    url = models.CharField(max_length=2048, blank=True)
    comment = models.TextField(blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["started", "succeeded", "failed", "timed_out"]),
                name="deploy_status",
            )
        ]
        indexes = [
            # A project's deploys, newest first; markers of a chart.
            models.Index(fields=["project", "-started_at", "-id"], name="deploy_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.release} to {self.environment}"
