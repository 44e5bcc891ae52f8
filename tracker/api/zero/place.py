"""Who calls, and what there is: info, organisations, projects, repositories."""

from __future__ import annotations

from typing import cast

from rest_framework.request import Request
from rest_framework.response import Response

from tracker.api.zero.base import SLUG, ZeroView, asked_projects, body_of, listed, project_shape
from tracker.models import ApiToken, Commit, Monitor, Repository, User

SCOPES = {
    "read": ("org:read", "project:read", "event:read"),
    "write": ("project:write", "project:releases", "org:ci", "event:write"),
    "admin": ("org:admin", "project:admin", "event:admin"),
}
"""What our scopes are called over there."""


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
        addresses: dict[str, str] = dict.fromkeys(names[:200], "")
        configured = Repository.objects.filter(project__in=projects).order_by("name", "pk")
        addresses.update(configured.values_list("name", "web_url")[:200])
        found = [
            {
                "id": str(number),
                "name": name,
                # By this `set-commits --auto` knows which of its remotes is meant.
                "url": url or None,
                "provider": {"id": "git", "name": "git"},
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
    """`organizations/<org>/code-mappings/bulk/`: told, and not needed."""

    write_scope = "write"

    def put(self, request: Request, org: str) -> Response:
        """Nothing to do: paths are matched by their ends."""
        del org
        body_of(request)
        return Response({"created": 0, "updated": 0, "errors": 0, "mappings": []})

    post = put
