"""Who calls: bearer tokens, what they allow, and when they were last used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import Q
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from tracker.models import ApiToken, User

USED_EVERY = timedelta(minutes=1)
"""How exact `last_used_at` is: a write for each call would cost more than it tells."""
IMPLIED: dict[str, tuple[str, ...]] = {
    "read": ("read", "write", "admin"),
    "write": ("write", "admin"),
    "admin": ("admin",),
}
"""Scopes that allow what each scope names."""


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer <token>`; nothing else, so that no cookie can be abused."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The token and its user; None without the header. Raises AuthenticationFailed."""
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        if len(words) != 2 or len(words[1]) > 200:
            raise AuthenticationFailed("Send one token: Authorization: Bearer <token>.")
        now = datetime.now(UTC)
        token = ApiToken.objects.for_secret(words[1].decode("ascii", "replace"), now)
        if token is None:
            raise AuthenticationFailed("This token is not known, or no longer valid.")
        _note_use(token, now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Makes the answer a 401 that says how."""
        return "Bearer"


def _note_use(token: ApiToken, now: datetime) -> None:
    """Write the time of use, at most once a minute whatever the number of processes."""
    if token.last_used_at is not None and now - token.last_used_at < USED_EVERY:
        return
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USED_EVERY)
    ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


class HasScope(BasePermission):
    """Reading needs `read`, everything else `write`, unless the view says otherwise."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the token's scopes suffice. Raises PermissionDenied with the one missing."""
        token = request.auth
        if not isinstance(token, ApiToken):
            return False
        reading = request.method in SAFE_METHODS
        named = "read_scope" if reading else "write_scope"
        needed = getattr(view, named, "read" if reading else "write")
        if not set(IMPLIED[needed]) & set(token.scopes):
            raise PermissionDenied(f"This token lacks the scope “{needed}”.")
        return True


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells the schema about tokens."""

    target_class = "tracker.api.auth.BearerToken"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """OpenAPI's words for it."""
        return {"type": "http", "scheme": "bearer"}
