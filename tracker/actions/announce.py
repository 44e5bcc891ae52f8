"""Verbs of what tools tell: that there is a release, that an environment is hidden.

AnnounceError
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tracker.models import Environment, Release

MOST_VERSION = 200


class AnnounceError(Exception):
    """What was told makes none; `str()` is one sentence."""


def release(project_id: int, version: str, released_at: datetime | None) -> tuple[Release, bool]:
    """The release, and whether it is new; from now on it is not known from events alone.

    Raises AnnounceError.
    """
    version = version.strip()
    if not version or len(version) > MOST_VERSION or not version.isprintable():
        raise AnnounceError(f"version is one line of 1 to {MOST_VERSION} characters.")
    with transaction.atomic():
        row, made = Release.objects.get_or_create(
            project_id=project_id,
            version=version,
            defaults={"source": Release.Source.API, "released_at": released_at},
        )
        if not made:
            if row.source == Release.Source.EVENT:
                row.source = Release.Source.API
            row.released_at = released_at or row.released_at
            row.save(update_fields=["source", "released_at"])
    return row, made


def hide(environment: Environment, hidden: bool) -> Environment:
    """Take an environment out of menus, or put it back; its events stay counted."""
    Environment.objects.filter(pk=environment.pk).update(hidden=hidden)
    environment.hidden = hidden
    return environment
