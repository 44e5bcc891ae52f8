"""Asks a tracker's API, behind the outbound guard, and says in a sentence what it would not do.

Of a refusal only the fields in which APIs put their reasons are quoted, one line of them: an
admin who sets a connection up can't do without ("issue type Bug is not known").
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from alerts.domain.text import one_line
from alerts.tickets.base import Gone
from alerts.transports.base import Rejected, Unreachable
from alerts.transports.http import USER_AGENT, Reply, refused, request

LONGEST = 4 * 1024 * 1024
"""Bytes of an answer: trackers repeat whole tickets, and lists of them."""
REASON = 200


def ask(
    method: str, url: str, headers: Mapping[str, str], payload: Any = None
) -> tuple[Any, Reply]:
    """The decoded answer of a 2xx, with the reply around it.

    Raises Gone (404, 410), Rejected, Unreachable, Misconfigured.
    """
    body = b"" if payload is None else json.dumps(payload, ensure_ascii=True).encode()
    sent = {"Accept": "application/json", "User-Agent": USER_AGENT, **headers}
    if payload is not None:
        sent["Content-Type"] = "application/json"
    reply = request(method, url, body, sent, LONGEST)
    if 200 <= reply.status < 300:
        return decoded(reply), reply
    raise refusal(reply)


def refusal(reply: Reply) -> Rejected:
    """The error of an answer, with the tracker's reason and what it asks us to wait."""
    plain = refused(reply)
    why = reason(reply)
    text = f"{plain}: {why}" if why else str(plain)
    if reply.status in (404, 410):
        return Gone(text, str(reply.status))
    wait = pause(reply, time.time())
    permanent = plain.permanent and wait is None
    return Rejected(text, permanent=permanent, status=plain.status, retry_after=wait)


def pause(reply: Reply, now: float) -> float | None:
    """Seconds that a rate limit wants us to wait; None when the answer is about something else.

    GitHub answers 403 as well, and says with two headers until when.
    """
    asked = refused(reply).retry_after
    if reply.status not in (403, 429):
        return asked
    if asked is not None:
        return asked
    reset = reply.headers.get("x-ratelimit-reset", "")
    if reply.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit() and len(reset) < 12:
        return max(float(reset) - now, 1.0)
    if reply.status == 429 or "rate limit" in reason(reply).lower():
        return 60.0
    return None


def decoded(reply: Reply) -> Any:
    """The JSON of an answer; None when it is empty. Raises Unreachable when it is broken."""
    if not reply.body.strip():
        return None
    try:
        return msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Unreachable(f"answered {reply.status} with something that is no JSON") from None


def reason(reply: Reply) -> str:
    """Why, as the tracker's error fields tell it; one line, "" when they do not."""
    try:
        found = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""
    if not isinstance(found, dict):
        return ""
    names = ("message", "error", "error_description", "errorMessages", "errors")
    return one_line("; ".join(t for n in names for t in _texts(found.get(n))), REASON)


def _texts(value: Any, depth: int = 0) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    if depth > 2:
        return []
    if isinstance(value, list):
        return [text for each in value[:5] for text in _texts(each, depth + 1)]
    if isinstance(value, dict):
        named = [value[n] for n in ("message", "field", "code") if isinstance(value.get(n), str)]
        if named:
            return [" ".join(named)]
        return [
            f"{one_line(str(name), 60)} {text}" for name, each in list(value.items())[:5]
            for text in _texts(each, depth + 1)
        ]  # fmt: skip
    return []


def basic(user: str, password: str) -> str:
    """The value of a basic Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
