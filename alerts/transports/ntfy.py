"""ntfy: push to phones, on ntfy.sh or a server of one's own. Plain text.

Limits: message 4,096 bytes (what is longer becomes a file), JSON 8,192 bytes, three buttons.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from alerts.transports.base import Message, Misconfigured, Option
from alerts.transports.format import details, facts, heading, within_bytes
from alerts.transports.http import HttpTransport

_PRIORITIES = {"page": 5, "notify": 3}


class Ntfy(HttpTransport):
    """One push a notice."""

    label = "ntfy"
    options = (
        Option("url", "Topic address", "https://ntfy.sh/your-topic", True, secret=True),
        Option("token", "Access token", "Empty for an open topic.", secret=True),
    )

    def url(self, message: Message, options: dict[str, Any]) -> str:
        """JSON is posted to the server's root; the topic is named inside."""
        parts = urlsplit(str(options.get("url", "")))
        return f"{parts.scheme}://{parts.netloc}/{parts.path.strip('/').rpartition('/')[0]}"

    def payload(self, message: Message, options: dict[str, Any]) -> Any:
        """Loud for pages, low for the all-clear."""
        notice = message.content.notice
        lines = details(notice, 400)
        lines += [f"{name}: {value}" for name, value in facts(notice, 100)]
        loud = _PRIORITIES.get(message.content.severity, 3)
        views = [{"action": "view", "label": a.label, "url": a.url} for a in message.actions]
        return {
            "topic": urlsplit(str(options.get("url", ""))).path.rstrip("/").rpartition("/")[2],
            "title": heading(notice, 200),
            "message": within_bytes("\n".join(lines)[:1_300], 4_000),
            "priority": 2 if message.kind == "close" else loud,
            "tags": ["white_check_mark" if message.kind == "close" else "rotating_light"],
            "click": notice.url,
            **({"actions": views[:3]} if views else {}),
        }

    def headers(self, message: Message, options: dict[str, Any], body: bytes) -> dict[str, str]:
        """The token, where there is one."""
        token = options.get("token")
        return {"Authorization": f"Bearer {token}"} if token else {}

    def complete(self, config: dict[str, Any], secrets: dict[str, str]) -> dict[str, str]:
        """The topic must be named."""
        super().complete(config, secrets)
        if not urlsplit(secrets.get("url", "")).path.strip("/"):
            raise Misconfigured("the address must end in a topic: https://ntfy.sh/your-topic")
        if not (secrets.get("token", "").isascii() and secrets.get("token", "").isprintable()):
            raise Misconfigured("the access token holds odd characters")
        return {}


transport = Ntfy()
