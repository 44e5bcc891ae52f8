"""PagerDuty, Events API v2: triggers, acknowledges and resolves by the incident's id.

Limits: summary 1,024, deduplication key 255.
"""

from __future__ import annotations

import re
from typing import Any

from alerts.domain.text import one_line
from alerts.transports.base import Answer, Checkpoint, Message, Misconfigured, Option
from alerts.transports.format import facts, heading
from alerts.transports.http import HttpTransport

_SEVERITIES = {"fatal": "critical", "error": "error", "warning": "warning"}
_ACTIONS = {"close": "resolve", "ack": "acknowledge"}
_HOSTS = {"us": "events.pagerduty.com", "eu": "events.eu.pagerduty.com"}


class PagerDuty(HttpTransport):
    """An alert an incident: opened, updated and closed with it."""

    label = "PagerDuty"
    tracks = acknowledges = True
    options = (
        Option(
            "routing_key", "Integration key", "32 characters, Events API v2.", True, secret=True
        ),
        Option("region", "Region", "us (when empty) or eu."),
    )

    def send(self, message: Message, options: dict[str, Any], checkpoint: Checkpoint) -> Answer:
        """A test is closed at once, so that it leaves nothing behind."""
        answer = super().send(message, options, checkpoint)
        if message.kind == "test":
            closing = Message(
                message.key, "close", 1, message.incident, message.issue_id, message.content
            )
            super().send(closing, options, checkpoint)
        return answer

    def url(self, message: Message, options: dict[str, Any]) -> str:
        """By region."""
        return f"https://{_HOSTS[options.get('region') or 'us']}/v2/enqueue"

    def payload(self, message: Message, options: dict[str, Any]) -> Any:
        """One key for the whole incident: repeats and the end find the alert."""
        notice = message.content.notice
        severity = _SEVERITIES.get(notice.level, "info")
        if message.content.severity == "page" and severity not in ("critical", "error"):
            severity = "error"  # a service may keep what is less from waking anybody
        found: dict[str, Any] = {
            "routing_key": options.get("routing_key", ""),
            "event_action": _ACTIONS.get(message.kind, "trigger"),
            "dedup_key": message.incident or message.key,
            "client": "Emberwatch",
            "client_url": notice.url,
            "links": [
                {"href": notice.url, "text": "Open the issue"},
                *({"href": each.url, "text": each.label} for each in message.actions),
            ],
            "payload": {
                "summary": heading(notice, 1_024),
                "source": one_line(notice.environment) or one_line(notice.project) or "Emberwatch",
                "severity": severity,
                "component": one_line(notice.project, 200),
                "class": one_line(notice.trigger, 100),
                "custom_details": {
                    **dict(facts(notice)),
                    "Where": one_line(notice.culprit, 300),
                    "Why": one_line(notice.why, 500),
                },
            },
        }
        if notice.last_seen is not None:
            found["payload"]["timestamp"] = notice.last_seen.isoformat()
        return found

    def complete(self, config: dict[str, Any], secrets: dict[str, str]) -> dict[str, str]:
        """Refuse a key or region that has not the form of one."""
        if not re.fullmatch(r"[A-Za-z0-9]{32}", secrets.get("routing_key", ""), re.ASCII):
            raise Misconfigured("the integration key has 32 letters and digits")
        if (config.get("region") or "us") not in _HOSTS:
            raise Misconfigured("the region is us or eu")
        return {}


transport = PagerDuty()
