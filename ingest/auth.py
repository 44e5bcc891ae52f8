"""Who is sending: find the public key in a request and look it up in a cached table."""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec import Struct

from ingest.errors import MustWait, NoKey, WrongKey
from tracker.models import ProjectKey

FRESH = 5.0
"""Seconds that an answer of the key table is believed."""

_MOST = 10_000
_NEWEST_PROTOCOL = 7


class Sender(Struct, frozen=True):
    """A key that may send, and what its project allows."""

    key_id: int
    project_id: int
    public_key: str
    unlimited: bool
    rate_per_minute: int | None


class Credentials(Struct, frozen=True):
    """What a request says about itself."""

    public_key: str
    client: str = ""
    """`name/version` of the SDK."""
    sent: str = ""
    """The old form of `sent_at`: seconds since 1970, as text."""


class KeyTable:
    """Keys by their text, at most `FRESH` seconds stale; unknown ones are remembered too."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Sender | None]] = {}
        self._lock = threading.Lock()

    def find(self, public_key: str, *, wait: bool = True) -> Sender | None:
        """The sender of an enabled key, or None. Raises MustWait instead of asking the database
        when `wait` is false.
        """
        now = time.monotonic()
        entry = self._known.get(public_key)
        if entry is not None and now - entry[0] < FRESH:
            return entry[1]
        if not wait:
            raise MustWait
        sender = self._load(public_key)
        with self._lock:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[public_key] = (now, sender)
        return sender

    def forget(self) -> None:
        """Believe nothing any more."""
        self._known.clear()

    @staticmethod
    def _load(public_key: str) -> Sender | None:
        if len(public_key) != 32 or not public_key.isascii() or not public_key.isalnum():
            return None
        row = (
            ProjectKey.objects.filter(public_key=public_key, enabled=True)
            .values_list("id", "project_id", "project__unlimited", "rate_per_minute")
            .first()
        )
        if row is None:
            return None
        key_id, project_id, unlimited, rate = row
        return Sender(key_id, project_id, public_key, unlimited, rate)


KEYS = KeyTable()


def authenticate(
    credentials: Credentials | None, project_id: int | None, *, wait: bool = True
) -> Sender:
    """The sender that credentials belong to; `project_id` None takes the key's project.

    Raises NoKey, WrongKey; MustWait when `wait` is false and the database would be asked.
    """
    if credentials is None:
        raise NoKey("No key was sent: put it into X-Sentry-Auth, ?sentry_key= or the DSN.")
    sender = KEYS.find(credentials.public_key, wait=wait)
    if sender is None or (project_id is not None and sender.project_id != project_id):
        raise WrongKey
    return sender


def credentials_of(headers: Mapping[str, str], query: Mapping[str, str]) -> Credentials | None:
    """The first of the forms that a request may name its key in. Raises NoKey."""
    sentry = headers.get("X-Sentry-Auth")
    if sentry:
        return _from_fields(sentry)
    authorization = headers.get("Authorization", "")
    scheme, _, rest = authorization.partition(" ")
    match scheme.lower():
        case "sentry":
            return _from_fields(authorization)
        case "dsn":
            return from_dsn(rest.strip())
        case "basic":
            return _from_basic(rest)
    key = query.get("sentry_key")
    if key:
        _check_version(query.get("sentry_version", ""))
        return Credentials(key.strip(), query.get("sentry_client", ""))
    return None


def _from_fields(header: str) -> Credentials:
    """`Sentry sentry_key=..., sentry_client=...`, in any order."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "sentry":
        rest = header
    fields: dict[str, str] = {}
    for part in rest.split(","):
        name, found, value = part.partition("=")
        if found:
            fields[name.strip().lower()] = value.strip().strip('"')
    key = fields.get("sentry_key")
    if not key:
        raise NoKey("The authentication header names no sentry_key.")
    _check_version(fields.get("sentry_version", ""))
    return Credentials(key, fields.get("sentry_client", ""), fields.get("sentry_timestamp", ""))


def _check_version(version: str) -> None:
    """Versions 2 to 7 and none are known."""
    if not version:
        return
    try:
        known = float(version) <= _NEWEST_PROTOCOL
    except ValueError:
        known = False
    if not known:
        raise NoKey(f"Only protocol versions up to {_NEWEST_PROTOCOL} are known.")


def _from_basic(encoded: str) -> Credentials:
    try:
        user = base64.b64decode(encoded.strip(), validate=True).decode("ascii").partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        raise NoKey("The Authorization header can't be read.") from None
    return Credentials(user)


def from_dsn(dsn: str) -> Credentials:
    """The key of a whole DSN; its host does not matter. Raises NoKey."""
    try:
        parts = urlsplit(dsn)
        user = parts.username
    except ValueError:
        user = None
    if not user:
        raise NoKey("The DSN can't be read.")
    return Credentials(user)


def project_of_dsn(dsn: str) -> int | None:
    """The project a DSN names, or None."""
    last = urlsplit(dsn).path.rstrip("/").rpartition("/")[2]
    return int(last) if last.isascii() and last.isdigit() and len(last) < 19 else None
