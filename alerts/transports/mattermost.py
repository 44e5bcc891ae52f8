"""Mattermost by incoming webhook: an attachment whose text can neither mention nor link."""

from __future__ import annotations

from typing import Any

from alerts.transports.base import Message, Option
from alerts.transports.format import colour, details, facts, heading, links, markdown
from alerts.transports.http import HttpTransport


class Mattermost(HttpTransport):
    """One message a notice."""

    label = "Mattermost"
    options = (Option("url", "Webhook address", "https://…/hooks/…", True, secret=True),)

    def payload(self, message: Message, options: dict[str, Any]) -> Any:
        """Names are broken and marks escaped: the server would act on both."""
        notice = message.content.notice
        title = markdown(heading(notice, 300))
        lines = [markdown(part) for part in details(notice, 1_000)]
        if message.actions:
            lines.append(links(message.actions))
        return {
            "attachments": [
                {
                    "fallback": title,
                    "color": f"#{colour(message.kind):06x}",
                    "title": title,
                    "title_link": notice.url,
                    "text": "\n".join(lines),
                    "fields": [
                        {"title": name, "value": markdown(value), "short": True}
                        for name, value in facts(notice)
                    ],
                }
            ]
        }


transport = Mattermost()
