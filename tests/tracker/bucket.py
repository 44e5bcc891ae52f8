"""A stand-in for a bucket on loopback: puts, gets, heads and deletes objects, checks nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

OBJECTS = dict[str, bytes]


def _unchunked(body: bytes) -> bytes:
    """The content of a body that is sent in signed chunks: size;signature CRLF data CRLF."""
    content = b""
    while body:
        head, _, body = body.partition(b"\r\n")
        size = int(head.partition(b";")[0], 16)
        if not size:
            return content
        content, body = content + body[:size], body[size + 2 :]
    return content


@contextmanager
def bucket() -> Iterator[tuple[str, OBJECTS]]:
    """Address of the stand-in, and its objects by path."""
    objects: OBJECTS = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _path(self) -> str:
            return unquote(urlsplit(self.path).path)

        def _answer(self, status: int, body: bytes = b"", length: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.send_header("ETag", '"x"')
            self.send_header("Last-Modified", "Sun, 22 Nov 2026 20:00:00 GMT")
            self.end_headers()
            self.wfile.write(body)

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            chunked = "aws-chunked" in self.headers.get("Content-Encoding", "")
            objects[self._path()] = _unchunked(body) if chunked else body
            self._answer(200)

        def do_HEAD(self) -> None:
            found = objects.get(self._path())
            self._answer(404 if found is None else 200, length=len(found or b""))

        def do_GET(self) -> None:
            found = objects.get(self._path())
            self._answer(404 if found is None else 200, found or b"")

        def do_DELETE(self) -> None:
            objects.pop(self._path(), None)
            self._answer(204)

        def log_message(self, *_words: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", objects
        server.shutdown()
