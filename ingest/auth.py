"""Who is sending: find the public key in a request and look it up in a cached table."""

from __future__ import annotations

import base64
import binascii
import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from urllib.parse import urlsplit

import msgspec
import psycopg
from django.db import DatabaseError, InterfaceError
from django.db.models import Q
from msgspec import Struct

from ingest.away import AWAY
from ingest.errors import BadBody, InboxAway, MustWait, NoKey, WrongKey
from ingest.keycopy import COPY
from tracker.models import ProjectKey

FRESH = 5.0
"""Seconds that an answer of the key table is believed."""
RIPE = 2.5
"""Seconds after which it is renewed when somebody wants it."""
PATIENCE = 1.0
"""Seconds that others wait for one who asks: his connection may be cut, and not know it."""

_MOST = 10_000
_AT_ONCE = 1_000
"""Keys of one statement."""
_NEWEST_PROTOCOL = 7


class Sender(Struct, frozen=True):
    """A key that may send, and what its project allows."""

    key_id: int
    project_id: int
    public_key: str
    unlimited: bool
    rate_per_minute: int | None
    monthly_quota: int | None = None
    scope: str = ""
    """Of a Rollbar token: `post_server`, `post_client`, `read` or `write`."""


class Credentials(Struct, frozen=True):
    """What a request says about itself."""

    public_key: str
    client: str = ""
    """`name/version` of the SDK."""
    sent: str = ""
    """The old form of `sent_at`: seconds since 1970, as text."""


Entry = tuple[float, Sender | None]
"""When the database was asked for a key, and what it said."""


Load = Callable[[Sequence[str]], Mapping[str, Sender]]
"""The senders of those keys that are known."""


class _Question:
    """A key that one thread asks the database for, for all who want it."""

    __slots__ = ("answer", "settled")

    def __init__(self) -> None:
        self.settled = threading.Event()
        self.answer: tuple[Sender | None] | None = None


_SETTLED = _Question()
_SETTLED.settled.set()


class KeyTable:
    """Keys by their text, at most `FRESH` seconds stale; unknown ones are remembered too.

    Keys in use are renewed by one thread (`renew`), and one asks for a key that is unknown,
    however many want it: a connection for each thread that a busy key keeps at work would stay.
    """

    def __init__(
        self,
        load: Load,
        copy: Callable[[str], Sender | None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._copy = copy
        self._clock = clock
        self._known: dict[str, Entry] = {}
        self._lock = threading.Lock()
        self._ripe: set[str] = set()
        """Keys that somebody wanted when it was time to renew them."""
        self._asked: dict[str, _Question] = {}

    def find(self, text: str, *, wait: bool = True) -> Sender | None:
        """The sender of an enabled key, or None. Raises InboxAway when nobody can tell, MustWait
        instead of asking the database when `wait` is false.
        """
        stuck: _Question | None = None
        while True:
            now = self._clock()
            entry = self._known.get(text)
            if entry is not None and now - entry[0] < FRESH:
                # Strangers can invent any number of keys: one thread must not ask for them all.
                if now - entry[0] >= RIPE and entry[1] is not None:
                    self._ripe.add(text)
                return entry[1]
            if AWAY.now:
                return self._remembered(text, entry)
            if not wait:
                raise MustWait
            question, ours = self._turn(text, entry, stuck)
            if ours:
                return self._ask(text, entry, question)
            stuck = None if question.settled.wait(PATIENCE) else question
            if question.answer is not None:
                return question.answer[0]

    def renew(self) -> None:
        """Ask the database for the keys that are in use and ripe. Raises what it raises."""
        ripe, self._ripe = list(self._ripe), set()
        for start in range(0, len(ripe), _AT_ONCE):
            self._learn(ripe[start : start + _AT_ONCE])

    def _turn(
        self, text: str, entry: Entry | None, stuck: _Question | None
    ) -> tuple[_Question, bool]:
        """Somebody's question for a key, unless that one is stuck, or ours; whether it is ours."""
        with self._lock:
            theirs = self._asked.get(text)
            if theirs is None and self._known.get(text) is not entry:
                return _SETTLED, False  # it was answered just now
            if theirs is not None and theirs is not stuck:
                return theirs, False
            self._asked[text] = ours = _Question()
        return ours, True

    def _ask(self, text: str, entry: Entry | None, question: _Question) -> Sender | None:
        """The database's answer, for all who wait for it. Raises InboxAway."""
        try:
            sender = self._learn([text]).get(text)
            question.answer = (sender,)
        except (DatabaseError, InterfaceError, psycopg.Error):
            newer = self._known.get(text)
            if newer is not None and newer is not entry:
                return newer[1]  # another took over, and was told: our connection alone is broken
            AWAY.note()
            return self._remembered(text, entry)
        else:
            return sender
        finally:
            with self._lock:
                if self._asked.get(text) is question:
                    del self._asked[text]
            question.settled.set()

    def _learn(self, texts: Sequence[str]) -> Mapping[str, Sender]:
        now = self._clock()
        found = self._load(texts)
        with self._lock:
            if len(self._known) >= _MOST:
                self._make_room()
            for text in texts:
                known = self._known.get(text)
                if known is None or known[0] <= now:  # who asked later knows better
                    self._known[text] = (now, found.get(text))
        return found

    def _remembered(self, text: str, entry: Entry | None) -> Sender | None:
        """What was true before the database went away. Raises InboxAway when nobody knows."""
        if entry is not None and (entry[1] is not None or not AWAY.now):
            return entry[1]
        sender = self._copy(text)
        if sender is None:
            raise InboxAway from None
        return sender

    def _make_room(self) -> None:
        """Forget the keys that do not exist: strangers can invent any number of them."""
        real = {text: entry for text, entry in self._known.items() if entry[1] is not None}
        self._known = real if len(real) < _MOST // 2 else {}

    def forget(self) -> None:
        """Believe nothing any more."""
        self._known.clear()


COLUMNS = (
    "id",
    "project_id",
    "public_key",
    "project__unlimited",
    "rate_per_minute",
    "monthly_quota",
)
_SCOPES = {
    "rollbar_post_server": "post_server",
    "rollbar_post_client": "post_client",
    "rollbar_read_hash": "read",
    "rollbar_write_hash": "write",
}


def _looks_like_key(text: str) -> bool:
    return len(text) == 32 and text.isascii() and text.isalnum()


def _load_keys(texts: Iterable[str]) -> dict[str, Sender]:
    """The senders that DSNs' keys belong to."""
    wanted = [text for text in texts if _looks_like_key(text)]
    if not wanted:
        return {}
    enabled = ProjectKey.objects.filter(public_key__in=wanted, enabled=True)
    return {row[2]: Sender(*row) for row in enabled.values_list(*COLUMNS)}


def _load_tokens(texts: Iterable[str]) -> dict[str, Sender]:
    """The senders that Rollbar tokens belong to, with the token's scope."""
    named: dict[str | bytes, str] = {}
    for text in filter(_looks_like_key, texts):
        named[text] = named[hashlib.sha256(text.encode()).digest()] = text
    if not named:
        return {}
    tokens = [told for told in named if isinstance(told, str)]
    digests = [told for told in named if isinstance(told, bytes)]
    rows = ProjectKey.objects.filter(
        Q(rollbar_post_server__in=tokens)
        | Q(rollbar_post_client__in=tokens)
        | Q(rollbar_read_hash__in=digests)
        | Q(rollbar_write_hash__in=digests),
        enabled=True,
    )
    found: dict[str, Sender] = {}
    for row in rows.values_list(*COLUMNS, *_SCOPES):
        sender = Sender(*row[: len(COLUMNS)])
        for scope, told in zip(_SCOPES.values(), row[len(COLUMNS) :], strict=True):
            token = named.get(told if isinstance(told, str) else bytes(told or b""))
            if token is not None:
                found.setdefault(token, msgspec.structs.replace(sender, scope=scope))
    return found


def _copied_key(public_key: str) -> Sender | None:
    """The same from the copy on the disk."""
    row = COPY.find(public_key)
    return Sender(*row) if row is not None else None


def _copied_token(token: str) -> Sender | None:
    """The same of a token that may post; others are for what needs the database."""
    for scope in ("post_server", "post_client"):
        row = COPY.find(f"{scope}:{token}")
        if row is not None:
            return msgspec.structs.replace(Sender(*row), scope=scope)
    return None


def copy_keys() -> None:
    """Renew the copy of all keys on the disk when it is due. Raises OSError, DatabaseError."""
    if not COPY.is_due():
        return
    tokens = "rollbar_post_server", "rollbar_post_client"
    rows = ProjectKey.objects.filter(enabled=True).values_list(*COLUMNS, *tokens)
    COPY.write(
        (
            (row[2], f"post_server:{row[-2]}", f"post_client:{row[-1]}"),
            row[: len(COLUMNS)],
        )
        for row in rows.iterator()
    )


KEYS = KeyTable(_load_keys, _copied_key)
TOKENS = KeyTable(_load_tokens, _copied_token)


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
    """The first of the forms that a request may name its key in. Raises NoKey, BadBody."""
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
    """Versions 2 to 7 and none are known. Raises BadBody."""
    if not version:
        return
    try:
        known = float(version) <= _NEWEST_PROTOCOL
    except ValueError:
        known = False
    if not known:
        raise BadBody(
            f"Only protocol versions up to {_NEWEST_PROTOCOL} are known.", 400, "protocol_version"
        )


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
    try:
        last = urlsplit(dsn).path.rstrip("/").rpartition("/")[2]
    except ValueError:
        return None
    return int(last) if last.isascii() and last.isdigit() and len(last) < 19 else None
