"""Slack by bot token: one message an incident, edited with its state; its history in the thread.

Limits: 50 blocks, header 150 characters, section 3,000, ten fields of 2,000, button 75, address
of a button 3,000. Slack answers 200 with `{"ok": false, "error": ...}`; some of its errors mean
that nothing can arrive any more, and pause the channel.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

from alerts.transports import http
from alerts.transports.base import (
    Answer,
    Checkpoint,
    Disowned,
    Message,
    Misconfigured,
    Option,
    Rejected,
    Transport,
    Unreachable,
)
from alerts.transports.format import heading, html
from alerts.transports.slack import body_of, plain

API = "https://slack.com/api/"
EDITED = "edited"
"""Checkpoint: the message shows the state; what is left is the line in the thread."""

_DISOWNED = {
    "account_inactive": "the app was removed or its user deactivated",
    "channel_not_found": "the channel does not exist, or the bot can't see it: invite it",
    "ekm_access_denied": "the workspace's administrators suspended posting",
    "invalid_auth": "the bot token is wrong",
    "is_archived": "the channel is archived",
    "missing_scope": "the bot token lacks the scope chat:write",
    "no_permission": "the bot token may not post",
    "not_authed": "the bot token is missing",
    "not_in_channel": "the bot is not in the channel: invite it",
    "org_login_required": "the workspace is being migrated",
    "restricted_action": "the workspace does not let the bot post here",
    "team_access_not_granted": "the bot has no access to the workspace",
    "token_expired": "the bot token has expired",
    "token_revoked": "the bot token was revoked",
    "two_factor_setup_required": "the workspace wants two-factor authentication",
}
_LATER = frozenset({
    "fatal_error", "internal_error", "message_limit_exceeded", "rate_limited", "ratelimited",
    "request_timeout", "service_unavailable", "team_added_to_org",
})  # fmt: skip
_LOST = frozenset({"cant_update_message", "edit_window_closed", "message_not_found"})
"""The message can't be edited (any more): what is new is told as a message of its own."""


class Refused(Exception):
    """Slack's own word for why not."""


class SlackBot(Transport):
    """One message an incident."""

    label = "Slack (bot)"
    acknowledges = True
    options = (
        Option("token", "Bot token", "xoxb-…, with the scope chat:write.", True, secret=True),
        Option("channel", "Channel", "Its id (C0123456789) or #name; invite the bot.", True),
    )

    def send(self, message: Message, options: dict[str, Any], checkpoint: Checkpoint) -> Answer:
        """Post, or edit what was posted and add a line to its thread."""
        if message.content.to or not message.root or message.content.notice.also:
            channel = message.content.to or str(options.get("channel", ""))
            return self._post(message, options, channel)
        channel, _, stamp = message.root.partition(" ")
        if not message.shared and EDITED not in message.reached:
            try:
                self._call("chat.update", self.edit(message, channel, stamp), options)
            except Refused as error:
                if str(error) not in _LOST:
                    raise _explained(str(error)) from None
                return self._post(message, options, channel)
            checkpoint(EDITED)
        try:
            self._call("chat.postMessage", self.reply(message, channel, stamp), options)
        except Refused as error:
            raise _explained(str(error)) from None
        return Answer("200", remote="" if message.shared else message.root)

    def payload(self, message: Message, channel: str) -> dict[str, Any]:
        """A whole message."""
        return {
            "channel": channel,
            **body_of(message),
            "metadata": {
                "event_type": "emberwatch_alert",
                "event_payload": {"delivery": message.key, "incident": message.incident},
            },
        }

    def edit(self, message: Message, channel: str, stamp: str) -> dict[str, Any]:
        """The same message as it is now."""
        found = self.payload(message, channel)
        for name in ("unfurl_links", "unfurl_media"):
            del found[name]  # chat.update knows neither
        return {**found, "ts": stamp}

    def reply(self, message: Message, channel: str, stamp: str) -> dict[str, Any]:
        """A line of history; what came back is shown in the channel too."""
        notice = message.content.notice
        line = heading(notice, 300)
        why = f"\n{notice.why[:500]}" if notice.why else ""
        text = {"type": "mrkdwn", "text": html(f"{line}{why}", 3_000), "verbatim": True}
        return {
            "channel": channel,
            "thread_ts": stamp,
            "reply_broadcast": message.kind == "open",
            "text": html(line),
            "blocks": [{"type": "section", "text": text}],
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }

    def complete(self, config: dict[str, Any], secrets: dict[str, str]) -> dict[str, str]:
        """Refuse a token or channel that has not the form of one."""
        if not re.fullmatch(r"xox[be][-.][A-Za-z0-9.-]{10,300}", secrets.get("token", "")):
            raise Misconfigured("the bot token looks like xoxb-…")
        channel = str(config.get("channel", ""))
        if not re.fullmatch(r"[CGDU][A-Z0-9]{5,20}|#[^\s#@<>&]{1,80}", channel):
            raise Misconfigured("the channel is an id like C0123456789, or #name")
        return {}

    def _post(self, message: Message, options: dict[str, Any], channel: str) -> Answer:
        try:
            said = self._call("chat.postMessage", self.payload(message, channel), options)
        except Refused as error:
            if message.content.to and str(error) in {"channel_not_found", "user_not_found"}:
                text = f"{plain(message.content.to, 40)['text']} is no member of the workspace"
                raise Rejected(text, permanent=True, status=str(error)) from None
            raise _explained(str(error)) from None
        place, stamp = said.get("channel"), said.get("ts")
        if not (isinstance(place, str) and isinstance(stamp, str)):
            return Answer("200", "Slack did not say what it calls the message")
        return Answer("200", remote=f"{place} {stamp}"[:200])

    def _call(self, method: str, body: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        """What Slack says to it. Raises Refused, and what requests raise."""
        headers = {
            "Authorization": f"Bearer {options.get('token', '')}",
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": http.USER_AGENT,
        }
        reply = http.request("POST", self.url(method), json.dumps(body).encode(), headers)
        if not 200 <= reply.status < 300:
            raise http.refused(reply)
        try:
            said = json.loads(reply.body)
        except ValueError:
            raise Unreachable("Slack's answer can't be read") from None
        if not isinstance(said, dict):
            raise Unreachable("Slack's answer can't be read")
        if said.get("ok") is True:
            return said
        error = str(said.get("error") or "")
        if error in _LATER:
            wait = http.seconds_of(reply.headers.get("retry-after"), time.time())
            raise Rejected(f"Slack: {error}", permanent=False, status=error, retry_after=wait)
        raise Refused(error if re.fullmatch(r"[a-z0-9_]{1,40}", error) else "unknown")

    def url(self, method: str) -> str:
        """Where a method is called."""
        return API + method


def _explained(error: str) -> Disowned | Rejected:
    """Slack's word as ours."""
    if error in _DISOWNED:
        return Disowned(f"Slack: {error}: {_DISOWNED[error]}", status=error)
    return Rejected(f"Slack: {error}", permanent=True, status=error)


transport = SlackBot()
