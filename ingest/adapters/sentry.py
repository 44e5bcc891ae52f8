"""Sentry's protocol: envelopes, and the single events of the older `store` endpoint."""

import base64
import binascii
import zlib
from collections import Counter
from contextlib import suppress
from typing import Any

import msgspec

from ingest.adapters import csp, envelope, jsontext
from ingest.adapters.base import (
    MAX_EVENT,
    MAX_UNPACKED,
    Context,
    Malformed,
    Parsed,
    Receipt,
    TooLarge,
)
from ingest.adapters.minidump import crash
from ingest.adapters.normalise import event, items, scalars
from ingest.adapters.normalise.work import Work
from tracker.domain.event import Event
from tracker.domain.items import AttachmentFile
from tracker.domain.rawlook import ALL, Look, look

MAX_STORE = MAX_EVENT * 7 // 5
"""An event that could not be packed any smaller, as base64 with line breaks."""
MAX_REPORT = 100 * 1024
MAX_FEEDBACK = 1024 * 1024
MAX_ATTACHMENT = 20 * 1024 * 1024
MAX_ATTACHMENTS = 30
MAX_ATTACHED = 50 * 1024 * 1024

_KEPT = frozenset(
    "event session sessions client_report user_report feedback check_in attachment".split()
)
_NAMED = _KEPT | frozenset(
    "transaction log trace_metric span otel_span profile profile_chunk replay_event"
    " replay_recording replay_video statsd metric_buckets metric_meta raw_security security nel"
    " form_data unreal_report".split()
)


class _Head(msgspec.Struct):
    """The one attribute of an event that the answer needs."""

    event_id: Any = None


_read_head = msgspec.json.Decoder(_Head).decode


def _told_id(payload: bytes) -> str:
    """The id in an event's JSON, "" without; Malformed when it is no JSON object."""
    try:
        return scalars.event_id(_read_head(payload).event_id)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return scalars.event_id(_object(payload).value.get("event_id"))


def _object(payload: bytes) -> jsontext.Decoded:
    """The decoded object of an event. Raises Malformed."""
    try:
        decoded = jsontext.decode(payload)
    except jsontext.NotJson:
        raise Malformed("The event is not JSON.") from None
    if not isinstance(decoded.value, dict):
        raise Malformed("The event is not a JSON object.")
    return decoded


def _check_size(payload: bytes) -> None:
    if len(payload) > MAX_EVENT:
        raise TooLarge(f"The event is larger than {MAX_EVENT} bytes.")


def _event(payload: bytes, context: Context) -> Event:
    """The event of its JSON text."""
    decoded = _object(payload)
    seen = look(payload, context.sensitive_words)
    work = _work(context, seen, len(payload), decoded.strict)
    raw = _mended(decoded, seen.nul, work)
    return event.build(raw, context, work)


def _work(context: Context, seen: Look, size: int, strict: bool = True) -> Work:
    return Work(
        words=context.sensitive_words,
        scrub=context.scrub,
        keep_ip=context.keep_ip,
        deep=seen.deep or not strict,
        told=seen.told,
        said=seen.said,
        size=size,
    )


def _mended(decoded: jsontext.Decoded, may_hold_nul: bool, work: Work) -> dict[str, Any]:
    """The decoded object with sound texts; what was repaired is noted."""
    raw: dict[str, Any] = decoded.value
    for kind in decoded.repaired:
        work.invalid(None, kind, kind)
    if may_hold_nul or not decoded.strict:
        raw, bad = jsontext.without_nul(raw)
        if bad:
            work.invalid(None, "U+0000 or a lone surrogate", "bad_text")
    return raw


def event_from_dict(raw: dict[str, Any], context: Context) -> Event:
    """The event of a decoded payload, which is taken over and changed."""
    raw, bad = jsontext.without_nul(raw)
    encoded = jsontext.encode(raw).encode()
    work = _work(context, look(encoded, context.sensitive_words), max(len(encoded), 1))
    if bad:
        work.invalid(None, "U+0000 or a lone surrogate", "bad_text")
    return event.build(raw, context, work)


class EnvelopeAdapter:
    """Everything modern."""

    name = "envelope"
    most = MAX_UNPACKED

    def check(self, body: bytes, event_id: str) -> Receipt:
        """Framing, counts, and the event's syntax. Raises Malformed."""
        taken = envelope.read(body)
        report = _report_of(taken.items)
        skipped: Counter[str] = Counter()
        found = ""
        events = kept = 0
        for item in taken.items:
            if item.type == "event" and not events:
                _check_size(item.payload)
                found = _told_id(item.payload)
                events = 1
            elif item is report:
                made = csp.ADAPTER.check(item.payload, event_id)
                events, found = made.events, event_id if made.events else ""
                skipped.update(made.skipped)
            elif item.type == "event" or item.type not in _KEPT:
                skipped[item.type if item.type in _NAMED else "unknown"] += 1
            else:
                kept += 1
        if not events and _holds_minidump(taken.items):
            events = 1
        own = scalars.event_id(taken.headers.get("event_id"))
        named = own or found
        if not named and any(item.type in _WITH_ID for item in taken.items):
            named = event_id
        address = taken.headers.get("dsn")
        dsn = address if isinstance(address, str) else ""
        return Receipt(named, events, dict(skipped), dsn=dsn, kept=kept)

    def parse(self, body: bytes, context: Context) -> Parsed:
        """The event and all other items. Raises Malformed as `check` does."""
        taken = envelope.read(body)
        sent_at = taken.headers.get("sent_at", context.meta.get("sent_at"))
        own = context.event_id or scalars.event_id(taken.headers.get("event_id"))
        context = msgspec.structs.replace(
            context, event_id=own, meta={**context.meta, "sent_at": sent_at}
        )
        return _Sorter(context).sort(taken.items)


def _holds_minidump(listed: tuple[envelope.Item, ...]) -> bool:
    """Whether there is a crash dump, which alone makes an event too."""
    return any(
        item.type == "attachment" and item.headers.get("attachment_type") == "event.minidump"
        for item in listed
    )


def _report_of(listed: tuple[envelope.Item, ...]) -> envelope.Item | None:
    """The security report that a relay put into an envelope, when it is a known one.

    Beside an event, or after another report, it is counted and left.
    """
    found = None
    for item in listed:
        if item.type == "event":
            return None
        if item.type == "raw_security" and found is None:
            with suppress(Malformed):
                csp.ADAPTER.check(item.payload, "")
                found = item
    return found


_WITH_ID = frozenset({"event", "attachment", "feedback", "transaction"})


class _Sorter:
    """Gathers the items of one envelope."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.events: list[Event] = []
        self.dropped: dict[str, int] = {}
        self.kept: dict[str, list[Any]] = {}
        self.attached = 0

    def sort(self, listed: tuple[envelope.Item, ...]) -> Parsed:
        report = _report_of(listed)
        for item in listed:
            if item.type == "event" and not self.events:
                _check_size(item.payload)
                self.events.append(_event(item.payload, self.context))
            elif item is report:
                told = csp.ADAPTER.parse(item.payload, self.context)
                self.events += told.events
                for kind, number in told.dropped.items():
                    self._drop(kind, number)
            elif item.type == "event" or item.type not in _KEPT:
                self._drop(item.type if item.type in _NAMED else "unknown")
            elif item.type == "attachment":
                self._attachment(item)
            else:
                self._report(item)
        if not self.events and _holds_minidump(listed):
            self.events.append(event.build(crash({}), self.context, _work(self.context, ALL, 0)))
        made = {name: tuple(values) for name, values in self.kept.items()}
        return Parsed(events=tuple(self.events), dropped=self.dropped, **made)

    def _drop(self, kind: str, number: int = 1) -> None:
        self.dropped[kind] = self.dropped.get(kind, 0) + number

    def _attachment(self, item: envelope.Item) -> None:
        size = len(item.payload)
        too_many = len(self.kept.get("attachments", ())) >= MAX_ATTACHMENTS
        if size > MAX_ATTACHMENT or self.attached + size > MAX_ATTACHED or too_many:
            self._drop("attachment")
            return
        self.attached += size
        work = _work(self.context, ALL, size)
        headers = item.headers
        made = AttachmentFile(
            event_id=self.events[0].event_id if self.events else self.context.event_id,
            filename=work.text(headers.get("filename"), 256, None) or "unnamed",
            content_type=work.text(headers.get("content_type"), 128, None),
            kind=work.text(headers.get("attachment_type"), 64, None) or "event.attachment",
            content=item.payload,
        )
        self.kept.setdefault("attachments", []).append(made)

    def _report(self, item: envelope.Item) -> None:
        """An item that is a small JSON object; a bad one is counted and left."""
        limit = MAX_FEEDBACK if item.type == "feedback" else MAX_REPORT
        try:
            if len(item.payload) > limit:
                raise Malformed("too large")
            decoded = _object(item.payload)
        except Malformed:
            self._drop(item.type)
            return
        work = _work(self.context, ALL, len(item.payload))
        raw, _ = jsontext.without_nul(decoded.value)
        field, made = self._made(item.type, raw, work)
        room = items.MAX_SESSIONS - len(self.kept.get(field, ()))
        made = made[: max(room, 0)] if field == "sessions" else made
        if made:
            self.kept.setdefault(field, []).extend(made)
        else:
            self._drop(item.type)

    def _made(self, kind: str, raw: dict[str, Any], work: Work) -> tuple[str, list[Any]]:
        """The field of Parsed for an item of `kind`, and what it holds."""
        context = self.context
        received, sent_at = context.received, context.meta.get("sent_at")
        shift = event.clock_shift(sent_at, received)
        match kind:
            case "session":
                return "sessions", _one(items.session(raw, received, shift, work))
            case "sessions":
                return "sessions", list(items.sessions(raw, received, shift, work))
            case "client_report":
                return "client_reports", list(items.losses(raw, work))
            case "user_report":
                return "user_reports", _one(items.user_report(raw, context.event_id, work))
            case "feedback":
                made = items.feedback(raw, context.event_id, received, sent_at, work)
                return "feedback", _one(made)
        return "check_ins", _one(items.check_in(raw, context.event_id, work))


def _one(made: Any) -> list[Any]:
    return [] if made is None else [made]


class StoreAdapter:
    """One JSON event, plain or packed as base64 or base64 of zlib."""

    name = "store"
    most = MAX_STORE

    def check(self, body: bytes, event_id: str) -> Receipt:
        """Unpack and look at the event. Raises Malformed."""
        payload = unpack(body)
        _check_size(payload)
        return Receipt(_told_id(payload) or event_id, 1)

    def parse(self, body: bytes, context: Context) -> Parsed:
        """The event. Raises Malformed as `check` does."""
        payload = unpack(body)
        _check_size(payload)
        return Parsed(events=(_event(payload, context),))


def unpack(body: bytes) -> bytes:
    """The JSON of a store body: as it is, or out of base64 and zlib. Raises Malformed."""
    body = body.strip()
    if body[:1] == b"{" or body[:3] == b"\xef\xbb\xbf":
        return body
    if body.startswith(b"sentry_data="):
        body = (
            body[12:]
            .split(b"&", 1)[0]
            .replace(b"%2B", b"+")
            .replace(b"%2F", b"/")
            .replace(b"%3D", b"=")
        )
    if len(body) > MAX_STORE:
        raise TooLarge(f"The event is larger than {MAX_EVENT} bytes.")
    try:
        packed = base64.b64decode(body + b"=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        return body  # not packed; the reader of JSON says what is wrong
    if packed[:1] == b"{":
        return packed
    inflate = zlib.decompressobj()
    try:
        payload = inflate.decompress(packed, MAX_EVENT + 1)
    except zlib.error:
        raise Malformed("The event is neither JSON nor packed JSON.") from None
    if len(payload) <= MAX_EVENT and not inflate.eof:
        raise Malformed("The packed event ends too early.")
    return payload


ADAPTERS = (EnvelopeAdapter(), StoreAdapter())
