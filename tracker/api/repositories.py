"""Where a project's code lies: repositories, and the commits of their clones."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.actions import bells, repositories
from tracker.actions.repositories import RepositoryTold
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
from tracker.api.commits import CommitShape
from tracker.api.errors import BadRequest, missing
from tracker.api.paging import DEFAULT_SIZE, LARGEST, Keyset, Page, number, page_of
from tracker.domain import weblinks
from tracker.models import Project, Repository, Role
from tracker.vcs import clone, git, reading

BY_NAME = Keyset((("name", str), ("pk", int)), descending=False)
_PLACE = re.compile(r"([0-9a-f]{40,64}):([0-9]{1,7})", re.ASCII)


class NotCloned(APIException):
    """The clone can't be read now."""

    status_code = 409
    default_code = "not_cloned"


class RepositoryShape(serializers.Serializer[Any]):
    """A repository; its token is never told."""

    id = serializers.IntegerField()
    project = shapes.ProjectRef()
    name = serializers.CharField()
    url = serializers.CharField()
    provider = serializers.ChoiceField(list(weblinks.LABELS))
    web_url = serializers.CharField(allow_blank=True)
    username = serializers.CharField(allow_blank=True)
    has_secret = serializers.BooleanField()
    mappings = serializers.CharField(allow_blank=True)
    depth = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(Repository.State.values)
    problem = serializers.CharField(allow_blank=True)
    branch = serializers.CharField(allow_blank=True, help_text="The host's default one.")
    head = serializers.CharField(allow_blank=True, help_text="Its newest commit.")
    size = serializers.IntegerField(help_text="Bytes on disk.")
    fetched_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class RepositoryChange(serializers.Serializer[Any]):
    """What may be said of a repository; what is not named stays."""

    name = serializers.CharField(
        required=False, allow_blank=True, max_length=200,
        help_text="As tools call it that tell of commits; empty: by the address.",
    )  # fmt: skip
    url = serializers.CharField(
        required=False, max_length=500,
        help_text="By https, ssh, or git@host:path; another one needs its secret again.",
    )  # fmt: skip
    provider = serializers.ChoiceField(
        ["", *weblinks.LABELS], required=False, help_text="Empty: by the address."
    )
    web_url = serializers.CharField(
        required=False, allow_blank=True, max_length=500, help_text="Empty: by the address."
    )
    username = serializers.CharField(required=False, allow_blank=True, max_length=100)
    secret = serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False,
        help_text="Token, or private key for ssh; empty: forget it. Never told again.",
    )  # fmt: skip
    known_hosts = serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False, help_text="Empty: the first key."
    )
    mappings = serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False,
        help_text="Lines `prefix in stacks => prefix in the repository`.",
    )  # fmt: skip
    depth = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, help_text="Commits to keep; null: all."
    )


class RepositoryNew(RepositoryChange):
    """A repository to be added."""

    project = serializers.CharField(help_text="Slug or id.")
    url = serializers.CharField(max_length=500, help_text="By https, ssh, or git@host:path.")


class BellShape(serializers.Serializer[Any]):
    """Where its host calls when somebody pushed."""

    url = serializers.CharField()
    secret = serializers.CharField(allow_blank=True)


class RepositoryList(ApiView):
    """`repositories/`."""

    @extend_schema(
        operation_id="repositories_list", summary="Repositories, by name",
        parameters=[OF_PROJECT, *PAGED], responses=shapes.page_of(RepositoryShape),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """A page of repositories."""
        projects = {project.pk: project for project in chosen_projects(request)}
        page = page_of(Repository.objects.filter(project__in=list(projects)), BY_NAME, request)
        found = [_shown(row, projects[row.project_id]) for row in page.rows]
        return page.respond(request, RepositoryShape(found, many=True).data)

    @extend_schema(
        operation_id="repositories_add", summary="Add a repository; a worker clones it",
        request=RepositoryNew, responses={201: RepositoryShape},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Add one; only admins of the team may."""
        form = RepositoryNew(data=request.data)
        form.is_valid(raise_exception=True)
        given = dict(form.validated_data)
        project = project_of(request, given.pop("project"))
        demand(request, Role.ADMIN, project)
        row = _save(request, project, None, RepositoryTold(**{"name": "", **given}))
        return Response(RepositoryShape(_shown(row, project)).data, status=201)


class RepositoryOne(ApiView):
    """`repositories/<id>/`."""

    @extend_schema(
        operation_id="repositories_get", summary="One repository", responses=RepositoryShape
    )
    def get(self, request: Request, repository: int) -> Response:
        """How it is configured, and how its clone is."""
        row = repository_of(request, repository)
        return Response(RepositoryShape(_shown(row, row.project)).data)

    @extend_schema(
        operation_id="repositories_change", summary="Change a repository; it is fetched anew",
        request=RepositoryChange, responses=RepositoryShape,
    )  # fmt: skip
    def patch(self, request: Request, repository: int) -> Response:
        """Change what is named."""
        row = repository_of(request, repository, Role.ADMIN)
        form = RepositoryChange(data=request.data)
        form.is_valid(raise_exception=True)
        kept = {
            name: getattr(row, name)
            for name in ("name", "url", "provider", "web_url", "username", "known_hosts",
                         "mappings", "depth")
        }  # fmt: skip
        saved = _save(request, row.project, row, RepositoryTold(**{**kept, **form.validated_data}))
        return Response(RepositoryShape(_shown(saved, row.project)).data)

    @extend_schema(
        operation_id="repositories_delete", summary="Forget a repository", responses={204: None}
    )
    def delete(self, request: Request, repository: int) -> Response:
        """Its clone is deleted; what was found with it stays."""
        row = repository_of(request, repository, Role.ADMIN)
        repositories.remove(row, access_of(request).user, datetime.now(UTC), _where(request))
        return Response(status=204)


class RepositoryFetch(ApiView):
    """`repositories/<id>/fetch/`."""

    @extend_schema(
        operation_id="repositories_fetch", summary="Fetch it as soon as a worker is free",
        request=None, responses={202: None},
    )  # fmt: skip
    def post(self, request: Request, repository: int) -> Response:
        """Ask for it."""
        repositories.ask(repository_of(request, repository, Role.TRIAGER), datetime.now(UTC))
        return Response(status=202)


class RepositoryWebhook(ApiView):
    """`repositories/<id>/webhook/`. A secret is no reading matter: its tokens may write."""

    read_scope = "write"

    @extend_schema(
        operation_id="repositories_webhook", summary="Where its host tells of pushes",
        responses=BellShape,
    )  # fmt: skip
    def get(self, request: Request, repository: int) -> Response:
        """URL and secret; for admins of the team."""
        row = repository_of(request, repository, Role.ADMIN)
        return Response(BellShape({"url": bells.url_of(row), "secret": bells.secret_of(row)}).data)


class RepositoryCommits(ApiView):
    """`repositories/<id>/commits/`."""

    @extend_schema(
        operation_id="repositories_commits", summary="Commits of its clone, newest first",
        parameters=[
            OpenApiParameter("ref", str, description="Branch, tag or commit; else the default."),
            *PAGED,
        ],
        responses=shapes.page_of(CommitShape),
    )  # fmt: skip
    def get(self, request: Request, repository: int) -> Response:
        """A page of commits, merges left out."""
        row = repository_of(request, repository)
        size = number(request, "limit", DEFAULT_SIZE, low=1, high=LARGEST)
        if not row.head or not clone.is_here(row):
            raise NotCloned(row.problem or "It is not cloned yet.")
        folder = clone.folder_of(row)
        try:
            head, skip = _place(request, row)
            entries = reading.log(folder, head, most=size + 1, skip=skip)
        except git.GitError as error:
            raise NotCloned(f"Its clone can't be read: {error}.") from None
        follows = f"{head}:{skip + size}" if len(entries) > size else ""
        found = [_logged(entry, row) for entry in entries[:size]]
        page: Page[Any] = Page([], next=follows)
        return page.respond(request, CommitShape(found, many=True).data)


def repository_of(request: Request, number: int, role: str = Role.VIEWER) -> Repository:
    """A repository of the caller's projects, its project loaded.

    Raises NotFound, PermissionDenied.
    """
    projects = access_of(request).projects
    row = Repository.objects.filter(pk=number, project__in=list(projects)).first()
    if row is None:
        raise missing("repository")
    row.project = projects[row.project_id]
    if role != Role.VIEWER:
        demand(request, role, row.project)
    return row


def _save(
    request: Request, project: Project, row: Repository | None, wanted: RepositoryTold
) -> Repository:
    """By the verb. Raises RepositoryError, which is answered with a 400."""
    actor = access_of(request).user
    return repositories.save(project, row, wanted, actor, datetime.now(UTC), _where(request))


def _where(request: Request) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _place(request: Request, row: Repository) -> tuple[str, int]:
    """The commit that the list begins at, and how many of it are passed over.

    A cursor names the commit: what is pushed meanwhile moves no row. Raises BadRequest, GitError.
    """
    if given := request.query_params.get("cursor", ""):
        found = _PLACE.fullmatch(given)
        if found is None:
            raise BadRequest("This cursor is not one of ours, or of another order.")
        return found[1], int(found[2])
    ref = request.query_params.get("ref", "").strip()
    if not ref:
        return row.head, 0
    meant = reading.resolve(clone.folder_of(row), [ref])
    if ref not in meant:
        raise missing("branch, tag or commit")
    return meant[ref], 0


def _logged(entry: reading.Logged, row: Repository) -> dict[str, Any]:
    return {
        "sha": entry.sha, "message": entry.subject, "author": entry.author,
        "author_email": entry.email, "committed_at": entry.at, "repository": row.name,
        "files": [{"path": after or before, "type": kind} for kind, before, after in entry.files],
        "url": weblinks.commit_link(row.provider, row.web_url, entry.sha),
    }  # fmt: skip


def _shown(row: Repository, project: Project) -> dict[str, Any]:
    return {
        "id": row.pk, "project": told.project_ref(project), "name": row.name, "url": row.url,
        "provider": row.provider, "web_url": row.web_url, "username": row.username,
        "has_secret": bool(row.sealed), "mappings": row.mappings, "depth": row.depth,
        "state": row.state, "problem": row.problem, "branch": row.branch, "head": row.head,
        "size": row.size, "fetched_at": row.fetched_at, "created_at": row.created_at,
    }  # fmt: skip
