"""Rollbar's items: told over in Sentry's words, then normalised like any other event."""

import hashlib
import urllib.parse
from typing import Any

import msgspec

from ingest.adapters import rollbar_body, rollbar_context
from ingest.adapters.base import (
    MAX_EVENT,
    Context,
    Malformed,
    Parsed,
    Receipt,
    TooLarge,
    Unusable,
)
from ingest.adapters.normalise import scalars
from ingest.adapters.told import Told, read_object
from tracker.domain.event import LEVELS

BODIES = ("trace_chain", "trace", "message", "crash_report")
MAX_FORM = 3 * MAX_EVENT + 100
"""An item in a form, every byte escaped."""
MAX_UUID = 36
MAX_OWN_FINGERPRINT = 40
_KNOWN = frozenset(
    (
        "environment body level timestamp code_version platform language framework context request"
        " person server client custom fingerprint title uuid notifier attributes failsafe internal"
        " endpoint project_package_paths is_uncaught"
    ).split()
)


class _Body(msgspec.Struct):
    trace_chain: msgspec.Raw | None = None
    trace: msgspec.Raw | None = None
    message: msgspec.Raw | None = None
    crash_report: msgspec.Raw | None = None


class _Data(msgspec.Struct):
    body: _Body | None = None
    environment: Any = None
    uuid: Any = None
    platform: Any = None


class _Item(msgspec.Struct):
    data: _Data | None = None
    access_token: Any = None


_read = msgspec.json.Decoder(_Item).decode


def item_text(body: bytes) -> bytes:
    """The JSON of an item: the body itself, or the field `payload` of a form.

    What the body is shows in its first byte; clients label JSON as a form.
    Raises Malformed or TooLarge.
    """
    text = body.strip()
    if text[:1] != b"{" and text[:3] != b"\xef\xbb\xbf":
        text = _form_payload(text)
    if len(text) > MAX_EVENT:
        raise TooLarge(f"The item is larger than {MAX_EVENT} bytes.")
    return text


def _form_payload(text: bytes) -> bytes:
    if len(text) > MAX_FORM:
        raise TooLarge(f"The item is larger than {MAX_EVENT} bytes.")
    for field in text.split(b"&", 50):
        name, _, value = field.partition(b"=")
        if name == b"payload":
            return urllib.parse.unquote_to_bytes(value.replace(b"+", b" ")).strip()
    raise Malformed("The body is neither JSON nor a form with the field payload.")


def event_id_of(uuid: Any) -> str:
    """The event id of an item's `uuid`: itself when it is one, else made from its text."""
    own = scalars.event_id(uuid)
    if own or not isinstance(uuid, str | int) or isinstance(uuid, bool) or not str(uuid).strip():
        return own
    text = str(uuid)[:MAX_UUID].encode("utf-8", "replace")
    return hashlib.blake2b(text, digest_size=16, person=b"rollbar-uuid").hexdigest()


class RollbarAdapter:
    """`POST /api/1/item/`."""

    name = "rollbar"
    most = MAX_FORM

    def check(self, body: bytes, event_id: str) -> Receipt:
        """Syntax, and whether it means an event. Raises Malformed, TooLarge or Unusable."""
        text = item_text(body)
        try:
            item = _read(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return self._check_slowly(text, event_id)
        data = item.data
        if data is None:
            raise Unusable("The item has no data.")
        given = data.body
        kinds = () if given is None else (name for name in BODIES if _present(given, name))
        return _receipt(item.access_token, data, bool(next(iter(kinds), "")), event_id)

    def _check_slowly(self, text: bytes, event_id: str) -> Receipt:
        """The same for items of odd types and not quite JSON."""
        item = read_object(text, "item").value
        data = item.get("data")
        if not isinstance(data, dict):
            raise Unusable("The item has no data.")
        given = data.get("body")
        known = isinstance(given, dict) and any(given.get(name) for name in BODIES)
        head = _Data(
            environment=data.get("environment"),
            uuid=data.get("uuid"),
            platform=data.get("platform"),
        )
        return _receipt(item.get("access_token"), head, known, event_id)

    def parse(self, body: bytes, context: Context) -> Parsed:
        """The event. Raises as `check` does."""
        told = Told(item_text(body), context, "item")
        data = told.value.get("data")
        if not isinstance(data, dict):
            raise Unusable("The item has no data.")
        return Parsed(events=(told.event(_tell(data, context)),))


def _present(body: _Body, name: str) -> bool:
    raw = getattr(body, name)
    return raw is not None and bytes(raw) not in (b"null", b"{}", b"[]", b'""')


def _receipt(token: Any, data: _Data, known: bool, event_id: str) -> Receipt:
    if not known:
        raise Unusable("data.body has none of trace, trace_chain, message and crash_report.")
    if not isinstance(data.environment, str | int) or data.environment == "":
        raise Unusable("data.environment is required.")
    uuid = data.uuid
    return Receipt(
        event_id=event_id_of(uuid) or event_id,
        events=1,
        key=token if isinstance(token, str) else "",
        platform=data.platform if isinstance(data.platform, str) else "",
        told_id=str(uuid)[:MAX_UUID] if isinstance(uuid, str | int) else "",
    )


def _tell(data: dict[str, Any], context: Context) -> dict[str, Any]:
    """An item's `data` in Sentry's words."""
    attributes = _attributes(data.get("attributes"))
    notifier = data.get("notifier")
    notifier = notifier if isinstance(notifier, dict) else {}
    uncaught = _is_uncaught(data, attributes, notifier)
    raw = rollbar_body.told(data, notifier, uncaught)
    rollbar_context.tell(raw, data, notifier, context)
    raw["level"] = _level(data.get("level"), bool(raw.get("exception")), uncaught)
    raw["fingerprint"] = _fingerprint(data.get("fingerprint"))
    raw["title"] = data.get("title")
    uuid = data.get("uuid")
    raw["event_id"] = event_id_of(uuid) or None
    tags = {**attributes, "framework": data.get("framework")}
    if raw["event_id"] and not scalars.event_id(uuid):
        tags["uuid"] = uuid
    raw["tags"] = tags
    extra = raw.setdefault("extra", {})
    for key, value in data.items():
        if key not in _KNOWN and value is not None:
            extra.setdefault(key, value)
    return raw


def _is_uncaught(
    data: dict[str, Any], attributes: dict[str, Any], notifier: dict[str, Any]
) -> bool:
    """Whether nothing caught the error: browsers and Node say so in an attribute, Java beside."""
    if data.get("is_uncaught") is True:
        return True
    if str(attributes.get("is_uncaught", "")).lower() == "true":
        return True
    go = rollbar_body.name_of(notifier) in rollbar_body.ROLLBAR_GO
    return go and rollbar_body.panicked(data.get("body"))


def _attributes(listed: Any) -> dict[str, Any]:
    if not isinstance(listed, list):
        return {}
    return {
        str(pair["key"])[:200]: pair.get("value")
        for pair in listed[:100]
        if isinstance(pair, dict) and isinstance(pair.get("key"), str | int)
    }


def _level(given: Any, has_exception: bool, uncaught: bool) -> str:
    """The item's level; a crash is an error at least, whatever its label."""
    level = scalars.level(given) or ("error" if has_exception else "info")
    return "error" if uncaught and LEVELS[level] < LEVELS["error"] else level


def _fingerprint(given: Any) -> list[str] | None:
    """The client's own fingerprint as it is; a long one stands for its SHA-1."""
    if isinstance(given, int) and not isinstance(given, bool) and abs(given) < 10**40:
        given = str(given)
    if not isinstance(given, str) or not given:
        return None
    if len(given) > MAX_OWN_FINGERPRINT:
        text = given.encode("utf-8", "replace")
        given = hashlib.sha1(text, usedforsecurity=False).hexdigest()
    return [given]


ADAPTER = RollbarAdapter()
