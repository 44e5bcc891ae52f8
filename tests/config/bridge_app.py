"""A WSGI application that says what it got, behind the real bridge: for test_rsgi.py."""

import json
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from config.env import Env
from config.proxies import Proxies
from config.rsgi import Bridge, Limits


class Answer:
    """What Django's handler would return."""

    def __init__(self, parts: list[bytes], *, streaming: bool = False) -> None:
        self.parts = parts
        self.streaming = streaming

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.parts)

    def close(self) -> None:
        """Nothing to close."""


def echo(environ: dict[str, Any], start_response: Any) -> Answer:
    body = environ["wsgi.input"].read()
    if environ["PATH_INFO"] == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Answer([b"one ", b"two ", b"three"], streaming=True)
    said = {key: value for key, value in environ.items() if isinstance(value, str)}
    said["body"] = str(len(body))
    start_response(
        "200 OK", [("Content-Type", "application/json"), ("X-Twice", "a"), ("X-Twice", "b")]
    )
    return Answer([json.dumps(said).encode()])


app = Bridge(echo, Limits.of(Env()), Proxies([ip_network("127.0.0.0/8")]))
