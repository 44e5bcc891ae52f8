"""Issues: the list by the search grammar, one of them, and what may be done with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tracker import code, origins, readers
from tracker.actions import triage
from tracker.api import shapes, told
from tracker.api.base import (
    OF_PROJECT,
    PAGED,
    ApiView,
    access_of,
    choice,
    chosen_projects,
    demand,
    environment_names,
)
from tracker.api.errors import BadRequest, missing
from tracker.api.paging import Keyset, Page, page_of
from tracker.asides import marked
from tracker.domain.priority import Priority
from tracker.domain.search import parse
from tracker.domain.snooze import Until
from tracker.models import Activity, ActivityKind, Issue, Project, Role, Team, User
from tracker.search import condition

SORTS: dict[str, Keyset] = {
    "last_seen": Keyset((("last_seen", datetime), ("pk", int)), issues=True),
    "first_seen": Keyset((("first_seen", datetime), ("pk", int))),
    "events": Keyset((("events", int), ("pk", int)), issues=True),
    "users": Keyset((("users", int), ("pk", int)), issues=True),
    "priority": Keyset((("priority", int), ("pk", int))),
}
_CHANGES = "status, resolve_in, snooze, priority, assignee, reviewed"
DEFAULT_QUERY = "is:unresolved"
BY_ID = Keyset((("pk", int),))
_RELATIONS = ("assignee", "assignee_team", "first_release", "last_release")


def issue_of(request: Request, named: str) -> Issue:
    """An issue by number or short id, among the user's; one merged away leads to its target.

    Raises NotFound.
    """
    access = access_of(request)
    text = named.rpartition("-")[2] if "-" in named else ""
    try:
        number = int(text, 36) if text else int(named)
    except ValueError:
        raise missing("issue") from None
    if not 0 < number < 2**63:
        raise missing("issue")
    # Scoped by the projects at hand, which costs no query of its own.
    mine = (
        marked(code.with_code(origins.with_owner(Issue.objects.with_sources())))
        .filter(project__in=list(access.projects))
        .select_related(*_RELATIONS, "resolved_release")
    )
    for _ in range(10):  # a chain of merges ends
        issue = mine.filter(pk=number, deleted_at__isnull=True).first()
        if issue is None:
            break
        issue.project = access.projects[issue.project_id]
        if text and issue.project.slug.lower() != named.rpartition("-")[0].lower():
            break
        if issue.merged_into is None:
            return issue
        number, text = issue.merged_into, ""
    raise missing("issue")


class IssueList(ApiView):
    """`issues/`."""

    @extend_schema(
        operation_id="issues_list",
        summary="Issues that a query finds",
        parameters=[
            OpenApiParameter("query", str, description="The search grammar; else is:unresolved."),
            OpenApiParameter("sort", str, enum=list(SORTS)),
            OF_PROJECT,
            *PAGED,
        ],
        responses=shapes.page_of(shapes.IssueShape),
    )
    def get(self, request: Request) -> Response:
        """A page of issues."""
        access = access_of(request)
        query = parse(request.query_params.get("query", DEFAULT_QUERY))
        keyset = SORTS[choice(request, "sort", list(SORTS))]
        projects = {project.pk: project for project in chosen_projects(request)}
        rows: QuerySet[Issue] = (
            Issue.objects.live()
            .filter(condition(query, access.user, datetime.now(UTC)), project__in=list(projects))
            .select_related(*_RELATIONS)
        )
        page: Page[Issue] = page_of(rows, keyset, request)
        names = environment_names(sorted({row.project_id for row in page.rows}))
        found = [told.issue_row(row, projects[row.project_id], names) for row in page.rows]
        return page.respond(request, shapes.IssueShape(found, many=True).data)


def _detail(request: Request, issue: Issue) -> Response:
    names = environment_names([issue.project_id])
    keys, shares = readers.grouping_of(issue), readers.tag_shares(issue)
    detail = told.issue_detail(issue, issue.project, names, keys, shares)
    return Response(shapes.IssueDetail(detail).data)


class IssueOne(ApiView):
    """`issues/<id>/`; the id is a number or `SHOP-4F`."""

    @extend_schema(operation_id="issues_get", summary="One issue", responses=shapes.IssueDetail)
    def get(self, request: Request, issue: str) -> Response:
        """The issue, with why its events are grouped and how its tags are spread."""
        return _detail(request, issue_of(request, issue))

    @extend_schema(
        operation_id="issues_change",
        summary="Resolve, reopen, snooze, assign, prioritise, mark as reviewed",
        request=shapes.IssueChange,
        responses=shapes.IssueDetail,
    )
    def patch(self, request: Request, issue: str) -> Response:
        """Change it by the verbs of triage; answers with the issue as it is then."""
        found = issue_of(request, issue)
        demand(request, Role.TRIAGER, found.project)
        if not isinstance(request.data, dict) or not request.data:
            raise BadRequest(f"Send an object with {_CHANGES}.")
        unknown = sorted(set(request.data) - set(shapes.IssueChange().fields))
        if unknown:
            raise BadRequest(f"“{unknown[0]}” can't be changed: use {_CHANGES}.")
        change = shapes.IssueChange(data=request.data)
        change.is_valid(raise_exception=True)
        _change(request, found, change.validated_data)
        return _detail(request, issue_of(request, str(found.pk)))


def _change(request: Request, issue: Issue, wanted: dict[str, Any]) -> None:
    """Carry out each part by its verb: all of them or, where one is refused, none."""
    access, now = access_of(request), datetime.now(UTC)
    one = Issue.objects.filter(pk=issue.pk, project=issue.project_id)
    # Read before anything is written: a name nobody has changes nothing.
    to = _assignee(request, issue.project, wanted["assignee"]) if "assignee" in wanted else None
    with transaction.atomic():
        if "assignee" in wanted:
            triage.assign(one, access.user, to, now)
        if "priority" in wanted:
            name = wanted["priority"]
            triage.set_priority(one, access.user, Priority[name.upper()] if name else None, now)
        _move(one, access.user, wanted, now)
        if wanted.get("reviewed"):
            triage.mark_reviewed(one, now, access.user)


def _move(one: QuerySet[Issue], actor: User, wanted: dict[str, Any], now: datetime) -> None:
    if wanted.get("status") == "resolved":
        triage.resolve(one, actor, now)
    elif wanted.get("status") == "unresolved":
        triage.reopen(one, actor, now)
    elif wanted.get("resolve_in") == ["next"]:
        triage.resolve_in_next(one, actor, now)
    elif "resolve_in" in wanted:
        triage.resolve_in(one, wanted["resolve_in"], actor, now)
    elif "snooze" in wanted:
        how = wanted["snooze"]
        triage.snooze(
            one, actor, now, Until(how["until"]), count=how.get("count", 0),
            minutes=how.get("minutes", 0), moment=how.get("at"),
        )  # fmt: skip


def _assignee(request: Request, project: Project, text: str | None) -> User | Team | None:
    """Who is meant; only people and teams that the caller knows. Raises BadRequest."""
    access = access_of(request)
    if text is None or text == "":
        return None
    if text == "me":
        return access.user
    known = access.assignees(project.team_id)
    if text.startswith("#"):
        teams: list[User | Team] = [t for t in known.teams if t.slug == text[1:].lower()]
    else:
        name = text.removeprefix("@").lower()
        teams = [u for u in known.users if u.get_username().lower() == name]
    if not teams:
        raise BadRequest(f"Nobody in the team of {project} is called “{text[:60]}”.")
    return teams[0]


class IssueWhy(ApiView):
    """`issues/<id>/why/`."""

    @extend_schema(
        operation_id="issues_why",
        summary="Why its events are grouped",
        responses=shapes.Reason(many=True),
    )
    def get(self, request: Request, issue: str) -> Response:
        """Its keys in words, the busiest first."""
        keys = readers.grouping_of(issue_of(request, issue), limit=100)
        return Response(shapes.Reason([told.reason(key) for key in keys], many=True).data)


class IssueComments(ApiView):
    """`issues/<id>/comments/`."""

    @extend_schema(
        operation_id="issues_comments",
        summary="Comments, newest first",
        parameters=PAGED,
        responses=shapes.page_of(shapes.CommentShape),
    )
    def get(self, request: Request, issue: str) -> Response:
        """A page of comments."""
        rows = _activity(issue_of(request, issue)).filter(kind=ActivityKind.COMMENTED)
        page = page_of(rows, BY_ID, request)
        found = [told.comment(row) for row in page.rows]
        return page.respond(request, shapes.CommentShape(found, many=True).data)

    @extend_schema(
        operation_id="issues_comment",
        summary="Add a comment",
        request=shapes.CommentNew,
        responses={201: shapes.CommentShape},
    )
    def post(self, request: Request, issue: str) -> Response:
        """Add one; answers with it."""
        found = issue_of(request, issue)
        demand(request, Role.TRIAGER, found.project)
        new = shapes.CommentNew(data=request.data)
        new.is_valid(raise_exception=True)
        actor = access_of(request).user
        one = Issue.objects.filter(pk=found.pk, project=found.project_id)
        triage.comment(one, actor, new.validated_data["text"], datetime.now(UTC))
        mine = _activity(found).filter(kind=ActivityKind.COMMENTED, actor=actor)
        made = mine.order_by("-pk")[:1].get()
        return Response(shapes.CommentShape(told.comment(made)).data, status=201)


class IssueActivity(ApiView):
    """`issues/<id>/activity/`."""

    @extend_schema(
        operation_id="issues_activity",
        summary="What happened to it, newest first",
        parameters=PAGED,
        responses=shapes.page_of(shapes.ActivityShape),
    )
    def get(self, request: Request, issue: str) -> Response:
        """A page of its history."""
        page = page_of(_activity(issue_of(request, issue)), BY_ID, request)
        found = [told.happened(row) for row in page.rows]
        return page.respond(request, shapes.ActivityShape(found, many=True).data)


def _activity(issue: Issue) -> QuerySet[Activity]:
    rows = Activity.objects.filter(project=issue.project_id, issue=issue.pk)
    return rows.select_related("actor")


TEXT = OpenApiResponse(response=str, description="Markdown, at most 12,000 characters.")
