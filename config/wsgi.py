"""Django's WSGI application; config/rsgi.py feeds it.

The hot ingest addresses get a handler of their own: no session, no CSRF token, no page
headers, and a short list of addresses to match. It halves what accepting an event costs.
"""

import os
import re
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

from config import patience
from config.middleware import RequestIdMiddleware

INGEST = re.compile(
    r"/api/(?:[0-9]{1,18}/(?:envelope|store|security|csp-report|nel|minidump|(?:integration/)?otlp/v1/.+|cron/.+|events/.+)/?"
    r"|1/.*|v3/projects/[^/]+/(?:create-)?notices?/?|store/?|embed/error-page/?)"
)
"""What only SDKs, browsers, jobs and Rollbar's tools ask for."""


class IngestRequest(WSGIRequest):
    """A request that can only be for an ingest view."""

    urlconf = "ingest.urls"


class IngestHandler(WSGIHandler):
    """Django's handler with the request id and patience as its only middleware."""

    request_class = IngestRequest

    def load_middleware(self, is_async: bool = False) -> None:
        """The chain: request id, patience, view."""
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        answer: Any = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]
        answer = patience.ingest(answer)
        self._middleware_chain = convert_exception_to_response(RequestIdMiddleware(answer))


class Application:
    """Sends hot ingest requests to their handler and all others to Django's."""

    def __init__(self) -> None:
        django.setup(set_prefix=False)
        self.ingest = IngestHandler()
        self.pages = WSGIHandler()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """WSGI."""
        hot = INGEST.fullmatch(environ["PATH_INFO"]) is not None
        return (self.ingest if hot else self.pages)(environ, start_response)


application = Application()

from config import celery  # noqa: E402, F401 - wake-ups go through our Celery app, not the default one
