"""Security reports of browsers, in all their forms."""

from typing import Any

import orjson
import pytest

from ingest.adapters.base import Malformed
from ingest.adapters.csp import ADAPTER


def csp(**report: Any):
    return orjson.dumps({"csp-report": {"document-uri": "https://shop.example/pay", **report}})


@pytest.mark.parametrize(
    ("report", "directive", "host"),
    [
        ({"effective-directive": "img-src", "blocked-uri": "https://evil.example/x.png"}, "img-src", "evil.example"),
        ({"violated-directive": "script-src 'self'", "blocked-uri": "inline"}, "script-src", "inline"),
        ({"violated-directive": "script-src", "blocked-uri": "eval"}, "script-src", "eval"),
        ({"violated-directive": "img-src", "blocked-uri": "data:image/png;base64,AA"}, "img-src", "data"),
        ({"violated-directive": "img-src", "blocked-uri": "data"}, "img-src", "data"),
        ({"violated-directive": "connect-src", "blocked-uri": "blob"}, "connect-src", "blob"),
        ({"violated-directive": "style-src", "blocked-uri": ""}, "style-src", "self"),
        ({"violated-directive": "style-src", "blocked-uri": "https://shop.example/a.css"}, "style-src", "self"),
        ({"violated-directive": "style-src", "blocked-uri": "https://[bad/"}, "style-src", "https://[bad/"),
    ],
)  # fmt: skip
def test_directive_and_blocked_host(context, report, directive, host):
    body = csp(**report)
    assert ADAPTER.check(body, "e" * 32).events == 1
    (event,) = ADAPTER.parse(body, context).events
    assert event.csp == (directive, host)
    assert event.message == f"Blocked '{directive}' from '{host}'"
    assert event.type == "csp" and event.data["request"]["url"] == "https://shop.example/pay"


def test_the_reporting_api_sends_lists(context):
    reports = [
        {"type": "csp-violation", "url": "https://a.example/", "user_agent": "Firefox/99.0",
         "body": {"effectiveDirective": "script-src-elem", "blockedURL": "https://b.example/x.js"}},
        {"type": "deprecation", "body": {}},
        {"type": "csp-violation", "body": {"effectiveDirective": "img-src", "blockedURL": "inline"}},
    ]  # fmt: skip
    parsed = ADAPTER.parse(orjson.dumps(reports), context)
    assert [event.csp for event in parsed.events] == [
        ("script-src-elem", "b.example"),
        ("img-src", "inline"),
    ]
    assert len({event.event_id for event in parsed.events}) == 2
    assert parsed.events[0].event_id == context.event_id


def test_extensions_are_noise(context):
    body = csp(**{"violated-directive": "script-src", "blocked-uri": "moz-extension://abc"})
    receipt = ADAPTER.check(body, "e" * 32)
    assert (receipt.events, receipt.skipped, receipt.event_id) == (0, {"extension": 1}, "")
    assert ADAPTER.parse(body, context).dropped == {"extension": 1}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"expect-ct-report": {"hostname": "a.example", "port": 443}}, "expectct"),
        ({"expect-staple-report": {"hostname": "a.example"}}, "expectstaple"),
        ({"hostname": "a.example", "known-pins": ["x"]}, "hpkp"),
    ],
)
def test_other_reports(context, body, kind):
    (event,) = ADAPTER.parse(orjson.dumps(body), context).events
    assert event.type == kind and "a.example" in event.message


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"3", b'{"csp-report":1}', b"no", b'[{"type":"x"}]']
)
def test_no_known_report_is_malformed(body):
    with pytest.raises(Malformed):
        ADAPTER.check(body, "e" * 32)


def test_release_and_environment_come_from_the_query(context):
    import msgspec

    context = msgspec.structs.replace(
        context, meta={"sentry_release": "v2", "sentry_environment": "staging"}
    )
    (event,) = ADAPTER.parse(csp(**{"blocked-uri": "inline"}), context).events
    assert (event.release, event.environment) == ("v2", "staging")
