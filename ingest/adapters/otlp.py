"""OpenTelemetry over HTTP: log records and span events that carry an exception.

JSON and protobuf, both told over in Sentry's words. Everything else in them is counted
and left: we are no store of logs or traces.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from ingest.adapters import jsontext, protobuf, stacktext
from ingest.adapters.base import Context, Malformed, Parsed, Receipt, TooLarge
from ingest.adapters.normalise import event
from ingest.adapters.normalise.work import Work
from ingest.adapters.told import mapping
from tracker.domain.event import Event

MAX_BODY = 4 * 1024 * 1024
MAX_EVENTS = 100

_ANY: protobuf.Table = {}
_PAIR: protobuf.Table = {1: ("key", str, False), 2: ("value", _ANY, False)}
_ANY.update(
    {
        1: ("stringValue", str, False),
        2: ("boolValue", bool, False),
        3: ("intValue", int, False),
        4: ("doubleValue", float, False),
        5: ("arrayValue", {1: ("values", _ANY, True)}, False),
        6: ("kvlistValue", {1: ("values", _PAIR, True)}, False),
        7: ("bytesValue", bytes, False),
    }
)
_RESOURCE: protobuf.Table = {1: ("attributes", _PAIR, True)}
_SCOPE: protobuf.Table = {1: ("name", str, False), 2: ("version", str, False)}
_RECORD: protobuf.Table = {
    1: ("timeUnixNano", int, False),
    2: ("severityNumber", int, False),
    3: ("severityText", str, False),
    5: ("body", _ANY, False),
    6: ("attributes", _PAIR, True),
    9: ("traceId", bytes, False),
    10: ("spanId", bytes, False),
    11: ("observedTimeUnixNano", int, False),
}
_SPAN_EVENT: protobuf.Table = {
    1: ("timeUnixNano", int, False),
    2: ("name", str, False),
    3: ("attributes", _PAIR, True),
}
_SPAN: protobuf.Table = {
    1: ("traceId", bytes, False),
    2: ("spanId", bytes, False),
    5: ("name", str, False),
    6: ("kind", int, False),
    9: ("attributes", _PAIR, True),
    11: ("events", _SPAN_EVENT, True),
}


def _request(name: str, scope: str, items: str, item: protobuf.Table) -> protobuf.Table:
    scoped: protobuf.Table = {1: ("scope", _SCOPE, False), 2: (items, item, True)}
    resource: protobuf.Table = {1: ("resource", _RESOURCE, False), 2: (scope, scoped, True)}
    return {1: (name, resource, True)}


_LOGS = _request("resourceLogs", "scopeLogs", "logRecords", _RECORD)
_TRACES = _request("resourceSpans", "scopeSpans", "spans", _SPAN)


class Found(msgspec.Struct, frozen=True):
    """One exception, with what stood around it."""

    resource: dict[str, Any]
    scope: dict[str, Any]
    attributes: dict[str, Any]
    item: dict[str, Any]
    span: dict[str, Any]


class OtlpAdapter:
    """`POST .../v1/logs` or `.../v1/traces`."""

    most = MAX_BODY

    def __init__(self, name: str, kind: str, table: protobuf.Table) -> None:
        self.name = name
        self._kind = kind
        self._table = table

    def check(self, body: bytes, event_id: str) -> Receipt:
        """Syntax and counts. Raises Malformed or TooLarge."""
        found, skipped = self._find(body)
        return Receipt(event_id if found else "", len(found), skipped)

    def parse(self, body: bytes, context: Context) -> Parsed:
        """An event per exception. Raises as `check` does."""
        found, skipped = self._find(body)
        events = [_event(one, index, context) for index, one in enumerate(found)]
        return Parsed(events=tuple(events), dropped=skipped)

    def _find(self, body: bytes) -> tuple[list[Found], dict[str, int]]:
        if len(body) > MAX_BODY:
            raise TooLarge(f"The request is larger than {MAX_BODY} bytes.")
        found: list[Found] = []
        skipped: Counter[str] = Counter()
        for one in _walk(self._read(body), self._kind):
            if "exception.type" not in one.attributes and "exception.message" not in one.attributes:
                skipped[self._kind] += 1
            elif len(found) < MAX_EVENTS:
                found.append(one)
            else:
                skipped["event"] += 1
        return found, dict(skipped)

    def _read(self, body: bytes) -> dict[str, Any]:
        if body.lstrip()[:1] == b"{":
            try:
                value, _ = jsontext.without_nul(jsontext.decode(body).value)
            except jsontext.NotJson:
                raise Malformed("The request is not JSON.") from None
            return mapping(value)
        try:
            value, _ = jsontext.without_nul(protobuf.read(body, self._table))
        except protobuf.BadProtobuf:
            raise Malformed("The request is neither JSON nor protobuf.") from None
        return mapping(value)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _walk(request: dict[str, Any], kind: str) -> Iterator[Found]:
    """Every log record, or every span event, of a request."""
    name, scopes, items = (
        ("resourceLogs", "scopeLogs", "logRecords")
        if kind == "log"
        else ("resourceSpans", "scopeSpans", "spans")
    )
    for group in _objects(request.get(name)):
        resource = _attributes(mapping(group.get("resource")).get("attributes"))
        for scoped in _objects(group.get(scopes)):
            scope = mapping(scoped.get("scope"))
            for item in _objects(scoped.get(items)):
                own = _attributes(item.get("attributes"))
                if kind == "log":
                    yield Found(resource, scope, own, item, {})
                    continue
                for told in _objects(item.get("events")):
                    attributes = _attributes(told.get("attributes"))
                    yield Found(resource, scope, attributes, told, {**item, "attributes": own})


def _attributes(pairs: Any) -> dict[str, Any]:
    return {
        pair["key"]: _plain(pair.get("value"), 0)
        for pair in _objects(pairs)
        if isinstance(pair.get("key"), str)
    }


def _plain(value: Any, depth: int) -> Any:
    """The plain value of an AnyValue."""
    if not isinstance(value, dict) or depth > 8:
        return None
    for key in ("stringValue", "boolValue", "doubleValue", "bytesValue"):
        if key in value:
            return value[key]
    if "intValue" in value:  # 64-bit numbers are text in JSON
        number = value["intValue"]
        small = isinstance(number, str) and number.isdecimal() and len(number) < 16
        return int(number) if small else number
    if "arrayValue" in value:
        inner = mapping(value["arrayValue"]).get("values")
        return [_plain(item, depth + 1) for item in _objects(inner)]
    if "kvlistValue" in value:
        inner = mapping(value["kvlistValue"]).get("values")
        return {
            pair["key"]: _plain(pair.get("value"), depth + 1)
            for pair in _objects(inner)
            if isinstance(pair.get("key"), str)
        }
    return None


# --- an exception as an event ------------------------------------------------------------

_LANGUAGES = {"nodejs": "node", "webjs": "javascript", "dotnet": "csharp", "cpp": "native"}
_LEVELS = ((21, "fatal"), (17, "error"), (13, "warning"), (9, "info"), (1, "debug"))


def _event(found: Found, index: int, context: Context) -> Event:
    if index and context.event_id:
        text = f"{context.event_id}/{index}".encode()
        made = hashlib.blake2b(text, digest_size=16).hexdigest()
        context = msgspec.structs.replace(context, event_id=made)
    work = Work(
        words=context.sensitive_words, scrub=context.scrub, keep_ip=context.keep_ip, deep=True
    )
    return event.build(_tell(found), context, work)


def _tell(found: Found) -> dict[str, Any]:
    """One exception in Sentry's words."""
    own = found.attributes
    raw = _around(found)
    stack = own.get("exception.stacktrace")
    frames = stacktext.frames(stack) if isinstance(stack, str) else []
    link: dict[str, Any] = {
        "type": own.get("exception.type"),
        "value": own.get("exception.message"),
        "mechanism": {"type": "opentelemetry", **_escaped(own.get("exception.escaped"))},
    }
    if frames:
        link["stacktrace"] = {"frames": frames}
    raw["exception"] = [link]
    if isinstance(stack, str) and not frames:
        raw["extra"]["exception.stacktrace"] = stack
    body = _plain(found.item.get("body"), 0)
    if isinstance(body, str):
        raw["message"] = body
    elif body is not None:
        raw["extra"]["body"] = body
    return raw


def _around(found: Found) -> dict[str, Any]:
    """What resource, scope, span and record tell beside the exception."""
    resource, own = found.resource, found.attributes
    around = {**mapping(found.span.get("attributes")), **own}
    language = resource.get("telemetry.sdk.language")
    names = ("name", "version")
    raw: dict[str, Any] = {
        "timestamp": found.item.get("timeUnixNano") or found.item.get("observedTimeUnixNano"),
        "level": _level(found.item.get("severityNumber")),
        "platform": _LANGUAGES.get(language, language) if isinstance(language, str) else None,
        "transaction": found.span.get("name"),
        "logger": found.scope.get("name"),
        "release": resource.get("service.version"),
        "environment": resource.get("deployment.environment.name")
        or resource.get("deployment.environment"),
        "server_name": resource.get("host.name"),
        "sdk": {name: resource.get(f"telemetry.sdk.{name}") for name in names},
        "tags": {"service.name": resource.get("service.name")},
        "user": {
            "id": around.get("user.id") or around.get("enduser.id"),
            "email": around.get("user.email"),
        },
        "request": {
            "url": around.get("url.full") or around.get("http.url") or around.get("url.path"),
            "method": around.get("http.request.method") or around.get("http.method"),
        },
        "extra": {key: value for key, value in own.items() if not key.startswith("exception.")},
        "contexts": {"otel": {"resource": resource}},
    }
    if spanned := found.span.get("attributes"):
        raw["contexts"]["otel"]["attributes"] = spanned
    source = found.span or found.item
    if source.get("traceId"):
        raw["contexts"]["trace"] = {
            "trace_id": source.get("traceId"),
            "span_id": source.get("spanId"),
        }
    return raw


def _escaped(value: Any) -> dict[str, bool]:
    """`exception.escaped` is told when the exception left the span, so nothing in it caught it."""
    return {"handled": False} if value is True or value == "true" else {}


def _level(number: Any) -> str | None:
    if isinstance(number, str):
        return number.rpartition("_")[2].rstrip("1234").lower() or None
    if isinstance(number, int):
        return next((name for least, name in _LEVELS if number >= least), None)
    return None


ADAPTERS = (
    OtlpAdapter("otlp-logs", "log", _LOGS),
    OtlpAdapter("otlp-traces", "span_event", _TRACES),
)
