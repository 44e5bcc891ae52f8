"""Releases alone, the commits that they brought, and those that may have brought an issue."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tracker import code
from tracker.actions import releases
from tracker.actions.releases import CommitTold, ReleaseTold
from tracker.api import shapes, told
from tracker.api.base import OF_PROJECT, PAGED, ApiView, demand, release_of
from tracker.api.issues import issue_of
from tracker.api.paging import Keyset, page_of
from tracker.models import Commit, Release, Role

BY_PLACE = Keyset((("position", int), ("pk", int)), descending=False)


class FileShape(serializers.Serializer[Any]):
    """A file that a commit touched."""

    path = serializers.CharField(max_length=1024)
    type = serializers.ChoiceField(["A", "M", "D", "R"], default="M")


class CommitShape(serializers.Serializer[Any]):
    """A commit."""

    sha = serializers.CharField()
    message = serializers.CharField(allow_blank=True)
    author = serializers.CharField(allow_blank=True)
    author_email = serializers.CharField(allow_blank=True)
    committed_at = serializers.DateTimeField()
    repository = serializers.CharField(allow_blank=True)
    files = FileShape(many=True)
    url = serializers.CharField(allow_blank=True, help_text="Where people read it.")


class CommitNew(serializers.Serializer[Any]):
    """A commit that a release brought."""

    sha = serializers.RegexField(r"^[0-9A-Za-z._-]{1,64}$")
    committed_at = serializers.DateTimeField()
    message = serializers.CharField(required=False, allow_blank=True, default="")
    author = serializers.CharField(required=False, allow_blank=True, default="")
    author_email = serializers.CharField(required=False, allow_blank=True, default="")
    repository = serializers.CharField(required=False, allow_blank=True, default="")
    files = FileShape(many=True, required=False, default=list)


class CommitsTold(serializers.Serializer[Any]):
    """All that a release brought, newest first."""

    commits = serializers.ListField(child=CommitNew(), max_length=releases.MOST_COMMITS)


class ReleaseDetail(shapes.ReleaseShape):
    """A release alone."""

    url = serializers.CharField(allow_blank=True, help_text="Where to read about it.")
    archived = serializers.BooleanField()
    commits = serializers.IntegerField()
    heads = serializers.DictField(
        child=serializers.CharField(), help_text="Its commit in each repository, by name."
    )


class ReleaseChange(serializers.Serializer[Any]):
    """What may be said of a release; what is not named stays."""

    url = serializers.CharField(required=False, allow_blank=True, max_length=2048)
    released_at = serializers.DateTimeField(required=False, allow_null=True)
    archived = serializers.BooleanField(required=False)


class ReleaseOne(ApiView):
    """`releases/<version>/`."""

    @extend_schema(
        operation_id="releases_get", summary="One release",
        parameters=[OF_PROJECT], responses=ReleaseDetail,
    )  # fmt: skip
    def get(self, request: Request, version: str) -> Response:
        """The release, and its commit in each repository."""
        return _shown(release_of(request, version))

    @extend_schema(
        operation_id="releases_change", summary="Change a release",
        parameters=[OF_PROJECT], request=ReleaseChange, responses=ReleaseDetail,
    )  # fmt: skip
    def patch(self, request: Request, version: str) -> Response:
        """Change what is named."""
        row = release_of(request, version)
        demand(request, Role.TRIAGER, row.project)
        form = ReleaseChange(data=request.data)
        form.is_valid(raise_exception=True)
        releases.change([row], ReleaseTold(**form.validated_data))
        return _shown(row)

    @extend_schema(
        operation_id="releases_delete", summary="Delete a release that no event names",
        parameters=[OF_PROJECT], responses={204: None},
    )  # fmt: skip
    def delete(self, request: Request, version: str) -> Response:
        """Away with it, its commits and its deploys."""
        row = release_of(request, version)
        demand(request, Role.TRIAGER, row.project)
        releases.delete([row])
        return Response(status=204)


class ReleaseCommits(ApiView):
    """`releases/<version>/commits/`."""

    @extend_schema(
        operation_id="releases_commits", summary="The commits that it brought, newest first",
        parameters=[OF_PROJECT, *PAGED], responses=shapes.page_of(CommitShape),
    )  # fmt: skip
    def get(self, request: Request, version: str) -> Response:
        """As a tool told them, or as the clone says."""
        row = release_of(request, version)
        page = page_of(Commit.objects.filter(release=row), BY_PLACE, request)
        linked = code.with_links(row.project_id, page.rows)
        found = [_commit(commit, link) for commit, link in linked]
        return page.respond(request, CommitShape(found, many=True).data)

    @extend_schema(
        operation_id="releases_commits_put", summary="Say which commits it brought",
        parameters=[OF_PROJECT], request=CommitsTold, responses={204: None},
    )  # fmt: skip
    def put(self, request: Request, version: str) -> Response:
        """Replaces what was told before."""
        row = release_of(request, version)
        demand(request, Role.TRIAGER, row.project)
        form = CommitsTold(data=request.data)
        form.is_valid(raise_exception=True)
        given = tuple(_told(one) for one in form.validated_data["commits"])
        releases.change([row], ReleaseTold(commits=given))
        return Response(status=204)


class IssueSuspects(ApiView):
    """`issues/<id>/suspects/`."""

    @extend_schema(
        operation_id="issues_suspects", summary="The commits that may have brought it",
        responses=shapes.SuspicionShape,
    )  # fmt: skip
    def get(self, request: Request, issue: str) -> Response:
        """The likeliest first, and who last touched the lines of its stack."""
        found = told.suspicion(code.suspicion_of(issue_of(request, issue)))
        nothing = {"good": "", "bad": "", "looked": 0, "suspects": [], "touched": [],
                   "why": "No worker has looked yet."}  # fmt: skip
        return Response(shapes.SuspicionShape(found or nothing).data)


def _shown(row: Release) -> Response:
    heads = dict(row.heads.values_list("repository__name", "sha"))
    shown = {
        "id": row.pk, "project": told.project_ref(row.project), "version": row.version,
        "source": row.source, "created_at": row.created_at, "released_at": row.released_at,
        "url": row.url, "archived": row.archived, "commits": row.commits.count(), "heads": heads,
    }  # fmt: skip
    return Response(ReleaseDetail(shown).data)


def _commit(row: Commit, link: str) -> dict[str, Any]:
    return {
        "sha": row.sha, "message": row.message, "author": row.author_name,
        "author_email": row.author_email, "committed_at": row.committed_at,
        "repository": row.repository, "url": link,
        "files": [one for one in row.patch_set if isinstance(one, dict)],
    }  # fmt: skip


def _told(one: dict[str, Any]) -> CommitTold:
    touched = tuple((file["path"], file["type"].replace("R", "M")) for file in one["files"])
    return CommitTold(
        sha=one["sha"], committed_at=one["committed_at"], repository=one["repository"],
        message=one["message"], author_name=one["author"], author_email=one["author_email"],
        patch_set=touched,
    )  # fmt: skip
