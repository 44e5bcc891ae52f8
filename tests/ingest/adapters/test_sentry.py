"""Envelopes and store bodies: what is taken, what is left, what is refused."""

import base64
import zlib
from typing import Any

import msgspec
import orjson
import pytest

from ingest.adapters.base import Context, Malformed, TooLarge
from ingest.adapters.sentry import ADAPTERS, event_from_dict

ENVELOPE, STORE = ADAPTERS
FRESH = "e" * 32


def envelope(*items: Any, **headers: Any):
    body = orjson.dumps(headers) + b"\n"
    for kind, payload in items:
        payload = payload if isinstance(payload, bytes) else orjson.dumps(payload)
        body += orjson.dumps({"type": kind, "length": len(payload)}) + b"\n" + payload + b"\n"
    return body


# --- check -------------------------------------------------------------------------------


def test_an_event_and_its_id():
    own = "0123456789abcdef0123456789abcdef"
    assert ENVELOPE.check(envelope(("event", {"event_id": own})), FRESH).event_id == own
    dashed = "01234567-89AB-CDEF-0123-456789ABCDEF"
    assert ENVELOPE.check(envelope(("event", {"event_id": dashed})), FRESH).event_id == own
    for odd in (None, 7, "x", "", "0" * 32, ["a"], "g" * 32):
        assert ENVELOPE.check(envelope(("event", {"event_id": odd})), FRESH).event_id == FRESH
    assert ENVELOPE.check(envelope(("event", {}), event_id=own), FRESH).event_id == own
    assert (
        ENVELOPE.check(envelope(("event", {"event_id": own}), event_id="zz"), FRESH).event_id == own
    )


def test_what_is_skipped_is_counted_by_kind():
    items = [("event", {}), ("event", {}), ("transaction", {}), ("log", {}), ("novel", b"\x00")]
    receipt = ENVELOPE.check(envelope(*items), FRESH)
    assert (receipt.events, receipt.kept) == (1, 0)
    assert receipt.skipped == {"event": 1, "transaction": 1, "log": 1, "unknown": 1}


def test_nothing_but_headers():
    receipt = ENVELOPE.check(b"{}\n", FRESH)
    assert (receipt.events, receipt.event_id) == (0, "")


def test_the_dsn_of_a_tunnel():
    assert ENVELOPE.check(envelope(dsn="https://k@h/1"), FRESH).dsn == "https://k@h/1"
    assert ENVELOPE.check(envelope(dsn=7, sent_at=[], sdk=3), FRESH).dsn == ""


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"3", b'"a"', b"{", b"{'a':1}", b"{}x"])
def test_a_bad_event_refuses_the_envelope(payload, context):
    body = envelope(("event", payload), ("session", {}))
    for step in (lambda: ENVELOPE.check(body, FRESH), lambda: ENVELOPE.parse(body, context)):
        with pytest.raises(Malformed):
            step()


def test_python_tokens_in_an_event_are_tolerated(context):
    body = envelope(("event", b'{"event_id":NaN,"extra":{"a":Infinity,"b":1}}'))
    assert ENVELOPE.check(body, FRESH).event_id == FRESH
    (event,) = ENVELOPE.parse(body, context).events
    assert event.data["extra"] == {"a": None, "b": 1} and event.cut


def test_an_event_has_a_limit(context):
    body = envelope(("event", {"message": "x" * 1024 * 1024}))
    for step in (lambda: ENVELOPE.check(body, FRESH), lambda: ENVELOPE.parse(body, context)):
        with pytest.raises(TooLarge) as caught:
            step()
        assert caught.value.status == 413


def test_a_bad_item_beside_an_event_is_skipped(context):
    body = envelope(("session", b"{"), ("client_report", b"[]"), ("event", {"message": "hi"}))
    receipt = ENVELOPE.check(body, FRESH)
    assert (receipt.events, receipt.kept) == (1, 2)
    parsed = ENVELOPE.parse(body, context)
    assert parsed.events[0].message == "hi"
    assert parsed.dropped == {"session": 1, "client_report": 1}


def test_the_promised_id_wins(context):
    body = envelope(("event", {"event_id": "a" * 32}), event_id="b" * 32)
    assert ENVELOPE.parse(body, context).events[0].event_id == context.event_id
    bare = msgspec.structs.replace(context, event_id="")
    assert ENVELOPE.parse(body, bare).events[0].event_id == "b" * 32


# --- store -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pack",
    [
        bytes,
        base64.b64encode,
        lambda text: base64.b64encode(zlib.compress(text)),
        lambda text: base64.b64encode(zlib.compress(text)).rstrip(b"="),
        lambda text: b"sentry_data=" + base64.b64encode(text).replace(b"+", b"%2B"),
    ],
)
def test_store_bodies_plain_and_packed(pack, context):
    body = pack(orjson.dumps({"event_id": "a" * 32, "message": "größer"}))
    assert STORE.check(body, FRESH).event_id == "a" * 32
    assert STORE.parse(body, context).events[0].message == "größer"


@pytest.mark.parametrize("body", [b"", b"[]", b"????", base64.b64encode(b"nope"), b"e30",
                                  base64.b64encode(zlib.compress(b'{"a":1}' * 99)[:-8])])  # fmt: skip
def test_store_bodies_that_are_none(body):
    if body == b"e30":
        assert STORE.check(body, FRESH).event_id == FRESH  # base64 of {}
        return
    with pytest.raises(Malformed):
        STORE.check(body, FRESH)


def test_a_packed_bomb_is_too_large():
    with pytest.raises(TooLarge):
        STORE.check(base64.b64encode(zlib.compress(bytes(50 * 1024 * 1024))), FRESH)


# --- items beside events -----------------------------------------------------------------


def test_sessions(context):
    attrs = {"release": "v1", "environment": "production"}
    now = "2026-11-22T17:59:00Z"
    single = {"sid": "s", "init": True, "started": now, "status": "crashed", "errors": 1, "seq": 3}
    aggregate = {"attrs": attrs, "aggregates": [{"started": now, "exited": 3, "crashed": 1}, 7]}
    body = envelope(
        ("session", {**single, "attrs": attrs, "did": 7}),
        ("session", {**single}),
        ("session", {**single, "attrs": attrs, "started": "2026-11-01T00:00:00Z"}),
        ("sessions", aggregate),
    )
    parsed = ENVELOPE.parse(body, context)
    update, bucket = parsed.sessions
    assert (update.release, update.status, update.did, update.seq) == ("v1", "crashed", "7", 3)
    assert (bucket.total, bucket.crashed, bucket.started) == (4, 1, context.received - 60)
    assert parsed.dropped == {"session": 2}


def test_client_reports(context):
    report = {"discarded_events": [{"reason": "sample_rate", "category": "error", "quantity": 4},
                                   {"reason": "x", "quantity": -1}, None]}  # fmt: skip
    (loss,) = ENVELOPE.parse(envelope(("client_report", report)), context).client_reports
    assert (loss.reason, loss.category, loss.quantity) == ("sample_rate", "error", 4)


def test_user_reports_and_feedback(context):
    told = {"message": "broken", "contact_email": "a@b.c", "associated_event_id": "b" * 32}
    body = envelope(
        ("user_report", {"event_id": "c" * 32, "name": "Al", "comments": "x" * 9000}),
        ("feedback", {"event_id": "d" * 32, "contexts": {"feedback": told}}),
        ("feedback", {"contexts": {"feedback": {"message": " "}}}),
    )
    parsed = ENVELOPE.parse(body, context)
    assert parsed.user_reports[0].event_id == "c" * 32
    assert len(parsed.user_reports[0].comments) == 4096
    assert parsed.feedback[0].associated_event_id == "b" * 32
    assert parsed.dropped == {"feedback": 1} and parsed.events == ()


def test_check_ins(context):
    config = {"schedule": {"type": "crontab", "value": "* * * * *"}}
    body = envelope(
        ("check_in", {"check_in_id": "a" * 32, "monitor_slug": "Nightly Job!", "status": "ok",
                      "duration": 2, "monitor_config": config, "type": "check_in"}),
        ("check_in", {"check_in_id": "0" * 32, "monitor_slug": "n", "status": "missed"}),
        ("check_in", {"status": "ok"}),
    )  # fmt: skip
    parsed = ENVELOPE.parse(body, context)
    done, latest = parsed.check_ins
    assert (done.slug, done.status, done.duration) == ("nightly-job", "ok", 2.0)
    assert (done.environment, done.config) == ("production", config)
    assert (latest.check_in_id, latest.status) == ("0" * 32, "unknown")
    assert parsed.dropped == {"check_in": 1}


def test_attachments_are_kept_within_limits(context):
    body = envelope(("event", {}), *[("attachment", b"x")] * 40)
    parsed = ENVELOPE.parse(body, context)
    assert len(parsed.attachments) == 30 and parsed.dropped == {"attachment": 10}
    assert parsed.attachments[0].event_id == context.event_id
    big = envelope(("event", {"message": "kept"}), ("attachment", bytes(21 * 1024 * 1024)))
    parsed = ENVELOPE.parse(big, context)
    assert parsed.events[0].message == "kept" and parsed.dropped == {"attachment": 1}


def test_event_from_dict(context):
    event = event_from_dict({"message": "a\0b", "extra": {"token": "x", "n": 2**60}}, context)
    assert event.message == "a\ufffdb" and event.cut
    assert event.data["extra"] == {"token": "[Filtered]", "n": str(2**60)}


def test_a_minidump_alone_makes_an_event(context):
    body = b'{}\n{"type":"attachment","attachment_type":"event.minidump","length":4}\nMDMP'
    receipt = ENVELOPE.check(body, FRESH)
    assert (receipt.events, receipt.event_id) == (1, FRESH)
    parsed = ENVELOPE.parse(body, context)
    assert parsed.events[0].unhandled and parsed.attachments[0].kind == "event.minidump"
    beside = body + b'\n{"type":"event"}\n{"message":"m"}'
    assert ENVELOPE.parse(beside, context).events[0].message == "m"


# --- reports that relays put into envelopes ------------------------------------------------

REPORT = {
    "csp-report": {
        "document-uri": "https://shop.example.com/cart",
        "effective-directive": "script-src",
        "blocked-uri": "https://evil.example.net/x.js",
    }
}


def both(body: bytes, context: Context):
    receipt = ENVELOPE.check(body, FRESH)
    parsed = ENVELOPE.parse(body, msgspec.structs.replace(context, event_id=receipt.event_id))
    assert receipt.events == len(parsed.events)
    assert receipt.skipped == parsed.dropped
    return receipt, parsed


def test_a_security_report_of_a_relay_is_an_event(context):
    receipt, parsed = both(envelope(("raw_security", REPORT)), context)
    [event] = parsed.events
    assert event.type == "csp" and event.csp == ("script-src", "evil.example.net")
    assert receipt.event_id == event.event_id == FRESH


def test_one_report_and_only_without_an_event(context):
    receipt, parsed = both(envelope(("event", {"message": "x"}), ("raw_security", REPORT)), context)
    assert [one.message for one in parsed.events] == ["x"]
    assert receipt.skipped == {"raw_security": 1}
    receipt, _ = both(envelope(("raw_security", b"{"), ("raw_security", REPORT)), context)
    assert receipt.events == 1 and receipt.skipped == {"raw_security": 1}


def test_a_report_that_is_none_is_counted_and_left(context):
    noise = {"csp-report": {**REPORT["csp-report"], "blocked-uri": "moz-extension://a"}}
    for payload, kind in ((b"{", "raw_security"), ({"a": 1}, "raw_security"), (noise, "extension")):
        receipt, _ = both(envelope(("raw_security", payload)), context)
        assert (receipt.events, receipt.event_id, receipt.skipped) == (0, "", {kind: 1})
