"""Rollbar's deploy addresses: POST, PATCH, GET and the list."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from ingest import decoding, forms
from ingest.adapters import jsontext
from ingest.adapters.base import Malformed, Unusable
from ingest.auth import Sender
from ingest.errors import BadBody
from ingest.limits import LIMITS
from ingest.rollbar import RollbarView
from ingest.views import sound
from tracker.actions import deploys
from tracker.models import Deploy

MAX_BODY = 256 * 1024
PAGE = 20
_WRITERS = ("post_server", "write")
_READERS = ("post_server", "read", "write")


class DeploysView(RollbarView):
    """`POST /api/1/deploy/`; `GET /api/1/deploys/`."""

    def post(self, request: Request) -> Response:
        """Store a deploy. Raises Refused."""
        raw = request._request
        told = body_fields(raw)
        sender = self._sender(raw, told, *_WRITERS)
        actor = _text(told, "rollbar_username") or _text(told, "rollbar_name")
        try:
            deploy = deploys.start(
                sender.project_id,
                deploys.DeployTold(
                    environment=_text(told, "environment"),
                    revision=_text(told, "revision") or _text(told, "head_long"),
                    status=_text(told, "status") or Deploy.Status.SUCCEEDED,
                    actor=actor or _text(told, "local_username"),
                    comment=_text(told, "comment", 65_536),
                ),
                timezone.now(),
            )
        except deploys.DeployError as error:
            raise Unusable(str(error)) from None
        return Response({"err": 0, "data": {"deploy_id": deploy.pk}})

    def get(self, request: Request) -> Response:
        """Newest first, twenty a page. Raises Refused."""
        raw = request._request
        sender = self._sender(raw, {}, *_READERS)
        page, limit = _count(raw, "page", 1, 100_000), _count(raw, "limit", PAGE, 100)
        rows = Deploy.objects.filter(project_id=sender.project_id).select_related(
            "release", "environment"
        )
        first = (page - 1) * limit
        found = [_shown(row) for row in rows.order_by("-started_at", "-pk")[first : first + limit]]
        return Response({"err": 0, "result": {"page": page, "deploys": found}})

    def _sender(self, raw: HttpRequest, told: dict[str, Any], *scopes: str) -> Sender:
        """Whose token it is: of the header, the body or the address. Raises Refused."""
        token = (
            raw.headers.get("X-Rollbar-Access-Token")
            or _text(told, "access_token")
            or raw.GET.get("access_token", "")
        )
        sender = self.bearer(token, *scopes)
        LIMITS.check(sender)
        return sender


class DeployView(DeploysView):
    """`GET` and `PATCH /api/1/deploy/<id>`."""

    http_method_names = ["get", "patch", "options"]

    def get(self, request: Request, number: str = "") -> Response:
        """One deploy. Raises Refused."""
        sender = self._sender(request._request, {}, *_READERS)
        return Response({"err": 0, "result": _shown(_deploy(sender, number))})

    def patch(self, request: Request, number: str = "") -> Response:
        """How it went. Raises Refused."""
        raw = request._request
        told = body_fields(raw)
        sender = self._sender(raw, told, *_WRITERS)
        comment = _text(told, "comment", 65_536) if "comment" in told else None
        deploy = _deploy(sender, number)
        status = _text(told, "status") or deploy.status
        try:
            deploy = deploys.change(deploy, status, comment, timezone.now())
        except deploys.DeployError as error:
            raise Unusable(str(error)) from None
        return Response({"err": 0, "data": {"deploy_id": deploy.pk}, "result": _shown(deploy)})


def _deploy(sender: Sender, number: str) -> Deploy:
    """The project's deploy of that number. Raises BadBody."""
    found = Deploy.objects.filter(pk=int(number), project_id=sender.project_id)
    deploy = found.select_related("release", "environment").first()
    if deploy is None:
        raise BadBody("There is no such deploy in this project.", 404, "deploy")
    return deploy


def _shown(deploy: Deploy) -> dict[str, Any]:
    return {
        "id": deploy.pk,
        "project_id": deploy.project_id,
        "environment": deploy.environment.name,
        "revision": deploy.release.version,
        "status": deploy.status,
        "start_time": int(deploy.started_at.timestamp()),
        "finish_time": int(deploy.finished_at.timestamp()) if deploy.finished_at else None,
        "local_username": deploy.actor,
        "user_id": None,
        "comment": deploy.comment,
    }


def body_fields(raw: HttpRequest) -> dict[str, Any]:
    """The body's fields: JSON whatever its label, else a form. Raises Refused, Malformed."""
    packed = raw.META["wsgi.input"].read() if raw.META.get("wsgi.input_terminated") else raw.body
    body = decoding.unpack(packed, raw.headers.get("Content-Encoding", ""), limit=MAX_BODY)
    if body.lstrip()[:1] != b"{":
        return dict(forms.fields(body, raw.headers.get("Content-Type", "")))
    try:
        value = jsontext.decode(body).value
    except jsontext.NotJson:
        raise Malformed("The body is not JSON.") from None
    return value if isinstance(value, dict) else {}


def _text(told: dict[str, Any], name: str, limit: int = 256) -> str:
    value = told.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return sound(str(value), limit).strip()


def _count(raw: HttpRequest, name: str, default: int, most: int) -> int:
    text = raw.GET.get(name, "")
    return min(max(int(text), 1), most) if text.isascii() and text.isdigit() else default
