"""Releases, their commits and deploys, as sentry-cli tells and asks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, Max, Min
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.actions import deploys, releases
from tracker.actions.releases import CommitTold, ReleaseTold
from tracker.api.base import access_of, demand, project_of
from tracker.api.errors import BadRequest, missing
from tracker.api.zero.base import (
    MOST_ROWS,
    ZeroView,
    asked_projects,
    body_of,
    listed,
    moment,
    projects_named,
    strings,
    text,
)
from tracker.models import Commit, Deploy, Issue, Project, Release, ReleaseUse, Role

_CHANGES = frozenset({"A", "M", "D"})


def named(
    request: Request, version: str, role: str = Role.VIEWER, project: str = ""
) -> list[Release]:
    """The release in each of the caller's projects. Raises NotFound, PermissionDenied."""
    projects = [project_of(request, project)] if project else asked_projects(request)
    rows = list(
        Release.objects.filter(project__in=projects, version=version).select_related(
            "project__team"
        )
    )
    if not rows:
        raise missing("release")
    if role != Role.VIEWER:
        allowed = [row for row in rows if access_of(request).has(role, row.project.team_id)]
        if not allowed:
            demand(request, role, rows[0].project)
        rows = allowed
    return rows


# -- in -------------------------------------------------------------------------


def _told(body: Mapping[str, Any]) -> ReleaseTold:
    """What a body says of a release; what it leaves out stays. Raises BadRequest."""
    given: dict[str, Any] = {}
    if body.get("url") is not None:
        given["url"] = text(body, "url", 2048)
    if body.get("dateReleased") is not None:
        given["released_at"] = moment(body, "dateReleased")
    if body.get("status") is not None:
        given["archived"] = text(body, "status", 20).lower() == "archived"
    if body.get("refs") is not None:
        given["refs"] = _refs(body["refs"])
    if body.get("commits") is not None:
        given["commits"] = _commits(body["commits"])
    elif given.get("refs") == []:
        given["commits"] = ()  # `set-commits --clear` says it this way
    return ReleaseTold(**given)


def _refs(refs: Any) -> list[dict[str, str]]:
    if not isinstance(refs, list) or not all(isinstance(ref, dict) for ref in refs):
        raise BadRequest("refs must be a list of objects.")
    keys = ("repository", "commit", "previousCommit")
    return [{key: text(ref, key) for key in keys if ref.get(key)} for ref in refs[:100]]


def _commits(commits: Any) -> tuple[CommitTold, ...]:
    if not isinstance(commits, list) or not all(isinstance(one, dict) for one in commits):
        raise BadRequest("commits must be a list of objects.")
    return tuple(_commit(one) for one in commits[: releases.MOST_COMMITS])


def _commit(one: Mapping[str, Any]) -> CommitTold:
    sha = text(one, "id", 64)
    if not sha:
        raise BadRequest("Each commit needs an id.")
    patches = one.get("patch_set")
    patch_set = tuple(
        (text(patch, "path", 1024), text(patch, "type", 1).upper())
        for patch in (patches if isinstance(patches, list) else ())
        if isinstance(patch, dict)
    )
    return CommitTold(
        sha=sha,
        committed_at=moment(one, "timestamp") or timezone.now(),
        repository=text(one, "repository"),
        message=text(one, "message", 65_536),
        author_name=text(one, "author_name", 128),
        author_email=text(one, "author_email", 254),
        patch_set=tuple(pair for pair in patch_set if pair[0] and pair[1] in _CHANGES),
    )


# -- out ------------------------------------------------------------------------


def shape(rows: Sequence[Release]) -> dict[str, Any]:
    """One version over the projects that have it, as the tool reads it."""
    return shapes([rows])[0]


def shapes(groups: Sequence[Sequence[Release]]) -> list[dict[str, Any]]:
    """Several, with one query for each kind of fact."""
    ids = [row.pk for rows in groups for row in rows]
    counts = dict(
        Commit.objects.filter(release__in=ids).values_list("release").annotate(n=Count("pk"))
    )
    deployed = {
        row["release"]: row
        for row in Deploy.objects.filter(release__in=ids)
        .values("release")
        .annotate(n=Count("pk"), last=Max("pk"))
    }
    newest = Deploy.objects.filter(pk__in=[row["last"] for row in deployed.values()])
    last = {row.pk: row for row in newest.select_related("environment")}
    heads = {row.release_id: row for row in Commit.objects.filter(release__in=ids, position=0)}
    fresh = dict(
        Issue.objects.filter(
            project__in={row.project_id for rows in groups for row in rows}, first_release__in=ids
        ).values_list("first_release").annotate(n=Count("pk"))
    )  # fmt: skip
    seen = {
        row["release_id"]: (row["first"], row["last"])
        for row in ReleaseUse.objects.filter(release_id__in=ids)
        .values("release_id")
        .annotate(first=Min("first_seen"), last=Max("last_seen"))
    }
    found = []
    for rows in groups:
        first = rows[0]
        spans = [seen[row.pk] for row in rows if row.pk in seen]
        deploy = next((last[deployed[r.pk]["last"]] for r in rows if r.pk in deployed), None)
        head = next((heads[row.pk] for row in rows if row.pk in heads), None)
        found.append(
            {
                "id": first.pk,
                "version": first.version,
                "shortVersion": first.version,
                "status": "archived" if first.archived else "open",
                "url": first.url or None,
                "ref": first.refs[0].get("commit") if first.refs else None,
                "dateCreated": min(row.created_at for row in rows),
                "dateReleased": first.released_at,
                "firstEvent": min((span[0] for span in spans), default=None),
                "lastEvent": max((span[1] for span in spans), default=None),
                "newGroups": sum(fresh.get(row.pk, 0) for row in rows),
                "commitCount": max(counts.get(row.pk, 0) for row in rows),
                "lastCommit": commit_shape(head) if head else None,
                "deployCount": sum(deployed.get(row.pk, {"n": 0})["n"] for row in rows),
                "lastDeploy": deploy_shape(deploy) if deploy else None,
                "authors": [],
                "projects": [
                    {"id": row.project_id, "slug": row.project.slug, "name": row.project.name}
                    for row in rows
                ],
            }
        )
    return found


def commit_shape(commit: Commit) -> dict[str, Any]:
    """A commit."""
    return {
        "id": commit.sha,
        "message": commit.message,
        "dateCreated": commit.committed_at,
        "repository": {"name": commit.repository} if commit.repository else None,
        "author": {"name": commit.author_name, "email": commit.author_email},
        "patch_set": commit.patch_set,
    }


def deploy_shape(deploy: Deploy) -> dict[str, Any]:
    """A deploy."""
    return {
        "id": str(deploy.pk),
        "environment": deploy.environment.name,
        "name": deploy.name or None,
        "url": deploy.url or None,
        "dateStarted": deploy.started_at,
        "dateFinished": deploy.finished_at or deploy.started_at,
    }


# -- views ----------------------------------------------------------------------


class Releases(ZeroView):
    """`organizations/<org>/releases/`, `projects/<org>/<project>/releases/`."""

    def get(self, request: Request, org: str, project: str = "") -> Response:
        """Newest first; `query=` filters by a part of the version."""
        del org
        projects = [project_of(request, project)] if project else asked_projects(request)
        rows = Release.objects.filter(project__in=projects).select_related("project")
        if part := request.query_params.get("query", "").replace("\x00", ""):
            rows = rows.filter(version__icontains=part[:200])
        groups: dict[str, list[Release]] = {}
        for row in rows.order_by("-created_at", "-pk")[:MOST_ROWS]:
            groups.setdefault(row.version, []).append(row)
        return listed(request, shapes(list(groups.values())))

    def post(self, request: Request, org: str, project: str = "") -> Response:
        """Make it, or say more of it."""
        del org
        body = body_of(request)
        names = [project] if project else strings(body, "projects", 100)
        version, told = text(body, "version", 500), _told(body)
        if not names:  # `releases archive` and `restore` name none: wherever it is
            if not Release.objects.filter(project__in=asked_projects(request), version=version):
                raise BadRequest("projects: name at least one project.")
            rows, made = named(request, version, Role.TRIAGER), False
            releases.change(rows, told)
        else:
            projects = projects_named(request, names, Role.TRIAGER)
            rows, made = releases.make(projects, version, told)
        return Response(shape(rows), status=201 if made else 208)


class OneRelease(ZeroView):
    """`.../releases/<version>/`, of the instance or of one project."""

    def get(self, request: Request, version: str, org: str, project: str = "") -> Response:
        """It, over all projects of the caller that have it."""
        del org
        return Response(shape(named(request, version, project=project)))

    def put(self, request: Request, version: str, org: str, project: str = "") -> Response:
        """Finish it, archive it, or say which commits it brings; made where it is missing."""
        del org
        body = body_of(request)
        names = [project] if project else strings(body, "projects", 100)
        if names:
            projects = projects_named(request, names, Role.TRIAGER)
            rows, _ = releases.make(projects, version, _told(body))
        else:
            rows = named(request, version, Role.TRIAGER)
            releases.change(rows, _told(body))
        return Response(shape(rows))

    def delete(self, request: Request, version: str, org: str, project: str = "") -> Response:
        """Away with it, unless events name it."""
        del org
        releases.delete(named(request, version, Role.TRIAGER, project))
        return Response(status=204)


class Commits(ZeroView):
    """`.../releases/<version>/commits/`."""

    def get(self, request: Request, version: str, org: str, project: str = "") -> Response:
        """Newest first."""
        del org
        rows = named(request, version, project=project)
        commits = Commit.objects.filter(release=rows[0]).order_by("position")
        return listed(request, [commit_shape(commit) for commit in commits[:MOST_ROWS]])


class Previous(ZeroView):
    """`.../releases/<version>/previous-with-commits/`: where `set-commits --auto` begins."""

    def get(self, request: Request, version: str, org: str) -> Response:
        """The newest older release with commits, or `{}`."""
        del org
        rows = named(request, version)
        older = (
            Release.objects.filter(
                project__in=[row.project_id for row in rows],
                created_at__lt=min(row.created_at for row in rows),
                commits__isnull=False,
            )
            .exclude(version=version)
            .select_related("project")
            .order_by("-created_at")
            .first()
        )
        return Response(shape([older]) if older else {})


class Deploys(ZeroView):
    """`.../releases/<version>/deploys/`."""

    def get(self, request: Request, version: str, org: str) -> Response:
        """Newest first."""
        del org
        rows = Deploy.objects.filter(release__in=named(request, version))
        found = rows.select_related("environment").order_by("-started_at", "-pk")[:MOST_ROWS]
        return listed(request, [deploy_shape(deploy) for deploy in found])

    def post(self, request: Request, version: str, org: str) -> Response:
        """Note one, for each project of the release."""
        del org
        body = body_of(request)
        names = strings(body, "projects", 100)
        rows = named(request, version, Role.TRIAGER)
        wanted = {p.pk for p in projects_named(request, names, Role.TRIAGER)} if names else None
        made = [
            _deploy(row.project, version, body)
            for row in rows
            if wanted is None or row.project_id in wanted
        ]
        if not made:
            raise missing("release in these projects")
        return Response(deploy_shape(made[0]), status=201)


def _deploy(project: Project, version: str, body: Mapping[str, Any]) -> Deploy:
    started, finished = moment(body, "dateStarted"), moment(body, "dateFinished")
    now = datetime.now(UTC)
    told = deploys.DeployTold(
        environment=text(body, "environment", 100),
        revision=version,
        name=text(body, "name", 64),
        url=text(body, "url", 2048),
        started_at=started or finished or now,
        finished_at=finished,
    )
    return deploys.start(project.pk, told, now)
