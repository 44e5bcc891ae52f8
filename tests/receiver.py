"""A real HTTP server for tests: stand-ins for what the product talks to are made of it.

class Echo(Receiver):
    def serve(self, handler): answer(handler, 200, read(handler))

with Echo() as echo: ... echo.url, echo.port
"""

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


class Receiver:
    """Serves while it is entered, each connection in a thread; a subclass says what it answers."""

    path = ""
    """Of its address."""

    def __init__(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self) -> None:
                receiver.serve(self)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve  # noqa: N815

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}{self.path}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def read(handler: BaseHTTPRequestHandler) -> bytes:
    """The whole body."""
    return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))


def head(
    handler: BaseHTTPRequestHandler, status: int, length: int, headers: Mapping[str, str]
) -> None:
    """All but the body."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(length))
    handler.end_headers()


def answer(
    handler: BaseHTTPRequestHandler, status: int, body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """A whole answer."""
    head(handler, status, len(body), headers or {})
    handler.wfile.write(body)
