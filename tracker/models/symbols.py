"""Source maps and debug files: what was uploaded, what is in it, and what was looked for in vain.

Their bytes lie in Django's default storage.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tracker.models.project import Project


class UploadChunk(models.Model):
    """A piece of a file on its way; goes when the file is whole, or after a day."""

    sha1 = models.CharField(max_length=40, primary_key=True)
    size = models.PositiveIntegerField(help_text="Bytes.")
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.sha1


class Uploaded(models.Model):
    """A file made of chunks, and how far that got."""

    class State(models.TextChoices):
        """The words of the upload protocol."""

        CREATED = "created"
        ASSEMBLING = "assembling"
        OK = "ok"
        ERROR = "error"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="%(class)ss")
    checksum = models.CharField(max_length=40, help_text="SHA-1 of the whole.")
    chunks = ArrayField(models.CharField(max_length=40), default=list)
    state = models.CharField(max_length=12, choices=State.choices, default=State.CREATED)
    detail = models.CharField(max_length=300, blank=True, help_text="Why it is an error.")
    size = models.BigIntegerField(default=0, help_text="Bytes.")
    path = models.CharField(max_length=200, blank=True, help_text="Name in the storage.")
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(help_text="When an event last asked for it, to the day.")

    class Meta:
        abstract = True


class ArtifactBundle(Uploaded):
    """A ZIP of minified files, source maps and sources, of a release or found by debug id."""

    release = models.CharField(max_length=200, blank=True)
    dist = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "checksum", "release", "dist"], name="bundle_once"
            )
        ]
        indexes = [
            # The timer that assembles asks for these alone.
            models.Index(
                fields=["created_at"],
                condition=models.Q(state__in=["created", "assembling"]),
                name="bundle_waiting",
            ),
            models.Index(fields=["used_at"], name="bundle_unused"),
        ]

    def __str__(self) -> str:
        return f"{self.release or 'debug ids'} {self.checksum[:10]}"


class Artifact(models.Model):
    """One file in a bundle."""

    class Kind(models.TextChoices):
        """What it is good for; the words of the bundle's manifest."""

        MINIFIED = "minified_source"
        MAP = "source_map"
        SOURCE = "source"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    bundle = models.ForeignKey(ArtifactBundle, on_delete=models.CASCADE, related_name="artifacts")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    member = models.CharField(max_length=1024, help_text="Name in the ZIP.")
    url = models.CharField(max_length=1024, blank=True, help_text="`~` for scheme and host.")
    debug_id = models.UUIDField(null=True)
    sourcemap = models.CharField(
        max_length=1024, blank=True, help_text="Where the file says that its map is."
    )
    size = models.BigIntegerField(help_text="Bytes, unpacked.")

    class Meta:
        indexes = [
            # The two ways from a frame to its file.
            models.Index(
                fields=["project", "debug_id"],
                condition=models.Q(debug_id__isnull=False),
                name="artifact_by_debug_id",
            ),
            models.Index(fields=["project", "url"], name="artifact_by_url"),
        ]

    def __str__(self) -> str:
        return self.url or self.member


class DebugFile(Uploaded):
    """A ProGuard mapping, or a native debug file that is kept for whoever asks."""

    name = models.CharField(max_length=256)
    debug_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "checksum"], name="debug_file_once")
        ]
        indexes = [
            models.Index(fields=["project", "debug_id"], name="debug_file_by_id"),
            models.Index(fields=["used_at"], name="debug_file_unused"),
        ]

    def __str__(self) -> str:
        return self.name


class MissingMap(models.Model):
    """A source map that events asked for in vain; when it arrives, they are mapped again."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="missing_maps")
    debug_id = models.UUIDField(null=True)
    release = models.CharField(max_length=200, blank=True)
    url = models.CharField(max_length=1024, blank=True, help_text="Of the minified file.")
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    found_at = models.DateTimeField(
        null=True, help_text="When it arrived: its events are still to be mapped."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "debug_id", "release", "url"],
                name="missing_map_once",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(
                fields=["found_at"],
                condition=models.Q(found_at__isnull=False),
                name="missing_map_found",
            )
        ]

    def __str__(self) -> str:
        return str(self.debug_id or self.url)
