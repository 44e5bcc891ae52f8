"""The short way of the usual event: it answers as the view does, or leaves the request to it."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from typing import Any

import pytest
import zstandard

from ingest import inbox, quick
from ingest.errors import InboxAway
from tests.ingest.conftest import Poster

EVENT = {"event_id": "a" * 32, "message": "boom", "level": "error"}
TOLD = ("access-control-", "content-type", "retry-after", "x-content-type", "x-sentry-")
"""Headers that an SDK or its browser reads."""


def quickly(poster: Poster, kind: str, body: bytes, query: str = "", **headers: str) -> Any:
    """What the event loop would answer; None when it leaves that to the view."""
    fields = {"x-sentry-auth": poster.auth, **{k.lower(): v for k, v in headers.items()}}
    fields = {name: value for name, value in fields.items() if value}

    async def ask() -> Any:
        return await quick.answer(str(poster.project.pk), kind, fields, query, "192.0.2.7", body)

    return asyncio.run(ask())


def warm(poster: Poster) -> None:
    """Have the key known: the loop itself never asks the database."""
    assert poster.post("envelope/", poster.envelope(({"type": "event"}, EVENT))).status_code == 200
    poster.rows().delete()


def cases(poster: Poster) -> list[tuple[str, bytes, dict[str, str]]]:
    whole = poster.envelope(({"type": "event"}, EVENT), event_id="a" * 32)
    return [
        ("envelope", whole, {}),
        ("envelope", gzip.compress(whole), {"Content-Encoding": "gzip"}),
        ("envelope", gzip.compress(whole)[:-9], {"Content-Encoding": "gzip"}),
        ("envelope", b"not gzip", {"Content-Encoding": "gzip"}),
        ("envelope", whole, {"Content-Encoding": "compress"}),
        ("envelope", b"", {}),
        ("envelope", b"{", {}),
        ("envelope", whole, {"X-Sentry-Auth": "Sentry sentry_version=7"}),
        ("envelope", whole, {"X-Sentry-Auth": f"Sentry sentry_key={poster.key.public_key}, "
                             "sentry_version=99"}),
        ("envelope", poster.envelope(({"type": "transaction"}, {})), {}),
        ("envelope", poster.envelope(({"type": "event"}, EVENT), dsn=poster.dsn), {}),
        ("envelope", poster.envelope(({"type": "event"}, EVENT), dsn="http://x@h/1"), {}),
        ("store", json.dumps(EVENT).encode(), {}),
        ("store", json.dumps(EVENT).encode(), {"content_type": "application/json"}),
        ("store", whole, {"content_type": "application/x-sentry-envelope"}),
        ("store", b"[]", {}),
    ]  # fmt: skip


def test_it_answers_as_the_view_does(poster: Poster) -> None:
    for kind, body, headers in cases(poster):
        warm(poster)
        view = poster.post(f"{kind}/", body, **headers)
        stored = poster.rows().count()
        poster.rows().delete()
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        status, answer, content = quickly(poster, kind, body, **told)
        case = f"{kind} {headers} {body[:40]!r}"
        assert status == view.status_code, case
        assert poster.rows().count() == stored, case
        if "event_id" in str(body) or status != 200:
            assert json.loads(content) == json.loads(view.content), case
        expected = {n.lower(): v for n, v in view.headers.items() if n.lower().startswith(TOLD)}
        assert dict(answer) == expected, case


def test_what_is_stored_is_the_same(poster: Poster) -> None:
    body = poster.envelope(({"type": "event"}, EVENT), event_id="a" * 32)
    warm(poster)
    poster.post("envelope/", body, **{"User-Agent": "sdk/1"})
    quickly(poster, "envelope", body, **{"user-agent": "sdk/1"})
    one, two = poster.rows().values("adapter", "encoding", "event_id", "events", "body", "key_id")
    assert one == two
    first, second = (json.loads(bytes(row.meta)) for row in poster.rows())
    assert {**first, "ip": ""} == {**second, "ip": ""}
    assert second["ip"] == "192.0.2.7"


def test_a_key_of_the_query_serves_too(poster: Poster) -> None:
    warm(poster)
    body = poster.envelope(({"type": "event"}, EVENT))
    query = f"sentry_key={poster.key.public_key}&sentry_version=7"
    status, _, _ = quickly(poster, "envelope", body, query, **{"x-sentry-auth": ""})
    assert status == 200
    assert poster.rows().count() == 1


def test_what_would_block_is_left_to_the_view(poster: Poster) -> None:
    body = poster.envelope(({"type": "event"}, EVENT))
    assert quickly(poster, "envelope", body) is None  # the key is not known yet
    warm(poster)
    large = gzip.compress(poster.envelope(({"type": "attachment"}, "x" * 600_000)))
    assert quickly(poster, "envelope", large, **{"content-encoding": "gzip"}) is None
    assert not poster.rows().exists()


class TestPatience:
    """A commit that does not begin is given up, one that has begun is waited for."""

    @pytest.fixture(autouse=True)
    def hasty(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(quick, "PUT_TIMEOUT", 0.1)
        monkeypatch.setattr(quick, "COMMIT_TIMEOUT", 0.4)

    def wait(self, *, taken: bool, ends: bool | None) -> tuple[bool, float, bool]:
        """(durable, seconds, whether the commit could still begin)."""

        async def run() -> tuple[bool, float, bool]:
            loop = asyncio.get_running_loop()
            ticket = inbox.Ticket(loop)
            if taken:
                assert ticket.take()
            if ends is not None:
                loop.call_later(0.2, inbox._end, [ticket], ends)
            began = time.monotonic()
            durable = await quick.Patience(loop).durable(ticket)
            return durable, time.monotonic() - began, ticket.take()

        return asyncio.run(run())

    def test_what_never_begins_is_taken_back(self) -> None:
        durable, took, free = self.wait(taken=False, ends=None)
        assert not durable and not free
        assert 0.09 < took < 0.4

    def test_what_has_begun_is_waited_for(self) -> None:
        assert self.wait(taken=True, ends=True)[0] is True
        assert self.wait(taken=True, ends=False)[0] is False

    def test_a_commit_that_never_ends_is_no_promise(self) -> None:
        durable, took, _ = self.wait(taken=True, ends=None)
        assert not durable
        assert took > 0.3

    def test_one_that_hangs_does_not_keep_the_next_waiting(self) -> None:
        async def run() -> float:
            loop = asyncio.get_running_loop()
            patience = quick.Patience(loop)
            hung, queued = inbox.Ticket(loop), inbox.Ticket(loop)
            hung.take()
            waiting = asyncio.ensure_future(patience.durable(hung))
            await asyncio.sleep(0.2)
            began = time.monotonic()
            assert await patience.durable(queued) is False
            took = time.monotonic() - began
            assert await waiting is False
            return took

        assert asyncio.run(run()) < 0.3


def test_a_commit_that_fails_is_a_refusal(poster: Poster, monkeypatch: pytest.MonkeyPatch) -> None:
    warm(poster)

    def fail(letters: Any) -> None:
        raise InboxAway

    monkeypatch.setattr(inbox, "put_rows", fail)
    body = poster.envelope(({"type": "event"}, EVENT))
    status, headers, content = quickly(poster, "envelope", body)
    assert status == 429
    assert dict(headers)["retry-after"] == "10"
    assert "try again" in json.loads(content)["detail"]


def test_what_says_that_it_is_too_large_is_refused_at_once(poster: Poster) -> None:
    """Unread, and on the event loop: no thread is taken for it."""
    large = json.dumps({"message": "m" * 1_500_000}).encode()
    warm(poster)
    for coding, body in (("gzip", gzip.compress(large)), ("zstd", zstandard.compress(large))):
        reply = quickly(poster, "store", body, **{"content-encoding": coding})
        assert reply is not None and reply[0] == 413, coding
        assert poster.post("store/", body, **{"Content-Encoding": coding}).status_code == 413
    allowed = gzip.compress(json.dumps({"message": "m" * 700_000}).encode())
    assert quickly(poster, "store", allowed, **{"content-encoding": "gzip"}) is None
    assert poster.post("store/", allowed, **{"Content-Encoding": "gzip"}).status_code == 200
