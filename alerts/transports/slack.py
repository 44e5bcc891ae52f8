"""Slack by incoming webhook: blocks, with text that can neither mention nor link.

Limits: 50 blocks, header 150 characters, section 3,000, ten fields of 2,000, button 75.
"""

from __future__ import annotations

from typing import Any

from alerts.domain.text import one_line
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
        """A whole message."""
        return body_of(message)


def body_of(message: Message) -> dict[str, Any]:
    """A message in which nothing is looked for names and links."""
    return {
        "text": html(heading(message.content.notice, 300)),
        "blocks": blocks_of(message),
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def blocks_of(message: Message) -> list[dict[str, Any]]:
    """Header, text, fields and buttons; `verbatim` keeps Slack from reading names into the text."""
    notice = message.content.notice
    lines = html("\n".join(details(notice, 500)), 3_000)
    fields = [_text(f"*{name}*\n{html(value, 1_900)}") for name, value in facts(notice)[:10]]
    buttons = [
        _button("Open the issue", notice.url, "open"),
        *(_button(each.label, each.url, f"do_{n}") for n, each in enumerate(message.actions)),
    ]
    return [
        {"type": "header", "text": plain(heading(notice, 150), 150)},
        *([{"type": "section", "text": _text(lines)}] if lines else []),
        *([{"type": "section", "fields": fields}] if fields else []),
        {"type": "actions", "elements": [each for each in buttons if each]},
    ]


def plain(text: str, limit: int) -> dict[str, Any]:
    """Text that nothing is read into."""
    return {"type": "plain_text", "text": one_line(text, limit) or "-", "emoji": False}


def _button(label: str, url: str, name: str) -> dict[str, Any] | None:
    if len(url) > 3_000:
        return None  # one such address would have the whole message refused
    return {"type": "button", "action_id": name, "text": plain(label, 75), "url": url}


def _text(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


transport = Slack()
