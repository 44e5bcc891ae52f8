"""The endpoints that SDKs post to: authenticate, limit, check, inbox, receipt.

DRF views without its negotiation and parsers: the body is read raw, whatever its
type says, and the answer is always JSON. A POST is never redirected.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import orjson
from django.http import HttpRequest
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ingest import decoding
from ingest.adapters.base import Malformed, Receipt
from ingest.auth import (
    Credentials,
    Sender,
    authenticate,
    credentials_of,
    from_dsn,
    project_of_dsn,
)
from ingest.errors import BadBody, InboxAway, MustWait, NoKey, Refused, TooMuch, WrongKey
from ingest.inbox import Committer, Letter
from ingest.limits import LIMITS, refuse
from ingest.registry import find
from ingest.wakeup import BELL
from tracker.models import Ledger

CATEGORIES = "error;default"

INLINE = "emberwatch.inline"
"""Set in the WSGI environment by an event loop that runs the view itself (config/rsgi.py)."""
INLINE_LIMIT = 512 * 1024
"""Unpacked bytes that an event loop may look at: about a millisecond."""

COMMITTER = Committer(committed=BELL.ring)

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


class Answer(Response):
    """An answer with what an event loop must know of it."""

    durable: Future[None] | None = None
    """To be waited for before the answer is sent."""
    otherwise: Callable[[], Response] | None = None
    """Makes the answer to send when `durable` comes to nothing."""
    must_wait = False
    """No answer yet: ask again from a thread."""


class IngestView(APIView):
    """What all endpoints share: no session, no CSRF, CORS on every answer, errors as JSON."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = ()
    renderer_classes = (Json,)
    content_negotiation_class = NoNegotiation
    adapter = ""
    inline = False
    """Run by an event loop: nothing may block. What must, raises MustWait and is asked again
    from a thread; what is to be durable is left to the caller to wait for.
    """
    counted_under = 0
    """The project that a refusal is counted under; 0 until the key is known to be right."""

    def post(self, request: Request, project: str | None = None) -> Response:
        """Take one body. Raises Refused."""
        project_id = int(project) if project else None
        raw = request._request
        self.inline = INLINE in raw.META
        credentials = credentials_of(raw.headers, raw.GET.dict())
        sender = self.admit(credentials, project_id) if credentials else None
        body, encoding = _body(raw)
        adapter = find(self.adapter_for(raw))
        receipt = adapter.check(self.unpack(body, encoding), uuid.uuid4().hex)
        if credentials is None or sender is None:
            credentials = _by_dsn(receipt, project_id)
            sender = self.admit(credentials, project_id)
        elif receipt.dsn:
            _agree(receipt, sender)
        return self.keep(raw, adapter.name, sender, credentials, receipt, body, encoding)

    def admit(self, credentials: Credentials | None, project_id: int | None) -> Sender:
        """The sender, if it may send now. Raises NoKey, WrongKey, TooMuch."""
        sender = authenticate(credentials, project_id, wait=not self.inline)
        self.counted_under = sender.project_id
        LIMITS.check(sender)
        return sender

    def unpack(self, body: bytes, encoding: str) -> bytes:
        """The body without its coding. Raises DecodingError, MustWait."""
        if not self.inline:
            return decoding.unpack(body, encoding)
        try:
            return decoding.unpack(body, encoding, limit=INLINE_LIMIT)
        except decoding.BodyTooLarge:
            raise MustWait from None

    def keep(
        self,
        raw: HttpRequest,
        adapter: str,
        sender: Sender,
        credentials: Credentials,
        receipt: Receipt,
        body: bytes,
        encoding: str,
    ) -> Response:
        """Make it durable, then say so."""
        for kind, items in receipt.skipped.items():
            LIMITS.count(sender.project_id, Ledger.Kind.SKIPPED.value, kind[:64], items)
        response = Answer({"id": receipt.event_id} if receipt.event_id else {})
        if receipt.events:
            letter = Letter(
                project_id=sender.project_id,
                key_id=sender.key_id,
                adapter=adapter,
                encoding=encoding,
                event_id=uuid.UUID(receipt.event_id),
                events=receipt.events,
                meta=orjson.dumps(_meta(raw, credentials)),
                body=body,
            )
            if self.inline:
                response.durable = COMMITTER.submit(letter)
                response.otherwise = self.otherwise
            else:
                COMMITTER.put(letter)
        return response

    def otherwise(self) -> Response:
        """The answer, rendered, when the commit that was waited for came to nothing."""
        response = self.handle_exception(InboxAway())
        response = self.finalize_response(self.request, response)
        response.render()
        return response

    def adapter_for(self, raw: HttpRequest) -> str:
        """Name of the adapter that reads this request."""
        return self.adapter

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """CORS preflight: everything an SDK sends is allowed."""
        return Response({}, headers=PREFLIGHT)

    def handle_exception(self, exc: Exception) -> Response:
        """Say in a sentence what is wrong, and count it."""
        if isinstance(exc, MustWait):
            response = Answer(status=503)
            response.must_wait = True
            return response
        refused = as_refusal(exc)
        if refused is None:
            return super().handle_exception(exc)
        refuse(self.counted_under, refused.reason)
        text = str(refused)
        headers = {"X-Sentry-Error": text}
        if isinstance(refused, TooMuch):
            headers["Retry-After"] = str(refused.retry_after)
            headers["X-Sentry-Rate-Limits"] = (
                f"{refused.retry_after}:{CATEGORIES}:project:{refused.reason}"
            )
        return Response({"detail": text, "causes": []}, status=refused.status, headers=headers)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """CORS on every answer, errors included."""
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in CORS.items():
            response[name] = value
        return response


class EnvelopeView(IngestView):
    """`POST /api/<project>/envelope/`: everything modern."""

    adapter = "envelope"


class StoreView(IngestView):
    """`POST /api/<project>/store/`: one JSON event of an older client."""

    adapter = "store"

    def adapter_for(self, raw: HttpRequest) -> str:
        """Some clients post envelopes here and say so."""
        envelope = raw.content_type == "application/x-sentry-envelope"
        return "envelope" if envelope else "store"


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
    return None


def _body(raw: HttpRequest) -> tuple[bytes, str]:
    """The body as it was sent, and how it is packed. The server has bounded and ended it."""
    stream = raw.META["wsgi.input"]
    body: bytes = stream.read() if raw.META.get("wsgi.input_terminated") else raw.body
    if not body:
        raise BadBody("The body is empty.")
    return body, raw.headers.get("Content-Encoding", "").strip().lower()


def _by_dsn(receipt: Receipt, project_id: int | None) -> Credentials:
    """A self-authenticated envelope names its DSN inside. Raises NoKey, WrongKey."""
    if not receipt.dsn:
        raise NoKey("No key was sent: put it into X-Sentry-Auth, ?sentry_key= or the DSN.")
    named = project_of_dsn(receipt.dsn)
    if named is not None and project_id is not None and named != project_id:
        raise WrongKey
    return from_dsn(receipt.dsn)


def _agree(receipt: Receipt, sender: Sender) -> None:
    """A DSN inside must name the key that the request came with."""
    if from_dsn(receipt.dsn).public_key != sender.public_key:
        raise WrongKey


def _meta(raw: HttpRequest, credentials: Credentials) -> dict[str, str]:
    """What the adapter may need to know of the request."""
    meta = {"ip": raw.META.get("REMOTE_ADDR", ""), "agent": raw.headers.get("User-Agent", "")[:512]}
    if credentials.client:
        meta["client"] = credentials.client[:128]
    if credentials.sent:
        meta["sent"] = credentials.sent[:32]
    return meta
