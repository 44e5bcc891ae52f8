"""Receivers for tests: a real SMTP server and a real webhook receiver that checks signatures.

with SmtpSink() as mail: ... mail.host, mail.port, mail.messages, mail.wait(1)
with WebhookSink("secret") as hook: ... hook.url, hook.calls, hook.wait(1)
"""

import contextlib
import hashlib
import hmac
import json
import socket
import time
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.receiver import Receiver, head, read


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Any, seconds: float = 10.0) -> Any:
    """Poll `what()` until it is true; fails with a sentence after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"did not happen within {seconds} s")


@dataclass
class Mail:
    """One message as it was received."""

    sender: str
    to: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """Parsed as a mail program would."""
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    def part(self, kind: str) -> str:
        """The text of the part `plain` or `html`."""
        body = self.message.get_body((kind,))
        assert body is not None
        return str(body.get_content())


class SmtpSink:
    """Takes every mail, except to addresses in `refuse` (550) and `defer` (451)."""

    def __init__(self) -> None:
        self.messages: list[Mail] = []
        self.refuse: set[str] = set()
        self.defer: set[str] = set()
        self.host, self.port = "127.0.0.1", free_port()
        self._controller = Controller(self, hostname=self.host, port=self.port)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return "550 no such mailbox"
        if address in self.defer:
            return "451 try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        self.messages.append(Mail(envelope.mail_from or "", list(envelope.rcpt_tos), content))
        return "250 OK"

    def wait(self, count: int, seconds: float = 10.0) -> list[Mail]:
        """At least `count` mails."""
        wait_for(lambda: len(self.messages) >= count, seconds)
        return self.messages

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._controller.stop()


@dataclass
class Call:
    """One request as it was received."""

    path: str
    headers: dict[str, str]
    body: bytes
    problems: list[str]
    """What is wrong with its signature; [] when it is right."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Scripted:
    """An answer to give instead of 200."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    delay: float = 0.0
    """Seconds before the answer."""
    drip: float = 0.0
    """Seconds between the bytes of the body."""


class WebhookSink(Receiver):
    """Answers 200, or what `answers` says next; checks each signature as the README tells."""

    path = "/hook"

    def __init__(self, secret: str = "") -> None:
        super().__init__()
        self.secret = secret
        self.calls: list[Call] = []
        self.answers: list[Scripted] = []

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = read(handler)
        headers = dict(handler.headers.items())
        self.calls.append(Call(handler.path, headers, body, self.problems(headers, body)))
        answer = self.answers.pop(0) if self.answers else Scripted()
        time.sleep(answer.delay)
        with contextlib.suppress(OSError):  # the client has gone: that is its right
            self._answer(handler, answer)

    def problems(self, headers: dict[str, str], body: bytes) -> list[str]:
        """What a careful receiver would object to."""
        if not self.secret:
            return []
        found = []
        stamp = headers.get("X-Emberwatch-Timestamp", "")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > 300:
            found.append(f"timestamp {stamp!r}")
        signed = f"{stamp}.".encode() + body
        wanted = "v1=" + hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, headers.get("X-Emberwatch-Signature", "")):
            found.append("signature")
        return found

    def wait(self, count: int, seconds: float = 10.0) -> list[Call]:
        """At least `count` calls."""
        wait_for(lambda: len(self.calls) >= count, seconds)
        return self.calls

    @staticmethod
    def _answer(handler: BaseHTTPRequestHandler, answer: Scripted) -> None:
        head(handler, answer.status, len(answer.body), answer.headers)
        if not answer.drip:
            handler.wfile.write(answer.body)
            return
        for byte in answer.body:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(answer.drip)
