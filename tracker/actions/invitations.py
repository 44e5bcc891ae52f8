"""Inviting people into a team by a link, and taking a link up.

InvitationError
├── NotYours       the giver is no admin of the team
└── Gone           expired, used, withdrawn, or its giver lost the right
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from tracker.actions import audit
from tracker.models import Invitation, Membership, Role, Team, User
from tracker.models.access import ROLES_AT_LEAST

VALID_FOR = timedelta(days=7)
_ORDER = (Role.VIEWER, Role.TRIAGER, Role.ADMIN)


class InvitationError(Exception):
    """Base of what goes wrong here; `str()` is for the page."""


class NotYours(InvitationError):
    """Only admins of a team, and the owner, invite into it."""


class Gone(InvitationError):
    """The link leads nowhere (any more)."""


def invite(
    giver: User, team: Team, role: str, now: datetime, *, email: str = ""
) -> tuple[Invitation, str]:
    """Make an invitation; returns it and the secret of its link, which can't be shown again.

    Raises NotYours; ValueError for an unknown role.
    """
    role = Role(role)
    if not may_invite(giver, team):
        raise NotYours("Only admins of a team invite into it.")
    secret = secrets.token_urlsafe(32)
    made = Invitation.objects.create(
        team=team, role=role, email=email, hash=Invitation.digest(secret), invited_by=giver,
        created_at=now, expires_at=now + VALID_FOR,
    )  # fmt: skip
    return made, secret


def may_invite(giver: User, team: Team) -> bool:
    """Roles given are never above one's own: only the highest gives any."""
    if giver.is_superuser and giver.is_active:
        return True
    return team.memberships.filter(user=giver, role__in=ROLES_AT_LEAST[Role.ADMIN]).exists()


def accept(secret: str, user: User, now: datetime, *, address: str = "") -> Membership:
    """Join the team, or rise in it; never fall. Raises Gone. Two at once: one joins."""
    with transaction.atomic():
        found = Invitation.objects.for_secret(secret, now)
        taken = found and Invitation.objects.pending(now).filter(pk=found.pk).update(
            accepted_at=now, accepted_by=user
        )
        if found is None or not taken:
            raise Gone("This invitation was used, has expired, or was withdrawn: ask for another.")
        member, _ = Membership.objects.select_for_update().get_or_create(
            team=found.team, user=user, defaults={"role": found.role}
        )
        if _ORDER.index(Role(found.role)) > _ORDER.index(Role(member.role)):
            member.role = found.role
            member.save(update_fields=["role"])
        audit.record(
            "accepted", actor=user, target=found, after={"role": member.role}, address=address,
            now=now,
        )  # fmt: skip
        return member


def accept_as_new(
    secret: str, username: str, password: str, now: datetime, *, address: str = ""
) -> User:
    """Make an account and join with it. Raises Gone; IntegrityError when the name is taken."""
    with transaction.atomic():
        found = Invitation.objects.for_secret(secret, now)
        if found is None:
            raise Gone("This invitation was used, has expired, or was withdrawn: ask for another.")
        # Identity providers trust log-in addresses, so only the owner's word makes one; alerts
        # may go where any giver says.
        trusted = found.email if found.invited_by.is_superuser else ""
        user = User.objects.create_user(
            username, trusted, password, alert_email=found.email if not trusted else ""
        )
        accept(secret, user, now, address=address)
        return user
