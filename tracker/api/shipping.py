"""What pipelines ask and tell: releases, deploys, whether to go on; environments and owners."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tracker import health
from tracker.actions import announce, deploys, ownership
from tracker.actions.announce import AnnounceError
from tracker.actions.deploys import DeployError, DeployTold
from tracker.actions.ownership import OwnershipError
from tracker.api import shapes, told
from tracker.api.base import OF_PROJECT, ApiView, access_of, demand, project_of, release_of
from tracker.api.errors import BadRequest, missing
from tracker.api.projects import DeployList, ReleaseList
from tracker.domain.release_health import MOST_AGE, Limits, Side
from tracker.models import Deploy, Environment, OwnershipRules, Project, Role

HOUR = timedelta(hours=1)


class NewRelease(serializers.Serializer[Any]):
    """A release to be made."""

    project = serializers.CharField(help_text="Slug or id.")
    version = serializers.CharField(max_length=200)
    released_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class NewDeploy(serializers.Serializer[Any]):
    """A deploy to be noted."""

    project = serializers.CharField(help_text="Slug or id.")
    release = serializers.CharField(max_length=200)
    environment = serializers.CharField(max_length=64)
    status = serializers.ChoiceField(Deploy.Status.values, default=Deploy.Status.SUCCEEDED.value)
    actor = serializers.CharField(required=False, default="", allow_blank=True, max_length=256)
    name = serializers.CharField(required=False, default="", allow_blank=True, max_length=64)
    url = serializers.CharField(required=False, default="", allow_blank=True, max_length=2048)
    comment = serializers.CharField(required=False, default="", allow_blank=True)
    started_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    finished_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class SideShape(serializers.Serializer[Any]):
    """A release over the time it is judged by."""

    version = serializers.CharField()
    since = serializers.DateTimeField(help_text="When it arrived there.")
    seconds = serializers.IntegerField(help_text="Its age, the same for both; a day at the most.")
    events = serializers.IntegerField()
    events_per_hour = serializers.FloatField()
    sessions = serializers.IntegerField()
    crash_free_sessions = serializers.FloatField(
        allow_null=True, help_text="Share, 0 to 1; null: no sessions, so no denominator."
    )


class CheckShape(serializers.Serializer[Any]):
    """One question and its answer."""

    name = serializers.CharField()
    ok = serializers.BooleanField(allow_null=True, help_text="null: it could not be told.")
    why = serializers.CharField()


class HealthShape(serializers.Serializer[Any]):
    """Whether a release may go on."""

    verdict = serializers.ChoiceField(["go", "stop", "wait"])
    why = serializers.CharField()
    checks = CheckShape(many=True)
    release = SideShape(allow_null=True)
    predecessor = SideShape(allow_null=True)
    new_issues = serializers.ListField(child=serializers.CharField(), help_text="At most 20.")
    regressed_issues = serializers.ListField(child=serializers.CharField())


class Hidden(serializers.Serializer[Any]):
    """What can be changed of an environment."""

    hidden = serializers.BooleanField()


class OwnershipTold(serializers.Serializer[Any]):
    """Rules to be saved."""

    text = serializers.CharField(allow_blank=True, trim_whitespace=False)
    assign = serializers.BooleanField(required=False, allow_null=True, default=None)
    revision = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0,
        help_text="The one that was edited; another one meanwhile is an error.",
    )  # fmt: skip


class ProblemShape(serializers.Serializer[Any]):
    """A line that is not used."""

    line = serializers.IntegerField()
    text = serializers.CharField()


class OwnershipShape(serializers.Serializer[Any]):
    """A project's ownership rules."""

    revision = serializers.IntegerField(help_text="0: there never were any.")
    text = serializers.CharField(allow_blank=True)
    assign = serializers.BooleanField()
    problems = ProblemShape(many=True)


class Releases(ReleaseList):
    """`releases/`."""

    @extend_schema(
        operation_id="releases_make", summary="Make a release, or say that it is one",
        request=NewRelease, responses={201: shapes.ReleaseShape, 200: shapes.ReleaseShape},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """201 when it is new, 200 when it was known."""
        data = _valid(NewRelease(data=request.data))
        project = _writable(request, data["project"])
        try:
            row, made = announce.release(project.pk, data["version"], data["released_at"])
        except AnnounceError as error:
            raise BadRequest(str(error)) from error
        shown = {
            "id": row.pk, "project": told.project_ref(project), "version": row.version,
            "source": row.source, "created_at": row.created_at, "released_at": row.released_at,
        }  # fmt: skip
        return Response(shapes.ReleaseShape(shown).data, status=201 if made else 200)


class Deploys(DeployList):
    """`deploys/`."""

    @extend_schema(
        operation_id="deploys_make", summary="Note a deploy",
        request=NewDeploy, responses={201: shapes.DeployShape},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """The deploy; its release and environment are made where they are new."""
        data = _valid(NewDeploy(data=request.data))
        project = _writable(request, data.pop("project"))
        version = data.pop("release")
        try:
            row = deploys.start(project.pk, DeployTold(revision=version, **data), datetime.now(UTC))
        except DeployError as error:
            raise BadRequest(str(error)) from error
        shown = {
            "id": row.pk, "project": told.project_ref(project), "release": row.release.version,
            "environment": row.environment.name, "status": row.status, "actor": row.actor,
            "name": row.name, "url": row.url, "started_at": row.started_at,
            "finished_at": row.finished_at,
        }  # fmt: skip
        return Response(shapes.DeployShape(shown).data, status=201)


class ReleaseHealth(ApiView):
    """`releases/<version>/health/`."""

    @extend_schema(
        operation_id="releases_health", summary="Whether a release may go on, and why",
        parameters=[
            OF_PROJECT,
            OpenApiParameter("environment", str, description="Judged there alone; else in all."),
            OpenApiParameter("hours", float, description="Of its time there, 0 to 24; else 24."),
            OpenApiParameter("max_new_issues", int, description="New issues tolerated; else 0."),
            OpenApiParameter("max_regressions", int, description="Regressions tolerated; else 0."),
            OpenApiParameter("max_rate", float, description="Times the predecessor's; else 2."),
            OpenApiParameter("min_crash_free", float, description="Share of sessions, 0 to 1."),
        ],
        responses=HealthShape,
    )  # fmt: skip
    def get(self, request: Request, version: str) -> Response:
        """The verdict now, against the predecessor at equal age."""
        where = request.query_params.get("environment")
        where = None if where is None else where.replace("\x00", "")
        release = release_of(request, version)
        hours = _figure(request, "hours", MOST_AGE / HOUR)
        if not 0 < hours <= MOST_AGE / HOUR:
            raise BadRequest("hours is a number above 0, up to 24.")
        now, over = datetime.now(UTC), hours * HOUR
        found = health.assess(release, where, now, _limits(request), over)

        def names(issues: Any) -> list[str]:
            return [row.short_id for row in issues.select_related("project")[:20]]

        shown = {
            "verdict": found.health.verdict.value, "why": found.health.why,
            "checks": [{"name": c.name, "ok": c.ok, "why": c.why} for c in found.health.checks],
            "release": _side(found.side), "predecessor": _side(found.before),
            "new_issues": names(found.new), "regressed_issues": names(found.regressed),
        }  # fmt: skip
        return Response(HealthShape(shown).data)


class EnvironmentOne(ApiView):
    """`environments/<id>/`."""

    @extend_schema(
        operation_id="environments_change", summary="Hide an environment, or show it again",
        request=Hidden, responses=shapes.EnvironmentShape,
    )  # fmt: skip
    def patch(self, request: Request, environment: int) -> Response:
        """Hidden ones are left out of menus; their events stay counted."""
        projects = access_of(request).projects
        row = Environment.objects.filter(pk=environment, project__in=list(projects)).first()
        if row is None:
            raise missing("environment")
        project = projects[row.project_id]
        demand(request, Role.ADMIN, project)
        announce.hide(row, _valid(Hidden(data=request.data))["hidden"])
        shown = {
            "id": row.pk, "project": told.project_ref(project), "name": row.name,
            "hidden": row.hidden, "first_seen": row.first_seen,
        }  # fmt: skip
        return Response(shapes.EnvironmentShape(shown).data)


class Ownership(ApiView):
    """`projects/<project>/ownership/`."""

    @extend_schema(
        operation_id="ownership_get", summary="Ownership rules", responses=OwnershipShape
    )
    def get(self, request: Request, project: str) -> Response:
        """The rules that hold, and which of their lines are not used."""
        found = project_of(request, project)
        return Response(_rules(found, ownership.latest(found)))

    @extend_schema(
        operation_id="ownership_put", summary="Replace the ownership rules",
        request=OwnershipTold, responses=OwnershipShape,
    )  # fmt: skip
    def put(self, request: Request, project: str) -> Response:
        """Saved as a new revision; lines with problems are kept, told and not used."""
        found = project_of(request, project)
        demand(request, Role.ADMIN, found)
        data = _valid(OwnershipTold(data=request.data))
        before = ownership.latest(found)
        assign = data["assign"]
        if assign is None:
            assign = before.assign if before else False
        try:
            ownership.save(
                found, data["text"], assign, access_of(request).user, datetime.now(UTC),
                data["revision"],
            )  # fmt: skip
        except OwnershipError as error:
            raise BadRequest(str(error)) from error
        return Response(_rules(found, ownership.latest(found)))


def _rules(project: Project, row: OwnershipRules | None) -> Any:
    text = row.text if row else ""
    _, problems = ownership.problems_of(project, text)
    shown = {
        "revision": row.number if row else 0, "text": text, "assign": bool(row and row.assign),
        "problems": [{"line": problem.line, "text": problem.text} for problem in problems],
    }  # fmt: skip
    return OwnershipShape(shown).data


def _valid(form: serializers.Serializer[Any]) -> dict[str, Any]:
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def _writable(request: Request, named: str) -> Project:
    """A project in which the caller may tell of releases: its triagers and admins."""
    project = project_of(request, named)
    demand(request, Role.TRIAGER, project)
    return project


def _side(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {
        "version": side.version, "since": side.since, "seconds": int(side.age.total_seconds()),
        "events": side.events, "events_per_hour": round(side.rate, 2), "sessions": side.sessions,
        "crash_free_sessions": side.crash_free,
    }  # fmt: skip


def _limits(request: Request) -> Limits:
    """What the pipeline tolerates. Raises BadRequest."""
    usual = Limits()
    least = _figure(request, "min_crash_free", -1.0)
    if least > 1:
        raise BadRequest("min_crash_free is a share from 0 to 1.")
    return Limits(
        new_issues=int(_figure(request, "max_new_issues", usual.new_issues)),
        regressions=int(_figure(request, "max_regressions", usual.regressions)),
        rate=_figure(request, "max_rate", usual.rate),
        crash_free=None if least < 0 else least,
    )


def _figure(request: Request, name: str, usual: float) -> float:
    given = request.query_params.get(name, "")
    if not given:
        return usual
    try:
        number = float(given)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1e9:
        raise BadRequest(f"{name} is a number, not below 0.")
    return number
