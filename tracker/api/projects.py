"""Projects, their releases, deploys and environments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.api import shapes, told
from tracker.api.base import OF_PROJECT, PAGED, ApiView, access_of, chosen_projects, project_of
from tracker.api.paging import Keyset, page_of
from tracker.models import Deploy, Environment, Issue, Project, Release
from tracker.search import bounded_count

NEWEST = Keyset((("created_at", datetime), ("pk", int)))
LATEST = Keyset((("started_at", datetime), ("pk", int)))
BY_NAME = Keyset((("name", str), ("pk", int)), descending=False)


def _told(request: Request, project: Project) -> dict[str, Any]:
    return {
        **told.project_ref(project),
        "team": project.team.slug,
        "platform": project.platform,
        "role": access_of(request).role_in(project.team_id),
        "created_at": project.created_at,
        "first_event_at": project.first_event_at,
    }


class ProjectList(ApiView):
    """`projects/`."""

    @extend_schema(
        operation_id="projects_list",
        summary="Projects of the user's teams",
        parameters=PAGED,
        responses=shapes.page_of(shapes.ProjectShape),
    )
    def get(self, request: Request) -> Response:
        """A page of projects, by name."""
        mine = Project.objects.filter(pk__in=list(access_of(request).projects))
        page = page_of(mine.select_related("team"), BY_NAME, request)
        found = [_told(request, project) for project in page.rows]
        return page.respond(request, shapes.ProjectShape(found, many=True).data)


class ProjectOne(ApiView):
    """`projects/<id or slug>/`."""

    @extend_schema(
        operation_id="projects_get", summary="One project", responses=shapes.ProjectDetail
    )
    def get(self, request: Request, project: str) -> Response:
        """The project, how much waits in it, and where its SDKs send to."""
        found = project_of(request, project)
        waiting = Issue.objects.filter(project=found).live().unresolved()
        count, more = bounded_count(waiting)
        base = str(settings.EMBERWATCH_URL)
        keys = found.keys.filter(enabled=True).order_by("pk")
        detail = {
            **_told(request, found),
            "unresolved": count,
            "unresolved_is_more": more,
            "dsn": [key.dsn(base) for key in keys],
        }
        return Response(shapes.ProjectDetail(detail).data)


class ReleaseList(ApiView):
    """`releases/`."""

    @extend_schema(
        operation_id="releases_list",
        summary="Releases, newest first",
        parameters=[
            OF_PROJECT,
            OpenApiParameter("version", str, description="Only this version."),
            *PAGED,
        ],
        responses=shapes.page_of(shapes.ReleaseShape),
    )
    def get(self, request: Request) -> Response:
        """A page of releases."""
        projects = {project.pk: project for project in chosen_projects(request)}
        rows = Release.objects.filter(project__in=list(projects))
        if version := request.query_params.get("version", "").replace("\x00", ""):
            rows = rows.filter(version=version)
        page = page_of(rows, NEWEST, request)
        found = [
            {
                "id": row.pk,
                "project": told.project_ref(projects[row.project_id]),
                "version": row.version,
                "source": row.source,
                "created_at": row.created_at,
                "released_at": row.released_at,
            }
            for row in page.rows
        ]
        return page.respond(request, shapes.ReleaseShape(found, many=True).data)


class DeployList(ApiView):
    """`deploys/`."""

    @extend_schema(
        operation_id="deploys_list",
        summary="Deploys, newest first",
        parameters=[
            OF_PROJECT,
            OpenApiParameter("environment", str, description="Only into this environment."),
            *PAGED,
        ],
        responses=shapes.page_of(shapes.DeployShape),
    )
    def get(self, request: Request) -> Response:
        """A page of deploys."""
        projects = {project.pk: project for project in chosen_projects(request)}
        rows = Deploy.objects.filter(project__in=list(projects))
        if name := request.query_params.get("environment", "").replace("\x00", ""):
            rows = rows.filter(environment__name=name)
        page = page_of(rows.select_related("release", "environment"), LATEST, request)
        found = [
            {
                "id": row.pk,
                "project": told.project_ref(projects[row.project_id]),
                "release": row.release.version,
                "environment": row.environment.name,
                "status": row.status,
                "actor": row.actor,
                "name": row.name,
                "url": row.url,
                "started_at": row.started_at,
                "finished_at": row.finished_at,
            }
            for row in page.rows
        ]
        return page.respond(request, shapes.DeployShape(found, many=True).data)


class EnvironmentList(ApiView):
    """`environments/`."""

    @extend_schema(
        operation_id="environments_list",
        summary="Environments, by name",
        parameters=[OF_PROJECT, *PAGED],
        responses=shapes.page_of(shapes.EnvironmentShape),
    )
    def get(self, request: Request) -> Response:
        """A page of environments."""
        projects = {project.pk: project for project in chosen_projects(request)}
        page = page_of(Environment.objects.filter(project__in=list(projects)), BY_NAME, request)
        found = [
            {
                "id": row.pk,
                "project": told.project_ref(projects[row.project_id]),
                "name": row.name,
                "hidden": row.hidden,
                "first_seen": row.first_seen,
            }
            for row in page.rows
        ]
        return page.respond(request, shapes.EnvironmentShape(found, many=True).data)
