"""What browsers send by themselves: security reports, network errors, the crash dialog's form."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from ingest import decoding, forms
from ingest.adapters.base import Receipt
from ingest.adapters.csp import CONTENT_TYPES
from ingest.auth import Sender, authenticate, credentials_of, from_dsn, project_of_dsn
from ingest.errors import BadBody, NoKey
from ingest.limits import LIMITS
from ingest.views import IngestView, body_of, meta_of, put, sound
from ingest.wrapping import Wrapped, envelope, receipt
from tracker.models import Ledger

MAX_FORM = 64 * 1024
_DIALOG = (Path(__file__).parent / "dialog.js").read_text()


class SecurityView(IngestView):
    """`POST /api/<project>/security/`, `csp-report/`: CSP, Expect-CT and their kin."""

    adapter = "security"

    def take(self, raw: HttpRequest, project_id: int | None) -> Any:
        """As for events, but the type must be one that browsers send. Raises Refused."""
        if raw.content_type not in CONTENT_TYPES:
            raise BadBody("This Content-Type is not one of a security report.", 415, "type")
        return super().take(raw, project_id)

    def meta(self, raw: HttpRequest, meta: dict[str, str]) -> dict[str, str]:
        """The page's release and environment are in the address."""
        for name in ("sentry_release", "sentry_environment"):
            if raw.GET.get(name):
                meta[name] = sound(raw.GET[name], 200)
        return meta

    def done(self, receipt: Receipt) -> Any:
        """Browsers want no body."""
        return HttpResponse(b"", content_type="text/plain")


class OtlpView(IngestView):
    """`POST /api/<project>/otlp/v1/logs` and `traces`: what carries an exception is an event."""

    def post(self, request: Request, project: str | None = None, kind: str = "logs") -> Any:
        """Take one export request. Raises Refused."""
        self.adapter = f"otlp-{kind}"
        return self.take(request._request, self.number(project))

    def done(self, receipt: Receipt) -> Any:
        """An empty success in the coding of the request."""
        if "protobuf" in self.request.content_type:
            return HttpResponse(b"", content_type="application/x-protobuf")
        return Response({})


class NelView(IngestView):
    """`POST /api/<project>/nel/`: network errors, counted and dropped."""

    def take(self, raw: HttpRequest, project_id: int | None) -> Any:
        """Count it. Raises Refused."""
        sender = self.admit(credentials_of(raw.headers, raw.GET.dict()), project_id)
        LIMITS.count(sender.project_id, Ledger.Kind.SKIPPED.value, "nel")
        return Response({})


class ErrorPageView(IngestView):
    """`/api/embed/error-page/`: the dialog that asks a visitor what they did."""

    def get(self, request: Request) -> HttpResponse:
        """The dialog, as a script; it finds its parameters in its own address."""
        self._sender(request._request)
        return HttpResponse(_DIALOG, content_type="text/javascript; charset=utf-8")

    def post(self, request: Request, project: str | None = None) -> Response:
        """What the visitor wrote. Raises Refused."""
        raw = request._request
        sender = self._sender(raw)
        LIMITS.check(sender)
        body, encoding = body_of(raw)
        form = forms.fields(
            decoding.unpack(body, encoding, limit=MAX_FORM), raw.headers.get("Content-Type", "")
        )
        event_id = event_id_of(raw.GET.get("eventId", ""))
        errors = {
            name: ["This field is required."]
            for name in ("name", "email", "comments")
            if not form.get(name, "").strip()
        }
        if errors:
            return Response({"errors": errors, "detail": "Fill in all fields."}, status=400)
        item = user_report(event_id, form)
        built, packing = envelope([item])
        put(sender, "envelope", receipt([item]), meta_of(raw), built, packing)
        return Response({})

    def _sender(self, raw: HttpRequest) -> Sender:
        dsn = raw.GET.get("dsn", "")
        if not dsn:
            raise NoKey("The address names no dsn.")
        event_id_of(raw.GET.get("eventId", ""))
        sender = authenticate(from_dsn(dsn), project_of_dsn(dsn))
        self.counted_under = sender.project_id
        return sender


def event_id_of(text: str) -> str:
    """32 hex digits of an id in an address. Raises BadBody."""
    try:
        return uuid.UUID(text.strip()).hex
    except ValueError:
        raise BadBody("The event id is not a UUID.") from None


def user_report(event_id: str, told: dict[str, Any]) -> Wrapped:
    """A user report as an item."""
    kept = {name: str(told.get(name) or "")[:8192] for name in ("name", "email", "comments")}
    made = {"event_id": event_id, **kept}
    safe = {key: value.encode("utf-8", "replace").decode() for key, value in made.items()}
    return Wrapped("user_report", orjson.dumps(safe))
