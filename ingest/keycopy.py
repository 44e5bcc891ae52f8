"""A copy of all keys on the disk, good for a day without database.

Whoever may send stays known when a web process starts while the database is away. The file
holds hashes of keys, never keys: it can't be used to send.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import structlog
from django.conf import settings

GOOD_FOR = 24 * 3600.0
EVERY = 60.0
"""Seconds after which the copy is renewed."""

log = structlog.get_logger(__name__)
Fields = list[Any]
"""A sender, as its columns."""


class _Copy(msgspec.Struct, frozen=True):
    at: float
    keys: dict[str, Fields]
    """SHA-256 of a key or token, in hex -> its sender."""


_decode = msgspec.json.Decoder(_Copy).decode


def fingerprint(text: str) -> str:
    """What stands for a key in the copy."""
    return hashlib.sha256(text.encode()).hexdigest()


def path() -> Path:
    """Where the copy lies."""
    return Path(settings.EMBERWATCH_DATA) / "spool" / "keys.json"


class KeyCopy:
    """The copy, read when it is first needed and when it has changed."""

    def __init__(
        self, where: Callable[[], Path] = path, now: Callable[[], float] = time.time
    ) -> None:
        self._where = where
        self._now = now
        self._lock = threading.Lock()
        self._read: tuple[float, _Copy] | None = None

    def is_due(self) -> bool:
        """Whether the copy is to be renewed."""
        try:
            return self._now() - self._where().stat().st_mtime > EVERY
        except OSError:
            return True

    def write(self, senders: Iterable[tuple[Sequence[str], Sequence[Any]]]) -> None:
        """Replace the copy by (keys and tokens, columns) of each sender. Raises OSError."""
        keys = {fingerprint(text): list(row) for texts, row in senders for text in texts if text}
        where = self._where()
        where.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = where.with_name(f"{where.name}.{os.getpid()}")
        number = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "wb") as file:
            file.write(msgspec.json.encode(_Copy(self._now(), keys)))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(where)

    def find(self, text: str) -> Fields | None:
        """The sender of a key; None when there is none, or the copy is older than a day."""
        copy = self._load()
        if copy is None or self._now() - copy.at > GOOD_FOR:
            return None
        return copy.keys.get(fingerprint(text))

    def _load(self) -> _Copy | None:
        with self._lock:
            try:
                changed = self._where().stat().st_mtime
                if self._read is None or self._read[0] != changed:
                    self._read = changed, _decode(self._where().read_bytes())
            except (OSError, msgspec.MsgspecError) as error:
                log.warning("no copy of the keys", error=type(error).__name__)
                return None
            return self._read[1]


COPY = KeyCopy()
