"""People, teams, roles and tokens: who may see and do what."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Self

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Role(models.TextChoices):
    """What a member may do in a team. The instance's owner is a superuser."""

    VIEWER = "viewer", "Viewer"
    TRIAGER = "triager", "Triager"
    ADMIN = "admin", "Admin"


ROLES_AT_LEAST: dict[str, tuple[str, ...]] = {
    Role.VIEWER: (Role.VIEWER, Role.TRIAGER, Role.ADMIN),
    Role.TRIAGER: (Role.TRIAGER, Role.ADMIN),
    Role.ADMIN: (Role.ADMIN,),
}


class User(AbstractUser):
    """A person who triages. `is_superuser` is the instance-wide owner."""

    alert_email = models.EmailField(
        blank=True, help_text="Where alerts go when not to the log-in address."
    )

    @property
    def alert_address(self) -> str:
        """The address that alerts go to; "" when there is none."""
        return self.alert_email or self.email

    @property
    def initials(self) -> str:
        """Two letters for an avatar."""
        words = (self.get_full_name() or self.username).replace(".", " ").split()
        letters = words[0][0] + words[1][0] if len(words) > 1 else (words or ["?"])[0][:2]
        return letters.upper()


class TeamQuerySet(models.QuerySet["Team"]):
    """Questions about teams."""

    def visible_to(self, user: User, role: str = Role.VIEWER) -> Self:
        """Teams in which the user has at least `role`; all of them for the owner."""
        if user.is_superuser and user.is_active:
            return self
        return self.filter(
            memberships__user=user, memberships__role__in=ROLES_AT_LEAST[role]
        ).distinct()


class Team(models.Model):
    """A group of people who own projects together."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"#{self.slug}"


class Membership(models.Model):
    """One person's role in one team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.TRIAGER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="membership_once"),
            models.CheckConstraint(
                condition=Q(role__in=["viewer", "triager", "admin"]), name="membership_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team} ({self.role})"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Questions about tokens."""

    def for_secret(self, secret: str, now: datetime) -> ApiToken | None:
        """The live token that `secret` belongs to, or None."""
        digest = ApiToken.digest(secret)
        token = self.filter(hash=digest).select_related("user").first()
        if token is None or not hmac.compare_digest(bytes(token.hash), digest):
            return None
        if token.expires_at is not None and token.expires_at <= now:
            return None
        return token if token.user.is_active else None


class ApiToken(models.Model):
    """A bearer token of a user; only its SHA-256 is kept."""

    SCOPES = ("read", "write", "admin")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, blank=True)
    hash = models.BinaryField(max_length=32, unique=True, editable=False)
    hint = models.CharField(max_length=8, editable=False, help_text="The last characters.")
    scopes = ArrayField(models.CharField(max_length=20), default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name or 'token'} …{self.hint}"

    @staticmethod
    def digest(secret: str) -> bytes:
        """SHA-256 of a token's text; 256 random bits need no salt."""
        return hashlib.sha256(secret.encode()).digest()

    @classmethod
    def make(cls, user: User, scopes: list[str], name: str = "") -> tuple[ApiToken, str]:
        """Store a new token; returns it and the secret, which can't be shown again.

        Raises ValueError for an unknown scope.
        """
        unknown = sorted(set(scopes) - set(cls.SCOPES))
        if unknown or not scopes:
            raise ValueError(
                f"unknown scope {', '.join(unknown) or '(none)'}: use {', '.join(cls.SCOPES)}"
            )
        secret = secrets.token_hex(32)
        token = cls.objects.create(
            user=user, name=name, hash=cls.digest(secret), hint=secret[-4:], scopes=scopes
        )
        return token, secret
