"""Outgoing HTTP with a guard: resolve once, refuse inner addresses, connect to what was checked.

tracker/outbound.py says which addresses are inner ones. Every send resolves the name once
and connects to the very address that was checked, with the original Host and SNI. No
redirects, no proxy of the environment, 5 s to connect, 10 s for everything else, 64 KiB of
answer.
"""

from __future__ import annotations

import http.client
import io
import json
import re
import socket
import ssl
import time
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from alerts.domain.retry import is_permanent
from alerts.transports.base import (
    Answer,
    Blocked,
    Checkpoint,
    Message,
    Misconfigured,
    Rejected,
    Transport,
    Unreachable,
)
from tracker.outbound import CONNECT_SECONDS, Refused, Unresolved, judge, resolve

ANSWER_SECONDS = 10.0
LONGEST_ANSWER = 65_536
PORTS = frozenset({80, 443})
USER_AGENT = "Emberwatch"


class Target(Struct, frozen=True):
    """A URL whose addresses were checked."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]


def check(url: str) -> Target:
    """Resolve and judge a URL. Raises Misconfigured, Blocked or Unreachable."""
    scheme, host, port, path = split(url)
    try:
        addresses = resolve(host, port)
        judge(host, port, addresses, PORTS)
    except Unresolved as error:
        raise Unreachable(str(error)) from None
    except Refused as error:
        raise Blocked(str(error)) from None
    return Target(scheme, host, port, path, tuple(str(address) for address in addresses))


def split(url: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and path with query of a URL. Raises Misconfigured."""
    if re.search(r"[\x00-\x20\x7f\\]", url):
        raise Misconfigured("the address holds a space, backslash or control character")
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = (parts.hostname or "").encode("idna").decode().rstrip(".").lower()
    except ValueError:
        raise Misconfigured("the address can't be read") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise Misconfigured("give an address that starts with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise Misconfigured("the address holds a user name or password: use the secret instead")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        path.encode("ascii")
    except UnicodeEncodeError:
        raise Misconfigured("the address holds characters that must be %-encoded") from None
    return parts.scheme, host, port, path


class Reply(Struct, frozen=True):
    """What a receiver answered, whatever it was."""

    status: int
    headers: dict[str, str]
    """By names in small letters."""
    body: bytes
    """At most as long as was asked for."""


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """POST once; returns the status of a 2xx answer.

    Raises Rejected (any other status), Unreachable, Misconfigured, Blocked.
    """
    reply = request("POST", url, body, headers)
    if not 200 <= reply.status < 300:
        raise refused(reply)
    return reply.status


def request(
    method: str, url: str, body: bytes, headers: dict[str, str], longest: int = LONGEST_ANSWER
) -> Reply:
    """Ask once, behind the guard; of the answer's body at most `longest` bytes are read.

    Raises Unreachable, Misconfigured, Blocked; what the status means is the caller's to say.
    """
    target = check(url)
    sock = _connect(target)
    try:
        return _exchange(target, sock, method, body, headers, longest)
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = isinstance(error, TimeoutError)
        text = f"no answer within {ANSWER_SECONDS:.0f} s" if late else _short(error)
        raise Unreachable(f"{target.host}: {text}") from None
    finally:
        sock.close()


class HttpTransport(Transport):
    """A transport that posts JSON: says what and where, the rest is done here."""

    def send(self, message: Message, options: dict[str, Any], checkpoint: Checkpoint) -> Answer:
        """Post the payload once."""
        # UTF-8, not escapes: receivers count bytes, and an escape has up to twelve for a letter.
        text = json.dumps(self.payload(message, options), ensure_ascii=False)
        body = text.encode("utf-8", "replace")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "Idempotency-Key": message.key,
            **self.headers(message, options, body),
        }
        return Answer(str(post(self.url(message, options), body, headers)))

    def url(self, message: Message, options: dict[str, Any]) -> str:
        """Where to post."""
        return str(options.get("url", ""))

    def payload(self, message: Message, options: dict[str, Any]) -> Any:
        """What to post, as JSON."""
        raise NotImplementedError

    def headers(self, message: Message, options: dict[str, Any], body: bytes) -> dict[str, str]:
        """Headers beside the usual ones."""
        return {}

    def complete(self, config: dict[str, Any], secrets: dict[str, str]) -> dict[str, str]:
        """Refuse an address that could never be sent to; whether it resolves is not asked yet."""
        url = str(config.get("url") or secrets.get("url") or "")
        if url:
            split(url)
        return {}


class _Paced:
    """A socket as http.client uses it, under one deadline for sending and receiving."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._sock = sock
        self._end = time.monotonic() + seconds

    def sendall(self, data: bytes) -> None:
        self._arm()
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_PacedReader(self))

    def recv_into(self, buffer: Any) -> int:
        self._arm()
        return self._sock.recv_into(buffer)

    def close(self) -> None:
        """http.client closes before the body is read; the socket is closed by who opened it."""

    def _arm(self) -> None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)


class _PacedReader(io.RawIOBase):
    """Lets a reader read from a `_Paced`, however slowly the bytes drip."""

    def __init__(self, paced: _Paced) -> None:
        self._paced = paced

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._paced.recv_into(buffer)


def _exchange(
    target: Target, sock: socket.socket, method: str, body: bytes, headers: dict[str, str],
    longest: int,
) -> Reply:  # fmt: skip
    connection = http.client.HTTPConnection(_netloc_host(target.host), target.port)
    connection.default_port = 443 if target.scheme == "https" else 80
    connection.sock = _Paced(sock, ANSWER_SECONDS)
    connection.request(method, target.path, body or None, {**headers, "Connection": "close"})
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.headers.items()}
    return Reply(answer.status, found, answer.read(longest))


def refused(reply: Reply) -> Rejected:
    """The error of an answer that is no 2xx."""
    status = reply.status
    if 300 <= status < 400:
        text = f"answered {status}: redirects are not followed"
    else:
        text = f"answered {status} {http.client.responses.get(status, '')}".rstrip()
    return Rejected(
        text, permanent=is_permanent(status), status=str(status),
        retry_after=seconds_of(reply.headers.get("retry-after"), time.time()),
    )  # fmt: skip


def _connect(target: Target) -> socket.socket:
    error: Exception | None = None
    end = time.monotonic() + CONNECT_SECONDS
    for address in target.addresses[:4]:
        left = end - time.monotonic()
        if left <= 0:
            break
        try:
            sock = socket.create_connection((address, target.port), timeout=left)
        except OSError as failure:
            error = failure
            continue
        if target.scheme == "http":
            return sock
        try:
            return _tls().wrap_socket(sock, server_hostname=target.host)
        except (OSError, ValueError) as failure:
            sock.close()
            error = failure
    text = _short(error) if error else f"no connection within {CONNECT_SECONDS:.0f} s"
    raise Unreachable(f"{target.host}: {text}")


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def seconds_of(header: str | None, now: float) -> float | None:
    """Retry-After in seconds, given as seconds or as a date; None when it says nothing."""
    if not header:
        return None
    if re.fullmatch(r"\d{1,9}", header.strip(), re.ASCII):
        return float(header)
    try:
        return max(parsedate_to_datetime(header).timestamp() - now, 0.0)
    except (ValueError, OverflowError):
        return None


def _netloc_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _short(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"no connection within {CONNECT_SECONDS:.0f} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    text = getattr(error, "strerror", None) or error.__class__.__name__
    return str(text)[:200]
