"""The bridge from granian's RSGI to Django's WSGI handler.

The event loop reads the body, chunk by chunk, under a time-out and a size cap;
only a request that is whole gets one of the threads.  A client that sends
slowly, breaks its framing or stops costs a coroutine and nobody else anything.
"""

import asyncio
import gc
import os
import re
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Protocol, cast

from config.deadline import Deadline
from config.env import Env
from config.middleware import SANE_ID
from config.proxies import Proxies
from config.run.children import die_with_parent, return_large_blocks
from config.wire import (
    BodyError,
    Environ,
    Headers,
    Scope,
    content_length,
    make_environ,
    refusal_body,
    refusal_headers,
)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

MIB = 1024 * 1024
HOT = re.compile(r"/api/([0-9]{1,18})/(envelope|store)/?")
"""The addresses that nearly all events come to."""
HERE_BYTES = 128 * 1024
"""Largest body, as sent, that the event loop looks at itself."""


@dataclass(frozen=True)
class Limits:
    """What one request, and all of them together, may take."""

    body_bytes: int = 20 * MIB
    body_seconds: float = 15.0
    inflight_bytes: int = 64 * MIB
    """Bodies being read or handled by this process, ingest's only."""
    url_bytes: int = 8 * 1024
    header_bytes: int = 64 * 1024
    header_count: int = 100
    threads: int = 32
    """They bound the group commit of ingest: not below 32."""

    @classmethod
    def of(cls, env: Env) -> "Limits":
        """Read the knobs. Raises BadSetting."""
        return cls(
            body_bytes=env.number("WEB_BODY_MIB", 20, low=1, high=256) * MIB,
            body_seconds=env.number("WEB_BODY_MS", 15_000, low=100, high=120_000) / 1000,
            inflight_bytes=env.number("WEB_INFLIGHT_MIB", 64, low=1, high=4096) * MIB,
            threads=env.number("WEB_THREADS", 32, low=32, high=512),
        )


class WsgiResponse(Protocol):
    """What Django's handler returns."""

    streaming: bool

    def __iter__(self) -> Iterator[bytes]: ...
    def close(self) -> None:
        """Tell Django that the request is over."""


Wsgi = Callable[[Environ, Callable[..., None]], WsgiResponse]
Quick = Callable[
    [str, str, dict[str, str], str, str, bytes],
    Awaitable[tuple[int, Headers, bytes] | None],
]
"""project, kind, headers, query, client's address, body -> status, headers, content; None: not
one for it (ingest/quick.py)."""


@dataclass
class Started:
    """What the handler said before its body."""

    status: int = 500
    headers: Headers = field(default_factory=list)

    def __call__(self, status: str, headers: Headers, _exc_info: object = None) -> None:
        self.status = int(status[:3])
        self.headers = [(name.lower(), value) for name, value in headers]


class Bridge:
    """One RSGI application around one WSGI application."""

    def __init__(
        self,
        wsgi: Wsgi,
        limits: Limits,
        proxies: Proxies,
        refused: Callable[[str, str], None] = lambda path, reason: None,
        quick: "Quick | None" = None,
        begin: Callable[[], None] = lambda: None,
    ) -> None:
        self.wsgi = wsgi
        self.quick = quick
        """Answers the usual event on the event loop; None leaves every request to `wsgi`."""
        self.begin = begin
        """Called once the worker's own process runs."""
        self.limits = limits
        self.proxies = proxies
        self.pool = ThreadPoolExecutor(limits.threads, thread_name_prefix="web")
        self.inflight = 0
        self.refused = refused
        """Told the path and the reason of every refusal, so that it is counted."""

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.deadline = Deadline(loop, self.limits.body_seconds)
        die_with_parent()
        return_large_blocks()
        self.begin()
        gc.collect()
        gc.freeze()  # what was imported stays: no collection need look at it again

    def __rsgi_del__(self, _loop: asyncio.AbstractEventLoop) -> None:
        self.pool.shutdown(wait=True, cancel_futures=False)

    async def __rsgi__(self, scope: Scope, proto: Any) -> None:
        """Answer one request, whatever comes."""
        held = 0
        try:
            if scope.proto != "http":
                proto.close(403)
                return
            headers: Headers = scope.headers.items()
            fields = self._check_head(scope, headers)
            length = content_length(fields)
            held = self._reserve(scope, length)
            body = await self._read(proto, length, fields.get("transfer-encoding", ""))
            if not await self._answer_here(scope, headers, fields, body, proto):
                await self._answer(scope, headers, body, proto)
        except BodyError as error:
            self.refused(scope.path, error.reason)
            proto.response_bytes(error.status, refusal_headers(error), refusal_body(scope, error))
        finally:
            self.inflight -= held

    # --- taking the request in ----------------------------------------------------------------

    def _check_head(self, scope: Scope, headers: Headers) -> dict[str, str]:
        """The headers by name, each as it came first."""
        limits = self.limits
        if len(scope.path) + len(scope.query_string) > limits.url_bytes:
            raise BodyError(414, "url_too_long", "The URL is longer than 8 KiB.")
        fields = dict(reversed(headers))
        size = 4 * len(headers) + sum(map(len, chain.from_iterable(headers)))
        if len(headers) > limits.header_count or size > limits.header_bytes:
            raise BodyError(431, "headers_too_large", "The headers are larger than 64 KiB.")
        return fields

    def _reserve(self, scope: Scope, length: int | None) -> int:
        """Count an ingest body against this process's memory; the caller gives it back."""
        if scope.method != "POST" or not scope.path.startswith("/api/"):
            return 0
        size = min(length if length is not None else MIB, self.limits.body_bytes)
        if self.inflight + size > self.limits.inflight_bytes:
            raise BodyError(429, "overloaded", "Too many bodies are being read: try again later.")
        self.inflight += size
        return size

    async def _read(self, proto: Any, length: int | None, coding: str) -> bytes:
        if length is None and not coding:
            return b""
        if coding and coding.strip().lower() != "chunked":
            raise BodyError(400, "bad_framing", "Only the transfer coding chunked is understood.")
        if length is not None and length > self.limits.body_bytes:
            raise BodyError(413, "too_large", "The body is larger than 20 MiB.")
        try:
            body = await self.deadline.within(self._collect(proto, length))
        except TimeoutError:
            raise BodyError(408, "slow", "The body did not arrive in time.") from None
        except BodyError:
            raise
        except Exception:
            # granian: the connection ended early, or a chunk was malformed
            raise BodyError(400, "bad_framing", "The body is cut short or badly framed.") from None
        if length is not None and len(body) != length:
            raise BodyError(400, "bad_framing", "The body is not as long as it says.")
        return body

    async def _collect(self, proto: Any, length: int | None) -> bytes:
        if length is not None and length <= MIB:
            return cast("bytes", await proto())
        chunks, size, empty = [], 0, 0
        async for chunk in proto:
            size += len(chunk)
            empty += not chunk
            if empty > 1:
                # granian ends a body with one empty chunk; a broken one (or trailers, which no
                # SDK sends) shows as one more: it does not raise while iterating.
                raise BodyError(400, "bad_framing", "The body is cut short or badly framed.")
            if size > self.limits.body_bytes:
                raise BodyError(413, "too_large", "The body is larger than 20 MiB.")
            chunks.append(chunk)
        return b"".join(chunks)

    # --- handing it to Django -----------------------------------------------------------------

    async def _answer(self, scope: Scope, headers: Headers, body: bytes, proto: Any) -> None:
        environ = make_environ(scope, headers, body, self.proxies.peer(scope, headers))
        loop = asyncio.get_running_loop()
        started, content, rest = await loop.run_in_executor(self.pool, self._handle, environ)
        if rest is None:
            proto.response_bytes(started.status, started.headers, content)
            return
        transport = proto.response_stream(started.status, started.headers)
        try:
            parts = iter(rest)
            while (part := await loop.run_in_executor(self.pool, next, parts, None)) is not None:
                await transport.send_bytes(part)
        finally:
            await loop.run_in_executor(self.pool, rest.close)

    async def _answer_here(
        self, scope: Scope, headers: Headers, fields: dict[str, str], body: bytes, proto: Any
    ) -> bool:
        """Answer one of the many small events without a thread; False: it is for `wsgi`.

        Two thread switches per event cost more than all that is done for it.
        """
        if self.quick is None or scope.method != "POST" or len(body) > HERE_BYTES:
            return False
        found = HOT.fullmatch(scope.path)
        if found is None or len(fields) != len(headers):  # a header that came twice is unusual
            return False
        address = self.proxies.peer(scope, headers).address
        reply = await self.quick(found[1], found[2], fields, scope.query_string, address, body)
        if reply is None:
            return False
        status, answer, content = reply
        proto.response_bytes(status, [*answer, ("x-request-id", request_id(fields))], content)
        return True

    def _handle(self, environ: Environ) -> tuple[Started, bytes, WsgiResponse | None]:
        """In a thread: run the handler; streamed answers come back to be iterated."""
        started = Started()
        response = self.wsgi(environ, started)
        if getattr(response, "streaming", False) and environ["REQUEST_METHOD"] != "HEAD":
            return started, b"", response
        try:
            streamed_head = getattr(response, "streaming", False)
            return started, b"" if streamed_head else b"".join(response), None
        finally:
            response.close()


def request_id(fields: Mapping[str, str]) -> str:
    """The id that a proxy gave the request, else a fresh one."""
    given = fields.get("x-request-id", "")
    return given if given and SANE_ID.fullmatch(given) else secrets.token_hex(8)


def make_app() -> Bridge:
    """The product's application. Raises BadSetting, RunError."""
    from django.conf import settings

    from config.run.servers import prepare_secret
    from config.wsgi import application
    from ingest.quick import answer
    from ingest.views import outlive_the_database

    env = Env()
    prepare_secret(settings.EMBERWATCH_DATA, env)
    proxies = Proxies(settings.TRUSTED_PROXIES)
    return Bridge(
        cast("Wsgi", application), Limits.of(env), proxies, count_refusal, answer,
        outlive_the_database,
    )  # fmt: skip


def count_refusal(path: str, reason: str) -> None:
    """Every refusal shows in /metrics; one of an event goes into the books as well."""
    from config.health import REFUSED
    from ingest.limits import refuse

    REFUSED.labels(reason).inc()
    if path.startswith("/api/"):
        refuse(0, reason)  # whose it was is unknown: the key has not been looked at


def __getattr__(name: str) -> Any:
    """`config.rsgi:app` is made when the server asks; importing this module loads no Django."""
    if name == "app":
        return make_app()
    raise AttributeError(name)


__all__ = ["Bridge", "Limits", "make_app"]
