"""What is sent about events or jobs, outside of envelopes: check-ins, files, comments."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from ingest import decoding, forms
from ingest.adapters import jsontext
from ingest.adapters.base import Malformed
from ingest.adapters.minidump import Part, read_form
from ingest.auth import Credentials, Sender, authenticate, credentials_of
from ingest.browser import event_id_of, user_report
from ingest.errors import BadBody, NoKey, TooMuch, WrongKey
from ingest.limits import LIMITS, refuse
from ingest.views import IngestView, body_of, large, meta_of, put
from ingest.wrapping import Wrapped, envelope, receipt
from tracker.models import ApiToken, Project, ProjectKey

MAX_REPORT = 100 * 1024
MOST_UPLOAD = 64 * 1024 * 1024
"""Unpacked bytes of a form of files, of which 50 MiB are kept."""


class CronView(IngestView):
    """`/api/<project>/cron/<slug>/<key>/`: a check-in by a job's own curl. Never 429."""

    def get(self, request: Request, project: str, slug: str, key: str = "") -> Response:
        """Parameters in the address. Raises Refused."""
        return self._check_in(request._request, project, slug, key, {})

    def post(self, request: Request, project: str, slug: str, key: str = "") -> Response:  # type: ignore[override]
        """Parameters in the address, in JSON or in a form. Raises Refused."""
        raw = request._request
        told = _told(raw)
        return self._check_in(raw, project, slug, key, told)

    def _check_in(
        self, raw: HttpRequest, project: str, slug: str, key: str, told: dict[str, Any]
    ) -> Response:
        query = raw.GET.dict()
        credentials = Credentials(key) if key else credentials_of(raw.headers, query)
        sender = authenticate(credentials, self.number(project))
        self.counted_under = sender.project_id
        made = _check_in({**query, **told}, slug)
        answer = Response({"id": made["check_in_id"]}, status=202)
        try:
            LIMITS.check(sender)
        except TooMuch as error:
            # A refused check-in would be a failed job: say yes and drop it, counted.
            refuse(sender.project_id, error.reason)
            return answer
        item = Wrapped("check_in", orjson.dumps(made))
        body, packing = envelope([item])
        put(sender, "envelope", receipt([item]), meta_of(raw, credentials), body, packing)
        return answer


def _check_in(told: dict[str, Any], slug: str) -> dict[str, Any]:
    """The check-in that parameters mean."""
    duration = told.get("duration")
    try:
        seconds = float(duration) if isinstance(duration, str | int | float) else None
    except ValueError:
        seconds = None
    given = told.get("check_in_id")
    try:
        check_in_id = uuid.UUID(str(given)).hex if given else uuid.uuid4().hex
    except ValueError:
        check_in_id = uuid.uuid4().hex
    made: dict[str, Any] = {
        "check_in_id": check_in_id,
        "monitor_slug": slug,
        "status": str(told.get("status") or "ok")[:32],
        "duration": seconds,
    }
    for name in ("environment", "release"):
        if isinstance(told.get(name), str):
            made[name] = told[name][:256].encode("utf-8", "replace").decode()
    if isinstance(told.get("monitor_config"), dict):
        made["monitor_config"] = told["monitor_config"]
    return made


def _told(raw: HttpRequest) -> dict[str, Any]:
    """The fields of a small body, which may be empty. Raises Malformed, DecodingError."""
    packed = raw.META["wsgi.input"].read() if raw.META.get("wsgi.input_terminated") else raw.body
    if not packed:
        return {}
    body = decoding.unpack(packed, raw.headers.get("Content-Encoding", ""), limit=MAX_REPORT)
    if body.lstrip()[:1] != b"{":
        return dict(forms.fields(body, raw.headers.get("Content-Type", "")))
    try:
        value = jsontext.decode(body).value
    except jsontext.NotJson:
        raise Malformed("The body is not JSON.") from None
    cleaned, _ = jsontext.without_nul(value)
    return cleaned if isinstance(cleaned, dict) else {}


class AttachmentsView(IngestView):
    """`POST /api/<project>/events/<event id>/attachments/`: files of an event sent earlier."""

    def post(self, request: Request, project: str, event_id: str) -> Response:  # type: ignore[override]
        """Keep the files of a form. Raises Refused."""
        raw = request._request
        credentials = credentials_of(raw.headers, raw.GET.dict())
        sender = self.admit(credentials, self.number(project))
        event = event_id_of(event_id)
        body, encoding = body_of(raw)
        form = _form(body, encoding)
        files = [attachment(part) for part in form if part.filename is not None]
        if not files:
            raise BadBody("The form has no file.")
        built, packing = envelope(files, event)
        put(sender, "envelope", receipt(files, event), meta_of(raw, credentials), built, packing)
        return Response({"id": event, "files": len(files)}, status=201)


def _form(body: bytes, encoding: str) -> list[Part]:
    """The parts of an upload, when it is its turn. Raises Refused, Malformed, DecodingError."""
    with large():
        return read_form(decoding.unpack(body, encoding, limit=MOST_UPLOAD))


def attachment(part: Part, kind: str = "event.attachment") -> Wrapped:
    """A file of a form as an item."""
    headers = {
        "filename": (part.filename or part.name or "unnamed")[:256],
        "content_type": part.content_type or "application/octet-stream",
        "attachment_type": kind,
    }
    return Wrapped("attachment", part.content, headers)


class FeedbackView(IngestView):
    """`POST /api/0/projects/<org>/<project>/user-feedback/`: the older web API."""

    def post(self, request: Request, org: str, project: str) -> Response:  # type: ignore[override]
        """Keep a comment. Raises Refused."""
        raw = request._request
        sender = self._sender(raw, project)
        self.counted_under = sender.project_id
        LIMITS.check(sender)
        told = _told(raw)
        event_id = event_id_of(str(told.get("event_id", "")))
        if not str(told.get("comments") or "").strip():
            raise BadBody("comments are required.")
        item = user_report(event_id, told)
        body, packing = envelope([item])
        put(sender, "envelope", receipt([item]), meta_of(raw), body, packing)
        shown = {name: str(told.get(name) or "") for name in ("name", "email", "comments")}
        when = timezone.now().isoformat()
        return Response({"eventID": event_id, "event_id": event_id, "dateCreated": when, **shown})

    def _sender(self, raw: HttpRequest, project: str) -> Sender:
        """By DSN or by a bearer token. Raises NoKey, WrongKey."""
        scheme, _, secret = raw.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            sender = authenticate(credentials_of(raw.headers, raw.GET.dict()), None)
            if project not in _names(sender.project_id):
                raise WrongKey
            return sender
        token = ApiToken.objects.for_secret(secret.strip(), timezone.now())
        if token is None:
            raise NoKey("The bearer token is not valid.")
        mine = Project.objects.visible_to(token.user)
        number = int(project) if project.isascii() and project.isdigit() else 0
        found = mine.filter(slug=project).first() or mine.filter(pk=number).first()
        if found is None or not {"write", "admin"} & set(token.scopes):
            raise WrongKey
        key = ProjectKey.objects.filter(project=found, enabled=True).order_by("pk").first()
        return Sender(key.pk if key else 0, found.pk, "", found.unlimited, None)


def _names(project_id: int) -> tuple[str, str]:
    slug = Project.objects.filter(pk=project_id).values_list("slug", flat=True).first()
    return (slug or "", str(project_id))
