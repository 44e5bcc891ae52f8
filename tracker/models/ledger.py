"""The books: what became of every event, per project, day and kind."""

from __future__ import annotations

from django.db import models


class Ledger(models.Model):
    """A count; the equations between kinds are those of design.md section 4."""

    class Kind(models.TextChoices):
        """What a count is of. `reason` tells refusals and filters apart."""

        REFUSED = "refused"
        ACKNOWLEDGED = "acknowledged"
        DUPLICATE = "duplicate"
        FILTERED = "filtered"
        DISCARDED = "discarded"
        COUNTED = "counted"
        QUARANTINED = "quarantined"
        SAMPLED = "sampled"
        EXPIRED = "expired"
        DELETED = "deleted"
        SKIPPED = "skipped"
        """Items that are no events: transactions, sessions ... outside the equations."""
        LOST = "lost"
        """What clients say they threw away themselves; outside the equations."""
        CAPPED = "capped"
        """What was put under `<other>` because a project made too many; outside, too."""

    pk = models.CompositePrimaryKey("project_id", "day", "kind", "reason")
    project_id = models.BigIntegerField()
    day = models.DateField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    reason = models.CharField(max_length=64)
    count = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "tracker_ledger"
