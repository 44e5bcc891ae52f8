"""What every view of `/api/v1/` shares: token, scope, sentences for errors, the caller's reach."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from tracker.access import Access
from tracker.api.auth import BearerToken, HasScope
from tracker.api.errors import BadRequest, answer, missing
from tracker.domain.search import parse
from tracker.models import Environment, Issue, Project, Release, Role, User
from tracker.search import condition

PAGED = [
    OpenApiParameter("cursor", str, description="From `next` or `previous` of another page."),
    OpenApiParameter("limit", int, description="Rows of a page: 1 to 100, else 30."),
]
OF_ISSUES = OpenApiParameter("query", str, description="The search grammar: of these issues.")
OF_PROJECT = OpenApiParameter("project", str, description="Slug or id of a project.")


class ApiView(APIView):
    """JSON in and out; nothing but a bearer token lets in."""

    authentication_classes = (BearerToken,)
    permission_classes: Sequence[type[BasePermission]] = (HasScope,)
    renderer_classes: Sequence[type[BaseRenderer]] = (JSONRenderer,)
    schema = AutoSchema()

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Any]:
        """Ours."""
        return answer


class PlainText(BaseRenderer):
    """Text as it is."""

    media_type = "text/markdown"
    format = "md"
    charset = "utf-8"

    def render(self, data: Any, media_type: str | None = None, context: Any = None) -> bytes:
        """Bytes of a text; an error's sentence."""
        text = data.get("detail", "") if isinstance(data, dict) else data
        return str(text).encode()


def access_of(request: Request) -> Access:
    """The reach of the token's user."""
    return Access.of(cast("User", request.user))


def project_of(request: Request, named: str) -> Project:
    """A project by slug or id, among the user's. Raises NotFound."""
    for project in access_of(request).projects.values():
        if named in (project.slug, str(project.pk)):
            return project
    raise missing("project")


def chosen_projects(request: Request) -> list[Project]:
    """Those that `project=` names (it may be repeated), else all of the user's."""
    names = request.query_params.getlist("project")
    if not names:
        return list(access_of(request).projects.values())
    return [project_of(request, name) for name in names[:100]]


def queried(request: Request, projects: Sequence[int]) -> QuerySet[Issue] | None:
    """The projects' issues that `query=` finds; None without one. Raises SearchError."""
    query = request.query_params.get("query", "").strip()
    if not query:
        return None
    wanted = condition(parse(query), access_of(request).user, datetime.now(UTC))
    return Issue.objects.live().filter(wanted, project__in=projects)


def release_of(request: Request, version: str) -> Release:
    """The release of this version in the one project of the user's that has it, or is named.

    Its project is loaded. Raises NotFound, BadRequest.
    """
    projects = {project.pk: project for project in chosen_projects(request)}
    named = Release.objects.filter(project__in=list(projects), version=version.replace("\x00", ""))
    rows = list(named[:2])
    if not rows:
        raise missing("release")
    if len(rows) > 1:
        raise BadRequest("Several projects have this release; say which with project=.")
    rows[0].project = projects[rows[0].project_id]
    return rows[0]


def demand(request: Request, role: str, project: Project) -> None:
    """Raise PermissionDenied unless the user has at least `role` in the project's team."""
    if not access_of(request).has(role, project.team_id):
        least = "an admin" if role == Role.ADMIN else "a triager"
        raise PermissionDenied(f"Only {least} of the team of {project} may do this.")


def environment_names(project_ids: Sequence[int]) -> dict[int, str]:
    """Names of environments by id, hidden ones too."""
    rows = Environment.objects.filter(project__in=project_ids)
    return dict(rows.values_list("pk", "name"))


def choice(request: Request, name: str, choices: Sequence[str]) -> str:
    """A word of the address; the first when it is absent. Raises BadRequest."""
    given = request.query_params.get(name, "") or choices[0]
    if given not in choices:
        raise BadRequest(f"{name} is one of {', '.join(choices)}.")
    return given
