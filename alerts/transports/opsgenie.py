"""Opsgenie, Alert API v2: created, acknowledged and closed by the incident's alias. P1 is highest.

Limits: message 130, alias 512, description 15,000.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from alerts.domain.text import one_line
from alerts.transports.base import Message, Misconfigured, Option
from alerts.transports.format import facts, heading
from alerts.transports.http import HttpTransport

_PRIORITIES = {"fatal": "P2", "error": "P3", "warning": "P4"}
_VERBS = {"close": "close", "ack": "acknowledge"}
_HOSTS = {"us": "api.opsgenie.com", "eu": "api.eu.opsgenie.com"}


class Opsgenie(HttpTransport):
    """An alert an incident: opened and closed with it."""

    label = "Opsgenie"
    tracks = acknowledges = True
    options = (
        Option("key", "API key", "Of an API integration: creates, acknowledges, closes.", True,
               secret=True),
        Option("region", "Region", "us (when empty) or eu."),
    )  # fmt: skip

    def url(self, message: Message, options: dict[str, Any]) -> str:
        """Created; acknowledged and closed by alias."""
        base = f"https://{_HOSTS[options.get('region') or 'us']}/v2/alerts"
        verb = _VERBS.get(message.kind)
        if verb is None:
            return base
        return f"{base}/{quote(_alias(message), safe='')}/{verb}?identifierType=alias"

    def payload(self, message: Message, options: dict[str, Any]) -> Any:
        """The same alias counts repeats instead of alerting again."""
        notice = message.content.notice
        if message.kind in _VERBS:
            return {"source": "Emberwatch", "note": one_line(notice.why or notice.headline, 500)}
        page = message.content.severity == "page"
        lines = [
            one_line(part, 1_000) for part in (notice.title, notice.culprit, notice.why) if part
        ]
        offered = [f"{each.label}: {each.url}" for each in message.actions]
        return {
            "message": heading(notice, 130),
            "alias": _alias(message),
            "description": "\n".join([*lines, notice.url, *offered]),
            "priority": "P1" if page else _PRIORITIES.get(notice.level, "P5"),
            "source": "Emberwatch",
            "entity": one_line(notice.project, 200),
            "details": {**dict(facts(notice)), "url": notice.url},
        }

    def headers(self, message: Message, options: dict[str, Any], body: bytes) -> dict[str, str]:
        """The key."""
        return {"Authorization": f"GenieKey {options.get('key', '')}"}

    def complete(self, config: dict[str, Any], secrets: dict[str, str]) -> dict[str, str]:
        """Refuse a key or region that has not the form of one."""
        if not re.fullmatch(r"[A-Za-z0-9-]{20,100}", secrets.get("key", ""), re.ASCII):
            raise Misconfigured("the API key is letters, digits and hyphens, at least 20")
        if (config.get("region") or "us") not in _HOSTS:
            raise Misconfigured("the region is us or eu")
        return {}


def _alias(message: Message) -> str:
    return message.incident or message.key


transport = Opsgenie()
