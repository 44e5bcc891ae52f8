"""Monitors: jobs that must check in, and their check-ins."""

from __future__ import annotations

from django.db import models

from tracker.models.project import Project


class Monitor(models.Model):
    """A job in one environment."""

    class Status(models.TextChoices):
        """What is known of its last run."""

        WAITING = "waiting", "never ran"
        OK = "ok", "ok"
        ERROR = "error", "failed"
        MISSED = "missed", "missed"
        TIMEOUT = "timeout", "took too long"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="monitors")
    slug = models.CharField(max_length=50)
    environment = models.CharField(max_length=64, default="production")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    muted = models.BooleanField(default=False, help_text="Watched, but opens no issues.")
    auto_resolve = models.BooleanField(
        default=True, help_text="Its issue is resolved when it is well again everywhere."
    )
    recovered = models.BooleanField(
        default=False, editable=False, help_text="Well again, and its issue not looked at yet."
    )
    schedule = models.JSONField(
        null=True, blank=True, help_text="`type`, `value`, `unit`; none: never missed."
    )
    timezone = models.CharField(max_length=64, default="UTC")
    margin = models.PositiveIntegerField(default=1, help_text="Minutes that it may be late.")
    max_runtime = models.PositiveIntegerField(default=30, help_text="Minutes that it may run.")
    failure_threshold = models.PositiveSmallIntegerField(
        default=1, help_text="Failures in a row that open an issue."
    )
    recovery_threshold = models.PositiveSmallIntegerField(
        default=1, help_text="Successes in a row that make it well again."
    )
    failures = models.PositiveIntegerField(default=0, editable=False)
    successes = models.PositiveIntegerField(default=0, editable=False)
    last_check_in_at = models.DateTimeField(null=True, editable=False)
    due_at = models.DateTimeField(
        null=True, editable=False, help_text="When it will count as missed."
    )
    running = models.UUIDField(null=True, editable=False, help_text="Its open check-in.")
    overdue_at = models.DateTimeField(
        null=True, editable=False, help_text="When the open check-in will count as too long."
    )
    alarm = models.CharField(
        max_length=10, default="", blank=True, editable=False,
        help_text="A failure that still has to become an event of its issue.",
    )  # fmt: skip
    alarm_id = models.UUIDField(null=True, editable=False, help_text="Id of that event.")
    release = models.CharField(max_length=200, default="", blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "slug", "environment"], name="monitor_once")
        ]
        indexes = [
            # The timer's three questions.
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="monitor_due"
            ),
            models.Index(
                fields=["overdue_at"],
                condition=models.Q(overdue_at__isnull=False),
                name="monitor_overdue",
            ),
            models.Index(fields=["id"], condition=~models.Q(alarm=""), name="monitor_alarm"),
            models.Index(
                fields=["id"], condition=models.Q(recovered=True), name="monitor_recovered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slug} in {self.environment}"


class CheckIn(models.Model):
    """One run of a job, as it told us or failed to."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="check_ins")
    check_in_id = models.UUIDField()
    status = models.CharField(max_length=12)
    duration = models.FloatField(null=True, help_text="Seconds.")
    release = models.CharField(max_length=200, default="", blank=True)
    trace_id = models.CharField(max_length=32, default="", blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["monitor", "check_in_id"], name="check_in_once")
        ]
        indexes = [models.Index(fields=["monitor", "-id"], name="check_in_newest")]

    def __str__(self) -> str:
        return f"{self.status} at {self.started_at:%Y-%m-%d %H:%M}"
