"""What all ingest endpoints share: DRF without its negotiation and parsers, errors as a sentence.

The body is read raw, whatever its type says, and the answer is always JSON.
"""

from __future__ import annotations

from typing import Any

import orjson
import psycopg
import structlog
from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ingest import decoding
from ingest.adapters.base import Malformed
from ingest.errors import BadBody, InboxAway, Refused, TooMuch
from ingest.limits import refuse

CATEGORIES = "default;error;security;attachment;session;feedback"
"""What a 429 stops. Check-ins are not named: a job that can't report counts as failed."""

PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
    "Access-Control-Allow-Headers": (
        "x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, content-type, "
        "authentication, authorization, content-encoding, transfer-encoding, sentry-trace, baggage"
    ),
    "Access-Control-Max-Age": "3600",
}
CORS = {
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "x-sentry-error, x-sentry-rate-limits, retry-after",
}
_AWAY = (DatabaseError, InterfaceError, psycopg.Error)

log = structlog.get_logger(__name__)


class Json(JSONRenderer):
    """JSON by orjson, on the hot path."""

    def render(self, data: Any, media_type: Any = None, context: Any = None) -> bytes:
        """Bytes of a small dict."""
        return orjson.dumps(data)


class NoNegotiation(BaseContentNegotiation):
    """There is one renderer."""

    def select_parser(self, request: Request, parsers: Any) -> None:
        """None: the body is read raw."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        """The first."""
        return renderers[0], renderers[0].media_type


class BareView(APIView):
    """No session, no CSRF, CORS on every answer, errors as one JSON sentence, never a 5xx."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = ()
    renderer_classes = (Json,)
    content_negotiation_class = NoNegotiation
    cors = CORS
    counted_under = 0
    """The project that a refusal is counted under; 0 until the key is known to be right."""

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """CORS preflight: everything an SDK sends is allowed."""
        return Response({}, headers=PREFLIGHT)

    def handle_exception(self, exc: Exception) -> Response:
        """Say in a sentence what is wrong, and count it."""
        if isinstance(exc, MethodNotAllowed):
            allowed = ", ".join(sorted(self.allowed_methods))
            text = f"This address answers {allowed} only."
            return Response(self.error_body(text), status=405, headers={"Allow": allowed})
        refused = as_refusal(exc)
        if refused is None:
            # Our fault, found by somebody's odd input: loud in the log, quiet on the wire.
            log.error("ingest failed", view=type(self).__name__, exc_info=exc)
            refused = BadBody("This request can't be read.", 400, "internal")
        self.count_refusal(refused.reason)
        return self.refusal(refused)

    def count_refusal(self, reason: str) -> None:
        """Count a refused event, for the ledger."""
        refuse(self.counted_under, reason)

    def refusal(self, refused: Refused) -> Response:
        """The answer to a refused request."""
        text = str(refused)
        headers = {"X-Sentry-Error": text}
        if isinstance(refused, TooMuch):
            headers["Retry-After"] = str(refused.retry_after)
            headers["X-Sentry-Rate-Limits"] = (
                f"{refused.retry_after}:{CATEGORIES}:{refused.scope}:{refused.reason}"
            )
        return Response(self.error_body(text), status=refused.status, headers=headers)

    def error_body(self, text: str) -> dict[str, Any]:
        """An error in the dialect of the endpoint."""
        return {"detail": text, "causes": []}

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """CORS on every answer, errors included."""
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in self.cors.items():
            response[name] = value
        return response


def as_refusal(error: Exception) -> Refused | None:
    """The refusal that an error of decoding or checking means; None for our own faults."""
    match error:
        case Refused():
            return error
        case decoding.UnknownCoding():
            return BadBody(str(error), 415, "coding")
        case decoding.BodyTooLarge():
            return BadBody(str(error), 413, "too_large")
        case decoding.DecodingError():
            return BadBody(str(error), 400, "broken")
        case Malformed():
            return BadBody(
                str(error), error.status, "too_large" if error.status == 413 else "invalid"
            )
        case SuspiciousOperation():
            return BadBody("The address has too many parameters.")
    return InboxAway() if isinstance(error, _AWAY) else None
