"""Signed webhooks: our own JSON, HMAC-SHA256 over timestamp and body.

X-Emberwatch-Timestamp   Unix seconds; refuse what is older than 5 minutes
X-Emberwatch-Signature   v1=<hex of HMAC-SHA256(secret, timestamp + "." + body)>
X-Emberwatch-Delivery    the same on every attempt, like Idempotency-Key
"""

from __future__ import annotations

import hashlib
import hmac
import secrets as random
import time
from typing import Any

import msgspec

from alerts.transports.base import Message, Misconfigured, Option
from alerts.transports.http import HttpTransport

SCHEMA = 1
"""Version of the payload; fields may be added within one, never change or vanish."""


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The signature header of a body sent at `timestamp` (Unix seconds)."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1={digest.hexdigest()}"


class Webhook(HttpTransport):
    """Posts to any address that an admin names."""

    label = "Webhook"
    tracks = acknowledges = True
    options = (
        Option("url", "Address", "https://…, reached with POST.", required=True, kind="url"),
        Option(
            "secret",
            "Signing secret",
            "At least 16 characters; empty: one is made and shown once.",
            secret=True,
        ),
    )

    def payload(self, message: Message, options: dict[str, Any]) -> Any:
        """Schema 1."""
        content = message.content
        return {
            "version": SCHEMA,
            "id": message.key,
            "kind": message.kind,
            "incident": {"id": message.incident, "seq": message.seq, "rule": content.rule},
            "severity": content.severity,
            "issue": {"id": message.issue_id, **msgspec.to_builtins(content.notice)},
            "actions": msgspec.to_builtins(message.actions),
        }

    def headers(self, message: Message, options: dict[str, Any], body: bytes) -> dict[str, str]:
        """Timestamp and signature, new on every attempt."""
        secret = options.get("secret")
        if not secret:
            raise Misconfigured("no signing secret: enter one")
        now = int(time.time())
        return {
            "X-Emberwatch-Timestamp": str(now),
            "X-Emberwatch-Signature": sign(str(secret), now, body),
            "X-Emberwatch-Delivery": message.key,
        }

    def complete(self, config: dict[str, Any], secrets: dict[str, str]) -> dict[str, str]:
        """Make a secret where none was given."""
        super().complete(config, secrets)
        secret = secrets.get("secret", "")
        if not secret:
            return {"secret": random.token_hex(32)}
        if len(secret) < 16:
            raise Misconfigured("the signing secret has fewer than 16 characters")
        return {}


transport = Webhook()
