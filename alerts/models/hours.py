"""A person's quiet hours: mail that is no page waits for the morning."""

from __future__ import annotations

from django.db import models

from alerts.domain import flow
from alerts.models.channel import validate_zone
from tracker.models import Project, User


class QuietHours(models.Model):
    """When a person is left alone."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="quiet_hours")
    start = models.TimeField("from", null=True, blank=True)
    end = models.TimeField("to", null=True, blank=True)
    timezone = models.CharField(
        "time zone", max_length=64, default="UTC", validators=[validate_zone]
    )

    class Meta:
        verbose_name = "quiet hours"
        verbose_name_plural = "quiet hours"

    def __str__(self) -> str:
        return f"Quiet hours of {self.user}"

    def quiet(self) -> flow.Quiet | None:
        """The hours, if there are any."""
        if self.start is None or self.end is None:
            return None
        return flow.Quiet(self.start, self.end, self.timezone)


class Unsubscribed(models.Model):
    """An address that wants no mail of a project any more; pages are still sent."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    address = models.EmailField(max_length=254)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "unsubscribed"
        constraints = [
            models.UniqueConstraint(fields=["project", "address"], name="unsubscribed_once")
        ]

    def __str__(self) -> str:
        return self.address
