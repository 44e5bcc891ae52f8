"""Occurrences: those of an item or project, newest first, and one by its number or uuid.

Pages are in the order of (second of receipt, number), as tools sort what they get: `last_id`
then goes on exactly where a page ended.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from msgspec import Struct
from rest_framework.request import Request
from rest_framework.response import Response

from ingest.adapters.rollbar import event_id_of
from ingest.auth import Sender
from ingest.rollbar_api.base import (
    DEEPEST,
    READERS,
    ApiView,
    count,
    environments,
    item,
    missing,
    occurrence,
    ok,
    stored,
    whole,
)
from ingest.rollbar_api.shapes import instance_shape
from tracker.models import EventRow, Issue
from tracker.models.coarse import order

PAGE = 20
MOST = 100
RECENT_PAGES = 10
"""Pages of a project's occurrences: each row may cost a look into another issue."""
SECOND = timedelta(seconds=1)


class Place(Struct, frozen=True):
    """Where a page of occurrences begins: after the event of this second and id."""

    second: datetime
    event_id: UUID


Key = tuple[datetime, UUID]


def walk(rows: QuerySet[EventRow], after: Place | None, most: int) -> list[UUID]:
    """Ids of the next events: by second downwards, within a second by id downwards."""
    found: list[UUID] = []
    if after is not None:
        same = rows.filter(received_at__gte=after.second, received_at__lt=after.second + SECOND)
        found = _ids(same.filter(event_id__lt=after.event_id).order_by("-event_id"), most)
        rows = rows.filter(received_at__lt=after.second)
    left = most - len(found)
    if left <= 0:
        return found
    keys: list[Key] = list(
        rows.order_by("-received_at", "-event_id").values_list("received_at", "event_id")[:left]
    )
    if not keys:
        return found
    # The last second may go on beyond what was read: take it anew, by id.
    last = keys[-1][0].replace(microsecond=0)
    whole_seconds = [key for key in keys if key[0] >= last + SECOND]
    found += [key[1] for key in sorted(whole_seconds, key=_rank, reverse=True)]
    rest = rows.filter(received_at__gte=last, received_at__lt=last + SECOND)
    return found + _ids(rest.order_by("-event_id"), most - len(found))


def _ids(rows: QuerySet[EventRow], most: int) -> list[UUID]:
    return list(rows.values_list("event_id", flat=True)[:most])


def _rank(key: Key) -> Key:
    return key[0].replace(microsecond=0), key[1]


class ItemInstances(ApiView):
    """`/api/1/item/<id>/instances/`."""

    def get(self, request: Request, number: str) -> Response:
        """A page of them, by `page` or after `last_id`. Raises Refused."""
        raw = request._request
        sender = self.asker(raw, *READERS)
        found = item(sender, whole(number))
        rows = EventRow.objects.filter(
            project_id=sender.project_id, issue_id__in=found.sources()
        ).order_by()
        return page_of(raw, sender, rows, found.pk)


def page_of(raw: HttpRequest, sender: Sender, rows: QuerySet[EventRow], belongs: int) -> Response:
    """The page of an item's occurrences that the address asks for. Raises Refused."""
    page, size = count(raw, "page", 1, DEEPEST), count(raw, "limit", PAGE, MOST)
    after = None
    if raw.GET.get("last_id"):
        last = occurrence(sender, whole(raw.GET["last_id"]))
        after = Place(last.received_at.replace(microsecond=0), last.event_id)
        ids = walk(rows, after, size)
    elif page * size > DEEPEST:
        raise missing(f"page: beyond {DEEPEST:,} occurrences, go on with last_id")
    else:
        ids = walk(rows, None, page * size)[(page - 1) * size :]
    names = environments(sender)
    events = {row.event_id: row for row in rows.filter(event_id__in=ids)}
    listed = [instance_shape(events[one], belongs, names) for one in ids if one in events]
    return ok({"page": page, "instances": listed})


class Instances(ApiView):
    """`/api/1/instances/`: the project's."""

    def get(self, request: Request) -> Response:
        """A page of the latest, of the items seen last. Raises Refused."""
        raw = request._request
        sender = self.asker(raw, *READERS)
        page = count(raw, "page", 1, RECENT_PAGES + 1)
        if page > RECENT_PAGES:
            raise missing(f"page: after {RECENT_PAGES}, ask for the occurrences of an item")
        keys, owners = _latest(sender.project_id, page * PAGE)
        ids = [event_id for _, event_id in keys][(page - 1) * PAGE :]
        names = environments(sender)
        rows = EventRow.objects.filter(
            project_id=sender.project_id, issue_id__in=list(owners), event_id__in=ids
        )
        events = {row.event_id: row for row in rows}
        listed = [
            instance_shape(events[one], owners[events[one].issue_id], names)
            for one in ids
            if one in events
        ]
        return ok({"page": page, "instances": listed})


def _latest(project_id: int, most: int) -> tuple[list[Key], dict[int, int]]:
    """A project's latest events, and which issue each row's issue is part of.

    No index walks a project's events: the latest of n events are among the latest n of the
    n issues seen last.
    """
    recent = Issue.objects.live().filter(project=project_id).order_by(*order("-last_seen"))
    keys: list[Key] = []
    owners: dict[int, int] = {}
    for issue in recent.with_sources()[:most]:
        if len(keys) == most and issue.last_seen < keys[-1][0]:
            break  # nothing of it or of those behind it is newer
        owners.update(dict.fromkeys(issue.sources(), issue.pk))
        mine = EventRow.objects.of_issue(project_id, *issue.sources())
        keys += mine.values_list("received_at", "event_id")[:most]
        keys = sorted(keys, key=_rank, reverse=True)[:most]
    return keys, owners


class Instance(ApiView):
    """`/api/1/instance/<number>` and `/api/1/instance/?uuid=`."""

    def get(self, request: Request, number: str = "") -> Response:
        """One occurrence. Raises Refused."""
        raw = request._request
        sender = self.asker(raw, *READERS)
        row: EventRow | None
        if number:
            row = occurrence(sender, whole(number))
        else:
            text = event_id_of(raw.GET.get("uuid", ""))
            row = stored(sender, (UUID(text), UUID(text))) if text else None
        if row is None:
            raise missing("occurrence in this project (any more)")
        owner = item(sender, row.issue_id)
        return ok(instance_shape(row, owner.pk, environments(sender)))
