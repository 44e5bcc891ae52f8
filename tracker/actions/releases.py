"""Verbs of releases: make, finish, archive, delete, and say which commits they brought.

ReleaseError
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from msgspec import UNSET, Struct, UnsetType

from tracker.actions import bells, names
from tracker.models import Commit, EventRow, Issue, Project, Release, Repository, SessionHour

MOST_COMMITS = 1_000
MOST_FILES = 1_000
"""Of one commit."""
_FORBIDDEN = frozenset("\n\r\t\x0b\x0c\x00")


class ReleaseError(Exception):
    """What was told makes no release; `str()` is one sentence."""


class CommitTold(Struct, frozen=True):
    """A commit as a tool tells it."""

    sha: str
    committed_at: datetime
    repository: str = ""
    message: str = ""
    author_name: str = ""
    author_email: str = ""
    patch_set: tuple[tuple[str, str], ...] = ()
    """(path, A, M or D)."""


class ReleaseTold(Struct, frozen=True):
    """What a tool says of a release; what it does not say stays as it is."""

    url: str | UnsetType = UNSET
    released_at: datetime | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    refs: list[dict[str, str]] | UnsetType = UNSET
    commits: tuple[CommitTold, ...] | UnsetType = UNSET


def check_version(version: str) -> str:
    """The version as it is kept. Raises ReleaseError."""
    version = version.strip()
    if not version or version in (".", "..") or _FORBIDDEN & set(version) or len(version) > 200:
        raise ReleaseError("A version has 1 to 200 characters on one line, and is not . or ..")
    return version


def make(
    projects: Sequence[Project], version: str, told: ReleaseTold
) -> tuple[list[Release], bool]:
    """A release of each project, new or as it was; whether any is new. Raises ReleaseError."""
    version = check_version(version)
    made = False
    rows = []
    with transaction.atomic():
        for project in projects:
            row, new = Release.objects.get_or_create(
                project=project, version=version, defaults={"source": Release.Source.API}
            )
            made = made or new
            rows.append(row)
        change(rows, told)
    return rows, made


def change(rows: Iterable[Release], told: ReleaseTold) -> None:
    """Write down what a tool says; from now on no release of theirs is one of events alone."""
    with transaction.atomic():
        for row in rows:
            fields = []
            if row.source == Release.Source.EVENT:
                row.source = Release.Source.API
                fields.append("source")
            for name in ("url", "released_at", "archived", "refs"):
                value = getattr(told, name)
                if value is not UNSET:
                    setattr(row, name, value)
                    fields.append(name)
            if fields:
                row.save(update_fields=fields)
            if told.commits is not UNSET:
                write_commits(row, told.commits)
            if told.refs is not UNSET:  # the clone may lack what was just released
                names_told = [ref.get("repository", "") for ref in told.refs]
                of_team = Q(project__team=row.project.team_id, name__in=names_told)
                rows_due = Repository.objects.filter(Q(project=row.project_id) | of_team)
                Repository.objects.filter(pk__in=rows_due.values("pk")).update(
                    due_at=timezone.now()
                )
                transaction.on_commit(bells.wake)


def write_commits(release: Release, commits: Sequence[CommitTold]) -> None:
    """Replace what the release is said to have brought; in one transaction of the caller's."""
    release.commits.all().delete()
    unique = {(one.repository, one.sha): one for one in reversed(commits[:MOST_COMMITS])}
    ordered = [one for one in commits[:MOST_COMMITS] if unique[one.repository, one.sha] is one]
    Commit.objects.bulk_create(
        Commit(
            project_id=release.project_id, release=release, sha=one.sha[:64],
            repository=one.repository[:200], message=one.message[:65_536],
            author_name=one.author_name[:128], author_email=one.author_email[:254],
            committed_at=one.committed_at, position=place, patch_set=_patch_set(one),
        )
        for place, one in enumerate(ordered)
    )  # fmt: skip


def _patch_set(commit: CommitTold) -> list[dict[str, Any]]:
    return [{"path": path[:1024], "type": kind} for path, kind in commit.patch_set[:MOST_FILES]]


def delete(rows: Sequence[Release]) -> None:
    """Delete releases with their commits and deploys. Raises ReleaseError when events name one."""
    for row in rows:
        issues = Issue.objects.filter(project_id=row.project_id).filter(
            Q(first_release=row) | Q(last_release=row) | Q(resolved_release=row)
        )
        events = EventRow.objects.filter(project_id=row.project_id, release_id=row.pk)
        sessions = SessionHour.objects.filter(project_id=row.project_id, release_id=row.pk)
        if issues.exists() or events.exists() or sessions.exists():
            raise ReleaseError(f"{row.version} has events or sessions and can't be deleted.")
    with transaction.atomic():
        for row in rows:
            row.delete()
    names.releases.forget()
