"""Trackers for tests: real HTTP servers that check what is documented and remember tickets.

with GitHubSite() as site: ... site.url, site.tickets, site.problems, site.answers, site.lose
"""

import contextlib
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from tests.alerts.sinks import Scripted
from tests.receiver import Receiver, answer, read

TOKEN = "a-token-for-tests"
SECRET = "a webhook secret, long enough".replace(" ", "-")


@dataclass
class Remote:
    """A ticket of a stand-in."""

    number: int
    title: str
    body: Any
    closed: bool = False
    assignee: str = ""
    comments: list[Any] = field(default_factory=list)
    uid: str = ""

    @property
    def text(self) -> str:
        """All that it says, as text."""
        return self.body if isinstance(self.body, str) else json.dumps(self.body)


@dataclass
class Seen:
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    payload: Any


class Refused(Exception):
    """What a stand-in answers instead of 2xx."""

    def __init__(self, status: int, told: Any = None) -> None:
        super().__init__(status)
        self.status, self.told = status, told


class Site(Receiver):
    """A tracker. `problems` is what a careful API would object to; tests want none."""

    kind: ClassVar[str]
    config: ClassVar[dict[str, str]] = {}
    people: ClassVar[dict[str, str]] = {"alice@example.com": "alice-there"}

    def __init__(self) -> None:
        super().__init__()
        self.tickets: list[Remote] = []
        self.seen: list[Seen] = []
        self.problems: list[str] = []
        self.answers: list[Scripted] = []
        """What to say next, without doing anything."""
        self.lose = 0
        """So many changes are made, and their answers lost."""
        self.changes = 0

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        raw = read(handler)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        payload = json.loads(raw) if raw else None
        self.seen.append(Seen(handler.command, handler.path, headers, payload))
        if raw and headers.get("content-type") != "application/json":
            self.problems.append("no content type")
        if not headers.get("user-agent"):
            self.problems.append("no user agent")
        if self.answers:
            scripted = self.answers.pop(0)
            time.sleep(scripted.delay)
            self.answer(handler, scripted.status, scripted.body, scripted.headers)
            return
        before = self.changes
        parts = urlsplit(handler.path)
        try:
            self.check(headers)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            status, told = self.do(handler.command, parts.path, query, payload)
        except Refused as refused:
            status, told = refused.status, refused.told
        except (KeyError, TypeError, AssertionError, StopIteration) as error:
            self.problems.append(f"{handler.command} {handler.path}: {error!r}")
            status, told = 422, {"message": "Validation Failed"}
        if self.lose and self.changes > before:
            self.lose -= 1
            handler.close_connection = True
            return
        self.answer(handler, status, b"" if told is None else json.dumps(told).encode(), {})

    @staticmethod
    def answer(
        handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]
    ) -> None:
        with contextlib.suppress(OSError):  # the client has gone: that is its right
            answer(handler, status, body, headers)

    def check(self, headers: dict[str, str]) -> None:
        """Who asks. Raises Refused."""
        raise NotImplementedError

    def do(self, method: str, path: str, query: dict[str, str], payload: Any) -> tuple[int, Any]:
        """Carry out a request. Raises Refused."""
        raise NotImplementedError

    def options(self) -> tuple[dict[str, str], dict[str, str]]:
        """A connection's configuration and secrets."""
        return {**self.config}, {"token": TOKEN, "hook_secret": SECRET}

    def call(self, ticket: Remote, **more: Any) -> tuple[dict[str, str], bytes, str]:
        """Headers, body and query of a genuine call about a ticket."""
        raise NotImplementedError

    def add(self, title: str, body: Any, **values: Any) -> Remote:
        made = Remote(len(self.tickets) + 1, title, body, **values)
        self.tickets.append(made)
        self.changes += 1
        return made

    def find(self, number: str | int) -> Remote:
        found = [one for one in self.tickets if str(one.number) == str(number)]
        if not found:
            raise Refused(404, {"message": "Not Found"})
        return found[0]


def only(payload: Any, *names: str) -> None:
    """A payload holds these fields at most."""
    assert isinstance(payload, dict)
    assert set(payload) <= set(names), set(payload) - set(names)


def line(text: Any, limit: int) -> str:
    """A title: one line, not empty, not too long."""
    assert isinstance(text, str)
    assert 1 <= len(text) <= limit
    assert "\n" not in text
    return text


def signed(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
