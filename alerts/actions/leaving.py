"""Leaving the mails of a project by a signed link, without logging in."""

from __future__ import annotations

from django.core import signing
from django.urls import reverse

from alerts.actions.notices import absolute
from alerts.models import Unsubscribed
from tracker.models import Project

_SALT = "alerts.unsubscribe"


def link(project_id: int, address: str) -> str:
    """Where an address can leave a project's mails."""
    token = signing.dumps([project_id, address], salt=_SALT, compress=True)
    return absolute(reverse("alerts-unsubscribe", args=[token]))


def who(token: str) -> tuple[int, str]:
    """Project and address of a link. Raises BadSignature."""
    project_id, address = signing.loads(token, salt=_SALT)
    return int(project_id), str(address)


def leave(project: Project, address: str) -> None:
    """No more mail to this address, except pages; safe to repeat."""
    Unsubscribed.objects.get_or_create(project=project, address=address)
