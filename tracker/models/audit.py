"""Who changed what, from where: rows are only ever added, the database refuses the rest."""

from __future__ import annotations

from django.db import models

from tracker.models.access import User


class AuditEntry(models.Model):
    """One thing that somebody did to configuration, people, tokens or stored data."""

    at = models.DateTimeField()
    actor = models.ForeignKey(
        User, null=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    actor_name = models.CharField(max_length=150, help_text="As it was called then.")
    action = models.CharField(max_length=40, help_text="added, changed, deleted, viewed ...")
    kind = models.CharField(max_length=60, blank=True, help_text="What sort of thing.")
    object_id = models.CharField(max_length=64, blank=True)
    label = models.CharField(max_length=200, blank=True, help_text="As it was called then.")
    project_id = models.BigIntegerField(null=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit log"
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest"),
            models.Index(fields=["kind", "object_id"], name="audit_of_thing"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.kind} {self.label}".strip()
