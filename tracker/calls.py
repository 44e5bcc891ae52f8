"""Calls of other people's systems to our webhooks: read within bounds, believed when proved.

HookError               a call is not believed or can't be read
├── Forged              its signature, token or time is wrong
└── Garbled             it is signed, and still makes no sense
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from msgspec import Struct

FRESH = 300
"""Seconds that a call whose time is signed may be old."""


class HookError(Exception):
    """Base; `str()` is for the log, never for the caller."""


class Forged(HookError):
    """Whoever called does not know the secret."""


class Garbled(HookError):
    """The body is nothing that this system sends."""


class Incoming(Struct, frozen=True):
    """A call to one of our webhooks."""

    headers: Mapping[str, str]
    """By names in small letters."""
    query: Mapping[str, str]
    body: bytes
    at: datetime


def read_call(request: HttpRequest, most: int) -> Incoming | int:
    """The call with at most `most` bytes of body; else the status to answer with."""
    length = request.headers.get("Content-Length", "0")
    if not length.isdecimal() or int(length) > most:
        return 413
    try:
        body = request.read(most + 1)
    except OSError:
        return 400
    if len(body) > most:
        return 413
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Incoming(headers, request.GET.dict(), body, timezone.now())


def same(given: str, wanted: str) -> bool:
    """Compare secrets in constant time; nothing equals an empty one."""
    return bool(wanted) and hmac.compare_digest(
        given.encode(errors="replace"), wanted.encode(errors="replace")
    )


def signature(secret: str, body: bytes) -> str:
    """HMAC-SHA256 in hex."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def digest(body: bytes) -> str:
    """A delivery's id for systems that send none."""
    return hashlib.sha256(body).hexdigest()


def gitlab_proof(secret: str, call: Incoming) -> None:
    """GitLab's plain token, or its signature over id, time and body. Raises Forged."""
    signed = call.headers.get("webhook-signature", "")
    if not (signed and secret.startswith("whsec_")):
        if not same(call.headers.get("x-gitlab-token", ""), secret):
            raise Forged("X-Gitlab-Token")
        return
    stamp = call.headers.get("webhook-timestamp", "")
    if not re.fullmatch(r"\d{1,12}", stamp, re.ASCII):
        raise Forged("webhook-timestamp")
    if abs(call.at.timestamp() - int(stamp)) > FRESH:
        raise Forged("too old")
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise Forged("the signing token is no base64") from None
    told = f"{call.headers.get('webhook-id', '')}.{stamp}.".encode(errors="replace") + call.body
    wanted = "v1," + base64.b64encode(hmac.new(key, told, hashlib.sha256).digest()).decode()
    if not any(same(each, wanted) for each in signed.split()[:10]):
        raise Forged("webhook-signature")
