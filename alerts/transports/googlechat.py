"""Google Chat by webhook: a card, in one thread an incident. Limit: 32,000 bytes."""

from __future__ import annotations

from typing import Any

from alerts.domain.text import one_line
from alerts.transports.base import Message, Option
from alerts.transports.format import details, facts, html
from alerts.transports.http import HttpTransport


class GoogleChat(HttpTransport):
    """One card a notice."""

    label = "Google Chat"
    options = (
        Option("url", "Webhook address", "https://chat.googleapis.com/v1/spaces/…", True,
               secret=True),
    )  # fmt: skip

    def url(self, message: Message, options: dict[str, Any]) -> str:
        """With the wish to answer in the incident's thread."""
        address = str(options.get("url", ""))
        joint = "&" if "?" in address else "?"
        return f"{address}{joint}messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"

    def payload(self, message: Message, options: dict[str, Any]) -> Any:
        """Cards read a little HTML and no mentions; the header is plain text."""
        notice = message.content.notice
        widgets: list[dict[str, Any]] = [
            {"textParagraph": {"text": html(part)}} for part in details(notice, 1_000)
        ]
        widgets += [
            {"decoratedText": {"topLabel": name, "text": html(value)}}
            for name, value in facts(notice)
        ]
        links = [("Open the issue", notice.url), *((a.label, a.url) for a in message.actions)]
        buttons = [{"text": label, "onClick": {"openLink": {"url": url}}} for label, url in links]
        widgets.append({"buttonList": {"buttons": buttons}})
        header = {
            "title": one_line(f"{notice.headline}: {notice.short_id}", 200),
            "subtitle": one_line(notice.title, 200),
        }
        card = {"header": header, "sections": [{"widgets": widgets}]}
        return {
            "cardsV2": [{"cardId": message.key[:64], "card": card}],
            "thread": {"threadKey": message.incident or message.key},
        }


transport = GoogleChat()
