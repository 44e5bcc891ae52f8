"""Bells of repositories: a git host says that somebody pushed, and the clone is fetched now.

A call is never believed beyond that it came: what is fetched is what the host answers then.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings
from django.urls import reverse

from tracker import vault
from tracker.actions import audit
from tracker.calls import Forged, Incoming
from tracker.models import Repository, User
from tracker.ringing import Publisher
from tracker.vcs import pushes

MOST = 20 * 1024 * 1024
"""Bytes of a call: a push of many commits tells of each."""
TASK = "tracker.tasks.fetch_code"
"""Its timer of a few seconds finds what could not be rung."""

log = structlog.get_logger(__name__)
_publisher = Publisher(0.5)


def make_secret(row: Repository) -> None:
    """A new secret; hosts that know another are not heard any more. Does not save."""
    row.bell_sealed = vault.seal({"secret": secrets.token_urlsafe(32)})


def renew(row: Repository, actor: User | None, now: datetime, where: str = "") -> None:
    """Make a new secret. `where`: the address of who asks, for the audit log."""
    make_secret(row)
    row.save(update_fields=["bell_sealed"])
    audit.record(
        "changed", actor=actor, target=row, before={"webhook secret": "the old one"},
        after={"webhook secret": "a new one"}, address=where, now=now,
    )  # fmt: skip


def secret_of(row: Repository) -> str:
    """Its secret; "" when there is none, or when it can't be opened."""
    try:
        return vault.unseal(row.bell_sealed).get("secret", "")
    except vault.VaultError:
        return ""


def url_of(row: Repository) -> str:
    """Where its host has to call."""
    return f"{settings.EMBERWATCH_URL}{reverse('code-pushed', args=[row.bell])}"


def hangs(uid: UUID) -> bool:
    """Whether a repository has this bell."""
    return Repository.objects.filter(bell=uid).exists()


def hear(uid: UUID, call: Incoming) -> int:
    """Take a call to a repository's bell; returns the status to answer with."""
    row = Repository.objects.filter(bell=uid).first()
    if row is None:
        return 404
    try:
        pushed = pushes.hear(secret_of(row), call)
    except Forged as error:
        log.warning("push not believed", repository=row.pk, why=str(error))
        return 401
    told: dict[str, object] = {"rung_at": call.at}
    if pushed:
        told["due_at"] = call.at
    Repository.objects.filter(pk=row.pk).update(**told)
    if pushed:
        wake()
    return 200


def wake() -> bool:
    """Have a worker look at once for what is due; False when nobody could be asked."""
    try:
        _publisher.publish(TASK)
    except Exception as error:  # a hint is never worth a failure
        log.warning("wake-up not sent", task=TASK, error=type(error).__name__)
        return False
    return True
