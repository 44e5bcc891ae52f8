"""What issues are compared by, where the digest did not write it: issues older than that table,
those that keys were taken out to, those restored from elsewhere.

Each is read off its latest stored event; where none is left, off the issue's own words.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction

from ingest.regroup import event_of
from tracker import similar
from tracker.domain.grouping.similarity import features_of, features_of_words
from tracker.models import EventRow, Issue
from tracker.payloads import PayloadError

CHUNK = 100
SECONDS = 10.0
"""A run takes no longer; the next one goes on where this one stopped."""


def fill() -> int:
    """Write what is missing, issue by issue; returns how many issues got it."""
    until = time.monotonic() + SECONDS
    filled = 0
    while time.monotonic() < until:
        missing = similar.issues_without(CHUNK)
        if not missing:
            break
        issues = Issue.objects.filter(pk__in=[issue for _, issue in missing])
        rows = [(issue.project_id, issue.pk, _features(issue)) for issue in issues]
        if not rows:
            break  # they went away meanwhile
        with transaction.atomic():
            similar.insert_features(rows)
        filled += len(rows)
    return filled


def _features(issue: Issue) -> Mapping[str, float]:
    row = _latest(issue)
    if row is not None:
        try:
            return features_of(event_of(row))
        except PayloadError:
            pass  # its words remain
    return features_of_words(issue.type, issue.message or issue.title)


def _latest(issue: Issue) -> EventRow | None:
    last = issue.last_seen.date()
    rows = EventRow.objects.filter(
        project_id=issue.project_id,
        issue_id=issue.pk,
        day__range=(last - timedelta(days=1), last + timedelta(days=1)),
    )
    return rows.order_by("-day", "-received_at").first()
