"""Airbrake notices, from the documented form of version 3."""

import orjson
import pytest

from ingest.adapters.airbrake import ADAPTER
from ingest.adapters.base import Malformed, Unusable

NOTICE = {
    "errors": [
        {
            "type": "OrderError",
            "message": "no stock",
            "backtrace": [
                {"file": "/PROJECT_ROOT/app/order.rb", "line": 12, "column": 3, "function": "pay",
                 "code": {"11": "def pay", "12": "  raise", "13": "end"}},
                {"file": "/GEM_ROOT/gems/rack/rack.rb", "line": "1", "function": "call"},
            ],
        },
        {"type": "IOError", "message": "disk", "backtrace": []},
    ],
    "context": {
        "environment": "production", "version": "1.2", "hostname": "web-1", "severity": "critical",
        "url": "https://a.example/pay?x=1", "component": "orders", "action": "pay", "language": "Ruby",
        "user": {"id": 7, "email": "alice@example.com"}, "userAgent": "curl/8",
        "notifier": {"name": "airbrake-ruby", "version": "6.0", "url": "https://n.example"},
    },
    "params": {"password": "x", "n": 1},
    "session": {"sid": "abc"},
}  # fmt: skip


def test_a_notice_becomes_an_event(context):
    body = orjson.dumps(NOTICE)
    assert ADAPTER.check(body, "e" * 32).events == 1
    (event,) = ADAPTER.parse(body, context).events
    assert [link.type for link in event.exceptions] == ["IOError", "OrderError"]
    library, own = event.exceptions[1].frames
    assert (own.function, own.filename, own.in_app, own.context_line) == (
        "pay",
        "app/order.rb",
        True,
        "  raise",
    )
    assert (library.in_app, library.lineno) == (False, 1)
    assert event.unhandled and event.level == "fatal"
    assert (event.platform, event.release, event.environment) == ("ruby", "1.2", "production")
    assert (event.transaction, event.server_name) == ("orders#pay", "web-1")
    assert event.sdk == "airbrake-ruby/6.0"
    assert event.data["user"] == {"id": "7", "email": "alice@example.com"}
    assert event.data["request"]["data"] == {"password": "[Filtered]", "n": 1}
    assert event.data["extra"] == {"airbrake.session": "[Filtered]"}


def test_flat_users(context):
    notice = {**NOTICE, "context": {"userId": 3, "userName": "Al"}}
    (event,) = ADAPTER.parse(orjson.dumps(notice), context).events
    assert event.data["user"] == {"id": "3", "name": "Al"}


@pytest.mark.parametrize("body", [b"{}", b'{"errors":[]}', b'{"errors":[1]}', b'{"errors":{}}'])
def test_no_errors_is_unusable(body):
    with pytest.raises(Unusable):
        ADAPTER.check(body, "e" * 32)


@pytest.mark.parametrize("body", [b"", b"[]", b"<notice/>"])
def test_no_json_is_malformed(body):
    with pytest.raises(Malformed):
        ADAPTER.check(body, "e" * 32)
