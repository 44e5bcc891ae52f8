"""The words of issues, kept apart from their counts, for searches."""

from __future__ import annotations

from django.db import models


class IssueText(models.Model):
    """Capitalised text of one kind; the words are written by a trigger, the rest by the digest."""

    class Kind(models.IntegerChoices):
        """What the lines are."""

        WORDS = 0
        FILES = 1
        FUNCTIONS = 2

    pk = models.CompositePrimaryKey("project_id", "issue_id", "kind")
    project_id = models.BigIntegerField()
    issue_id = models.BigIntegerField()
    kind = models.PositiveSmallIntegerField(choices=Kind.choices)
    text = models.TextField()

    class Meta:
        managed = False
        db_table = "tracker_issuetext"
