"""Who calls, and what there is: info, organisations, projects, repositories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from rest_framework.request import Request
from rest_framework.response import Response

from tracker.actions import path_mappings
from tracker.api.base import access_of, demand, project_of
from tracker.api.errors import BadRequest
from tracker.api.zero.base import (
    MOST_ROWS,
    SLUG,
    ZeroView,
    asked_projects,
    body_of,
    listed,
    project_shape,
    text,
)
from tracker.models import ApiToken, Commit, Monitor, Repository, Role, User

SCOPES = {
    "read": ("org:read", "project:read", "event:read"),
    "write": ("project:write", "project:releases", "org:ci", "event:write"),
    "admin": ("org:admin", "project:admin", "event:admin"),
}
"""What our scopes are called over there."""
_GIT = {"id": "git", "name": "git"}
_TOLD = {"id": "told", "name": "told by commits"}
"""Known by name alone: `set-commits --auto` passes it over."""


def _scopes(token: ApiToken) -> list[str]:
    held = set(token.scopes)
    if "admin" in held:
        held |= {"write"}
    if "write" in held:
        held |= {"read"}
    return sorted(name for scope in held for name in SCOPES.get(scope, ()))


class Info(ZeroView):
    """`/api/0/`: `sentry-cli info`, `login`."""

    def get(self, request: Request) -> Response:
        """Whose token this is, and what it allows."""
        user, token = cast("User", request.user), cast("ApiToken", request.auth)
        about = {
            "id": str(user.pk),
            "username": user.get_username(),
            "name": user.get_full_name() or user.get_username(),
            "email": user.email or user.get_username(),
        }
        return Response({"version": "0", "user": about, "auth": {"scopes": _scopes(token)}})


def _organization() -> dict[str, object]:
    return {
        "id": "1",
        "slug": SLUG,
        "name": "Emberwatch",
        "dateCreated": "2026-01-01T00:00:00Z",
        "isEarlyAdopter": False,
        "require2FA": False,
        "requireEmailVerification": False,
        "status": {"id": "active", "name": "active"},
        "features": [],
        "links": {"organizationUrl": "", "regionUrl": ""},
    }


class Organizations(ZeroView):
    """`organizations/`: the instance is the only one."""

    def get(self, request: Request) -> Response:
        """One."""
        return listed(request, [_organization()])


class Organization(ZeroView):
    """`organizations/<any>/`."""

    def get(self, request: Request, org: str) -> Response:
        """The instance, whatever name it was given in the tool's settings."""
        del request, org
        return Response(_organization())


class Projects(ZeroView):
    """`organizations/<org>/projects/` and `projects/`."""

    def get(self, request: Request, org: str = "") -> Response:
        """All that the caller sees."""
        del org
        return listed(request, [project_shape(project) for project in asked_projects(request)])


class Repositories(ZeroView):
    """`organizations/<org>/repos/`: those configured, and those that commits were told of."""

    def get(self, request: Request, org: str) -> Response:
        """By name."""
        del org
        projects = [p.pk for p in asked_projects(request)]
        rows = Commit.objects.filter(project__in=projects).exclude(repository="")
        names = rows.order_by("repository").values_list("repository", flat=True).distinct()
        addresses: dict[str, str] = dict.fromkeys(names[:MOST_ROWS], "")
        configured = Repository.objects.filter(project__in=projects).order_by("name", "pk")
        addresses.update(
            (name, web or url)
            for name, web, url in configured.values_list("name", "web_url", "url")[:MOST_ROWS]
        )
        found = [
            {
                "id": str(number),
                "name": name,
                # By this `set-commits --auto` knows which of its remotes is meant; a git
                # repository without one would make it give up.
                "url": url or None,
                "provider": _GIT if url else _TOLD,
                "status": "active",
                "dateCreated": "2026-01-01T00:00:00Z",
            }
            for number, (name, url) in enumerate(sorted(addresses.items()), 1)
        ]
        return listed(request, found)


class Monitors(ZeroView):
    """`organizations/<org>/monitors/`: `sentry-cli monitors list`."""

    def get(self, request: Request, org: str) -> Response:
        """By project and slug."""
        del org
        rows = Monitor.objects.filter(project__in=[p.pk for p in asked_projects(request)])
        found = [
            {"id": str(row.pk), "slug": row.slug, "name": row.slug, "status": "active"}
            for row in rows.order_by("project_id", "slug")[:1_000]
        ]
        return listed(request, found)


class CodeMappings(ZeroView):
    """`organizations/<org>/code-mappings/bulk/`: `sentry-cli code-mappings upload`."""

    def post(self, request: Request, org: str) -> Response:
        """Keep them with the repository that is named; what people wrote there stays."""
        del org
        body = body_of(request)
        project = project_of(request, text(body, "project"))
        demand(request, Role.ADMIN, project)
        name = text(body, "repository")
        mine = Repository.objects.filter(project=project)
        row = mine.filter(name__iexact=name).first()
        if row is None:
            raise BadRequest(f"{project} has no repository “{name}”: add it on its page first.")
        done = path_mappings.tell(
            row, _pairs(body), access_of(request).user, datetime.now(UTC),
            str(request.META.get("REMOTE_ADDR", "")),
        )  # fmt: skip
        count = Counter(one.status for one in done)
        shown = [
            {"stackRoot": one.stack, "sourceRoot": one.source, "status": one.status,
             "detail": one.detail or None}
            for one in done
        ]  # fmt: skip
        numbers = {
            "created": count["created"], "updated": count["updated"] + count["unchanged"],
            "errors": count["error"],
        }  # fmt: skip
        return Response({**numbers, "mappings": shown})

    put = post


def _pairs(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    given = body.get("mappings")
    if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given):
        raise BadRequest("mappings must be a list of objects.")
    if len(given) > path_mappings.MOST_TOLD:
        raise BadRequest(f"mappings holds more than {path_mappings.MOST_TOLD} entries.")
    return [(text(one, "stackRoot", 500), text(one, "sourceRoot", 500)) for one in given]
