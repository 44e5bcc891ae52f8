"""What a person wishes to hear and when: mail that is no page waits for the morning."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from alerts.domain import flow
from alerts.models.channel import validate_zone
from tracker.models import Project, User


class QuietHours(models.Model):
    """When a person is left alone, and what of their own they wish to hear."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="quiet_hours")
    start = models.TimeField("from", null=True, blank=True)
    end = models.TimeField("to", null=True, blank=True)
    timezone = models.CharField(
        "time zone", max_length=64, default="UTC", validators=[validate_zone]
    )
    on_assigned = models.BooleanField(
        "when an issue is assigned to me", default=True, help_text="By somebody else."
    )
    on_mentioned = models.BooleanField("when a comment mentions me", default=True)
    slack_member = models.CharField(
        "Slack member id", max_length=20, default="", blank=True,
        validators=[RegexValidator(r"\A[UW][A-Z0-9]{5,18}\Z", "An id looks like U0123456789.")],
        help_text="These two come by Slack instead of mail, in projects with a Slack bot.",
    )  # fmt: skip

    class Meta:
        verbose_name = "my notifications"
        verbose_name_plural = "my notifications"

    def __str__(self) -> str:
        return f"Notifications of {self.user}"

    def clean(self) -> None:
        """A start alone would be no quiet hours at all."""
        if (self.start is None) != (self.end is None):
            raise ValidationError({"end": "Quiet hours have a start and an end."})

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
