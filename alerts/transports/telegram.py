"""Telegram by bot: HTML mode, no preview, no mention. Limit: 4,096 characters."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from alerts.transports.base import Message, Misconfigured, Option
from alerts.transports.format import details, facts, heading, html, unmention
from alerts.transports.http import HttpTransport


class Telegram(HttpTransport):
    """One message a notice."""

    label = "Telegram"
    options = (
        Option("token", "Bot token", "From @BotFather.", True, secret=True),
        Option("chat", "Chat id", "A number, or @name of a public channel.", True),
        Option("topic", "Topic id", "Of a group with topics; empty: the general one."),
    )

    def url(self, message: Message, options: dict[str, Any]) -> str:
        """The token is part of the path; no error repeats it."""
        return f"https://api.telegram.org/bot{options.get('token', '')}/sendMessage"

    def payload(self, message: Message, options: dict[str, Any]) -> Any:
        """Text of strangers is escaped; `@name` is broken, since no setting turns mentions off."""
        notice = message.content.notice
        lines = [f"<b>{_safe(heading(notice, 300))}</b>"]
        lines += [_safe(part) for part in details(notice, 300)]
        lines += [f"<b>{name}</b> {_safe(value)}" for name, value in facts(notice, 80)]
        lines.append(f'<a href="{html(notice.url).replace(chr(34), "%22")}">Open the issue</a>')
        found: dict[str, Any] = {
            "chat_id": options.get("chat", ""),
            "text": "\n".join(lines),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
        if message.actions and _reachable(message.actions[0].url):
            buttons = [{"text": each.label, "url": each.url} for each in message.actions]
            rows = [buttons[at : at + 2] for at in range(0, len(buttons), 2)]
            found["reply_markup"] = {"inline_keyboard": rows}
        if options.get("topic"):
            found["message_thread_id"] = int(options["topic"])
        return found

    def complete(self, config: dict[str, Any], secrets: dict[str, str]) -> dict[str, str]:
        """Refuse a token or chat that has not the form of one."""
        if not re.fullmatch(r"\d{3,20}:[A-Za-z0-9_-]{20,100}", secrets.get("token", "")):
            raise Misconfigured("the bot token looks like 123456:ABC…")
        if not re.fullmatch(r"-?\d{1,20}|@\w{3,64}", str(config.get("chat", "")), re.ASCII):
            raise Misconfigured("the chat id is a number or @name")
        if not re.fullmatch(r"\d{0,12}", str(config.get("topic") or ""), re.ASCII):
            raise Misconfigured("the topic id is a number")
        return {}


def _reachable(url: str) -> bool:
    """Telegram refuses a whole message for a button whose host has no dot (`localhost`)."""
    return "." in (urlsplit(url).hostname or "")


def _safe(text: str) -> str:
    return unmention(html(text))


transport = Telegram()
