"""What SDKs put on the wire: every packing, every place for the key, CORS, and clear refusals."""

import gzip
import http.client
import json
import uuid
import zlib
from collections.abc import Iterator
from typing import Any

import brotli
import pytest
import zstandard

from tests.factories.envelopes import envelope, error_event
from tests.journeys.window import Project, Window, eventually
from tests.stack import Stack

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]

PACK = {
    "identity": lambda body: body,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.fixture(scope="module")
def project(window: Window) -> Project:
    """One project for all of them."""
    return window.new_project("Wire")


class Wire:
    """Bare HTTP to the stack."""

    def __init__(self, stack: Stack, project: Project) -> None:
        self.port, self.project = stack.port, project
        self.path = f"/api/{project.id}/envelope/"

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (lower case) and body of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            chunked = not isinstance(body, bytes | None)
            connection.request(method, path, body, headers or {}, encode_chunked=chunked)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read()
        finally:
            connection.close()

    def auth(self, **more: str) -> dict[str, str]:
        """The header of today's SDKs, and more headers."""
        key = self.project.public_key
        return {
            "X-Sentry-Auth": f"Sentry sentry_key={key}, sentry_version=7, sentry_client=wire/1.0",
            "Content-Type": "application/x-sentry-envelope",
            **{name.replace("_", "-"): value for name, value in more.items()},
        }


@pytest.fixture
def wire(stack: Stack, project: Project) -> Wire:
    return Wire(stack, project)


def arrived(window: Window, project: Project, event: dict[str, Any]) -> bool:
    """Whether the event is stored, once."""
    eventually(lambda: event["event_id"] in window.stored(project), 10.0, "it never arrived")
    return window.stored(project)[event["event_id"]] == 1


def pieces(body: bytes, size: int = 700) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize("how", ["with its length", "in chunks"])
@pytest.mark.parametrize("coding", list(PACK))
def test_every_packing_arrives(coding: str, how: str, wire: Wire, window: Window, project: Project):
    event = error_event(extra={"note": "\N{FIRE} " * 500})
    body = PACK[coding](envelope(event))
    headers = wire.auth(**({} if coding == "identity" else {"Content_Encoding": coding}))
    if how == "in chunks":
        headers["Transfer-Encoding"] = "chunked"
    sent = body if how == "with its length" else pieces(body)
    status, _, answer = wire.send("POST", wire.path, sent, headers)
    assert (status, json.loads(answer)) == (200, {"id": event["event_id"]})
    assert arrived(window, project, event)


@pytest.mark.parametrize("place", ["x-sentry-auth", "authorization", "query", "envelope"])
def test_the_key_may_stand_anywhere(
    place: str, wire: Wire, window: Window, project: Project, stack: Stack
):
    event = error_event()
    key, path, dsn = project.public_key, wire.path, ""
    headers = {"Content-Type": "text/plain;charset=UTF-8"}
    match place:
        case "x-sentry-auth":
            headers |= wire.auth()
        case "authorization":
            headers["Authorization"] = f"Sentry sentry_key={key}, sentry_version=7"
        case "query":
            path += f"?sentry_key={key}&sentry_version=7&sentry_client=sentry.javascript.browser"
        case "envelope":
            dsn = project.dsn
    status, _, answer = wire.send("POST", path, envelope(event, dsn=dsn), headers)
    assert status == 200, answer
    assert arrived(window, project, event)


def test_an_item_without_length_and_one_of_an_unknown_kind(
    wire: Wire, window: Window, project: Project
):
    event = error_event()
    body = envelope(event, length=False) + b'{"type":"hologram","length":3}\nabc\n'
    assert wire.send("POST", wire.path, body, wire.auth())[0] == 200
    assert arrived(window, project, event)


def test_the_store_endpoint_of_older_clients(wire: Wire, window: Window, project: Project):
    event = error_event()
    path = f"/api/{project.id}/store/"
    headers = {**wire.auth(), "Content-Type": "application/json"}
    status, _, answer = wire.send("POST", path, json.dumps(event).encode(), headers)
    assert (status, json.loads(answer)) == (200, {"id": event["event_id"]})
    assert arrived(window, project, event)


def test_the_same_event_twice_counts_once(wire: Wire, window: Window, project: Project):
    event = error_event(function="twice")
    for _ in range(3):
        assert wire.send("POST", wire.path, envelope(event), wire.auth())[0] == 200
    assert arrived(window, project, event)
    eventually(lambda: window.waiting(project) == 0, 10)
    issue = next(i for i in window.issues(project) if i["culprit"].endswith("twice"))
    assert issue["events"] == 1
    assert arrived(window, project, event)


def test_a_browser_may_ask_before_it_sends(wire: Wire, window: Window, project: Project):
    origin = {"Origin": "https://shop.example"}
    asks = {
        **origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-sentry-auth,sentry-trace,baggage",
    }
    status, headers, _ = wire.send("OPTIONS", wire.path, None, asks)
    assert status in {200, 204}
    assert headers["access-control-allow-origin"] in {"*", origin["Origin"]}
    assert "POST" in headers["access-control-allow-methods"]
    allowed = {word.strip() for word in headers["access-control-allow-headers"].lower().split(",")}
    assert {"content-type", "x-sentry-auth", "sentry-trace", "baggage"} <= allowed
    event = error_event()
    status, headers, _ = wire.send("POST", wire.path, envelope(event), wire.auth(**origin))
    assert (status, headers["access-control-allow-origin"]) == (200, "*")
    assert "retry-after" in headers["access-control-expose-headers"].lower()
    assert arrived(window, project, event)


def broken_gzip() -> bytes:
    return gzip.compress(envelope(error_event()))[:-20]


REFUSALS: dict[str, tuple[bytes, dict[str, str], int]] = {
    "an empty body": (b"", {}, 400),
    "no envelope": (b"hello", {}, 400),
    "an item that ends early": (envelope(error_event())[:-200], {}, 400),
    "an event that is a list": (
        b'{"event_id":"%s"}\n{"type":"event","length":2}\n[]\n' % uuid.uuid4().hex.encode(),
        {},
        400,
    ),
    "half of a gzip stream": (broken_gzip(), {"Content-Encoding": "gzip"}, 400),
    "gzip that is none": (envelope(error_event()), {"Content-Encoding": "gzip"}, 400),
    "a coding nobody knows": (envelope(error_event()), {"Content-Encoding": "rot13"}, 415),
    "a bomb": (gzip.compress(bytes(300 << 20)), {"Content-Encoding": "gzip"}, 413),
}


@pytest.mark.parametrize("what", list(REFUSALS))
def test_what_cannot_be_read_is_refused_with_a_sentence(
    what: str, wire: Wire, window: Window, project: Project
):
    body, headers, expected = REFUSALS[what]
    status, found, answer = wire.send("POST", wire.path, body, {**wire.auth(), **headers})
    assert status == expected, answer
    detail = json.loads(answer)["detail"]
    assert len(detail.split()) > 2
    assert found["x-sentry-error"] == detail
    assert found["access-control-allow-origin"] == "*"
    assert "access-control-expose-headers" in found


@pytest.mark.parametrize(
    ("what", "status"), [("no key", 401), ("a wrong key", 403), ("another project", 403)]
)
def test_strangers_are_refused(what: str, status: int, wire: Wire):
    path, headers = wire.path, wire.auth()
    match what:
        case "no key":
            del headers["X-Sentry-Auth"]
        case "a wrong key":
            headers["X-Sentry-Auth"] = f"Sentry sentry_key={'0' * 32}"
        case "another project":
            path = "/api/1/envelope/"
    got, found, answer = wire.send("POST", path, envelope(error_event()), headers)
    assert got == status, answer
    assert found["x-sentry-error"]
