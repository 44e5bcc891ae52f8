"""Maps that came late: stored events are mapped again, and their issues get the new keys.

Without the keys, the next event would open a twin of an issue that is already there.
Everything is bounded: the newest events of each key, some issues, some seconds a run.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone
from msgspec import Struct

from ingest.adapters.base import Context
from ingest.adapters.sentry import event_from_dict
from ingest.digest import ProjectRules, rules_of_projects
from tracker import payloads, store
from tracker.actions import moving
from tracker.domain.event import Event
from tracker.domain.grouping import Keys, keys_of
from tracker.domain.grouping.resolve import Known, resolve
from tracker.domain.titles import title_of
from tracker.models import EventRow, GroupingKey, Issue, MissingMap
from tracker.models.coarse import bound, order
from tracker.symbols import lookup, misses
from tracker.symbols.session import JVM, SCRIPTS, Session

WAIT = timedelta(seconds=10)
"""Until what was digested beside the upload is stored and no old answer is believed."""
SECONDS = 20.0
EVENTS = 200
"""Newest events of a key that are mapped again; older ones stay as they came."""
ISSUES = 500
PARTS = ("exception", "stacktrace", "errors")
"""What mapping changes in a payload."""

log = structlog.get_logger(__name__)


class Remapped(Struct, frozen=True):
    """An event with new frames."""

    row: EventRow
    event: Event
    data: dict[str, Any]


def run(now: datetime) -> int:
    """Map events whose maps have arrived; returns how many changed."""
    misses.look_again(now)
    until = time.monotonic() + SECONDS
    found = MissingMap.objects.filter(found_at__lte=now - WAIT)
    changed = 0
    for project in list(
        found.order_by("project_id").values_list("project_id", flat=True).distinct()
    ):
        if time.monotonic() > until:
            break
        rows = list(found.filter(project_id=project)[:1_000])
        rules = rules_of_projects({project}).get(project)
        if rules is not None:
            since = min(row.first_seen for row in rows) - timedelta(minutes=1)
            changed += _project(project, rules, since, until)
        MissingMap.objects.filter(pk__in=[row.pk for row in rows], found_at__lte=now).delete()
    return changed


def _project(project: int, rules: ProjectRules, since: datetime, until: float) -> int:
    lookup.ANSWERS.forget()
    issues = Issue.objects.live().filter(
        bound(last_seen__gte=since), project_id=project, platform__in=sorted(SCRIPTS | JVM)
    )
    keys = GroupingKey.objects.filter(
        project_id=project, issue__in=list(issues.order_by(*order("-last_seen"))[:ISSUES])
    ).exclude(kind=moving.RESIDUE)
    changed = 0
    for key in keys.order_by("pk"):
        if time.monotonic() > until:
            log.info("not all events were mapped again", project=project)
            break
        changed += _key(key, rules, since)
    return changed


def _key(key: GroupingKey, rules: ProjectRules, since: datetime) -> int:
    """Map the newest events counted under a key; then see where they belong."""
    rows = EventRow.objects.filter(
        project_id=key.project_id, issue_id=key.issue_id, key_id=key.pk, received_at__gte=since
    ).order_by("-received_at")[:EVENTS]
    session = Session()
    done = [one for row in rows if (one := _again(row, rules, session)) is not None]
    if not done:
        return 0
    with transaction.atomic():
        for one in done:
            EventRow.objects.filter(
                project_id=one.row.project_id, event_id=one.row.event_id, day=one.row.day
            ).update(payload=payloads.pack(one.data, rules.dictionary), dictionary=rules.dictionary)
    newest = done[0].event
    keys = keys_of(newest, rules.grouping_version, rules.grouping)
    issue = _rekey(key, keys)
    about = title_of(newest)
    told = {"culprit": about.culprit, "title": keys.title or about.title}
    if newest.exceptions:  # a ProGuard mapping renames classes too
        told["type"] = newest.exceptions[-1].type[:256]
    Issue.objects.filter(pk=issue).update(**told)
    return len(done)


def _again(row: EventRow, rules: ProjectRules, session: Session) -> Remapped | None:
    """The event with what maps there are now; None when nothing changed."""
    try:
        data = payloads.unpack(bytes(row.payload), row.dictionary)
        # What is read is changed: the stored payload keeps everything but the frames.
        raw = payloads.unpack(bytes(row.payload), row.dictionary)
    except payloads.PayloadError:
        return None
    context = Context(
        project_id=row.project_id,
        received=row.received_at.timestamp(),
        event_id=row.event_id.hex,
        scrub=rules.scrub,
        sensitive_words=rules.sensitive_words,
    )
    before = event_from_dict(raw, context)
    after = session.symbolicate(before, row.project_id)
    if after is before and after.data.get("errors") == data.get("errors"):
        return None  # not even what is said of it is another
    for part in PARTS:
        if part in after.data:
            data[part] = after.data[part]
        else:
            data.pop(part, None)
    return Remapped(row, after, data)


def _rekey(key: GroupingKey, keys: Keys) -> int:
    """Give the issue the mapped event's keys; join it with its twin. Returns the issue's id."""
    project = key.project_id
    with transaction.atomic():
        store.lock_grouping([project])
        key.refresh_from_db()
        shelf = {
            row.hash: Known(
                issue=row.issue_id, kind=row.kind, precise=row.precise, locked=row.locked,
                discard=row.discard,
            )
            for row in store.find_keys(sorted({(project, keys.version, k.hash) for k in keys.keys}))
        }  # fmt: skip
        verdict = resolve(keys, shelf)
        if verdict.discard:
            return key.issue_id
        target = verdict.issue if verdict.issue is not None else key.issue_id
        fresh = [
            (project, keys.version, k.hash, target, k.kind, verdict.is_precise(k), k.why, 0)
            for k in verdict.new_keys
        ]
        store.upsert_keys(sorted(fresh))
        if target == key.issue_id or key.locked or _others(key):
            return key.issue_id
        try:
            survivor, _ = moving.merge(
                Issue.objects.filter(pk__in=[target, key.issue_id]), None, timezone.now()
            )
        except moving.NothingToMerge:  # somebody was faster
            return key.issue_id
    return survivor.pk


def _others(key: GroupingKey) -> Sequence[int]:
    """Other faults that the issue was joined with by hand: it is not moved as a whole."""
    locked = GroupingKey.objects.filter(project_id=key.project_id, issue_id=key.issue_id)
    return list(locked.filter(locked=True).values_list("pk", flat=True)[:1])
