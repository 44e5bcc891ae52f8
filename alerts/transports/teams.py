"""Microsoft Teams by a Workflows webhook: an adaptive card of text runs, which know no markup.

Limits: 28 KB a message, six buttons.
"""

from __future__ import annotations

from typing import Any

from alerts.transports.base import Message, Option
from alerts.transports.format import details, facts, heading
from alerts.transports.http import HttpTransport


class Teams(HttpTransport):
    """One card a notice."""

    label = "Microsoft Teams"
    options = (
        Option("url", "Workflow address", "“When a Teams webhook request is received”.", True,
               secret=True),
    )  # fmt: skip

    def payload(self, message: Message, options: dict[str, Any]) -> Any:
        """Mentions need entities of their own in a card: there are none."""
        notice = message.content.notice
        lines = details(notice, 1_000)
        body = [
            _line(_run(heading(notice, 300), weight="Bolder", size="Medium")),
            *(_line(_run(line)) for line in lines),
            *(
                _line(_run(f"{name}: ", weight="Bolder"), _run(value))
                for name, value in facts(notice)
            ),
        ]
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": body,
            "actions": [
                {"type": "Action.OpenUrl", "title": "Open the issue", "url": notice.url},
                *(
                    {"type": "Action.OpenUrl", "title": each.label, "url": each.url}
                    for each in message.actions
                ),
            ],
        }
        content_type = "application/vnd.microsoft.card.adaptive"
        return {
            "type": "message",
            "attachments": [{"contentType": content_type, "contentUrl": None, "content": card}],
        }


def _line(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs), "spacing": "Small"}


def _run(text: str, **style: str) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}


transport = Teams()
