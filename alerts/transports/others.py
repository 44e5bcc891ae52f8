"""What the library Apprise reaches beyond the senders of our own: pushes and text messages.

Only there when the library is installed. Plain text; only services whose host is the provider's
own, so that no address leads anywhere else. The library tells success from failure and no more:
no status, no Retry-After, no ids. What fails is tried again. Its connections, those of
redirects included, pass the outbound guard.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from logging import getLogger
from typing import Any

from alerts.transports.base import (
    Answer,
    Checkpoint,
    Message,
    Misconfigured,
    Option,
    Transport,
    Unreachable,
)
from alerts.transports.format import details, facts, heading
from tracker.outbound import judge, resolve

SCHEMES = frozenset({
    "clicksend", "msgbird", "pagertree", "pbul", "plivo", "pover", "prowl", "signl4",
    "splunk", "spush", "twilio", "vonage", "wxteams",
})  # fmt: skip
"""Services that are reached at their provider's host, whatever the address says."""
LONGEST = 1_000
SECONDS = 5.0
"""To connect, and again to wait for an answer."""


class Others(Transport):
    """One message a notice, through Apprise."""

    label = "Other services (Apprise)"
    options = (
        Option(
            "url", "Apprise address", f"Begins with one of {', '.join(sorted(SCHEMES))}, then ://",
            True, secret=True,
        ),
    )  # fmt: skip

    def send(self, message: Message, options: dict[str, Any], checkpoint: Checkpoint) -> Answer:
        """Hand it to the library. Raises Unreachable when that says no."""
        notice = message.content.notice
        lines = [*details(notice, 300), *(f"{n}: {v}" for n, v in facts(notice, 100)), notice.url]
        text = "\n".join(lines)
        if len(text) > LONGEST:
            text = f"{text[: LONGEST - len(notice.url) - 2]}…\n{notice.url}"
        service = _service(options)
        try:
            with _guarded():
                taken = service.notify(
                    body=text, title=heading(notice, 200), body_format="text",
                    notify_type="success" if message.kind == "close" else "failure",
                )  # fmt: skip
        except Exception as error:  # whatever a plug-in of the library raises
            raise Unreachable(f"Apprise: {type(error).__name__}") from None
        if not taken:
            raise Unreachable("Apprise could not deliver it, and does not say why")
        return Answer("taken", "Apprise tells no more than that")

    def complete(self, config: dict[str, Any], secrets: dict[str, str]) -> dict[str, str]:
        """The library must know the address."""
        _service(secrets)
        return {}


def _service(options: dict[str, Any]) -> Any:
    """What the library makes of the address. Raises Misconfigured."""
    import apprise  # noqa: PLC0415 - optional, and slow to import

    address = str(options.get("url", "")).strip()
    scheme = address.partition("://")[0].lower()
    if scheme not in SCHEMES:
        raise Misconfigured(f"the address must begin with one of {', '.join(sorted(SCHEMES))}")
    found = apprise.Apprise.instantiate(address, asset=apprise.AppriseAsset(async_mode=False))
    if not isinstance(found, apprise.NotifyBase):
        raise Misconfigured("Apprise can't read this address")
    # An address may ask for less care and more patience than is ours to give.
    found.verify_certificate = True
    found.socket_connect_timeout = found.socket_read_timeout = SECONDS
    return found


_inside = threading.local()


@contextmanager
def _guarded() -> Iterator[None]:
    """Within it, connections that the library makes in this thread pass the outbound guard."""
    _watch_connections()
    _inside.now = True
    try:
        yield
    finally:
        _inside.now = False


@cache
def _watch_connections() -> None:
    """Put the guard under urllib3, by which the library speaks; once, idle in other threads."""
    from urllib3.util import connection  # noqa: PLC0415 - comes with the library

    connect = connection.create_connection

    def create_connection(address: tuple[str, int], *words: Any, **named: Any) -> Any:
        host, port = address
        if getattr(_inside, "now", False):
            found = resolve(host, port)
            judge(host, port, found, {443})
            address = (str(found[0]), port)
        return connect(address, *words, **named)

    connection.create_connection = create_connection


if find_spec("apprise") is not None:
    getLogger("apprise").disabled = True  # it would write addresses, which are secrets
    transport = Others()
