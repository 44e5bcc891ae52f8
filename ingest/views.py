"""What SDKs post to: authenticate, limit, check, inbox, receipt.

DRF views without its negotiation and parsers: the body is read raw, whatever its
type says, and the answer is always JSON. A POST is never redirected. The other
endpoints (browser.py, rollbar.py, reports.py, minidump.py) build on `IngestView`.
"""

from __future__ import annotations

import base64
import secrets
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from ingest import decoding
from ingest.adapters.base import Adapter, Receipt
from ingest.auth import (
    Credentials,
    Sender,
    authenticate,
    credentials_of,
    from_dsn,
    project_of_dsn,
)
from ingest.away import AWAY
from ingest.bare import BareView
from ingest.drain import DRAIN
from ingest.errors import BadBody, MustWait, NoKey, TooMuch, WrongKey
from ingest.inbox import Committer, Letter
from ingest.limits import LIMITS
from ingest.registry import find
from ingest.spool import SPOOL
from ingest.wakeup import BELL
from tracker.models import Ledger

UNWANTED = {
    "transaction": "transaction",
    "span": "span",
    "otel_span": "span",
    "profile": "profile",
    "profile_chunk": "profile_chunk",
    "replay_event": "replay",
    "replay_recording": "replay",
    "replay_video": "replay",
    "log": "log_item",
    "trace_metric": "trace_metric",
    "statsd": "metric_bucket",
    "metric_buckets": "metric_bucket",
}
"""Kinds of items that nobody need send, and their category in rate limits."""
NOT_WANTED = (
    "86400:transaction;span;profile;profile_chunk;profile_chunk_ui;replay;log_item;log_byte;"
    "trace_metric;metric_bucket:organization:not_kept"
)
"""Told on a 200: SDKs then stop sending these for a day."""

ENVELOPE = "application/x-sentry-envelope"
SMALL = 4 * 1024 * 1024
"""Unpacked bytes that every thread may hold; more only one at a time."""
TURN = 2.0
"""Seconds that a large body waits for its turn."""
INLINE_LIMIT = 512 * 1024
"""Unpacked bytes that an event loop may look at: about a millisecond."""

COMMITTER = Committer(committed=BELL.ring)

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One transparent pixel."""

_turn = threading.Lock()


def outlive_the_database() -> None:
    """Have this process take events while the database is away, and bring them in later."""
    COMMITTER.shelter_with(SPOOL.put)
    DRAIN.on_drained(BELL.ring)
    AWAY.watched_by(DRAIN.start)
    DRAIN.start()


class IngestView(BareView):
    """Takes one body for one adapter."""

    adapter = ""

    def post(self, request: Request, project: str | None = None) -> Any:
        """Take one body. Raises Refused."""
        return self.take(request._request, self.number(project))

    def take(self, raw: HttpRequest, project_id: int | None) -> Any:
        """The steps in their order; ingest/quick.py takes the same for the usual event.

        Raises Refused.
        """
        credentials = credentials_of(raw.headers, raw.GET.dict())
        sender = self.admit(credentials, project_id) if credentials else None
        body, encoding = body_of(raw)
        adapter = find(self.adapter_for(raw))
        receipt = checked(adapter, body, encoding)
        if credentials is None or sender is None:
            credentials = admitted_by_dsn(receipt, project_id)
            sender = self.admit(credentials, project_id)
        elif receipt.dsn:
            agree(receipt, sender)
        meta = self.meta(raw, meta_of(raw, credentials))
        put(sender, adapter.name, receipt, meta, body, encoding)
        return self.done(receipt)

    def admit(self, credentials: Credentials | None, project_id: int | None) -> Sender:
        """The sender, if it may send now. Raises NoKey, WrongKey, TooMuch."""
        sender = authenticate(credentials, project_id)
        self.counted_under = sender.project_id
        LIMITS.check(sender)
        return sender

    @staticmethod
    def number(project: str | None) -> int | None:
        """The project that the address names. Raises BadBody."""
        if project is None:
            return None
        if not project.isascii() or not project.isdigit():
            raise BadBody("The project in the address is not a number.", 400, "project")
        return int(project)

    def meta(self, raw: HttpRequest, meta: dict[str, str]) -> dict[str, str]:
        """What the adapter may need to know beside the usual."""
        return meta

    def done(self, receipt: Receipt) -> Any:
        """The answer when all is durable."""
        told = {"id": receipt.event_id} if receipt.event_id else {}
        return Response(told, headers=limits_of(receipt))

    def adapter_for(self, raw: HttpRequest) -> str:
        """Name of the adapter that reads this request."""
        return self.adapter


class EnvelopeView(IngestView):
    """`POST /api/<project>/envelope/`: everything modern."""

    adapter = "envelope"


class StoreView(IngestView):
    """`/api/<project>/store/`: one JSON event of an older client, by POST or as an image's URL."""

    adapter = "store"

    def get(self, request: Request, project: str | None = None) -> HttpResponse:
        """`?sentry_data=`: very old browsers. Raises Refused."""
        raw = request._request
        project_id = self.number(project)
        sender = self.admit(credentials_of(raw.headers, raw.GET.dict()), project_id)
        # A plus sign that was not escaped has become a blank on the way.
        body = raw.GET.get("sentry_data", "").replace(" ", "+").encode("utf-8", "replace")
        if not body:
            raise BadBody("There is no sentry_data in the address.")
        receipt = find("store").check(body, uuid.uuid4().hex)
        put(sender, "store", receipt, meta_of(raw), body)
        return HttpResponse(GIF, content_type="image/gif")

    def adapter_for(self, raw: HttpRequest) -> str:
        """Some clients post envelopes here and say so."""
        return "envelope" if raw.content_type == ENVELOPE else "store"


def limits_of(receipt: Receipt) -> dict[str, str]:
    """The header that stops what nobody need send, when some of it came."""
    if not receipt.skipped or UNWANTED.keys().isdisjoint(receipt.skipped):
        return {}
    return {"X-Sentry-Rate-Limits": NOT_WANTED}


def checked(adapter: Adapter, body: bytes, encoding: str, *, inline: bool = False) -> Receipt:
    """Unpack and look, under the adapter's cap; large bodies one at a time.

    Hundreds of bombs at once must not fill the memory: what unpacks to more than `SMALL` bytes
    waits for its turn, and is put off when that does not come. With `inline` nothing waits:
    MustWait is raised instead. What itself says that it is too large is refused unread.
    Raises Refused, Malformed, DecodingError.
    """
    fresh, most = secrets.token_hex(16), adapter.most
    told = decoding.told_size(body, encoding)
    if told > most:
        raise decoding.BodyTooLarge(f"The body is larger than {most} bytes.")
    small = min(INLINE_LIMIT if inline else SMALL, most)
    if inline and told > small:
        raise MustWait
    try:
        return adapter.check(decoding.unpack(body, encoding, limit=small), fresh)
    except decoding.BodyTooLarge:
        if small == most:
            raise
        if inline:
            raise MustWait from None
    with large():
        return adapter.check(decoding.unpack(body, encoding, limit=most), fresh)


@contextmanager
def large() -> Iterator[None]:
    """The turn of one large body. Raises TooMuch when it does not come."""
    if not _turn.acquire(timeout=TURN):
        raise TooMuch("Too many large bodies are being read; try again.", "overloaded", 10)
    try:
        yield
    finally:
        _turn.release()


def letter_of(
    sender: Sender,
    adapter: str,
    receipt: Receipt,
    meta: bytes,
    body: bytes,
    encoding: str = "",
) -> Letter | None:
    """What is to be stored of a body; None: nothing is worth keeping, it is only counted.

    `meta` is JSON already.
    """
    if not receipt.events and not receipt.kept:
        for kind, items in receipt.skipped.items():
            LIMITS.count(sender.project_id, Ledger.Kind.SKIPPED.value, kind[:64], items)
        return None
    return Letter(
        project_id=sender.project_id,
        key_id=sender.key_id,
        adapter=adapter,
        encoding=encoding,
        event_id=uuid.UUID(receipt.event_id) if receipt.event_id else None,
        events=receipt.events,
        meta=meta,
        body=body,
    )


def put(
    sender: Sender,
    adapter: str,
    receipt: Receipt,
    meta: dict[str, str],
    body: bytes,
    encoding: str = "",
) -> None:
    """Make a body durable, waiting for it. Raises InboxAway."""
    letter = letter_of(sender, adapter, receipt, orjson.dumps(meta), body, encoding)
    if letter is not None:
        COMMITTER.put(letter)
        LIMITS.spend(sender, receipt.events)


def body_of(raw: HttpRequest) -> tuple[bytes, str]:
    """The body as it was sent, and how it is packed. The server has bounded and ended it."""
    stream = raw.META["wsgi.input"]
    body: bytes = stream.read() if raw.META.get("wsgi.input_terminated") else raw.body
    if not body:
        raise BadBody("The body is empty.")
    return body, raw.headers.get("Content-Encoding", "").strip().lower()


def meta_of(raw: HttpRequest, credentials: Credentials | None = None) -> dict[str, str]:
    """What the adapter may need to know of a request."""
    return meta_from(
        raw.META.get("REMOTE_ADDR", ""), raw.headers.get("User-Agent", ""), credentials
    )


def meta_from(address: str, agent: str, credentials: Credentials | None) -> dict[str, str]:
    """The same of the client's address and program."""
    meta = {"ip": address, "agent": sound(agent, 512)}
    if credentials is not None and credentials.client:
        meta["sentry_client"] = sound(credentials.client, 128)
    if credentials is not None and credentials.sent:
        meta["sent_at"] = sound(credentials.sent, 32)
    return meta


def sound(text: str, limit: int) -> str:
    """Text of a header or query that JSON and PostgreSQL take."""
    return text[:limit].encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def admitted_by_dsn(receipt: Receipt, project_id: int | None) -> Credentials:
    """A self-authenticated envelope names its DSN inside. Raises NoKey, WrongKey."""
    if not receipt.dsn:
        raise NoKey("No key was sent: put it into X-Sentry-Auth, ?sentry_key= or the DSN.")
    named = project_of_dsn(receipt.dsn)
    if named is not None and project_id is not None and named != project_id:
        raise WrongKey
    return from_dsn(receipt.dsn)


def agree(receipt: Receipt, sender: Sender) -> None:
    """A DSN inside must name the key and project that the request came with."""
    named = project_of_dsn(receipt.dsn)
    if from_dsn(receipt.dsn).public_key != sender.public_key or (
        named is not None and named != sender.project_id
    ):
        raise WrongKey


class UnknownView(BareView):
    """Whatever else is asked of a project: a sentence, not the pages' 404."""

    def get(self, request: Request, **_named: str) -> Response:
        """404."""
        return Response(self.error_body("There is nothing at this address."), status=404)

    post = put = patch = delete = get
