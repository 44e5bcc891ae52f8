"""Exceptions in OpenTelemetry's logs and spans, as JSON and as protobuf."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.adapters import protobuf, stacktext
from ingest.adapters.base import Context, Malformed
from ingest.adapters.otlp import ADAPTERS

LOGS, TRACES = ADAPTERS
JAVA = """java.lang.IllegalStateException: no stock
\tat com.shop.Cart.pay(Cart.java:12)
\tat com.shop.Main.main(Main.java:3)
Caused by: java.io.IOException: disk
\tat com.shop.Disk.read(Disk.java:9)
"""


def pairs(**values: Any):
    return [{"key": key.replace("__", "."), "value": value} for key, value in values.items()]


def text(value):
    return {"stringValue": value}


def logs(*records: Any):
    scope = {"scope": {"name": "shop.pay"}, "logRecords": list(records)}
    resource = {
        "attributes": pairs(service__version=text("v1"), telemetry__sdk__language=text("java"))
    }
    return orjson.dumps({"resourceLogs": [{"resource": resource, "scopeLogs": [scope]}]})


def failed(**more: Any):
    attributes = pairs(
        exception__type=text("E"),
        exception__message=text("no stock"),
        exception__stacktrace=text(JAVA),
        password=text("x"),
        count={"intValue": "3"},
    )
    return {
        "timeUnixNano": "1795370399000000000",
        "severityNumber": 17,
        "attributes": attributes,
        **more,
    }


def test_a_log_record_with_an_exception(context):
    body = logs(failed(body=text("payment failed")), {"body": text("hello")})
    receipt = LOGS.check(body, "e" * 32)
    assert (receipt.events, receipt.skipped) == (1, {"log": 1})
    (event,) = LOGS.parse(body, context).events
    assert (event.exceptions[0].type, event.exceptions[0].value) == ("E", "no stock")
    assert [frame.function for frame in event.exceptions[0].frames] == ["main", "pay"]
    assert (event.timestamp, event.level, event.platform) == (1795370399.0, "error", "java")
    assert (event.release, event.logger, event.message) == ("v1", "shop.pay", "payment failed")
    assert event.data["extra"] == {"password": "[Filtered]", "count": 3}


def test_span_events(context):
    told = {"name": "exception", "timeUnixNano": 1795370399000000000, "attributes": pairs(
        exception__type=text("E"), exception__escaped={"boolValue": True})}  # fmt: skip
    span = {"name": "GET /pay", "traceId": "ab", "spanId": "cd", "events": [told, {"name": "x"}],
            "attributes": pairs(user__id=text("7"))}  # fmt: skip
    body = orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span, {}]}]}]})
    parsed = TRACES.parse(body, context)
    assert parsed.dropped == {"span_event": 1}
    (event,) = parsed.events
    assert event.unhandled and event.transaction == "GET /pay"
    assert event.data["contexts"]["trace"]["trace_id"] == "ab"
    assert event.data["user"] == {"id": "7"}


def test_many_in_one_request_have_ids_of_their_own(context):
    parsed = LOGS.parse(logs(*[failed()] * 150), context)
    assert len({event.event_id for event in parsed.events}) == 100
    assert parsed.dropped == {"event": 50}


@pytest.mark.parametrize("body", [b"{", b"\x0a\xff", b"\x0b", b"not protobuf at all"])
def test_what_is_neither(body):
    with pytest.raises(Malformed):
        LOGS.check(body, "e" * 32)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"resourceLogs":7}', b'{"resourceLogs":[{"scopeLogs":[{}]}]}']
)
def test_empty_requests(body):
    assert LOGS.check(body, "e" * 32).events == 0


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes(body):
    for adapter in ADAPTERS:
        try:
            adapter.check(body, "e" * 32)
        except Malformed:
            continue
        adapter.parse(body, Context(project_id=1, received=1795370400.0))


def test_protobuf_numbers_texts_and_depth():
    table: protobuf.Table = {1: ("a", int, False), 2: ("b", float, False), 3: ("c", bool, True)}
    data = (
        b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
        b"\x11" + b"\0" * 6 + b"\xf0\x3f" + b"\x18\x01\x18\x00\x20\x05"
    )
    assert protobuf.read(data, table) == {"a": -1, "b": 1.0, "c": [True, False]}
    nested: protobuf.Table = {}
    nested[1] = ("x", nested, False)
    body = b""
    for _ in range(100):
        body = (
            b"\x0a" + bytes([len(body)]) + body
            if len(body) < 128
            else b"\x0a" + bytes([len(body) & 127 | 128, len(body) >> 7]) + body
        )
    with pytest.raises(protobuf.BadProtobuf):
        protobuf.read(body, nested)


@pytest.mark.parametrize(
    ("stack", "functions"),
    [
        ('Traceback (most recent call last):\n  File "a.py", line 1, in main\n    go()\n  File "b.py", line 2, in go\n    x\nE: v', ["main", "go"]),
        ('Traceback (most recent call last):\n  File "c.py", line 1, in f\nE\n\nDuring handling:\n\nTraceback (most recent call last):\n  File "a.py", line 1, in g\nE', ["g"]),
        ("TypeError: x\n    at pay (/srv/shop.js:3:4)\n    at /srv/main.js:1:2\n    at async Promise.all (index 0)", ["?", "pay"]),
        ("pay@https://a.example/app.js:3:4\n@https://a.example/app.js:9:1", ["?", "pay"]),
        (JAVA, ["main", "pay"]),
        ("panic: boom\ngoroutine 1", []),
        ("", []),
    ],
)  # fmt: skip
def test_stacks_as_text(stack, functions):
    assert [frame["function"] for frame in stacktext.frames(stack)] == functions
