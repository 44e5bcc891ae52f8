"""Rows of events' files and comments: written with the digest, removed without their event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import structlog
from django.core.files.storage import default_storage
from django.db.models import Sum
from msgspec import Struct

from tracker.attachments import Stored
from tracker.domain.items import FeedbackReport, UserReport
from tracker.models import Attachment, Feedback
from tracker.sql import run

WAITS = timedelta(days=1)
"""How long a file or comment is kept for an event that never comes."""
MOST_FEEDBACK = 1_000
"""Comments of a project a day; more are dropped and counted."""
MOST_BYTES = 2 * 1024**3
"""Bytes of files of a project a day; more are dropped and counted."""
_REPORTS = UUID("75736572-2072-6570-6f72-740000000000")

log = structlog.get_logger(__name__)


class Told(Struct, frozen=True):
    """Files and comments of one body."""

    project_id: int
    received: datetime
    files: tuple[Stored, ...] = ()
    reports: tuple[UserReport, ...] = ()
    feedback: tuple[FeedbackReport, ...] = ()


def write(told: Sequence[Told]) -> dict[int, int]:
    """Store rows; the caller holds a transaction. Returns dropped comments per project."""
    files = [
        Attachment(
            project_id=one.project_id,
            event_id=UUID(hex=file.event_id),
            filename=file.filename,
            content_type=file.content_type,
            kind=file.kind,
            size=file.size,
            sha256=file.sha256,
            path=file.path,
            created_at=one.received,
        )
        for one in told
        for file in one.files
    ]
    Attachment.objects.bulk_create(files, ignore_conflicts=True)
    comments = [row for one in told for row in _comments(one)]
    return _write_feedback(comments)


def _comments(one: Told) -> list[Feedback]:
    rows = []
    for report in one.reports:
        text = f"{report.event_id}\n{report.name}\n{report.email}\n{report.comments}"
        rows.append(
            Feedback(
                project_id=one.project_id,
                feedback_id=uuid5(_REPORTS, text),
                event_id=UUID(hex=report.event_id),
                name=report.name,
                email=report.email,
                message=report.comments,
                source="user_report",
                created_at=one.received,
            )
        )
    for item in one.feedback:
        own = UUID(hex=item.event_id) if item.event_id else uuid5(_REPORTS, item.message)
        about = item.associated_event_id
        rows.append(
            Feedback(
                project_id=one.project_id,
                feedback_id=own,
                event_id=UUID(hex=about) if about else None,
                name=item.name,
                email=item.email,
                message=item.message,
                url=item.url,
                release=item.release,
                environment=item.environment,
                source=item.source or "feedback",
                created_at=one.received,
            )
        )
    return rows


def _write_feedback(rows: Sequence[Feedback]) -> dict[int, int]:
    dropped: dict[int, int] = {}
    kept: list[Feedback] = []
    room: dict[int, int] = {}
    for row in rows:
        project = row.project_id
        if project not in room:
            since = row.created_at - timedelta(days=1)
            today = Feedback.objects.filter(project_id=project, created_at__gt=since)
            room[project] = MOST_FEEDBACK - today[:MOST_FEEDBACK].count()
        if room[project] > 0:
            room[project] -= 1
            kept.append(row)
        else:
            dropped[project] = dropped.get(project, 0) + 1
    Feedback.objects.bulk_create(kept, ignore_conflicts=True)
    return dropped


def bytes_left(project_id: int, now: datetime) -> int:
    """How many bytes of files a project may still add today."""
    recent = Attachment.objects.filter(project_id=project_id, created_at__gt=now - WAITS)
    return MOST_BYTES - (recent.aggregate(size=Sum("size"))["size"] or 0)


_LONELY = """
SELECT a.id FROM {table} a
WHERE a.created_at < %s AND a.event_id IS NOT NULL {more}
  AND NOT EXISTS (
    SELECT 1 FROM tracker_eventseen s
    JOIN tracker_event e ON e.project_id = s.project_id AND e.event_id = s.event_id
      AND e.day = s.day
    WHERE s.project_id = a.project_id AND s.event_id = a.event_id)
ORDER BY a.id LIMIT %s
"""


def remove_lonely(now: datetime, most: int = 5_000) -> int:
    """Remove files and reports older than a day whose event is not there; returns how many."""
    edge = now - WAITS
    files = _lonely("tracker_attachment", edge, most)
    gone = list(Attachment.objects.filter(pk__in=files))
    Attachment.objects.filter(pk__in=files).delete()
    kept = set(
        Attachment.objects.filter(path__in=[row.path for row in gone]).values_list(
            "path", flat=True
        )
    )
    for path in {row.path for row in gone} - kept:
        try:
            default_storage.delete(path)
        except Exception as error:  # whatever a storage raises: the row is gone, the file is waste
            log.warning("attachment not deleted", path=path, error=type(error).__name__)
    reports = _lonely("tracker_feedback", edge, most)
    Feedback.objects.filter(pk__in=reports, source="user_report").delete()
    return len(files) + len(reports)


def _lonely(table: str, edge: datetime, most: int) -> list[int]:
    more = "AND a.source = 'user_report'" if table == "tracker_feedback" else ""
    return [number for (number,) in run(_LONELY.format(table=table, more=more), [edge, most])]
