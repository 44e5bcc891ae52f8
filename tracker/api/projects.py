"""Projects, their releases, deploys and environments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.actions import audit, setup
from tracker.api import shapes, told
from tracker.api.base import (
    OF_PROJECT,
    PAGED,
    ApiView,
    access_of,
    chosen_projects,
    demand,
    project_of,
)
from tracker.api.errors import missing
from tracker.api.paging import Keyset, page_of
from tracker.models import Deploy, Environment, Issue, Project, Release, Role, Team
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


class ProjectNew(serializers.Serializer[Any]):
    """A project to be made."""

    name = serializers.CharField(max_length=100)
    team = serializers.SlugField(help_text="Slug of a team that the user administers.")
    platform = serializers.CharField(required=False, allow_blank=True, default="", max_length=64)


class ProjectChange(serializers.Serializer[Any]):
    """What may be changed of a project; what is not named stays."""

    name = serializers.CharField(required=False, max_length=100)
    platform = serializers.CharField(required=False, allow_blank=True, max_length=64)


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

    @extend_schema(
        operation_id="projects_make", summary="Make a project, with a key for its SDKs",
        request=ProjectNew, responses={201: shapes.ProjectDetail},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Make one; only admins of its team may."""
        form = ProjectNew(data=request.data)
        form.is_valid(raise_exception=True)
        access, given = access_of(request), form.validated_data
        team = Team.objects.filter(slug=given["team"]).first()
        if team is None or access.role_in(team.pk) is None:
            raise missing("team")
        if not access.has(Role.ADMIN, team.pk):
            raise PermissionDenied(f"Only an admin of {team} may do this.")
        with transaction.atomic():
            made = setup.create_project(given["name"], team)
            project = Project.objects.get(pk=made.id)
            _change(request, project, {"platform": given["platform"]}, "added")
        access.projects[project.pk] = project
        return _one(request, project, 201)


class ProjectOne(ApiView):
    """`projects/<id or slug>/`."""

    @extend_schema(
        operation_id="projects_get", summary="One project", responses=shapes.ProjectDetail
    )
    def get(self, request: Request, project: str) -> Response:
        """The project, how much waits in it, and where its SDKs send to."""
        found = project_of(request, project)
        return _one(request, found)

    @extend_schema(
        operation_id="projects_change", summary="Change a project",
        request=ProjectChange, responses=shapes.ProjectDetail,
    )  # fmt: skip
    def patch(self, request: Request, project: str) -> Response:
        """Change what is named; its slug stays."""
        found = project_of(request, project)
        demand(request, Role.ADMIN, found)
        form = ProjectChange(data=request.data)
        form.is_valid(raise_exception=True)
        _change(request, found, form.validated_data, "changed")
        return _one(request, found)


def _change(request: Request, project: Project, wanted: dict[str, Any], action: str) -> None:
    before = {name: getattr(project, name) for name in wanted}
    if before == wanted and action == "changed":
        return
    for name, value in wanted.items():
        setattr(project, name, value)
    with transaction.atomic():
        project.save(update_fields=list(wanted))
        audit.record(
            action, actor=access_of(request).user, target=project, before=before, after=wanted,
            address=str(request.META.get("REMOTE_ADDR", "")),
        )  # fmt: skip


def _one(request: Request, project: Project, status: int = 200) -> Response:
    waiting = Issue.objects.filter(project=project).live().unresolved()
    count, more = bounded_count(waiting)
    base = str(settings.EMBERWATCH_URL)
    keys = project.keys.filter(enabled=True).order_by("pk")
    detail = {
        **_told(request, project),
        "unresolved": count,
        "unresolved_is_more": more,
        "dsn": [key.dsn(base) for key in keys],
    }
    return Response(shapes.ProjectDetail(detail).data, status=status)


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
