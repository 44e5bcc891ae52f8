"""Rows on their way from one issue to another, or out."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Move(models.Model):
    """Work left by a merge, unmerge or delete; done in chunks that each move their counts."""

    project_id = models.BigIntegerField()
    source = models.BigIntegerField(help_text="Issue the rows are with.")
    target = models.BigIntegerField(null=True, help_text="Issue they go to; null: deleted.")
    key = models.BigIntegerField(null=True, help_text="Only events counted under this key.")
    residue = models.BigIntegerField(
        null=True, help_text="Key that holds the count of what has not been moved (yet)."
    )
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # The timer asks for what is left; pages for what is still elsewhere.
            models.Index(
                fields=["project_id", "target"], name="move_left", condition=Q(done_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} -> {self.target}"
