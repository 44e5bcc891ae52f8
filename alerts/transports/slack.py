"""Slack by incoming webhook: blocks, with text that can neither mention nor link.

Limits: header 150 characters, section 3,000, ten fields of 2,000.
"""

from __future__ import annotations

from typing import Any

from alerts.transports.base import Message, Option
from alerts.transports.format import details, facts, heading, html
from alerts.transports.http import HttpTransport


class Slack(HttpTransport):
    """One message a notice."""

    label = "Slack"
    options = (
        Option("url", "Webhook address", "https://hooks.slack.com/services/…", True, secret=True),
    )

    def payload(self, message: Message, options: dict[str, Any]) -> Any:
        """Header and fields; `verbatim` keeps Slack from finding links and names in the text."""
        notice = message.content.notice
        lines = [html(part) for part in details(notice, 1_000)]
        blocks: list[dict[str, Any]] = [
            {"type": "header", "text": _plain(heading(notice, 150))},
            *([{"type": "section", "text": _text("\n".join(lines))}] if lines else []),
            {
                "type": "section",
                "fields": [_text(f"*{name}*\n{html(value)}") for name, value in facts(notice)],
            },
            {
                "type": "actions",
                "elements": [
                    {"type": "button", "text": _plain("Open the issue"), "url": notice.url}
                ],
            },
        ]
        return {
            "text": html(heading(notice, 300)),
            "blocks": blocks,
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _text(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


transport = Slack()
