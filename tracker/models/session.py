"""Sessions: the denominator of crash-free rates. Read models, written by the store alone."""

from __future__ import annotations

from django.db import models


class SessionHour(models.Model):
    """Sessions of a release in an environment that began in one hour.

    The outcomes exclude each other: what is neither errored, abnormal nor crashed ended well.
    """

    pk = models.CompositePrimaryKey("project_id", "release_id", "environment_id", "bucket")
    project_id = models.BigIntegerField()
    release_id = models.BigIntegerField()
    environment_id = models.BigIntegerField()
    bucket = models.DateTimeField()
    total = models.BigIntegerField()
    errored = models.BigIntegerField()
    abnormal = models.BigIntegerField()
    crashed = models.BigIntegerField()
    users = models.BinaryField(help_text="Sketch of who ran them.")
    crashed_users = models.BinaryField(help_text="Sketch of who met a crash.")

    class Meta:
        managed = False
        db_table = "tracker_sessionhour"


class SessionSeen(models.Model):
    """A session that sends updates: where it is counted, and as what. Kept six days."""

    pk = models.CompositePrimaryKey("project_id", "sid")
    project_id = models.BigIntegerField()
    sid = models.UUIDField(help_text="Hash of the id that the client chose.")
    seq = models.BigIntegerField()
    outcome = models.SmallIntegerField()
    release_id = models.BigIntegerField()
    environment_id = models.BigIntegerField()
    bucket = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "tracker_session"
