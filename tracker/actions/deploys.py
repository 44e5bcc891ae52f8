"""Verbs of deploys: note that a release goes into an environment, and how it went.

DeployError
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from msgspec import Struct

from tracker.actions.activity import Entry, write_activity
from tracker.models import Deploy, Environment, Release

DEPLOYED = "deployed"
"""Kind of the project-level Activity."""

_DONE = frozenset({Deploy.Status.SUCCEEDED, Deploy.Status.FAILED, Deploy.Status.TIMED_OUT})


class DeployError(Exception):
    """What was told of a deploy makes none; `str()` is one sentence."""


class DeployTold(Struct, frozen=True):
    """What a tool says of a deploy."""

    environment: str
    revision: str
    status: str = "succeeded"
    actor: str = ""
    comment: str = ""
    name: str = ""
    url: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


def start(project_id: int, told: DeployTold, now: datetime) -> Deploy:
    """Store a deploy; its release is made or becomes one that was deployed. Raises DeployError."""
    if not told.environment or len(told.environment) > 64:
        raise DeployError("environment is required, with at most 64 characters.")
    if not told.revision or len(told.revision) > 200:
        raise DeployError("revision is required, with at most 200 characters.")
    status = _status(told.status)
    with transaction.atomic():
        environment, _ = Environment.objects.get_or_create(
            project_id=project_id, name=told.environment
        )
        started = told.started_at or now
        deploy = Deploy.objects.create(
            project_id=project_id,
            release=_deployed(project_id, told.revision, started),
            environment=environment,
            status=status,
            actor=told.actor[:256],
            comment=told.comment[:65_536],
            name=told.name[:64],
            url=told.url[:2048],
            started_at=started,
            finished_at=(told.finished_at or now) if status in _DONE else None,
        )
        if status == Deploy.Status.SUCCEEDED:
            _tell(deploy, now)
    return deploy


def change(deploy: Deploy, status: str, comment: str | None, now: datetime) -> Deploy:
    """Say how a deploy went. Raises DeployError."""
    status = _status(status)
    with transaction.atomic():
        deploy = Deploy.objects.select_for_update().get(pk=deploy.pk)
        landed = status == Deploy.Status.SUCCEEDED and deploy.status != status
        deploy.status = status
        deploy.finished_at = now if status in _DONE else None
        if comment is not None:
            deploy.comment = comment[:65_536]
        deploy.save(update_fields=["status", "finished_at", "comment"])
        if landed:
            _tell(deploy, now)
    return deploy


def _status(told: str) -> str:
    if told not in Deploy.Status.values:
        raise DeployError(f"status is one of {', '.join(Deploy.Status.values)}.")
    return told


def _deployed(project_id: int, version: str, now: datetime) -> Release:
    """The release, which no event alone can have made from now on."""
    release, made = Release.objects.get_or_create(
        project_id=project_id,
        version=version,
        defaults={"source": Release.Source.DEPLOY, "released_at": now},
    )
    if not made and release.source == Release.Source.EVENT:
        release.source = Release.Source.DEPLOY
        release.released_at = release.released_at or now
        release.save(update_fields=["source", "released_at"])
    return release


def _tell(deploy: Deploy, now: datetime) -> None:
    data: dict[str, Any] = {
        "deploy_id": deploy.pk,
        "release": deploy.release.version,
        "environment": deploy.environment.name,
        "actor": deploy.actor,
    }
    write_activity([Entry(deploy.project_id, None, DEPLOYED, now, data)])
