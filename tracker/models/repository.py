"""Repositories of projects, the commit of each release in them, and whom an issue points to."""

from __future__ import annotations

import secrets

from django.contrib.postgres.functions import RandomUUID
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from tracker.models.project import Project, Release


def new_folder() -> str:
    """A name for a clone that nobody has used."""
    return secrets.token_hex(8)


class Repository(models.Model):
    """Where the code of a project lies; a worker keeps a bare clone of it."""

    class State(models.TextChoices):
        """How the clone is."""

        WAITING = "waiting"
        READY = "ready"
        FAILED = "failed"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="repositories")
    name = models.CharField(
        max_length=200, help_text="As tools call it when they tell of commits: `team/shop`."
    )
    url = models.CharField(max_length=500, help_text="https://, ssh://, git@host:path or file://.")
    provider = models.CharField(
        max_length=12, default="other", help_text="Whose links: tracker.domain.weblinks."
    )
    web_url = models.CharField(max_length=500, blank=True, help_text="Where people read the code.")
    username = models.CharField(max_length=100, blank=True, help_text="That goes with the token.")
    sealed = models.TextField(blank=True, help_text="Token or SSH key, encrypted by the vault.")
    known_hosts = models.TextField(blank=True, help_text="Keys of the SSH host; empty: the first.")
    mappings = models.TextField(blank=True, help_text="`prefix in stacks => prefix in the code`.")
    depth = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(1_000_000)],
        help_text="Commits of history that are kept; empty: all.",
    )
    bell = models.UUIDField(db_default=RandomUUID(), unique=True, editable=False)
    """Part of the webhook's address; nobody guesses it."""
    bell_sealed = models.TextField(
        blank=True, default="", help_text="The webhook's secret, encrypted by the vault."
    )
    rung_at = models.DateTimeField(null=True, help_text="When the host last called, genuinely.")
    created_at = models.DateTimeField()
    # What the worker writes.
    folder = models.CharField(max_length=32, default=new_folder, unique=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    problem = models.CharField(max_length=400, blank=True)
    branch = models.CharField(max_length=255, blank=True, help_text="The host's default one.")
    head = models.CharField(max_length=64, blank=True, help_text="Its newest commit.")
    size = models.BigIntegerField(default=0, help_text="Bytes on disk.")
    failures = models.PositiveSmallIntegerField(default=0)
    fetched_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(db_index=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="repository_name"),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "ready", "failed"]),
                name="repository_state",
            ),
        ]
        verbose_name_plural = "repositories"

    def __str__(self) -> str:
        return self.name


class ReleaseHead(models.Model):
    """The commit that a release was made of, in one repository."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="heads")
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="heads")
    sha = models.CharField(max_length=64)
    how = models.CharField(max_length=200, help_text="Who said so: the tool, a tag, the version.")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "repository"], name="release_head_once")
        ]

    def __str__(self) -> str:
        return self.sha[:10]


class IssueSuspects(models.Model):
    """Commits that may have brought an issue, and who wrote its lines; a worker writes them."""

    pk = models.CompositePrimaryKey("project_id", "issue_id")
    project_id = models.BigIntegerField()
    issue_id = models.BigIntegerField()
    activity_id = models.BigIntegerField(help_text="That the issue is new, or came back.")
    found = models.JSONField(help_text="tracker.domain.culprits.Found.")
    at = models.DateTimeField()
    tries = models.IntegerField()
    retry_at = models.DateTimeField(null=True, help_text="When something may be known that is not.")

    class Meta:
        managed = False
        db_table = "tracker_issuesuspects"
