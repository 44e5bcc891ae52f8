"""What the views of `/api/0/` share: the caller's projects, times and pages as the tool reads them.

The instance is one organisation, whatever name the tool was configured with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.http import Http404
from django.utils.dateparse import parse_datetime
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from tracker.actions.deploys import DeployError
from tracker.actions.releases import ReleaseError
from tracker.api.base import ApiView, access_of, demand, project_of
from tracker.api.errors import BadRequest, answer, missing
from tracker.api.paging import Page
from tracker.domain.search import SearchError
from tracker.models import Project, Role
from tracker.symbols.bundles import BundleError
from tracker.symbols.chunks import ChunkError

SLUG = "emberwatch"
"""Slug of the one organisation."""
MOST_ROWS = 1_000
_TOLD = (ReleaseError, DeployError, BundleError, ChunkError)


def told(error: Exception, context: dict[str, Any]) -> Response | None:
    """What verbs raise becomes a 400 with their sentence."""
    if isinstance(error, (*_TOLD, SearchError)):  # the tool prints nothing but `detail`
        error = BadRequest(str(error))
    elif isinstance(error, Http404):
        error = missing("address in the API")
    return answer(error, context)


class ZeroView(ApiView):
    """JSON by bearer token; kept out of the OpenAPI schema: the tool's protocol is its own."""

    schema = None  # type: ignore[assignment]

    def get_exception_handler(self) -> Any:
        """Ours."""
        return told


class Unknown(ZeroView):
    """Whatever else is asked below `/api/0/`: JSON, so that the tool prints a sentence."""

    def get(self, request: Request, rest: str = "") -> Response:
        """Not found."""
        raise missing("address in the API")

    post = put = patch = delete = get


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object of a request. Raises BadRequest."""
    if not isinstance(request.data, Mapping):
        raise BadRequest("The body must be a JSON object.")
    return dict(request.data)


def text(body: Mapping[str, Any], key: str, limit: int = 200) -> str:
    """A text of a body; "" when it is absent or null. Raises BadRequest."""
    value = body.get(key)
    if value is None:
        return ""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise BadRequest(f"{key} must be a text.")
    return str(value).replace("\x00", "")[:limit]


def moment(body: Mapping[str, Any], key: str) -> datetime | None:
    """A time of a body; None when it is absent or null. Raises BadRequest."""
    value = text(body, key, 64)
    if not value:
        return None
    try:
        found = parse_datetime(value)
    except ValueError:
        found = None
    if found is None:
        raise BadRequest(f"{key} is not a time as RFC 3339 writes it.")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def strings(body: Mapping[str, Any], key: str, most: int) -> list[str]:
    """A list of texts of a body; empty when it is absent or null. Raises BadRequest."""
    value = body.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadRequest(f"{key} must be a list of texts.")
    if len(value) > most:
        raise BadRequest(f"{key} holds more than {most:,} entries.")
    return value


def projects_named(
    request: Request, names: Sequence[str], role: str = Role.VIEWER
) -> list[Project]:
    """The caller's projects by slug or id. Raises NotFound, PermissionDenied."""
    found = {(project := project_of(request, name)).pk: project for name in names[:100]}
    for project in found.values():
        if role != Role.VIEWER:
            demand(request, role, project)
    return list(found.values())


def asked_projects(request: Request) -> list[Project]:
    """Those that `project=` names, by slug or id; else all that the caller sees."""
    names = request.query_params.getlist("project")
    return projects_named(request, names) if names else list(access_of(request).projects.values())


def listed(request: Request, rows: Sequence[Any]) -> Response:
    """A list that fits one page, and says so: without it the tool would ask on."""
    address = request.build_absolute_uri(request.path)
    links = ", ".join(
        f'<{address}?cursor=0:{n}:{back}>; rel="{rel}"; results="false"; cursor="0:{n}:{back}"'
        for rel, n, back in (("previous", 0, 1), ("next", len(rows), 0))
    )
    return Response(list(rows), headers={"Link": links})


def paged(request: Request, page: Page[Any], rows: Sequence[Any]) -> Response:
    """One page of a list, and where it goes on, as the tool reads it."""
    address = request.build_absolute_uri(request.get_full_path())
    links = ", ".join(
        f'<{replace_query_param(address, "cursor", cursor)}>; rel="{rel}"; '
        f'results="{"true" if cursor else "false"}"; cursor="{cursor}"'
        for rel, cursor in (("previous", page.previous), ("next", page.next))
    )
    return Response(list(rows), headers={"Link": links})


def project_shape(project: Project) -> dict[str, Any]:
    """A project as the tool reads it."""
    return {
        "id": str(project.pk),
        "slug": project.slug,
        "name": project.name,
        "platform": project.platform or None,
        "dateCreated": project.created_at,
        "status": "active",
        "team": {"id": str(project.team_id), "slug": project.team.slug, "name": project.team.name},
        "organization": {"id": "1", "slug": SLUG, "name": "Emberwatch"},
    }
