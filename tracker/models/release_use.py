"""Events per release and environment; read models, written by `tracker.release_counts` alone."""

from __future__ import annotations

from django.db import models


class ReleaseUse(models.Model):
    """Events of a release in an environment, ever."""

    pk = models.CompositePrimaryKey("project_id", "release_id", "environment_id")
    project_id = models.BigIntegerField()
    release_id = models.BigIntegerField()
    environment_id = models.BigIntegerField()
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    events = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "tracker_releaseuse"


class Release5m(models.Model):
    """The same by five minutes. Kept 90 days."""

    pk = models.CompositePrimaryKey("project_id", "release_id", "environment_id", "bucket")
    project_id = models.BigIntegerField()
    release_id = models.BigIntegerField()
    environment_id = models.BigIntegerField()
    bucket = models.DateTimeField()
    events = models.IntegerField()

    class Meta:
        managed = False
        db_table = "tracker_release5m"
