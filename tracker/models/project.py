"""Projects, their ingest keys, environments and releases."""

from __future__ import annotations

import secrets
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from tracker.models.access import Role, Team, User


def new_salt() -> bytes:
    """A project's secret for user keys: 16 random bytes."""
    return secrets.token_bytes(16)


def new_public_key() -> str:
    """32 lower-case hex digits, the only form that every SDK takes."""
    return secrets.token_hex(16)


class ProjectQuerySet(models.QuerySet["Project"]):
    """Questions about projects."""

    def visible_to(self, user: User, role: str = Role.VIEWER) -> Self:
        """Projects of the teams in which the user has at least `role`."""
        if user.is_superuser and user.is_active:
            return self
        return self.filter(team__in=Team.objects.visible_to(user, role))


class Project(models.Model):
    """One application that sends events."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="projects")
    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100, unique=True)
    platform = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    first_event_at = models.DateTimeField(null=True, blank=True, editable=False)
    salt = models.BinaryField(default=new_salt, editable=False)
    grouping_version = models.CharField(max_length=8, default="g1", editable=False)
    previous_grouping_versions = ArrayField(
        models.CharField(max_length=8),
        default=list,
        blank=True,
        editable=False,
        help_text="Versions that the project was upgraded from, the latest first.",
    )
    dictionary = models.PositiveSmallIntegerField(
        default=1, editable=False, help_text="Number of the dictionary that packs new events."
    )
    retention_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Days that events are kept; empty: as long as the instance keeps them.",
    )
    auto_resolve_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="Resolve issues by themselves after so many days without events; empty: never.",
    )
    unlimited = models.BooleanField(
        default=False, help_text="No quota, rate limit or caps on what events may create."
    )
    scrub = models.BooleanField(
        default=True, help_text="Replace passwords, tokens and card numbers before storing."
    )
    keep_ip = models.BooleanField(default=False, help_text="Store client addresses whole.")
    sensitive_words = ArrayField(
        models.CharField(max_length=50),
        default=list,
        blank=True,
        help_text="More words whose values are replaced, lower-case.",
    )

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ProjectKey(models.Model):
    """Credentials that SDKs send events with.

    The public key and Rollbar's post tokens are public by nature; the read and
    write tokens are kept as SHA-256.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="keys")
    label = models.CharField(max_length=64, default="Default")
    public_key = models.CharField(max_length=32, unique=True, default=new_public_key)
    rollbar_post_server = models.CharField(max_length=32, unique=True, default=new_public_key)
    rollbar_post_client = models.CharField(max_length=32, unique=True, default=new_public_key)
    rollbar_read_hash = models.BinaryField(null=True, unique=True, editable=False)
    rollbar_write_hash = models.BinaryField(null=True, unique=True, editable=False)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    rate_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="Events a minute; empty: the instance's limit."
    )
    monthly_quota = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Events a calendar month (UTC); empty: no quota."
    )

    def __str__(self) -> str:
        return f"{self.label} …{self.public_key[-4:]}"

    def dsn(self, base_url: str) -> str:
        """What an SDK is configured with. `base_url` without final slash."""
        scheme, _, rest = base_url.partition("://")
        return f"{scheme}://{self.public_key}@{rest}/{self.project_id}"


class Environment(models.Model):
    """Where a release runs: production, staging ... "" is for events that do not say."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="environments")
    name = models.CharField(max_length=64, blank=True)
    hidden = models.BooleanField(default=False)
    first_seen = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="environment_once")]

    def __str__(self) -> str:
        return self.name or "(none)"


class Release(models.Model):
    """A version of a project's code."""

    class Source(models.TextChoices):
        """Who told us of a release; one known only from events never outranks the others."""

        EVENT = "event"
        API = "api"
        DEPLOY = "deploy"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="releases")
    version = models.CharField(max_length=200)
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.EVENT)
    created_at = models.DateTimeField(auto_now_add=True)
    released_at = models.DateTimeField(null=True, blank=True)
    ignored = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Implausible: does not count when it is judged whether an issue came back.",
    )
    # Events make releases in plain SQL, which names neither of these.
    url = models.CharField(
        max_length=2048, blank=True, default="", db_default="", help_text="Where to read about it."
    )
    archived = models.BooleanField(default=False, db_default=False)
    refs = models.JSONField(
        default=list,
        blank=True,
        db_default=[],
        help_text="Heads of its repositories, as the tool told them.",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "version"], name="release_once")]
        # Serves the release pages, newest first.
        indexes = [models.Index(fields=["project", "-created_at"], name="release_newest")]

    def __str__(self) -> str:
        return self.version
