"""What crosses the wire, as WSGI and SDKs know it: environment of a request, answer of a refusal.

BodyError       the request ends here; carries status, word and sentence
"""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Protocol

from config.proxies import Peer

Headers = list[tuple[str, str]]
Environ = dict[str, Any]
SKIPPED = {
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "expect",
}
"""Headers that WSGI names otherwise, or that end at this hop."""


class BodyError(Exception):
    """A request that gets an answer without reaching Django."""

    def __init__(self, status: int, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.reason = reason
        """One word for the counter of refusals."""


class Scope(Protocol):
    """granian's description of a request."""

    proto: str
    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    headers: Any


def make_environ(scope: Scope, headers: Headers, body: bytes, peer: Peer) -> Environ:
    """The WSGI environment of a request whose body is whole."""
    server, _, port = scope.server.rpartition(":")
    environ: Environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        # WSGI wants bytes in Latin-1's clothes.
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": server.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": peer.address,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https" if peer.secure else "http",
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": None,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(body)) if body else "",
    }
    for name, value in headers:
        if name == "content-type":
            environ["CONTENT_TYPE"] = value
        elif name in SKIPPED or "_" in name or name.startswith("x-forwarded-"):
            continue  # `_` could pass itself off as `-`; proxies' words are in `peer`
        else:
            key = "HTTP_" + name.upper().replace("-", "_")
            joint = "; " if name == "cookie" else ","
            environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    if peer.secure:
        environ["HTTP_X_FORWARDED_PROTO"] = "https"
    return environ


def content_length(fields: Mapping[str, str]) -> int | None:
    """The announced length, None without one. Raises BodyError on nonsense."""
    value = fields.get("content-length", "")
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise BodyError(400, "bad_framing", "Content-Length is not a number.")
    return int(value)


def refusal_headers(error: BodyError) -> Headers:
    """SDKs in browsers must be able to read a refusal too."""
    headers = [
        ("content-type", "application/json"),
        ("access-control-allow-origin", "*"),
        ("x-content-type-options", "nosniff"),
        ("connection", "close"),
    ]
    if error.status == 429:
        headers += [
            ("retry-after", "10"),
            ("x-sentry-rate-limits", "10::organization"),
            ("access-control-expose-headers", "retry-after, x-sentry-rate-limits"),
        ]
    return headers


def refusal_body(scope: Scope, error: BodyError) -> bytes:
    """One JSON sentence in the dialect of the endpoint."""
    if scope.path.startswith("/api/1/"):
        return json.dumps({"err": 1, "message": str(error)}).encode()
    return json.dumps({"detail": str(error)}).encode()
