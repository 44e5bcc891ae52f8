"""Channels: where a project's alerts go."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Self
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models

from alerts.domain import flow
from alerts.models.sealed import Sealed
from tracker.models import Project, Role, User


def kind_choices() -> list[tuple[str, str]]:
    """Every transport there is; a function, so that a new one needs no migration."""
    from alerts import transports  # noqa: PLC0415 - needs settings: not before set-up

    return transports.choices()


def validate_zone(value: str) -> None:
    """Refuse what is no name of a time zone."""
    if value not in available_timezones():
        raise ValidationError("No such time zone; names are like Europe/Berlin.")


class ChannelQuerySet(models.QuerySet["Channel"]):
    """Questions about channels."""

    def visible_to(self, user: User, role: str = Role.VIEWER) -> Self:
        """Channels of projects in which the user has at least `role`."""
        return self.filter(project__in=Project.objects.visible_to(user, role))


class Channel(Sealed):
    """A mailbox, a webhook, a chat room ...: one way out of a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="channels")
    kind = models.CharField(max_length=20, choices=kind_choices)
    name = models.CharField(max_length=100)
    enabled = models.BooleanField(default=True)
    window_minutes = models.PositiveSmallIntegerField(
        "at most a message in", default=0,
        choices=[(0, "no limit"), (5, "5 minutes"), (15, "15 minutes"), (60, "an hour")],
        help_text="The first alert leaves at once, later ones become one message. Pages pass.",
    )  # fmt: skip
    budget_per_hour = models.PositiveSmallIntegerField(
        "messages an hour", default=60, validators=[MinValueValidator(1)],
        help_text="What is more becomes one message with a link to the list.",
    )  # fmt: skip
    quiet_from = models.TimeField(null=True, blank=True, help_text="Pages pass.")
    quiet_to = models.TimeField(null=True, blank=True)
    digest_at = models.TimeField(default=time(9), help_text="When the daily digest leaves.")
    timezone = models.CharField(
        "time zone", max_length=64, default="UTC", validators=[validate_zone]
    )
    fallback = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text="Gets the pages that this one could not deliver in three attempts.",
    )  # fmt: skip
    folds = models.PositiveSmallIntegerField(default=0, editable=False)
    """Folded messages in a row: each rests the channel for longer."""
    folded_at = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField(
        default=0, editable=False, help_text="Failed attempts in a row."
    )
    paused_until = models.DateTimeField(null=True, editable=False)
    """After many failures: nothing leaves before; then one probe."""
    last_error = models.TextField(default="", blank=True, editable=False)
    last_sent_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="channel_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def is_paused(self, now: datetime) -> bool:
        """Whether the channel waits after many failures."""
        return self.paused_until is not None and self.paused_until > now

    def quiet(self) -> flow.Quiet | None:
        """Its quiet hours, if it has any."""
        if self.quiet_from is None or self.quiet_to is None:
            return None
        return flow.Quiet(self.quiet_from, self.quiet_to, self.timezone)

    def flow(self, told: list[datetime], holding: datetime | None = None) -> flow.Flow:
        """What decides whether it may speak; `told` are its messages of the last hour."""
        return flow.Flow(
            tuple(told), timedelta(minutes=self.window_minutes), self.budget_per_hour,
            self.folds, self.folded_at, holding,
        )  # fmt: skip
