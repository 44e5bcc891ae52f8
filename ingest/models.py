"""The inbox: what was acknowledged and waits, who works on it, and what failed.

Raw bodies live only here, never longer than 14 days.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class InboxRow(models.Model):
    """One accepted request body, as received. Never updated; deleted by the digest."""

    project_id = models.BigIntegerField()
    key_id = models.BigIntegerField()
    received_at = models.DateTimeField()
    adapter = models.CharField(max_length=16)
    encoding = models.CharField(max_length=8, help_text="How `body` is packed; empty: it is not.")
    event_id = models.UUIDField(null=True, help_text="The id that was promised in the answer.")
    events = models.PositiveSmallIntegerField()
    size = models.IntegerField(help_text="Bytes of `body`.")
    meta = models.BinaryField(help_text="JSON: client address, user agent, SDK ...")
    body = models.BinaryField()

    class Meta:
        managed = False
        db_table = "ingest_inbox"


class InboxClaim(models.Model):
    """A batch that a worker has taken. Committed before the work; expired ones are rerun."""

    ids = ArrayField(models.BigIntegerField())
    worker = models.CharField(max_length=100)
    deaths = models.PositiveSmallIntegerField(
        default=0, help_text="How often a worker died on it: its lease ran out."
    )
    errors = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(default="")
    retry_at = models.DateTimeField(null=True, help_text="Failed; free to be taken from then on.")
    lease_until = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ingest_claim"


class Quarantined(models.Model):
    """A body that could not be digested, kept with the reason; can be replayed."""

    project_id = models.BigIntegerField()
    key_id = models.BigIntegerField()
    received_at = models.DateTimeField()
    adapter = models.CharField(max_length=16)
    encoding = models.CharField(max_length=8)
    event_id = models.UUIDField(null=True)
    events = models.PositiveSmallIntegerField()
    size = models.IntegerField()
    meta = models.BinaryField()
    body = models.BinaryField()
    reason = models.TextField()
    detail = models.TextField(help_text="Traceback of the last attempt.")
    quarantined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "quarantine"
        indexes = [models.Index(fields=["project_id", "-id"], name="quarantine_project")]

    def __str__(self) -> str:
        return f"{self.adapter} of {self.received_at:%Y-%m-%d %H:%M}: {self.reason}"
