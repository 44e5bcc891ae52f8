"""Brings what lies in the spool into the inbox once the database is back, each letter once.

A thread of every web process probes the database while it is away. When it answers, files are
drained oldest first, by whichever process gets their lock; how far is written in the transaction
that puts the letters, so a drain that is cut off goes on where it was.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson
import psycopg
import structlog
from django.db import transaction

from ingest import inbox, waiting
from ingest.away import AWAY
from ingest.inbox import Letter
from ingest.spool import SPOOL, Broken, Record, Spool, folder, records, segments, sync_folder
from tracker.sql import columns, hang_up, run

PERIOD = 1.0
"""Seconds between probes, and between looks at the folder."""
BATCH = 256
BATCH_BYTES = 8 * 1024 * 1024
MOST_WAITING = 10_000
"""Rows of the inbox above which a drain waits: live events come first."""

log = structlog.get_logger(__name__)


class Drain:
    """Probe and drain of this process."""

    def __init__(
        self,
        spool: Spool = SPOOL,
        where: Callable[[], Path] = folder,
        drained: Callable[[], None] = lambda: None,
    ) -> None:
        self._spool = spool
        self._where = where
        self._drained = drained
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to look; returns at once."""
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="drain", daemon=True)
                    self._thread.start()

    def on_drained(self, then: Callable[[], None]) -> None:
        """Have `then` called when letters were put."""
        self._drained = then

    def _work(self) -> None:
        while not self._stopped.wait(PERIOD):
            try:
                self.look()
            except Exception as error:  # a database that is away again; the thread must live
                log.warning("drain postponed", error=type(error).__name__)
                hang_up()

    def look(self) -> int:
        """Probe if need be, drain what waits; returns letters put."""
        if AWAY.now:
            hang_up()
            run("SELECT 1").fetchall()
            AWAY.back()
            log.info("database is back")
        where = self._where()
        if not segments(where):
            return 0
        self._spool.cut()
        put = 0
        for segment in segments(where):
            put += self._segment(segment)
            if waiting.backlog().rows > MOST_WAITING:
                break
        hang_up()
        return put

    def _segment(self, segment: Path) -> int:
        """Drain one file, and remove it when all of it is put."""
        with locked(segment) as file:
            if file is None:
                return 0
            put = 0
            try:
                for batch, end in batches(file, position_of(segment.name)):
                    put += self.put(segment.name, batch, end)
                    if waiting.backlog().rows > MOST_WAITING:
                        return put
            except (Broken, psycopg.DataError, psycopg.IntegrityError) as error:
                # Acknowledged letters may lie behind: a person has to look (ingest/damaged.py).
                log.error("spool file is damaged", file=segment.name, error=str(error)[:200])
                with suppress(OSError):  # a full disk: then nobody is told why
                    segment.with_suffix(".why").write_text(str(error)[:300])
                segment.rename(segment.with_suffix(".damaged"))
                return put
            end = position_of(segment.name)
            if os.fstat(file.fileno()).st_size > end:
                # Most likely a record whose writer died before anybody heard 200; kept to be sure.
                log.warning("spool file ends in no record", file=segment.name, at=end)
                segment.rename(segment.with_suffix(".salvaged"))
            else:
                segment.unlink()
            sync_folder(segment.parent)
            run("DELETE FROM ingest_spool WHERE segment = %s", [segment.name])
            log.info("spool file drained", file=segment.name, letters=put)
            return put

    def put(self, segment: str, batch: Sequence[Record], end: int) -> int:
        """Put a batch and note that the file is drained up to `end`; returns letters put."""
        fresh = _without_stored(batch)
        with transaction.atomic():
            run(
                """INSERT INTO ingest_spool (segment, position) VALUES (%s, %s)
                   ON CONFLICT (segment) DO UPDATE SET
                     position = excluded.position, changed_at = clock_timestamp()""",
                [segment, end],
            )
            if fresh:
                inbox.put_rows([_letter(record) for record in fresh])
        self._drained()
        return len(fresh)


@contextmanager
def locked(segment: Path) -> Iterator[Any]:
    """The file, locked; None when another process writes or drains it, or has removed it."""
    try:
        file = segment.open("rb")
    except FileNotFoundError:
        yield None
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield file if segment.exists() else None


def position_of(segment: str) -> int:
    """How far a file is drained."""
    row = run("SELECT position FROM ingest_spool WHERE segment = %s", [segment]).fetchone()
    return int(row[0]) if row else 0


def batches(file: Any, position: int) -> Iterator[tuple[list[Record], int]]:
    """Records by the batch, each with the position after it. Raises Broken, after the good ones."""
    batch: list[Record] = []
    size = 0
    broken: Broken | None = None
    try:
        for record, end in records(file, position):
            batch.append(record)
            position, size = end, size + len(record.body)
            if len(batch) >= BATCH or size >= BATCH_BYTES:
                yield batch, position
                batch, size = [], 0
    except Broken as error:
        broken = error
    if batch:
        yield batch, position
    if broken is not None:
        raise broken


def _letter(record: Record) -> Letter:
    """The letter, with its true time of receipt among what is told of it."""
    meta = orjson.dumps({**orjson.loads(record.meta), inbox.SPOOLED_AT: record.at})
    return Letter(
        record.project_id, record.key_id, record.adapter, record.encoding, record.event_id,
        record.events, meta, record.body,
    )  # fmt: skip


_STORED = """
SELECT q.at FROM unnest(%s::bigint[], %s::uuid[]) WITH ORDINALITY q (project_id, event_id, at)
WHERE EXISTS (SELECT 1 FROM ingest_inbox i
              WHERE i.project_id = q.project_id AND i.event_id = q.event_id)
   OR EXISTS (SELECT 1 FROM ingest_quarantined i
              WHERE i.project_id = q.project_id AND i.event_id = q.event_id)
   OR EXISTS (SELECT 1 FROM tracker_eventseen s
              WHERE s.project_id = q.project_id AND s.event_id = q.event_id)
"""


def _without_stored(batch: Sequence[Record]) -> list[Record]:
    """The records but for those whose cut-off commit came through after all."""
    doubtful = [one for one in batch if one.unsure and one.event_id is not None]
    if not doubtful:
        return list(batch)
    found = run(_STORED, columns([(one.project_id, one.event_id) for one in doubtful], 2))
    stored = {id(doubtful[at - 1]) for (at,) in found}
    return [one for one in batch if id(one) not in stored]


DRAIN = Drain()
