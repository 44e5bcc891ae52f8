"""Invitations: a link, once, for a while, into one team."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from tracker.models.access import ROLES_AT_LEAST, Role, Team, User


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Questions about invitations."""

    def pending(self, now: datetime) -> Self:
        """Those that can still be taken up."""
        return self.filter(accepted_at__isnull=True, expires_at__gt=now)

    def for_secret(self, secret: str, now: datetime) -> Invitation | None:
        """The invitation that a link holds, if it still stands.

        It falls with the rights of the person who gave it.
        """
        rows = self.pending(now).select_related("team", "invited_by")
        found = rows.filter(hash=Invitation.digest(secret)).first()
        return found if found and found.stands() else None


class Invitation(models.Model):
    """One place in a team. Grants nothing before it is accepted; only its SHA-256 is kept."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.TRIAGER)
    email = models.EmailField(
        "for", blank=True, help_text="Whom it is meant for; alerts will go there. No mail is sent."
    )
    hash = models.BinaryField(max_length=32, unique=True, editable=False)
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, editable=False)
    accepted_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=["viewer", "triager", "admin"]), name="invitation_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email or 'anybody with the link'} to {self.team} as {self.role}"

    @staticmethod
    def digest(secret: str) -> bytes:
        """SHA-256 of a link's secret; 256 random bits need no salt."""
        return hashlib.sha256(secret.encode()).digest()

    def stands(self) -> bool:
        """Whether who gave it could give it now: an admin of the team, or the owner."""
        giver = self.invited_by
        if not giver.is_active:
            return False
        if giver.is_superuser:
            return True
        rights = ROLES_AT_LEAST[Role.ADMIN]
        return self.team.memberships.filter(user=giver, role__in=rights).exists()
