"""Inbound filters: what a project does not want to hear of at all."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tracker.models.project import Project


class InboundFilters(models.Model):
    """Rules of one project; each event they stop is counted under its rule."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="filters")
    browser_extensions = models.BooleanField(
        default=False, help_text="Errors of visitors' browser extensions."
    )
    crawlers = models.BooleanField(default=False, help_text="Errors met by search robots.")
    localhost = models.BooleanField(default=False, help_text="Errors of developers' machines.")
    releases = ArrayField(
        models.CharField(max_length=200), default=list, blank=True,
        help_text="Old releases; `*` stands for anything, e.g. `shop@1.*`.",
    )  # fmt: skip
    messages = ArrayField(
        models.CharField(max_length=200), default=list, blank=True,
        help_text="Titles and messages; `*` stands for anything.",
    )  # fmt: skip
    ip_ranges = ArrayField(
        models.CharField(max_length=50), default=list, blank=True,
        help_text="Addresses or networks of senders, e.g. `203.0.113.0/24`.",
    )  # fmt: skip

    class Meta:
        verbose_name_plural = "inbound filters"

    def __str__(self) -> str:
        return f"filters of {self.project}"
