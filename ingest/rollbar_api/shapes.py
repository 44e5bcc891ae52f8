"""Issues, occurrences and deploys as Rollbar's tools read them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import OuterRef, Subquery
from msgspec import Struct

from ingest.rollbar_api.base import number_of
from ingest.rollbar_api.payload import data_of, level_word
from tracker.domain.comebacks import How
from tracker.models import EventRow, GroupingKey, Issue
from tracker.payloads import PayloadError, unpack

STATUSES = {"unresolved": "active", "resolved": "resolved", "snoozed": "muted"}
ENDS_OF = 100
"""Items of a list whose first and last occurrence are looked up; longer lists leave them out."""
PRODUCTION = ("production", "prod")


class Beside(Struct, frozen=True):
    """What the shapes of some issues need beside the issues."""

    environments: Mapping[int, str]
    hashes: Mapping[int, str]
    ends: Mapping[int, tuple[UUID | None, UUID | None]]
    """First and last stored event of each."""


def beside(issues: Sequence[Issue], environments: Mapping[int, str]) -> Beside:
    """Load it: two queries, whatever their number."""
    if not issues:
        return Beside(environments, {}, {})
    keys = GroupingKey.objects.filter(
        project=issues[0].project_id, issue__in=[issue.pk for issue in issues]
    )
    hashes = {pk: bytes(value).hex() for pk, value in keys.order_by("events", "-pk").values_list(
        "issue_id", "hash")}  # fmt: skip
    return Beside(environments, hashes, _ends(issues) if len(issues) <= ENDS_OF else {})


def _ends(issues: Sequence[Issue]) -> dict[int, tuple[UUID | None, UUID | None]]:
    mine = EventRow.objects.filter(
        project_id=OuterRef("project_id"), issue_id=OuterRef("pk")
    ).values("event_id")
    rows = Issue.objects.filter(
        project=issues[0].project_id, pk__in=[issue.pk for issue in issues]
    ).annotate(
        oldest=Subquery(mine.order_by("received_at", "event_id")[:1]),
        newest=Subquery(mine.order_by("-received_at", "-event_id")[:1]),
    )
    return {pk: (old, new) for pk, old, new in rows.values_list("pk", "oldest", "newest")}


def item_shape(issue: Issue, known: Beside, where: Collection[int] = ()) -> dict[str, Any]:
    """An issue; `where`: the environments that were asked for, of which one is named."""
    first, last = known.ends.get(issue.pk, (None, None))
    resolution = issue.resolution or {}
    fixes = resolution.get("fixes") if resolution.get("how") == How.IN else None
    release = issue.resolved_release.version if issue.resolved_release else None
    return {
        "id": issue.pk,
        "counter": issue.pk,
        "public_item_id": None,
        "project_id": issue.project_id,
        "environment": environment_of(issue, known.environments, where),
        "environments": [known.environments.get(pk, "") for pk in issue.environments],
        "title": issue.title,
        "status": STATUSES[issue.status],
        "snoozed": issue.status == Issue.Status.SNOOZED,
        "snooze_expires_at": seconds(issue.snoozed_until),
        "level": level_word(issue.level_name),
        "total_occurrences": issue.events,
        "unique_occurrences": issue.users or None,
        "first_occurrence_timestamp": seconds(issue.first_seen),
        "last_occurrence_timestamp": seconds(issue.last_seen),
        "first_occurrence_id": number_of(first) if first else None,
        "last_occurrence_id": number_of(last) if last else None,
        "activating_occurrence_id": number_of(first) if first else None,
        "last_activated_timestamp": seconds(
            issue.state_changed_at if issue.status == Issue.Status.UNRESOLVED else issue.first_seen
        ),
        "last_resolved_timestamp": seconds(issue.resolved_at),
        "resolved_in_version": (fixes[0] if fixes else release) if issue.resolved_at else None,
        "assigned_user_id": issue.assignee_id,
        "assigned_team_id": issue.assignee_team_id,
        "framework": issue.platform or "unknown",
        "platform": "browser" if issue.platform == "javascript" else issue.platform or "unknown",
        "hash": known.hashes.get(issue.pk, ""),
        "group_status": 1,
        "group_item_id": None,
        "controlling_id": issue.pk,
        "integrations_data": None,
        "last_modified_by": None,
        "level_lock": 0,
        "title_lock": 0,
        "short_id": issue.short_id,
        "url": f"{settings.EMBERWATCH_URL}/admin/tracker/issue/{issue.pk}/",
    }


def environment_of(issue: Issue, names: Mapping[int, str], where: Collection[int] = ()) -> str:
    """One of its environments: one that was asked for, else production, else the first."""
    mine = [pk for pk in issue.environments if pk in names]
    asked = [names[pk] for pk in mine if pk in where]
    grave = [names[pk] for pk in mine if names[pk].lower() in PRODUCTION]
    return next(iter([*asked, *grave, *(names[pk] for pk in mine)]), "")


def seconds(moment: datetime | None) -> int | None:
    """Unix time."""
    return int(moment.timestamp()) if moment else None


def instance_shape(row: EventRow, item: int, environments: Mapping[int, str]) -> dict[str, Any]:
    """A stored event; `item`: the issue it belongs to today."""
    environment = environments.get(row.environment_id, "")
    try:
        stored = unpack(bytes(row.payload), row.dictionary)
    except PayloadError:
        stored = {"message": "The stored payload of this occurrence can't be read."}
    return {
        "id": number_of(row.event_id),
        "project_id": row.project_id,
        "item_id": item,
        "timestamp": seconds(row.received_at),
        "version": 2,
        "billable": 1,
        "data": data_of(stored, row.event_id, environment),
    }
