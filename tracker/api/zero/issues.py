"""Issues and events of a project, as `sentry-cli issues` and `sentry-cli events` ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.actions import bulk
from tracker.api import told
from tracker.api.base import access_of, demand, project_of, queried
from tracker.api.errors import BadRequest, missing
from tracker.api.events import page_of_events
from tracker.api.issues import SORTS
from tracker.api.paging import page_of
from tracker.api.zero.base import ZeroView, body_of, paged, text
from tracker.domain.snooze import Until
from tracker.models import EventRow, Issue, Project, Role
from tracker.payloads import PayloadError, unpack

PAGE = 100
"""Rows of a page: the tool says so in its help."""
MOST = 10_000
"""Issues that one call changes."""
THEIRS = {"unresolved": "unresolved", "resolved": "resolved", "snoozed": "ignored"}
OURS = {"unresolved": "unresolved", "resolved": "resolved", "ignored": "snoozed",
        "muted": "snoozed", "archived": "snoozed"}  # fmt: skip
_PERSON = ("id", "username", "email", "ip_address")


class ProjectIssues(ZeroView):
    """`projects/<org>/<project>/issues/`."""

    def get(self, request: Request, org: str, project: str) -> Response:
        """Those that `query` finds, in the one grammar; without it all, last seen first."""
        del org
        found = project_of(request, project)
        rows = _asked(request, found).select_related("assignee", "assignee_team")
        page = page_of(rows, SORTS["last_seen"], request, PAGE)
        return paged(request, page, [_issue_shape(row, found) for row in page.rows])

    def put(self, request: Request, org: str, project: str) -> Response:
        """Resolve, reopen or snooze those that `id`, `status` or `query` name; else all.

        More than a page may wait for are changed by a worker within seconds.
        """
        del org
        found = project_of(request, project)
        demand(request, Role.TRIAGER, found)
        body, now = body_of(request), datetime.now(UTC)
        verb, how = _change(body, now)
        ids = _chosen(request, found)
        if not ids:
            return Response(status=204)
        actor = access_of(request).user
        if len(ids) > bulk.AT_ONCE:
            bulk.start(actor, verb, ids, how, now)
        else:
            mine = Issue.objects.filter(project=found, pk__in=ids)
            bulk.VERBS[verb](mine, actor, now, how)
        return Response({"status": text(body, "status", 40), "statusDetails": {}})


class ProjectEvents(ZeroView):
    """`projects/<org>/<project>/events/`."""

    def get(self, request: Request, org: str, project: str) -> Response:
        """Stored events, newest first; with `query` those of the issues that it finds."""
        del org
        found = project_of(request, project)
        events = EventRow.objects.filter(project_id=found.pk)
        if (mine := queried(request, [found.pk])) is not None:
            events = events.filter(issue_id__in=mine.values("pk"))
        page = page_of_events(events, request, PAGE)
        numbers = {row.issue_id for row in page.rows}
        issues = Issue.objects.filter(project=found, pk__in=numbers)
        titles = dict(issues.values_list("pk", "title"))
        rows = [_event_shape(row, titles.get(row.issue_id, "")) for row in page.rows]
        return paged(request, page, rows)


class Logs(ZeroView):
    """`organizations/<org>/events/`: `sentry-cli logs list`."""

    def get(self, request: Request, org: str) -> Response:
        """There are none, and it is said so: a 404 would be read as a wrong organisation."""
        del request, org
        raise BadRequest("Logs are not kept here; `events list` has the events.")


# -- which ----------------------------------------------------------------------


def _asked(request: Request, project: Project) -> QuerySet[Issue]:
    """The project's issues that the address asks for. Raises BadRequest, SearchError."""
    rows: QuerySet[Issue] | None = queried(request, [project.pk])
    if rows is None:
        rows = Issue.objects.filter(project=project).live()
    if status := request.query_params.get("status", ""):
        if status not in OURS:
            raise BadRequest(f"status is one of {', '.join(OURS)}.")
        rows = rows.filter(status=OURS[status])
    return rows


def _chosen(request: Request, project: Project) -> list[int]:
    """Ids of what is to be changed; one that is not there spoils all. Raises NotFound."""
    rows = _asked(request, project)
    named, wanted = request.query_params.getlist("id"), set[int]()
    if named:
        if not all(one.isascii() and one.isdigit() and len(one) < 19 for one in named):
            raise BadRequest("id is the number of an issue.")
        wanted = {int(one) for one in named[: MOST + 1]}
        rows = rows.filter(pk__in=wanted)
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    if named and len(ids) < len(wanted):
        raise missing("issue in this project")
    if len(ids) > MOST:
        raise BadRequest(f"That is more than {MOST:,} issues: narrow it by query=.")
    return ids


# -- what -----------------------------------------------------------------------


def _change(body: Mapping[str, Any], now: datetime) -> tuple[str, dict[str, Any]]:
    """The verb of triage that is meant, and its arguments. Raises BadRequest."""
    status = text(body, "status", 40)
    details = body.get("statusDetails") or {}
    if not isinstance(details, Mapping):
        raise BadRequest("statusDetails must be an object.")
    unknown = sorted(set(body) - {"status", "statusDetails", "substatus", "snoozeDuration"})
    if unknown:
        raise BadRequest(f"“{unknown[0][:40]}” can't be changed here: send status.")
    if status == "unresolved":
        return "reopen", {}
    if status == "resolvedInNextRelease" or (status == "resolved" and details.get("inNextRelease")):
        return "resolve_next", {}
    if status == "resolved":
        release = text(details, "inRelease")
        return ("resolve_in", {"releases": [release]}) if release else ("resolve", {})
    if OURS.get(status) == "snoozed":
        return "snooze", _snooze(body, details, now)
    raise BadRequest("status is one of resolved, resolvedInNextRelease, unresolved, ignored.")


def _snooze(
    body: Mapping[str, Any], details: Mapping[str, Any], now: datetime
) -> dict[str, Any]:  # fmt: skip
    """What a snooze waits for; where nothing is said, for more than is usual for the issue."""
    if minutes := _count(body, "snoozeDuration") or _count(details, "ignoreDuration"):
        until = now + timedelta(minutes=minutes)
        return {"until": Until.TIME.value, "moment": until.isoformat()}
    if count := _count(details, "ignoreCount"):
        window = _count(details, "ignoreWindow")
        kind = Until.RATE if window else Until.EVENTS
        return {"until": kind.value, "count": count, "minutes": window}
    if users := _count(details, "ignoreUserCount"):
        return {"until": Until.USERS.value, "count": users}
    return {"until": Until.ESCALATING.value}


def _count(given: Mapping[str, Any], name: str) -> int:
    value = given.get(name) or 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 5_000_000:
        raise BadRequest(f"{name} is a number, not below 0.")
    return value


# -- out ------------------------------------------------------------------------


def _issue_shape(issue: Issue, project: Project) -> dict[str, Any]:
    row = told.issue_row(issue, project, {})
    return {
        "id": str(issue.pk),
        "shortId": row["short_id"],
        "title": row["title"],
        "culprit": row["culprit"],
        "permalink": row["url"],
        "logger": row["logger"] or None,
        "level": row["level"],
        "status": THEIRS[issue.status],
        "substatus": row["substatus"],
        "priority": row["priority"],
        "platform": row["platform"],
        "project": {
            "id": str(project.pk), "name": project.name, "slug": project.slug,
            "platform": project.platform or None,
        },
        "type": "error",
        "metadata": {"type": row["type"], "value": row["message"]},
        "isUnhandled": issue.handled is False,
        "assignedTo": row["assignee"],
        "count": str(issue.events),
        "userCount": issue.users,
        "firstSeen": issue.first_seen,
        "lastSeen": issue.last_seen,
    }  # fmt: skip


def _event_shape(row: EventRow, title: str) -> dict[str, Any]:
    try:
        data = unpack(bytes(row.payload), row.dictionary)
    except PayloadError:
        data = {}  # damaged: the page of the event says so
    tags = data.get("tags")
    pairs = tags.items() if isinstance(tags, dict) else tags if isinstance(tags, list) else ()
    person = data.get("user")
    return {
        "id": row.event_id.hex,
        "eventID": row.event_id.hex,
        "groupID": str(row.issue_id),
        "projectID": str(row.project_id),
        "title": title,
        "platform": str(data.get("platform") or "other"),
        "dateCreated": row.timestamp,
        "dateReceived": row.received_at,
        "user": _person(person) if isinstance(person, dict) else None,
        "tags": [
            {"key": str(pair[0]), "value": str(pair[1])}
            for pair in pairs
            if isinstance(pair, list | tuple) and len(pair) == 2
        ],
    }  # fmt: skip


def _person(given: Mapping[str, Any]) -> dict[str, str | None]:
    """The tool takes nothing but texts here."""
    return {name: str(given[name]) if given.get(name) else None for name in _PERSON}
