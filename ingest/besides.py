"""What a batch holds beside events: written in the same transaction, after the issues.

Sessions, check-ins, comments, files, reports of loss, filtered events, and which SDKs send.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import structlog
from msgspec import Struct, field

from ingest.adapters.base import Parsed
from tracker import store
from tracker.actions import attachments, monitors, sessions
from tracker.actions.sessions import Ready
from tracker.attachments import Stored
from tracker.attachments import store as store_file
from tracker.domain.items import AttachmentFile
from tracker.models import Ledger
from tracker.sql import columns, run

MOST_CLIENTS = 200
"""SDKs and versions remembered per project; more are one row."""
_REASONS = frozenset(
    "queue_overflow cache_overflow ratelimit_backoff network_error send_error sample_rate"
    " before_send event_processor backpressure insufficient_data internal_sdk_error ignored invalid"
    " no_parent_span callback_error buffer_overflow".split()
)
_CATEGORIES = frozenset(
    "default error transaction span session attachment monitor profile profile_chunk replay"
    " feedback log_item log_byte trace_metric security internal metric_bucket".split()
)

log = structlog.get_logger(__name__)

Count = tuple[int, date, str, str]
"""(project, day, kind, reason) of the ledger."""


class Besides(Struct):
    """All that a batch holds beside its events."""

    counts: Counter[Count] = field(default_factory=Counter)
    sessions: list[sessions.Told] = field(default_factory=list)
    check_ins: list[monitors.Told] = field(default_factory=list)
    kept: list[attachments.Told] = field(default_factory=list)
    clients: dict[tuple[int, str], tuple[datetime, int]] = field(default_factory=dict)

    def add(self, project_id: int, received: datetime, salt: bytes, parsed: Parsed) -> None:
        """Take the other items of one body; files go to the storage at once."""
        day = received.date()
        for kind, number in parsed.dropped.items():
            self.counts[project_id, day, Ledger.Kind.SKIPPED.value, kind[:64]] += number
        for loss in parsed.client_reports:
            reason = lost_as(loss.category, loss.reason)
            self.counts[project_id, day, Ledger.Kind.LOST.value, reason] += loss.quantity
        if parsed.sessions:
            self.sessions.append(sessions.Told(project_id, salt, parsed.sessions))
        for one in parsed.check_ins:
            self.check_ins.append(monitors.Told(project_id, received, one))
        if parsed.attachments or parsed.user_reports or parsed.feedback:
            files, lost = _store(project_id, received, parsed.attachments)
            if lost:
                self.counts[project_id, day, Ledger.Kind.SKIPPED.value, "attachment"] += lost
            told = attachments.Told(
                project_id, received, files, parsed.user_reports, parsed.feedback
            )
            self.kept.append(told)

    def filtered(self, project_id: int, received: datetime, rule: str) -> None:
        """Count an event that a project's filter stopped."""
        self.counts[project_id, received.date(), Ledger.Kind.FILTERED.value, rule] += 1

    def saw(self, project_id: int, received: datetime, sdk: str) -> None:
        """Note which SDK an event came from."""
        key = (project_id, sdk[:128] or "unknown")
        last, number = self.clients.get(key, (received, 0))
        self.clients[key] = (max(last, received), number + 1)

    def prepare(self) -> Ready | None:
        """What must be done before the transaction."""
        return sessions.prepare(self.sessions) if self.sessions else None

    def write(self, ready: Ready | None) -> bool:
        """Write all; the caller holds the digest's transaction. Whether a monitor may alarm."""
        if ready is not None:
            sessions.write(ready)
        if self.kept:
            self._skip(
                "feedback", [one.received for one in self.kept], attachments.write(self.kept)
            )
        if self.check_ins:
            days = [one.received for one in self.check_ins]
            self._skip("check_in", days, monitors.write(self.check_ins))
        if self.counts:
            store.add_to_ledger([(*key, n) for key, n in sorted(self.counts.items())])
        if self.clients:
            write_clients([(*key, *seen) for key, seen in sorted(self.clients.items())])
        return bool(self.check_ins)

    def _skip(self, kind: str, days: Iterable[datetime], dropped: dict[int, int]) -> None:
        for project, number in dropped.items():
            day = max(days).date()
            self.counts[project, day, Ledger.Kind.SKIPPED.value, kind] += number


def lost_as(category: str, reason: str) -> str:
    """The ledger's reason for a loss; words that nobody knows are `other`: strangers send them."""
    known = category if category in _CATEGORIES else "other"
    return f"{known}:{reason if reason in _REASONS else 'other'}"


def _store(
    project_id: int, received: datetime, files: Sequence[AttachmentFile]
) -> tuple[tuple[Stored, ...], int]:
    """Put files into the storage; returns them and how many could not be kept."""
    if not files:
        return (), 0
    room = attachments.bytes_left(project_id, received)
    kept = []
    for file in files:
        room -= len(file.content)
        if room < 0 or not file.event_id:
            continue
        about = (file.event_id, file.filename, file.content_type, file.kind)
        try:
            kept.append(store_file(project_id, received, *about, file.content))
        except Exception as error:  # a storage that is full or away must not cost the event
            log.error("attachment not stored", project=project_id, error=type(error).__name__)
    return tuple(kept), len(files) - len(kept)


def write_clients(rows: Sequence[tuple[int, str, datetime, int]]) -> None:
    """Add to what SDKs sent: (project, sdk, last, events), sorted; in the caller's transaction."""
    known = run(
        """UPDATE ingest_client c SET last_at = greatest(c.last_at, q.last),
             events = c.events + q.events
           FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::bigint[])
             q (project, sdk, last, events)
           WHERE c.project_id = q.project AND c.sdk = q.sdk RETURNING c.project_id, c.sdk""",
        columns(rows, 4),
    ).fetchall()
    new = {(row[0], row[1]): row for row in rows}
    for key in known:
        new.pop((key[0], key[1]), None)
    for project, sdk, last, events in new.values():
        run(
            """INSERT INTO ingest_client AS c (project_id, sdk, last_at, events)
               SELECT %s, CASE WHEN count(*) < %s THEN %s ELSE '<other>' END, %s, %s
               FROM ingest_client WHERE project_id = %s
               ON CONFLICT (project_id, sdk) DO UPDATE SET
                 last_at = greatest(c.last_at, excluded.last_at),
                 events = c.events + excluded.events""",
            [project, MOST_CLIENTS, sdk, last, events, project],
        )
