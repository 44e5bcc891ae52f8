"""Links in messages that lead to something to do: signed, with an end, harmless to fetch.

A link says which issue and which action, nothing more: who opens it logs in, needs the role that
the action needs, sees a page that asks, and confirms by POST. Mail scanners and chat previews
that fetch it change nothing.

    LinkError
    ├── TooOld      it was genuine once
    └── NotOurs     nobody signed it
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from msgspec import Struct

from alerts.actions.notices import absolute
from alerts.models import Incident
from alerts.transports.base import Link
from tracker.actions import triage
from tracker.actions.activity import Entry, write_activity
from tracker.models import ActivityKind, Issue, User

_SALT = "alerts.act"
VALID = timedelta(days=14)
LABELS = {
    "acknowledge": "Acknowledge",
    "assign": "Assign to me",
    "resolve": "Resolve",
    "snooze": "Snooze",
}


class LinkError(Exception):
    """Base of what is wrong with a link."""


class NotOurs(LinkError):
    """Nobody signed it."""


class TooOld(LinkError):
    """It was genuine once."""

    def __init__(self, wanted: Wanted) -> None:
        super().__init__()
        self.wanted = wanted


class Wanted(Struct, frozen=True):
    """What a link is for."""

    action: str
    issue_id: int


def links(issue_id: int) -> tuple[Link, ...]:
    """What can be done about an issue, the likeliest first."""
    return tuple(Link(label, absolute(path(action, issue_id))) for action, label in LABELS.items())


def path(action: str, issue_id: int) -> str:
    """Where one thing can be done, on this server."""
    return reverse("alerts-act", args=[signing.dumps([action, issue_id], salt=_SALT)])


def read(token: str) -> Wanted:
    """What a link wants. Raises TooOld, NotOurs."""
    try:
        wanted = _wanted(signing.loads(token, salt=_SALT))
    except signing.BadSignature:
        raise NotOurs from None
    try:
        signing.loads(token, salt=_SALT, max_age=VALID)
    except signing.SignatureExpired:
        raise TooOld(wanted) from None
    return wanted


def _wanted(said: object) -> Wanted:
    if isinstance(said, list) and len(said) == 2 and said[0] in LABELS and type(said[1]) is int:
        return Wanted(said[0], said[1])
    raise NotOurs


def acknowledge(issues: QuerySet[Issue], actor: User, now: datetime) -> Sequence[int]:
    """Say that somebody is on it; ids of the issues of which an incident was open and unclaimed.

    Their incidents stay open and are not told again until they end or come back; receivers that
    can show it hear of it.
    """
    with transaction.atomic():
        rows = list(issues.live().order_by("project_id", "pk"))  # type: ignore[attr-defined]
        waiting = set(
            Incident.objects.open()
            .filter(issue__in=[row.pk for row in rows], acknowledged_at=None)
            .values_list("issue_id", flat=True)
        )
        told = [row for row in rows if row.pk in waiting]
        name = actor.get_full_name() or actor.username
        data = {"name": name, "why": f"{name} is on it"}
        write_activity([
            Entry(row.project_id, row.pk, ActivityKind.ACKNOWLEDGED, now, data, actor.pk)
            for row in told
        ])  # fmt: skip
        if rows:
            triage.mark_reviewed(issues, now, actor)
    return [row.pk for row in told]
