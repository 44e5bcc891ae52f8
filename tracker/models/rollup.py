"""Counts per issue, environment and span of time; written by `tracker.store` alone."""

from __future__ import annotations

from django.db import models


class Rollup(models.Model):
    """Events of one issue in one environment in one bucket (its start, UTC)."""

    pk = models.CompositePrimaryKey("project_id", "issue_id", "bucket", "environment_id")
    project_id = models.BigIntegerField()
    issue_id = models.BigIntegerField()
    environment_id = models.BigIntegerField()
    bucket = models.DateTimeField()
    events = models.IntegerField()

    class Meta:
        abstract = True


class Rollup5m(Rollup):
    """Five minutes; with a mergeable sketch of who was hit. Kept 8 days."""

    users = models.BinaryField()

    class Meta:
        managed = False
        db_table = "tracker_rollup5m"


class RollupHour(Rollup):
    """An hour. Kept 90 days."""

    class Meta:
        managed = False
        db_table = "tracker_rolluphour"


class RollupDay(Rollup):
    """A day. Kept for ever."""

    class Meta:
        managed = False
        db_table = "tracker_rollupday"
