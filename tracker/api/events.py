"""Events: one by its id, those of an issue, and one as Markdown."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from tracker import event_pages
from tracker.actions.moving import sources_of
from tracker.api import shapes, told
from tracker.api.base import (
    OF_ISSUES,
    OF_PROJECT,
    PAGED,
    ApiView,
    PlainText,
    chosen_projects,
    environment_names,
    queried,
)
from tracker.api.errors import missing
from tracker.api.issues import TEXT, issue_of
from tracker.api.paging import DEFAULT_SIZE, LARGEST, Cursor, Keyset, Page, number, page_of
from tracker.domain.anatomy import dissect
from tracker.models import Environment, EventRow, EventSeen, Issue, Release
from tracker.payloads import PayloadError, unpack
from tracker.retelling import markdown_of

NEWEST = Keyset((("received_at", datetime), ("event_id", UUID)))
BY_DAY = Keyset((("day", date), ("received_at", datetime), ("event_id", UUID)))


class Unreadable(APIException):
    """The stored payload is damaged: ours to mend, and said so."""

    status_code = 500
    default_detail = "The stored payload of this event can't be read."


def stored_of(issue: Issue) -> QuerySet[EventRow]:
    """An issue's events, those that are still on their way from a merged one included."""
    return EventRow.objects.filter(project_id=issue.project_id, issue_id__in=sources_of(issue))


def page_of_events(
    rows: QuerySet[EventRow], request: Request, usual: int = DEFAULT_SIZE
) -> Page[EventRow]:
    """A page of events of many issues, newest first; it only goes on, not back.

    Raises BadRequest.
    """
    size = number(request, "limit", usual, low=1, high=LARGEST)
    top = datetime.now(UTC).date()
    if given := request.query_params.get("cursor", ""):
        place = Cursor.read(given, BY_DAY).values
        rows, top = event_pages.before(rows, place), min(top, place[0])
    found = event_pages.newest(rows, top, size + 1)
    last = found[size - 1] if len(found) > size else None
    follows = Cursor((last.day, last.received_at, last.event_id)) if last else ""
    return Page(found[:size], next=str(follows))


def _releases(rows: list[EventRow]) -> dict[int, str]:
    numbers = sorted({row.release_id for row in rows if row.release_id})
    if not numbers:
        return {}
    return dict(Release.objects.filter(pk__in=numbers).values_list("pk", "version"))


class IssueEvents(ApiView):
    """`issues/<id>/events/`."""

    @extend_schema(
        operation_id="issues_events",
        summary="Its stored events, newest first",
        parameters=PAGED,
        responses=shapes.page_of(shapes.EventShape),
    )
    def get(self, request: Request, issue: str) -> Response:
        """A page of events, without their payloads."""
        found = issue_of(request, issue)
        page = page_of(stored_of(found).defer("payload"), NEWEST, request)
        environments = environment_names([found.project_id])
        releases = _releases(page.rows)
        rows = [told.event_row(row, found, environments, releases) for row in page.rows]
        return page.respond(request, shapes.EventShape(rows, many=True).data)


def _detail(row: EventRow, issue: Issue) -> Response:
    try:
        data = unpack(bytes(row.payload), row.dictionary)
    except PayloadError:
        raise Unreadable from None
    environments = environment_names([issue.project_id])
    event = told.event_row(row, issue, environments, _releases([row]))
    url = told.page_url(f"issue/{issue.pk}/events/{row.event_id.hex}/")
    # The payload is JSON already: no serializer needs to walk it.
    return Response({**shapes.EventShape(event).data, "url": url, "data": data})


class EventList(ApiView):
    """`events/`."""

    @extend_schema(
        operation_id="events_list",
        summary="Stored events, newest first",
        parameters=[
            OF_ISSUES,
            OpenApiParameter("environment", str, description="Only those of this environment."),
            OpenApiParameter("release", str, description="Only those of this release."),
            OF_PROJECT,
            *PAGED,
        ],
        responses=shapes.page_of(shapes.EventShape),
    )
    def get(self, request: Request) -> Response:
        """A page of events, without their payloads."""
        projects = {project.pk: project for project in chosen_projects(request)}
        rows = _asked(request, list(projects)).defer("payload")
        page = page_of_events(rows, request)
        environments = environment_names(sorted({row.project_id for row in page.rows}))
        releases = _releases(page.rows)
        numbers = {row.issue_id for row in page.rows}
        there = Issue.objects.filter(project__in=list(projects), deleted_at__isnull=True)
        issues = there.in_bulk(list(numbers))
        found = []
        for row in page.rows:
            issue = issues.get(row.issue_id)
            if issue is not None:
                issue.project = projects[row.project_id]
                found.append(told.event_row(row, issue, environments, releases))
        return page.respond(request, shapes.EventShape(found, many=True).data)


def _asked(request: Request, projects: list[int]) -> QuerySet[EventRow]:
    """The projects' events that the address asks for. Raises SearchError."""
    asked = request.query_params
    rows = EventRow.objects.filter(project_id__in=projects)
    if (mine := queried(request, projects)) is not None:
        rows = rows.filter(issue_id__in=mine.values("pk"))
    if name := asked.get("environment", "").replace("\x00", ""):
        there = Environment.objects.filter(project__in=projects, name=name)
        rows = rows.filter(environment_id__in=there.values("pk"))
    if version := asked.get("release", "").replace("\x00", ""):
        named = Release.objects.filter(project__in=projects, version=version)
        rows = rows.filter(release_id__in=named.values("pk"))
    return rows


class EventOne(ApiView):
    """`events/<event_id>/`."""

    @extend_schema(
        operation_id="events_get",
        summary="One event, by the id that the SDK gave it",
        parameters=[OF_PROJECT],
        responses=shapes.EventDetail,
    )
    def get(self, request: Request, event: str) -> Response:
        """The event with everything that was stored of it."""
        event_id = _event_id(event)
        projects = [project.pk for project in chosen_projects(request)]
        seen = EventSeen.objects.filter(project_id__in=projects, event_id=event_id)
        for project, day in seen.order_by("-day").values_list("project_id", "day"):
            row = EventRow.objects.filter(project_id=project, event_id=event_id, day=day).first()
            if row is not None:
                return _detail(row, issue_of(request, str(row.issue_id)))
        raise missing("event")


class IssueEvent(ApiView):
    """`issues/<id>/events/<latest|oldest|event_id>/`."""

    @extend_schema(
        operation_id="issues_event",
        summary="One of its events: latest, oldest, or by id",
        responses=shapes.EventDetail,
    )
    def get(self, request: Request, issue: str, event: str) -> Response:
        """The event with everything that was stored of it."""
        found = issue_of(request, issue)
        return _detail(event_of(found, event), found)


class EventMarkdown(ApiView):
    """`issues/<id>/events/<event>/markdown/`."""

    renderer_classes = (PlainText,)

    @extend_schema(
        operation_id="issues_event_markdown",
        summary="An event as Markdown: chain, own frames with code, breadcrumbs, tags",
        responses={(200, "text/markdown"): TEXT},
    )
    def get(self, request: Request, issue: str, event: str) -> Response:
        """The same text as "Copy as Markdown"."""
        return self.text_of(request, issue, event)

    def text_of(self, request: Request, issue: str, event: str) -> Response:
        """Of an event by id, `latest` or `oldest`."""
        found = issue_of(request, issue)
        try:
            row = event_of(found, event)
            data = unpack(bytes(row.payload), row.dictionary)
        except PayloadError:
            raise Unreadable from None
        return Response(markdown_of(found, dissect(data), data))


class IssueMarkdown(EventMarkdown):
    """`issues/<id>/markdown/`."""

    @extend_schema(
        operation_id="issues_markdown",
        summary="Its latest event as Markdown",
        responses={(200, "text/markdown"): TEXT},
    )
    def get(self, request: Request, issue: str) -> Response:  # type: ignore[override]
        """The same text as "Copy as Markdown"."""
        return self.text_of(request, issue, "latest")


def _event_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise missing("event") from None


def event_of(issue: Issue, named: str) -> EventRow:
    """A stored event of an issue. Raises NotFound."""
    rows = stored_of(issue)
    if named in ("latest", "oldest"):
        row = rows.order_by(*NEWEST.order(backwards=named == "oldest")).first()
    else:
        event_id = _event_id(named)
        seen = EventSeen.objects.filter(project_id=issue.project_id, event_id=event_id)
        days = list(seen.values_list("day", flat=True))
        row = rows.filter(Q(day__in=days), event_id=event_id).first()
    if row is None:
        raise missing("event")
    return row
