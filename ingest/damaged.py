"""Spool files that could not be drained: what is wrong with them, and how to get at the rest.

A file is set aside (`.damaged`, with a sentence in `.why`) when it holds something else than
records, or a letter that the database refuses. Recovering brings in every letter that can be read,
each once; what could not be is kept (`.salvaged`) for two weeks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import structlog

from ingest.drain import DRAIN, Drain, batches, locked, position_of
from ingest.spool import Broken, Record, begun, folder, following
from tracker.sql import run

KEPT = timedelta(days=14)
"""How long what could not be read stays on the disk, like bodies in quarantine."""

log = structlog.get_logger(__name__)


class Damaged(NamedTuple):
    """One file, for people."""

    name: str
    size: int
    """Bytes."""
    began: datetime
    """When its first letter was received."""
    why: str


class Recovered(NamedTuple):
    """What became of a file."""

    letters: int
    refused: int
    """Letters that the database does not take."""
    lost: int
    """Bytes that are no letters."""


def listed(where: Path | None = None) -> list[Damaged]:
    """This machine's damaged files, oldest first."""
    found = []
    for file in sorted((where or folder()).glob("*.damaged"), key=begun):
        with suppress(OSError):  # another process has just recovered it
            at = datetime.fromtimestamp(begun(file), UTC)
            found.append(Damaged(file.stem, file.stat().st_size, at, _why(file)))
    return found


def _why(file: Path) -> str:
    try:
        return file.with_suffix(".why").read_text(errors="replace")[:300].strip()
    except OSError:
        return "unknown"


def recover(name: str, where: Path | None = None, drain: Drain = DRAIN) -> Recovered | None:
    """Put every readable letter of a damaged file into the inbox, once; None: no such file.

    Can be run again after it was cut off. Raises DatabaseError while the database is away.
    """
    known = {one.name: one for one in listed(where)}
    if name not in known:
        return None
    file = (where or folder()) / f"{name}.damaged"
    with locked(file) as content:
        if content is None:
            return None
        done = _put_all(drain, f"{name}.spool", content)
        if done.refused or done.lost:
            file.rename(file.with_suffix(".salvaged"))
        else:
            file.unlink()
        file.with_suffix(".why").unlink(missing_ok=True)
    run("DELETE FROM ingest_spool WHERE segment = %s", [f"{name}.spool"])
    log.warning("damaged spool file recovered", file=name, **done._asdict())
    return done


def _put_all(drain: Drain, segment: str, content: Any) -> Recovered:
    position = position_of(segment)
    letters = refused = lost = 0
    while True:
        try:
            for batch, end in batches(content, position):
                put, bad = _put(drain, segment, batch, end)
                letters, refused, position = letters + put, refused + bad, end
            return Recovered(letters, refused, lost + _left(content, position))
        except Broken as error:
            position = following(content, error.at + 1)
            lost += position - error.at


def _left(content: Any, position: int) -> int:
    """Bytes behind the last record: of one that was never acknowledged, or is damaged itself."""
    return os.fstat(content.fileno()).st_size - position


def _put(drain: Drain, segment: str, batch: Sequence[Record], end: int) -> tuple[int, int]:
    """Letters put and refused of a batch; in the second try one by one."""
    try:
        return drain.put(segment, batch, end), 0
    except (psycopg.DataError, psycopg.IntegrityError):
        # Its position is told with the last one: a cut-off in between would put some again.
        parts = list(_each(drain, segment, batch))
        drain.put(segment, [], end)
        return sum(parts), len(batch) - sum(parts)


def _each(drain: Drain, segment: str, batch: Sequence[Record]) -> Iterator[int]:
    at = position_of(segment)
    for record in batch:
        try:
            drain.put(segment, [record], at)
            yield 1
        except (psycopg.DataError, psycopg.IntegrityError):
            yield 0


def expire(now: datetime, where: Path | None = None) -> int:
    """Remove what was kept of recovered files long enough; returns how many."""
    gone = 0
    for file in (where or folder()).glob("*.salvaged"):
        with suppress(OSError):
            if now.timestamp() - file.stat().st_mtime > KEPT.total_seconds():
                file.unlink()
                gone += 1
    return gone
