"""Where events wait on the local disk while the database is away (D: the spool).

Append-only files of records, each on the disk before its sender hears 200. A record is length,
CRC-32 and a letter; a file is locked by the process that writes it and, later, by the one that
drains it (ingest/drain.py). Records are never changed: how far a file is drained stands in the
database, in the transaction that put its letters.

SpoolFull       no more may be kept; the sender is put off
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import structlog
from django.conf import settings

from ingest.inbox import Letter

SEGMENT_BYTES = 16 * 1024 * 1024
"""After which a new file is begun."""
NEARLY = 0.9
"""Share of the most bytes above which senders are put off."""
MOST_AGE = 24 * 3600.0
"""Seconds that the oldest file may have waited."""
_HEAD = struct.Struct("<II")
_MARK = b"\x9a\xcb"
"""What a record's payload begins with: a list of ten, the first a number with a fraction."""
_MOST_RECORD = 64 * 1024 * 1024
_LOOK = 1.0
"""Seconds that a look at the folder is believed."""

log = structlog.get_logger(__name__)


class SpoolFull(Exception):
    """As much waits as may."""


class Record(msgspec.Struct, frozen=True, array_like=True):
    """A letter as it lies in a file."""

    at: float
    """When it was received: seconds since 1970."""
    unsure: bool
    """A commit of it was cut off: it may be in the database already."""
    project_id: int
    key_id: int
    adapter: str
    encoding: str
    event_id: UUID | None
    events: int
    meta: bytes
    body: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode


def pack(letter: Letter, at: float, unsure: bool) -> bytes:
    """The bytes of one record."""
    payload = _encode(Record(at, unsure, *letter))
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


class Broken(Exception):
    """A file holds something else than records; `at` is where."""

    def __init__(self, at: int) -> None:
        super().__init__(f"not a record at byte {at}")
        self.at = at


def records(file: Any, position: int) -> Iterator[tuple[Record, int]]:
    """The records from `position` on, each with the position after it.

    A last record that is cut short was never acknowledged: it ends the file. Raises Broken.
    """
    size = os.fstat(file.fileno()).st_size
    file.seek(position)
    while position + _HEAD.size <= size:
        length, checksum = _HEAD.unpack(file.read(_HEAD.size))
        end = position + _HEAD.size + length
        if end > size:
            # The last record of a process that died, or a length that is damaged?
            if following(file, position + 1) < size:
                raise Broken(position)
            return
        payload = file.read(length) if length <= _MOST_RECORD else b""
        if zlib.crc32(payload) != checksum or len(payload) != length:
            raise Broken(position)
        try:
            record = _decode(payload)
        except msgspec.MsgspecError:
            raise Broken(position) from None
        position = end
        yield record, position


def following(file: Any, position: int) -> int:
    """Where the next whole record begins at or after a position; the end of the file if none."""
    file.seek(position)
    content: bytes = file.read()
    at = content.find(_MARK, _HEAD.size)
    while at >= 0:
        length, checksum = _HEAD.unpack_from(content, at - _HEAD.size)
        if at + length <= len(content) and zlib.crc32(content[at : at + length]) == checksum:
            return position + at - _HEAD.size
        at = content.find(_MARK, at + 1)
    return position + len(content)


def folder() -> Path:
    """Where the files lie."""
    return Path(settings.EMBERWATCH_DATA) / "spool"


class Spool:
    """This process's end of the spool. Safe to use from any thread."""

    def __init__(
        self,
        where: Callable[[], Path] = folder,
        most: Callable[[], int] = lambda: settings.SPOOL_BYTES,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._where = where
        self._most = most
        self._now = now
        self._lock = threading.Lock()
        self._file: int | None = None
        self._size = 0
        self._looked = -1.0
        self._found = (0, 0.0)

    def put(self, letters: Sequence[Letter], unsure: bool = False) -> None:
        """Keep letters; they are on the disk on return. Raises SpoolFull, OSError: none is kept."""
        at = self._now()
        packed = b"".join(pack(letter, at, unsure) for letter in letters)
        with self._lock:
            if self._total() + len(packed) > self._most() or self._too_old(at):
                raise SpoolFull
            if self._file is None or self._size >= SEGMENT_BYTES:
                self._begin()
            self._append(packed)

    def cut(self) -> None:
        """End the file that is being written, so that it can be drained."""
        with self._lock:
            self._end()

    def why_full(self) -> str:
        """Why senders are put off, in words; "" when they are not."""
        with self._lock:
            if self._total() > self._most() * NEARLY:
                return "the spool is nearly full"
            return "the spool has waited for a day" if self._too_old(self._now()) else ""

    @property
    def size(self) -> int:
        """Bytes that wait, of all processes here."""
        with self._lock:
            return self._total()

    def _append(self, packed: bytes) -> None:
        file = self._file
        assert file is not None  # noqa: S101 - `_begin` set it
        try:
            written = os.pwrite(file, packed, self._size)
            if written != len(packed):
                raise OSError("the disk took a part only")
            os.fdatasync(file)
        except OSError:
            # What was written was not acknowledged, and after a failed sync nothing is sure:
            # no record may follow it.
            with suppress(OSError):
                os.ftruncate(file, self._size)
            self._end()
            raise
        self._size += len(packed)
        size, oldest = self._found
        self._found = size + len(packed), oldest

    def _begin(self) -> None:
        self._end()
        where = self._where()
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{socket.gethostname()[:60]}-{os.getpid()}-{time.time_ns()}.spool"
        self._file = os.open(where / name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self._size = 0
        fcntl.flock(self._file, fcntl.LOCK_EX)
        sync_folder(where)
        self._looked = -1.0

    def _end(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _total(self) -> int:
        """Bytes of all files, looked at once a second; the caller holds the lock."""
        now = time.monotonic()
        if self._looked < 0 or now - self._looked > _LOOK:
            self._looked = now
            found = segments(self._where())
            sizes = [one.stat().st_size for one in found if one.exists()]
            self._found = sum(sizes), begun(found[0]) if found else 0.0
        return self._found[0]

    def _too_old(self, now: float) -> bool:
        self._total()
        oldest = self._found[1]
        return bool(oldest) and now - oldest > MOST_AGE


def segments(where: Path) -> list[Path]:
    """The files, oldest first."""
    try:
        return sorted(where.glob("*.spool"), key=begun)
    except OSError:
        return []


def begun(segment: Path) -> float:
    """When a file was begun, by its name: seconds since 1970."""
    last = segment.stem.rpartition("-")[2]
    return int(last) / 1e9 if last.isdigit() else 0.0


def sync_folder(where: Path) -> None:
    """Have the folder's own changes (files made or gone) on the disk."""
    number = os.open(where, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


SPOOL = Spool()
