"""What a verb changed, so that it can be taken back for ten minutes."""

from __future__ import annotations

import uuid

from django.db import models

from tracker.models.access import User


class Undo(models.Model):
    """The columns of some issues before and after a verb; parts of one bulk share their token."""

    token = models.UUIDField(default=uuid.uuid4, db_index=True, editable=False)
    actor = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    verb = models.CharField(max_length=20, help_text="A kind of Activity.")
    changes = models.JSONField(help_text="A list of [project, issue, before, after].")
    created_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        # The timer that forgets.
        indexes = [models.Index(fields=["created_at"], name="undo_age")]

    def __str__(self) -> str:
        return f"undo of {self.verb}"
