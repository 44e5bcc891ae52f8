"""Events over time, from the rollups: never from events themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Sum
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.api import shapes, told
from tracker.api.base import OF_ISSUES, OF_PROJECT, ApiView, choice, chosen_projects, queried
from tracker.api.errors import BadRequest
from tracker.api.issues import issue_of
from tracker.models import Environment, Project, RollupDay, RollupHour

SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
MOST_POINTS = {"hour": 24 * 14, "day": 400}
USUAL_POINTS = {"hour": 24, "day": 14}


class StatsView(ApiView):
    """`stats/`."""

    @extend_schema(
        operation_id="stats",
        summary="Events by hour or day",
        parameters=[
            OF_PROJECT,
            OF_ISSUES,
            OpenApiParameter("issue", str, description="Only this issue."),
            OpenApiParameter("environment", str, description="Only this environment."),
            OpenApiParameter("interval", str, enum=["hour", "day"]),
            OpenApiParameter("since", datetime, description="Else 24 hours or 14 days ago."),
            OpenApiParameter("until", datetime, description="Else now."),
        ],
        responses=shapes.Stats,
    )
    def get(self, request: Request) -> Response:
        """A series per project."""
        interval = choice(request, "interval", list(SPANS))
        since, until = _period(request, interval)
        rows: QuerySet[Any] = (RollupHour if interval == "hour" else RollupDay).objects.filter(
            bucket__gte=since, bucket__lt=until
        )
        if named := request.query_params.get("issue"):
            issue = issue_of(request, named)
            projects = [issue.project]
            rows = rows.filter(project_id=issue.project_id, issue_id=issue.pk)
        else:
            projects = chosen_projects(request)
            rows = rows.filter(project_id__in=[project.pk for project in projects])
        if (found := queried(request, [project.pk for project in projects])) is not None:
            rows = rows.filter(issue_id__in=found.values("pk"))
        if "environment" in request.query_params:
            name = request.query_params["environment"].replace("\x00", "")
            wanted = Environment.objects.filter(project__in=projects, name=name)
            rows = rows.filter(environment_id__in=list(wanted.values_list("pk", flat=True)))
        sums = _sums(rows)
        answer = {
            "interval": interval,
            "since": since,
            "until": until,
            "series": [_series(p, sums, since, until, SPANS[interval]) for p in projects],
        }
        return Response(shapes.Stats(answer).data)


def _sums(rows: QuerySet[Any]) -> dict[tuple[int, datetime], int]:
    found = rows.order_by().values_list("project_id", "bucket").annotate(total=Sum("events"))
    return {(project, bucket): total for project, bucket, total in found}


def _series(
    project: Project,
    sums: dict[tuple[int, datetime], int],
    since: datetime,
    until: datetime,
    step: timedelta,
) -> dict[str, Any]:
    points, at = [], since
    while at < until:
        points.append({"start": at, "events": sums.get((project.pk, at), 0)})
        at += step
    total = sum(point["events"] for point in points if isinstance(point["events"], int))
    return {"project": told.project_ref(project), "total": total, "points": points}


def _period(request: Request, interval: str) -> tuple[datetime, datetime]:
    """Start and end, on whole buckets. Raises BadRequest."""
    step = SPANS[interval]
    until = _moment(request, "until") or datetime.now(UTC)
    since = _moment(request, "since")
    try:
        until = _floor(until - timedelta(microseconds=1), interval) + step
        since = _floor(since, interval) if since else until - step * USUAL_POINTS[interval]
    except OverflowError:
        raise BadRequest("since and until are moments of our time.") from None
    if since >= until:
        raise BadRequest("since lies before until.")
    if (until - since) / step > MOST_POINTS[interval]:
        raise BadRequest(f"At most {MOST_POINTS[interval]} {interval}s at once.")
    return since, until


def _floor(moment: datetime, interval: str) -> datetime:
    hour = moment.replace(minute=0, second=0, microsecond=0)
    return hour if interval == "hour" else hour.replace(hour=0)


def _moment(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequest(f"{name} is a moment, as in 2026-01-31T12:00:00Z.") from None
