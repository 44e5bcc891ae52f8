"""Commits of releases, as tools told them: who changed which files."""

from __future__ import annotations

from django.db import models

from tracker.models.project import Project, Release


class Commit(models.Model):
    """One commit that a release brought."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="commits")
    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="commits")
    sha = models.CharField(max_length=64)
    repository = models.CharField(max_length=200, blank=True)
    message = models.TextField(blank=True)
    author_name = models.CharField(max_length=128, blank=True)
    author_email = models.CharField(max_length=254, blank=True)
    committed_at = models.DateTimeField()
    position = models.PositiveIntegerField(default=0, help_text="0: the newest of the release.")
    patch_set = models.JSONField(
        default=list, blank=True, help_text='[{"path": ..., "type": "A", "M" or "D"}]'
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "repository", "sha"], name="commit_once")
        ]
        # Suspect commits: what the releases of a project brought, newest first.
        indexes = [models.Index(fields=["project", "-committed_at"], name="commit_newest")]

    def __str__(self) -> str:
        return f"{self.sha[:10]} {self.subject[:60]}"

    @property
    def subject(self) -> str:
        """The first line of its message."""
        return self.message.partition("\n")[0]
