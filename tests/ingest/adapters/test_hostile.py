"""Whatever strangers send, an adapter answers with events or `Malformed`, never otherwise."""

import json
import random
from pathlib import Path

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.adapters import airbrake, csp, jsontext, otlp, rollbar, sentry
from ingest.adapters.base import Context, Malformed
from ingest.adapters.normalise.event import STORED_BYTES

CONTEXT = Context(
    project_id=1, received=1795370400.0, event_id="f" * 32, client_ip="1.2.3.4", salt=b"s"
)
ENVELOPE, STORE = sentry.ADAPTERS
ALL = [ENVELOPE, STORE, rollbar.ADAPTER, csp.ADAPTER, airbrake.ADAPTER, *otlp.ADAPTERS]
KEYS = """event_id timestamp level platform type logger transaction culprit server_name release dist
environment tags user request contexts extra modules sdk fingerprint logentry message exception
stacktrace threads breadcrumbs debug_meta errors _meta template checksum values frames vars
mechanism value function lineno headers cookies data query_string url params formatted id
ip_address sentry.interfaces.Exception csp-report body trace trace_chain telemetry notifier
person client server custom uuid attributes title""".split()

odd = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(
        ["4111 1111 1111 1111", "{{auto}}", "\0", "%s {} %(a)s", "2026-11-22T10:00:00Z"]
    )
)
names = st.sampled_from(KEYS) | st.text(st.characters(), max_size=8)
trees = st.recursive(
    odd,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(names, inner, max_size=6),
    max_leaves=40,
)
objects = st.dictionaries(names, trees, max_size=12)


def sound(event):
    """What everything after an adapter relies on."""
    written = orjson.dumps(event.data)
    assert len(written) <= STORED_BYTES + 64 * 1024
    again = msgspec.msgpack.encode(event)
    assert not jsontext.without_nul(orjson.loads(written))[1]
    assert msgspec.msgpack.decode(again, type=type(event)).event_id == event.event_id
    hash((event.tags, event.fingerprint, event.exceptions and event.exceptions[-1].type))
    for text in (
        event.message,
        event.release,
        event.transaction,
        *(t for pair in event.tags for t in pair),
    ):
        text.encode()
        assert "\0" not in text
    assert event.event_id == "f" * 32 or len(event.event_id) == 32


def feed(adapter, body):
    """check and parse agree on what is refused."""
    try:
        receipt = adapter.check(body, "e" * 32)
    except Malformed:
        receipt = None
    try:
        parsed = adapter.parse(body, CONTEXT)
    except Malformed:
        assert receipt is None
        return
    for event in parsed.events:
        sound(event)
    if receipt is not None:
        assert receipt.events == len(parsed.events)


@given(objects, st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_object_is_an_event(raw, ascii_only):
    text = json.dumps(raw, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert STORE.check(text, "e" * 32).events == 1
    (event,) = STORE.parse(text, CONTEXT).events
    sound(event)


@given(objects, st.sampled_from(["event", "session", "sessions", "client_report", "user_report",
                                 "feedback", "check_in", "attachment", "transaction", "odd"]))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_any_item_of_any_kind(raw, kind):
    text = json.dumps(raw).encode()
    feed(ENVELOPE, b'{"sent_at":NaN}\n{"type":"%s"}\n%s\n' % (kind.encode(), text))


@given(trees, objects)
@settings(max_examples=200, deadline=None)
def test_any_rollbar_body(body, data):
    feed(rollbar.ADAPTER, json.dumps({"data": {**data, "body": body, "environment": "p"}}).encode())


@given(trees)
@settings(max_examples=100, deadline=None)
def test_any_security_report(body):
    for value in (body, {"csp-report": body}, [{"type": "csp-violation", "body": body}]):
        feed(csp.ADAPTER, json.dumps(value).encode())


@pytest.mark.parametrize("adapter", ALL, ids=lambda adapter: adapter.name)
@given(body=st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_bytes(adapter, body):
    feed(adapter, body)


FILES = sorted((Path(__file__).parents[2] / "payloads").glob("*/*.json"))


@pytest.mark.parametrize("seed", range(4))
def test_recorded_bodies_with_bytes_flipped(seed):
    import base64

    from ingest import decoding

    chance = random.Random(seed)
    for path in FILES:
        record = json.loads(path.read_text())
        headers = {name.lower(): value for name, value in record["headers"].items()}
        body = bytearray(
            decoding.unpack(base64.b64decode(record["body"]), headers.get("content-encoding", ""))
        )
        for _ in range(chance.randint(1, 8)):
            body[chance.randrange(len(body))] = chance.choice(b'\x00"\\{}[],:\n\xff01e-')
        for adapter in ALL:
            feed(adapter, bytes(body))


@pytest.mark.parametrize(
    "body",
    [
        b'{"extra":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}",
        b'{"extra":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"tags":{' + b",".join(b'"k%d":"v"' % n for n in range(60_000)) + b"}}",
        b'{"extra":{"a":[' + b"1," * 400_000 + b"1]}}",
        b'{"exception":[' + b"{}," * 300_000 + b'{"type":"E"}]}',
        b'{"exception":{"values":[{"stacktrace":{"frames":[' + b"{}," * 300_000 + b"{}]}}]}}",
        b'{"breadcrumbs":[' + b'"a",' * 200_000 + b'"a"]}',
        b'{"message":"' + b"\\u0000" * 150_000 + b'"}',
        b'{"extra":{' + b'"a":"\\ud800",' * 60_000 + b'"b":1}}',
        b'{"extra":{"k' + b"x" * 900_000 + b'":1}}',
        b'{"request":{"headers":[' + b'["Cookie","a"],' * 60_000 + b"[]]}}",
        b'{"fingerprint":[' + b'"a",' * 200_000 + b'"a"]}',
        b'{"logentry":{"message":"' + b"%s" * 400_000 + b'","params":["x"]}}',
        b'{"extra":{"n":' + b"9" * 900_000 + b"}}",
        b'{"modules":{' + b",".join(b'"k%d":%d' % (n, n) for n in range(60_000)) + b"}}",
        b'{"contexts":{' + b",".join(b'"k%d":{"a":1}' % n for n in range(40_000)) + b"}}",
        b'{"errors":[' + b"{}," * 200_000 + b"{}]}",
        b'{"user":{' + b",".join(b'"k%d":"v"' % n for n in range(60_000)) + b"}}",
    ],
    ids=range(18),
)
def test_a_megabyte_of_anything_takes_little_time(body):
    import time

    body = body[: 1024 * 1024]
    start = time.process_time()
    feed(STORE, body)
    assert time.process_time() - start < 3
