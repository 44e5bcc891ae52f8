"""Discord by webhook: one embed, all mentions off.

Limits: title 256, description 4,096, 25 fields of 256 + 1,024, 6,000 in all.
"""

from __future__ import annotations

from typing import Any

from alerts.transports.base import Message, Option
from alerts.transports.format import colour, details, facts, heading, links, markdown
from alerts.transports.http import HttpTransport


class Discord(HttpTransport):
    """One message a notice."""

    label = "Discord"
    options = (
        Option("url", "Webhook address", "https://discord.com/api/webhooks/…", True, secret=True),
    )

    def payload(self, message: Message, options: dict[str, Any]) -> Any:
        """An embed; `parse: []` lets no text call anybody."""
        notice = message.content.notice
        lines = [markdown(part) for part in details(notice, 500)]
        if message.actions:
            lines.append(links(message.actions))
        return {
            "allowed_mentions": {"parse": []},
            "embeds": [
                {
                    # Escapes may double every length: to 240, 2,001, 200 and 1,000.
                    "title": markdown(heading(notice, 120)),
                    "url": notice.url,
                    "description": "\n".join(lines),
                    "color": colour(message.kind),
                    "fields": [
                        {"name": name, "value": markdown(value), "inline": True}
                        for name, value in facts(notice, 100, 500)
                    ],
                }
            ],
        }


transport = Discord()
