"""Trained compression dictionaries; kept as long as a payload may need them."""

from __future__ import annotations

from django.db import models

from tracker.models.project import Project


class PayloadDictionary(models.Model):
    """A zstd dictionary; its id stands in the event rows it packs."""

    # Event rows hold the number in two bytes; 0 is none, 1 is shipped.
    id = models.SmallAutoField(primary_key=True)
    project = models.ForeignKey(Project, null=True, on_delete=models.SET_NULL, related_name="+")
    content = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, help_text="Packs nothing new since.")

    class Meta:
        verbose_name_plural = "payload dictionaries"

    def __str__(self) -> str:
        return f"dictionary {self.pk}"
