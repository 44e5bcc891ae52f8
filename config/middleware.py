"""Middleware of our own: a request id for logs and answers."""

import re
import secrets
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]

log = structlog.get_logger(__name__)
SANE_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")
SLOW = 2.0
"""Seconds after which a request is worth a line."""


class RequestIdMiddleware:
    """Binds `request_id` to every log line of a request and sends it as `X-Request-ID`.

    Requests are not logged one by one (ingest would drown the log): failures and slow ones are.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request, with its id."""
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if SANE_ID.fullmatch(given) else secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.monotonic()
        response = self.get_response(request)
        took = time.monotonic() - started
        if response.status_code >= 500 or took > SLOW:
            log.warning(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                seconds=round(took, 3),
            )
        response.headers["X-Request-ID"] = request_id
        return response
