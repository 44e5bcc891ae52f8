"""Deliveries: the outbox. A row per incident, channel and notice; the row is the truth."""

from __future__ import annotations

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from alerts.models.channel import Channel
from alerts.models.incident import Incident
from tracker.models import Project, Role, User


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Questions about deliveries."""

    def visible_to(self, user: User, role: str = Role.VIEWER) -> Self:
        """Deliveries of projects in which the user has at least `role`."""
        return self.filter(channel__project__in=Project.objects.visible_to(user, role))

    def waiting(self) -> Self:
        """Neither sent nor given up."""
        return self.filter(state__in=Delivery.WAITING)

    def dead(self) -> Self:
        """Given up; can be replayed."""
        return self.filter(state=Delivery.State.DEAD)

    def claimable(self) -> Self:
        """Due by the database's clock, and nothing earlier of its incident and channel waits."""
        earlier = Delivery.objects.waiting().filter(
            incident=OuterRef("incident"), channel=OuterRef("channel"), seq__lt=OuterRef("seq")
        )
        due = Q(state__in=["queued", "retry"], next_attempt_at__lte=Now())
        abandoned = Q(state="sending", lease_until__lt=Now())
        return self.filter(due | abandoned).filter(~Exists(earlier))

    def awake(self) -> Self:
        """Of channels that are not paused (or due for a probe)."""
        return self.filter(
            Q(channel__paused_until__isnull=True) | Q(channel__paused_until__lte=Now())
        )


class Delivery(models.Model):
    """One notice to one channel, with all that became of it."""

    class State(models.TextChoices):
        """Where a delivery stands."""

        QUEUED = "queued", "queued"
        SENDING = "sending", "sending"
        SENT = "sent", "sent"
        RETRY = "retry", "retry"
        DEAD = "dead", "dead"
        UNSENT = "unsent", "not sent"
        HELD = "held", "held back"
        FOLDED = "folded", "told in another"

    class Kind(models.TextChoices):
        """What is told."""

        OPEN = "open", "open"
        UPDATE = "update", "update"
        ACK = "ack", "acknowledged"
        CLOSE = "close", "close"
        TEST = "test", "test"
        TROUBLE = "trouble", "trouble"
        PERSONAL = "personal", "personal"

    WAITING = (State.QUEUED, State.SENDING, State.RETRY)

    incident = models.ForeignKey(
        Incident, null=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    seq = models.PositiveIntegerField()
    page = models.BooleanField(default=False)
    """Somebody is to be woken: retried faster, watched by readiness."""
    part = models.PositiveSmallIntegerField(default=0)
    """1: for people whose quiet hours keep them from the first; 2: a fallback."""
    held_for = models.CharField(max_length=8, default="", blank=True)
    """`flow`: too many at once; `digest`: for the day's digest."""
    held_until = models.DateTimeField(null=True)
    folded_into = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="folded"
    )
    decided_at = models.DateTimeField(null=True)
    """When it was let go: what a channel's budget counts."""
    remote = models.CharField(max_length=200, default="", blank=True)
    """What the receiver calls the message, for editing it later."""
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    last_status = models.CharField(max_length=40, default="", blank=True)
    last_error = models.TextField(default="", blank=True)
    content = models.JSONField(default=dict)
    """Snapshot of what is told: `transports.base.Content`."""
    reached = ArrayField(models.CharField(max_length=254), default=list, blank=True)
    """Recipients who have it already; a retry leaves them out."""
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "channel", "kind", "seq", "part"], name="delivery_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "queued",
                        "sending",
                        "sent",
                        "retry",
                        "dead",
                        "unsent",
                        "held",
                        "folded",
                    ]
                ),
                name="delivery_state",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["test", "trouble", "personal"]) | Q(incident__isnull=False),
                name="delivery_of_incident",
            ),
            models.CheckConstraint(
                condition=~Q(state="sending") | Q(lease_until__isnull=False), name="delivery_leased"
            ),
        ]
        indexes = [
            # The sweep: what is due.
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=["queued", "sending", "retry"]),
                name="delivery_due",
            ),
            # FIFO: is anything earlier waiting?
            models.Index(
                fields=["incident", "channel", "seq"],
                condition=Q(state__in=["queued", "sending", "retry"]),
                name="delivery_order",
            ),
            # The log of a channel, newest first.
            models.Index(fields=["channel", "-id"], name="delivery_log"),
            # What is held, by channel.
            models.Index(
                fields=["channel", "held_for", "held_until"],
                condition=Q(state="held"),
                name="delivery_held",
            ),
            # What a channel said in the last hour.
            models.Index(fields=["channel", "decided_at"], name="delivery_budget"),
            # The first message of an incident, which later ones edit.
            models.Index(
                fields=["incident", "channel", "id"],
                condition=~Q(remote=""),
                name="delivery_remote",
            ),
            # Banner and /metrics.
            models.Index(fields=["id"], condition=Q(state="dead"), name="delivery_dead"),
        ]

    def __str__(self) -> str:
        return f"Delivery {self.pk}"

    @property
    def key(self) -> str:
        """What a receiver can tell repeats by; the same on every attempt."""
        if self.incident is None:
            return f"{self.kind}-{self.pk}"
        part = f"-{self.part}" if self.part else ""
        return f"{self.incident.uid.hex}-{self.channel_id}-{self.kind}-{self.seq}{part}"


class MailManager(models.Manager["Mail"]):
    """Deliveries by mail."""

    def get_queryset(self) -> models.QuerySet[Mail]:
        """Mail only."""
        return super().get_queryset().filter(channel__kind="email")


class Mail(Delivery):
    """A delivery by mail, as the mailbox page shows it."""

    mails = MailManager()

    class Meta:
        proxy = True
        verbose_name = "mail"
        verbose_name_plural = "mailbox"
