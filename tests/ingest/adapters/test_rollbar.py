"""Rollbar's facts that are easily got wrong, one by one, and what an item must have."""

import hashlib
import urllib.parse
from typing import Any

import orjson
import pytest

from ingest.adapters.base import Malformed, TooLarge, Unusable
from ingest.adapters.rollbar import ADAPTER, event_id_of

TRACE = {
    "frames": [
        {"filename": "main.py", "lineno": 1, "method": "main"},
        {"filename": "shop.py", "lineno": 2, "method": "pay"},
    ],
    "exception": {"class": "KeyError", "message": "'missing'"},
}


def item(body=None, /, **data: Any):
    data = {"environment": "production", "body": body or {"trace": TRACE}, **data}
    return orjson.dumps({"access_token": "t0ken", "data": data})


def parse(given, body=None, /, **data: Any):
    return ADAPTER.parse(item(body, **data), given).events[0]


# 1, 2, 9: statuses, replies and CORS belong to the views.


@pytest.mark.parametrize("blanks", [b"", b" \r\n", b"\xef\xbb\xbf"])
def test_fact_3_json_is_known_by_its_first_byte(context, blanks):
    assert ADAPTER.check(blanks + item(), "e" * 32).events == 1
    assert ADAPTER.parse(blanks + item(), context).events[0].exceptions[0].type == "KeyError"


def test_fact_3_a_form_has_it_in_payload(context):
    form = b"x=1&payload=" + urllib.parse.quote_plus(item(title="a + b & c")).encode()
    assert ADAPTER.check(form, "e" * 32).key == "t0ken"
    assert ADAPTER.parse(form, context).events[0].title == "a + b & c"


@pytest.mark.parametrize(
    ("notifier", "last"), [("pyrollbar", "pay"), ("rollbar-go", "main"), ("go-roll", "main")]
)
def test_fact_4_frames_are_oldest_first_but_not_from_go(context, notifier, last):
    event = parse(context, notifier={"name": notifier, "version": "1"})
    assert event.exceptions[0].frames[-1].function == last


def test_fact_5_a_chain_begins_with_what_was_raised(context):
    cause = {"frames": [], "exception": {"class": "OSError", "message": "disk"}}
    event = parse(context, {"trace_chain": [TRACE, cause]})
    assert [link.type for link in event.exceptions] == ["OSError", "KeyError"]


@pytest.mark.parametrize(
    "data",
    [
        {"code_version": "v1"},
        {"code_version": None, "client": {"javascript": {"code_version": "v1"}}},
        {"server": {"code_version": "v1"}},
        {"notifier": {"configured_options": {"codeVersion": "v1"}}},
        {"code_version": "v1", "server": {"code_version": "v2"}},
    ],
)
def test_fact_6_the_version_is_found_wherever_it_is(context, data):
    assert parse(context, **data).release == "v1"


def test_fact_6_the_browser_tells_the_time_in_client(context):
    moment = context.received - 100
    assert parse(context, client={"timestamp": moment}).timestamp == moment


@pytest.mark.parametrize(
    ("told", "stored"),
    [
        ("$remote_ip", "198.51.100.0"),
        ("$remote_ip_anonymize", "198.51.100.0"),
        ("8.8.4.4", "8.8.4.0"),
    ],
)
def test_fact_7_the_placeholder_is_the_senders_address(context, told, stored):
    event = parse(context, request={"url": "https://a.example/", "user_ip": told})
    assert event.data["user"]["ip_address"] == stored
    assert event.data["request"]["env"]["REMOTE_ADDR"] == stored


def test_fact_7_the_whole_address_counts_people_only_when_it_may(context):
    def key(told):
        return parse(context, request={"user_ip": told}).user_key

    assert key("$remote_ip") == key("198.51.100.23") != key("$remote_ip_anonymize")
    assert parse(context).user_key == b""  # no address told, none taken


def test_fact_8_an_uncaught_crash_is_an_error_whatever_its_label(context):
    uncaught = [{"key": "is_uncaught", "value": "true"}]
    event = parse(context, level="debug", attributes=uncaught)
    assert event.level == "error" and event.unhandled
    assert parse(context, level="critical", attributes=uncaught).level == "fatal"
    assert parse(context, level="debug").level == "debug"


def test_fact_10_uuids_are_free_text(context):
    odd = "not-a-uuid-7"
    assert event_id_of(odd) == event_id_of(odd) != event_id_of("not-a-uuid-8")
    assert len(event_id_of(odd)) == 32
    nonconformant = "0F1E2D3C-4B5A-4697-0788-99AABBCCDDEE"
    assert event_id_of(nonconformant) == "0f1e2d3c4b5a4697078899aabbccddee"
    receipt = ADAPTER.check(item(uuid=odd), "e" * 32)
    assert (receipt.event_id, receipt.told_id) == (event_id_of(odd), odd)
    assert ADAPTER.check(item(), "e" * 32).event_id == "e" * 32
    assert dict(parse(context, uuid=odd).tags)["uuid"] == odd


def test_fact_11_a_long_fingerprint_is_its_sha1(context):
    assert parse(context, fingerprint="pay").fingerprint == ("pay",)
    long = "x" * 41
    assert parse(context, fingerprint=long).fingerprint == (
        hashlib.sha1(long.encode()).hexdigest(),
    )
    assert parse(context, fingerprint="x" * 40).fingerprint == ("x" * 40,)


def test_fact_11_unknown_keys_at_the_top_are_kept(context):
    event = parse(context, tenant="north", custom={"tenant": "custom", "cart": 3})
    assert event.data["extra"] == {"tenant": "custom", "cart": 3}


def test_fact_12_the_token_may_be_in_the_body():
    assert ADAPTER.check(item(), "e" * 32).key == "t0ken"
    assert ADAPTER.check(orjson.dumps({"data": orjson.loads(item())["data"]}), "e" * 32).key == ""


@pytest.mark.parametrize(
    "body",
    [
        {"access_token": "t"},
        {"data": None},
        {"data": []},
        {"data": {"environment": "p"}},
        {"data": {"environment": "p", "body": {}}},
        {"data": {"environment": "p", "body": {"telemetry": []}}},
        {"data": {"environment": "p", "body": {"trace": None}}},
        {"data": {"body": {"message": {"body": "x"}}}},
        {"data": {"environment": "", "body": {"message": {"body": "x"}}}},
    ],
)
def test_good_json_without_an_event_is_unusable(body):
    with pytest.raises(Unusable) as caught:
        ADAPTER.check(orjson.dumps(body), "e" * 32)
    assert caught.value.status == 422


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"payload", b"payload=", b"payload=[]", b"a=b"])
def test_what_is_not_an_item_is_malformed(body):
    with pytest.raises(Malformed) as caught:
        ADAPTER.check(body, "e" * 32)
    assert caught.value.status == 400


def test_an_item_has_a_limit():
    with pytest.raises(TooLarge) as caught:
        ADAPTER.check(item(custom={"a": "x" * 1024 * 1024}), "e" * 32)
    assert caught.value.status == 413


# --- the rest of the table ---------------------------------------------------------------


def test_messages_and_crash_reports(context):
    event = parse(context, {"message": {"body": "low stock", "sku": "S-1", "extra": {"n": 2}}})
    assert (event.message, event.level, event.type) == ("low stock", "info", "default")
    assert event.data["extra"] == {"sku": "S-1", "n": 2}
    assert (
        parse(context, {"crash_report": {"raw": "Thread 0 crashed"}}).message == "Thread 0 crashed"
    )


def test_telemetry_becomes_breadcrumbs_without_the_item_itself(context):
    telemetry = [
        {"level": "info", "type": "log", "timestamp_ms": 1795370390123, "body": {"message": "hi"}},
        {"level": "info", "type": "network", "body": {"url": "/a?token=x", "status_code": 200}},
        {"level": "info", "type": "dom", "body": {"subtype": "click", "element": "button"}},
        {"level": "error", "type": "error", "uuid": "u-1", "body": {"message": "boom"}},
    ]
    event = parse(context, {"trace": TRACE, "telemetry": telemetry}, uuid="u-1")
    crumbs = event.data["breadcrumbs"]["values"]
    assert [crumb["category"] for crumb in crumbs] == ["console", "http", "ui.click"]
    assert crumbs[0]["message"] == "hi" and crumbs[0]["timestamp"] == pytest.approx(1795370390.123)
    assert crumbs[1]["data"]["url"] == "/a?token=[Filtered]"


def test_pythons_history_becomes_breadcrumbs(context):
    history = [{"timestamp": 1795370390, "format": "paid %s", "args": [1]}]
    event = parse(context, server={"history": history, "host": "web-1"})
    (crumb,) = event.data["breadcrumbs"]["values"]
    assert crumb["message"] == "paid %s" and event.server_name == "web-1"
    assert "history" not in event.data["contexts"]["server"]


def test_person_language_framework_and_context(context):
    event = parse(
        context,
        person={"id": 7, "username": None, "email": "alice@example.com", "plan": "pro"},
        language="python 3.11.7",
        framework="django",
        context="cart#pay",
    )
    assert event.data["user"] == {"id": "7", "email": "alice@example.com", "data": {"plan": "pro"}}
    assert (event.platform, event.transaction) == ("python", "cart#pay")
    tags = dict(event.tags)
    assert (tags["framework"], tags["runtime"]) == ("django", "python 3.11.7")
    assert parse(context, context="").transaction == ""


def test_the_root_decides_what_is_in_app_and_is_stripped(context):
    frames = [
        {"filename": "/srv/shop/venv/site-packages/django/a.py", "lineno": 1},
        {"filename": "/srv/shop/cart.py", "lineno": 2, "locals": {"password": "x", "n": 1}},
    ]
    trace = {"frames": frames, "exception": {"class": "E"}}
    event = parse(context, {"trace": trace}, server={"root": "/srv/shop"})
    library, own = event.exceptions[0].frames
    assert (library.in_app, own.in_app) == (False, True)
    assert (own.filename, own.abs_path) == ("cart.py", "/srv/shop/cart.py")
    stored = event.data["exception"]["values"][0]["stacktrace"]["frames"][1]
    assert stored["vars"] == {"password": "[Filtered]", "n": 1}


def test_request_bodies_and_queries(context):
    event = parse(
        context,
        request={
            "url": "https://a.example/pay?x=1",
            "method": "POST",
            "POST": {"card": ["4111"], "sku": ["S-1"]},
            "GET": {"x": ["1"], "token": "abc"},
            "headers": {"Cookie": "a=b", "Host": "a.example"},
        },
    )
    request = event.data["request"]
    assert request["url"] == "https://a.example/pay"
    assert request["data"] == {"card": "[Filtered]", "sku": ["S-1"]}
    assert request["query_string"] == [["x", "1"], ["token", "[Filtered]"]]
    assert request["headers"] == {"Cookie": "[Filtered]", "Host": "a.example"}
