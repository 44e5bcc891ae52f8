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


class DailyUsage(models.Model):
    """What a key sent on one UTC day."""

    pk = models.CompositePrimaryKey("project_id", "key_id", "day")
    project_id = models.BigIntegerField()
    key_id = models.BigIntegerField()
    day = models.DateField()
    events = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "ingest_usage"


class QuotaNotice(models.Model):
    """A project was told how much of a month's quota is used."""

    pk = models.CompositePrimaryKey("key_id", "month", "percent")
    key_id = models.BigIntegerField()
    month = models.DateField()
    percent = models.SmallIntegerField()

    class Meta:
        managed = False
        db_table = "ingest_quotanotice"


class Client(models.Model):
    """An SDK and version that sends to a project."""

    pk = models.CompositePrimaryKey("project_id", "sdk")
    project_id = models.BigIntegerField()
    sdk = models.CharField(max_length=128)
    last_at = models.DateTimeField()
    events = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "ingest_client"
