"""Recorded requests of real clients become the events their programs meant."""

import base64
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ingest import decoding
from ingest.adapters import otlp, rollbar, sentry
from ingest.adapters.base import Context
from tracker.domain import titles

FOLDER = Path(__file__).parents[2] / "payloads"
FILES = sorted(FOLDER.glob("*/*.json"))
ADAPTERS: dict[str, Any] = {
    "envelope": sentry.ADAPTERS[0],
    "store": sentry.ADAPTERS[1],
    "item": rollbar.ADAPTER,
    "logs": otlp.ADAPTERS[0],
    "traces": otlp.ADAPTERS[1],
}


@pytest.fixture
def context():
    """As the request came; the first recordings, without a time, half an hour later."""
    return Context(
        project_id=42,
        received=1795372000.0,
        event_id="f" * 32,
        client_ip="198.51.100.23",
        salt=b"pepper",
    )


def replay(path, context):
    record = json.loads(path.read_text())
    headers = {name.lower(): value for name, value in record["headers"].items()}
    body = decoding.unpack(base64.b64decode(record["body"]), headers.get("content-encoding", ""))
    adapter = ADAPTERS[record["path"].split("?")[0].strip("/").split("/")[-1]]
    context = msgspec.structs.replace(context, received=record.get("at", context.received))
    receipt = adapter.check(body, "e" * 32)
    return receipt, adapter.parse(body, context)


def events(context):
    for path in FILES:
        receipt, parsed = replay(path, context)
        assert receipt.events == len(parsed.events)
        for event in parsed.events:
            yield path.parent.name, event


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_nothing_in_a_clean_payload_is_repaired(path, context):
    receipt, parsed = replay(path, context)
    assert receipt.skipped == {} and parsed.dropped == {}
    for event in parsed.events:
        assert not event.cut and "errors" not in event.data
        assert json.loads(json.dumps(event.data)) == event.data
        assert event.release in ("shop@1.4.0", "shop@0.9", "1.4.0")
        assert event.environment == "production"
        browser = "browser" in path.parent.name
        assert event.server_name == ("" if browser else "web-1")
        if event.received != context.received:
            assert -2 < event.timestamp - event.received < 1


# The outermost error, the line it went wrong in, level, links of the chain; crashes apart.
CAUGHT = {
    "otel-python": ("ZeroDivisionError", 16, "error", 1),
    "raven-node": ("TypeError", 3, "error", 1),
    "raven-python": ("KeyError", 5, "error", 1),
    "raven-ruby": ("OutOfStock", 20, "error", 2),
    "rollbar-browser-3": ("Error", 9, "error", 2),
    "rollbar-go": ("fmt.wrapError", 34, "error", 2),
    "rollbar-java": ("shop.Shop$OutOfStock", 23, "error", 2),
    "rollbar-node-2": ("TypeError", 3, "error", 1),
    "rollbar-node-3": ("TypeError", 3, "error", 1),
    "rollbar-php-documented": ("Shop\\OutOfStock", 44, "error", 1),
    "rollbar-python": ("KeyError", 4, "error", 1),
    "rollbar-ruby-documented": ("OutOfStock", 14, "error", 2),
    "sentry-browser-11": ("Error", 15, "error", 2),
    "sentry-go": ("*fmt.wrapError", 73, "error", 3),
    "sentry-java-8": ("Shop$OutOfStock", 23, "error", 2),
    "sentry-kotlin-8": ("OutOfStock", 15, "error", 2),
    "sentry-node-10": ("Error", 6, "error", 2),
    "sentry-node-11": ("Error", 20, "error", 2),
    "sentry-node-7": ("Error", 6, "error", 2),
    "sentry-node-8": ("Error", 6, "error", 2),
    "sentry-node-9": ("Error", 6, "error", 2),
    "sentry-python-0.20": ("ValueError", 18, "error", 2),
    "sentry-python-1.45": ("ValueError", 18, "error", 2),
    "sentry-python-2": ("ValueError", 18, "error", 2),
    "sentry-ruby-5": ("OutOfStock", 24, "error", 2),
    "sentry-rust": ("OutOfStock", 49, "error", 2),
}
UNCAUGHT = {
    "rollbar-browser-3": ("Error", 9, "error", 2),
    "rollbar-go": ("runtime.boundsError", 20, "fatal", 1),
    "rollbar-java": ("shop.Shop$OutOfStock", 23, "fatal", 2),
    "rollbar-node-3-crash": ("TypeError", 3, "error", 1),
    "sentry-android-documented": ("IllegalStateException", 17, "fatal", 1),
    "sentry-browser-11": ("Error", 15, "error", 2),
    "sentry-dotnet-documented": ("Shop.OutOfStockException", 22, "error", 2),
    "sentry-go": ("runtime.boundsError", 35, "fatal", 1),
    "sentry-java-8": ("NoSuchElementException", 28, "fatal", 1),
    "sentry-kotlin-8": ("NoSuchElementException", 17, "fatal", 1),
    "sentry-node-11": ("Error", 20, "fatal", 2),
    "sentry-php-documented": ("Shop\\OutOfStock", 44, "error", 2),
    "sentry-rust": ("panic", 25, "fatal", 1),
}


def test_every_sdk_tells_its_error(context):
    found = {True: {}, False: {}}
    for sdk, event in events(context):
        if event.exceptions:
            line = titles.crash_frame(event).lineno
            told = (event.exceptions[-1].type, line, event.level, len(event.exceptions))
            found[event.unhandled].setdefault(sdk, told)
    assert found == {False: CAUGHT, True: UNCAUGHT}


def test_the_culprit_is_the_programs_own_function(context):
    said = {}
    for sdk, event in events(context):
        if event.exceptions:
            said.setdefault(sdk, []).append(titles.title_of(event).culprit)
    assert said["sentry-go"] == ["main", "main.index"]
    assert said["rollbar-go"] == ["main", "main.index"]
    assert said["sentry-rust"] == ["shop::main", "shop::price"]
    assert said["sentry-java-8"] == ["shop.Shop.take", "shop.Shop.price"]
    assert said["sentry-kotlin-8"] == ["shop.Till.take", "shop.Till.price"]
    assert said["rollbar-java"] == ["shop.Shop.take"] * 2
    assert said["sentry-dotnet-documented"] == ["Shop.Take"]


def test_every_message_is_one(context):
    said = {event.message for _, event in events(context) if not event.exceptions}
    assert said == {"stock is low", "stock of 'shoes' is low"}


def test_secrets_of_the_program_are_gone(context):
    for _, event in events(context):
        assert "k-123" not in json.dumps(event.data.get("extra"))
        variables = [
            frame.get("vars")
            for link in event.data.get("exception", {}).get("values", ())
            for frame in link.get("stacktrace", {}).get("frames", ())
        ]
        assert "hunter2" not in json.dumps(variables)  # source lines may say it
        user = json.dumps(event.data.get("user"))
        assert "203.0.113.7" not in user and "198.51.100.23" not in user


def test_the_same_person_has_the_same_key_in_every_sdk(context):
    keys = {event.user_key for _, event in events(context) if "user" in event.data}
    assert len(keys) == 1 and len(keys.pop()) == 16


def test_node_feedback_and_sessions(context):
    _, parsed = replay(FOLDER / "sentry-node-10" / "02.json", context)
    (feedback,) = parsed.feedback
    assert (feedback.message, feedback.name) == ("it broke", "Alice")
    assert parsed.events == ()
    _, parsed = replay(FOLDER / "sentry-node-7" / "02.json", context)
    (session,) = parsed.sessions
    assert (session.release, session.init) == ("shop@1.4.0", True)


def test_rollbar_columns_are_counted_like_sentrys(context):
    columns = {
        event.exceptions[0].frames[-1].colno
        for sdk, event in events(context)
        if sdk in ("rollbar-node-3", "sentry-node-10") and event.exceptions
    }
    assert columns == {43}


def test_an_uncaught_node_crash_is_an_unhandled_error(context):
    _, parsed = replay(FOLDER / "rollbar-node-3-crash" / "01.json", context)
    assert parsed.events[0].unhandled and parsed.events[0].level == "error"
