"""Items: the list, one by id or counter, and what may be changed of it.

A counter is the number inside the short id that pages show, and the same as the id.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response

from ingest.adapters.base import Unusable
from ingest.auth import Sender
from ingest.deploys import body_fields
from ingest.rollbar import ItemView
from ingest.rollbar_api.base import (
    MOST_PAGES,
    READERS,
    WRITERS,
    ApiView,
    Asked,
    count,
    environments,
    item,
    items,
    known_word,
    ok,
    whole,
    words,
)
from ingest.rollbar_api.shapes import beside, item_shape
from tracker.actions import triage
from tracker.domain import snooze
from tracker.domain.event import LEVELS
from tracker.domain.search import Query, Term, literal
from tracker.domain.snooze import Until
from tracker.models import Issue, Team, User
from tracker.models.coarse import order
from tracker.models.issue import IssueQuerySet
from tracker.search import condition

PAGE = 100
MOST = 5_000
NUMBERS = {("critical" if name == "fatal" else name): n for name, n in LEVELS.items()}
OURS = {"active": "unresolved", "resolved": "resolved", "muted": "snoozed", "archived": ""}
"""Rollbar's statuses; nothing is archived here, muted stands for it."""
FIELDS = frozenset(
    "status resolved_in_version level title assigned_user_id team_id snoozed "
    "snooze_expiration_in_seconds project_id access_token".split()
)
SNOOZE = timedelta(days=1)


def shown(sender: Sender, issue: Issue) -> Response:
    """One item."""
    return ok(item_shape(issue, beside([issue], environments(sender))))


class Items(ApiView):
    """`/api/1/items/`."""

    def get(self, request: Request) -> Response:
        """A page of items, latest occurrence first. Raises Refused, Unusable."""
        asked = self.asked(request)
        found = filtered(asked)
        page, size = count(asked.raw, "page", 1, MOST_PAGES), count(asked.raw, "limit", PAGE, MOST)
        start = (page - 1) * size
        listed = item_shapes(
            found.order_by(*order("-last_seen", "-pk"))[start : start + size], asked
        )
        return ok({"page": page, "total_count": found.order_by().count(), "items": listed})


class Search(ApiView):
    """`/api/1/search/`: the Python client's `search_items`."""

    def get(self, request: Request) -> Response:
        """A page of items by words of their title; of each the asked fields. Raises Refused."""
        asked = self.asked(request)
        raw, found = asked.raw, filtered(asked)
        title = raw.GET.get("title", "").replace("\x00", "")[:200]
        if title:
            found = found.filter(title__icontains=title)
        page = count(raw, "page", 1, MOST_PAGES)
        rows = found.order_by(*order("-last_seen", "-pk"))[(page - 1) * PAGE : page * PAGE]
        shapes = item_shapes(rows, asked)
        fields = set(words(raw, "fields"))
        kept = [{k: v for k, v in one.items() if not fields or k in fields} for one in shapes]
        return ok({"page": page, "items": kept})


def item_shapes(rows: Iterable[Issue], asked: Asked) -> list[dict[str, Any]]:
    """Items as a list shows them."""
    found = list(rows)
    known = beside(found, asked.names)
    return [item_shape(row, known, asked.where or ()) for row in found]


def filtered(asked: Asked) -> IssueQuerySet:
    """The project's items that the address asks for. Raises Unusable."""
    raw, rows, where = asked.raw, items(asked.sender), asked.where
    if where is not None:
        rows = rows.filter(environments__overlap=where) if where else rows.none()
    if statuses := set(words(raw, "status")) - {"any", "all"}:
        rows = rows.filter(status__in=[OURS[known_word(s, [*OURS], "status")] for s in statuses])
    if levels := words(raw, "level"):
        rows = rows.filter(level__in=[NUMBERS[known_word(n, [*NUMBERS], "level")] for n in levels])
    if ids := words(raw, "ids"):
        rows = rows.filter(pk__in=[number for text in ids if (number := whole(text)) is not None])
    if people := words(raw, "assigned_user"):
        rows = rows.filter(_assigned(people[0]))
    query = raw.GET.get("query", "").replace("\x00", "")[:500]
    if query.strip():
        terms = tuple(Term("", (literal(word),)) for word in query.split()[:20])
        rows = rows.filter(condition(Query(terms), User(), datetime.now(UTC)))
    return rows


def _assigned(who: str) -> Q:
    nobody = Q(assignee=None, assignee_team=None)
    if who in ("unassigned", "none"):
        return nobody
    if who == "assigned":
        return ~nobody
    number = whole(who)
    return Q(assignee=number) if number is not None else Q(assignee__username__iexact=who)


class ItemRoot(ItemView):
    """`/api/1/item/`: POST takes events, GET finds one by `counter`."""

    def get(self, request: Request) -> Response:
        """`?counter=N`. Raises Refused."""
        return ByCounter().answer(self, request._request, request._request.GET.get("counter", ""))


class ByCounter(ApiView):
    """`/api/1/item_by_counter/<counter>`."""

    def get(self, request: Request, counter: str) -> Response:
        """Leads to the item. Raises Refused."""
        raw = request._request
        found = item(self.asker(raw, *READERS), number(counter))
        where = f"{settings.EMBERWATCH_URL}/api/1/item/{found.pk}/"
        told = {"err": 0, "result": {"uri": where, "itemId": found.pk}}
        query = raw.META.get("QUERY_STRING", "")
        target = f"{where}?{query}" if query else where
        return Response(told, status=301, headers={"Location": target})

    def answer(self, view: Any, raw: HttpRequest, counter: str) -> Response:
        """The item itself, for another view. Raises Refused."""
        given = raw.headers.get("X-Rollbar-Access-Token") or raw.GET.get("access_token", "")
        sender = view.bearer(given, *READERS)
        view.counted_under = 0
        return shown(sender, item(sender, number(counter)))


def number(text: str) -> int | None:
    """The number that a counter, or a short id as pages show it, names."""
    found = whole(text)
    code = text.rpartition("-")[2]
    if found is None and "-" in text and code.isascii() and code.isalnum() and len(code) < 12:
        found = int(code, 36)
    return found


class OneItem(ApiView):
    """`/api/1/item/<id>`."""

    def get(self, request: Request, number: str) -> Response:
        """The item. Raises Refused."""
        sender = self.asker(request._request, *READERS)
        return shown(sender, item(sender, whole(number)))

    def patch(self, request: Request, number: str) -> Response:
        """Change it. Raises Refused, Unusable."""
        raw = request._request
        told = body_fields(raw)
        token = told.get("access_token")
        sender = self.asker(raw, *WRITERS, token=token if isinstance(token, str) else "")
        found = item(sender, whole(number))
        now = datetime.now(UTC)
        try:
            with transaction.atomic():
                change(found, told, now)
        except triage.TriageError as error:
            raise Unusable(str(error)) from None
        return shown(sender, item(sender, found.pk))


def change(issue: Issue, told: dict[str, Any], now: datetime) -> None:
    """Do all that a PATCH asks for. Raises Unusable, TriageError."""
    strange = sorted(set(told) - FIELDS)
    if strange:
        raise Unusable(f"{strange[0][:64]} can't be changed.")
    for name, current in (("title", issue.title), ("level", _level(issue))):
        if told.get(name) not in (None, current):
            raise Unusable(f"The {name} is that of the events here; it can't be set by hand.")
    me = Issue.objects.filter(project=issue.project_id, pk=issue.pk)
    _set_status(me, issue, told, now)
    if "assigned_user_id" in told or "team_id" in told:
        triage.assign(me, None, _responsible(issue, told), now, why="by Rollbar's API")


def _level(issue: Issue) -> str:
    return next(word for word, value in NUMBERS.items() if value == issue.level)


def _set_status(me: Any, issue: Issue, told: dict[str, Any], now: datetime) -> None:
    status, version = told.get("status"), told.get("resolved_in_version")
    if version not in (None, "") and status not in (None, "resolved"):
        raise Unusable("resolved_in_version goes with the status resolved.")
    if version not in (None, ""):
        triage.resolve_in(me, [str(version)], None, now)
    elif status is not None:
        match known_word(str(status), [*OURS], "status"):
            case "resolved":
                triage.resolve(me, None, now)
            case "active":
                triage.reopen(me, None, now)
            case _:  # muted and archived stay so: as long as a snooze may last
                triage.snooze(me, None, now, Until.TIME, moment=now + snooze.LONGEST)
    if told.get("snoozed") is True:
        length = told.get("snooze_expiration_in_seconds")
        good = isinstance(length, int) and 0 < length <= snooze.LONGEST.total_seconds()
        for_ = timedelta(seconds=length) if good and isinstance(length, int) else SNOOZE
        triage.snooze(me, None, now, Until.TIME, moment=now + for_)
    elif told.get("snoozed") is False and issue.status == Issue.Status.SNOOZED:
        triage.reopen(me, None, now)


def _responsible(issue: Issue, told: dict[str, Any]) -> User | Team | None:
    """Who is to have it; None for nobody. Raises Unusable."""
    if told.get("assigned_user_id") is not None:
        user = User.objects.filter(pk=_id(told["assigned_user_id"]), is_active=True).first()
        if user is None:
            raise Unusable("assigned_user_id names nobody.")
        return user
    if told.get("team_id") is not None:
        if _id(told["team_id"]) != issue.project.team_id:
            raise Unusable("team_id must be the team of the project.")
        return issue.project.team
    return None


def _id(value: Any) -> int:
    number = value if isinstance(value, int) and not isinstance(value, bool) else whole(str(value))
    return number if number is not None and 0 < number < 2**63 else 0
