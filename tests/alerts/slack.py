"""Slack's Web API as far as a bot needs it: checks what it is given, keeps rooms with threads.

with SlackStandIn() as slack: ... slack.url, slack.token, slack.rooms["C0123456789"]
"""

import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.alerts.transports.test_senders import slack as checked
from tests.receiver import Receiver, answer, read

POST_ARGUMENTS = {
    "channel", "text", "blocks", "parse", "link_names", "unfurl_links", "unfurl_media", "metadata",
    "thread_ts", "reply_broadcast",
}  # fmt: skip
UPDATE_ARGUMENTS = {"channel", "ts", "text", "blocks", "parse", "link_names", "metadata"}


@dataclass
class Said:
    """One message in a room."""

    ts: str
    body: dict[str, Any]
    edits: int = 0
    thread: list["Said"] = field(default_factory=list)

    @property
    def heading(self) -> str:
        return str(self.body["blocks"][0]["text"]["text"])


class SlackStandIn(Receiver):
    """A workspace with one room, the bot in it."""

    token = "xoxb-0123456789-abcdefghij"
    room = "C0123456789"
    path = "/api/"

    def __init__(self) -> None:
        super().__init__()
        self.rooms: dict[str, list[Said]] = {self.room: []}
        self.people = {"U0123456789": "D0123456789"}
        self.answers: list[tuple[int, dict[str, str], dict[str, Any]]] = []
        """What to answer next, instead: status, headers, JSON. `{}` answers as usual."""
        self.calls: list[str] = []
        self.problems: list[str] = []
        self.drop_answers = 0
        """So many calls are carried out and never answered."""
        self._count = 0

    @property
    def said(self) -> list[Said]:
        """Messages of the room, without those in threads."""
        return self.rooms[self.room]

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        raw = read(handler)
        method = handler.path.rpartition("/")[2]
        self.calls.append(method)
        status, headers, told = self.answers.pop(0) if self.answers else (200, {}, {})
        if not told:
            try:
                told = self._answer(handler, method, json.loads(raw))
            except AssertionError as problem:
                self.problems.append(f"{method}: {problem}")
                told = {"ok": False, "error": "invalid_blocks"}
        if self.drop_answers:
            self.drop_answers -= 1
            handler.close_connection = True
            return
        answer(handler, status, json.dumps(told).encode(), headers)

    def _answer(
        self, handler: BaseHTTPRequestHandler, method: str, body: dict[str, Any]
    ) -> dict[str, Any]:
        assert handler.headers["Content-Type"] == "application/json; charset=utf-8"
        if handler.headers["Authorization"] != f"Bearer {self.token}":
            return {"ok": False, "error": "invalid_auth"}
        allowed = UPDATE_ARGUMENTS if method == "chat.update" else POST_ARGUMENTS
        assert set(body) <= allowed, set(body) - allowed
        channel = self.people.get(body["channel"], body["channel"])
        channel = self.room if channel == "#alerts" else channel
        if channel in self.people.values():
            self.rooms.setdefault(channel, [])
        if channel not in self.rooms:
            return {"ok": False, "error": "channel_not_found"}
        checked({"unfurl_links": False, **body})
        if method == "chat.update":
            assert body["channel"] == channel, "chat.update wants an id"
            return self._update(channel, body)
        return self._post(channel, body)

    def _post(self, channel: str, body: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        said = Said(f"1700000000.{self._count:06}", body)
        if "thread_ts" in body:
            [parent] = [each for each in self.rooms[channel] if each.ts == body["thread_ts"]]
            parent.thread.append(said)
        else:
            assert "reply_broadcast" not in body
            self.rooms[channel].append(said)
        return {"ok": True, "channel": channel, "ts": said.ts, "message": body}

    def _update(self, channel: str, body: dict[str, Any]) -> dict[str, Any]:
        for each in self.rooms[channel]:
            if each.ts == body["ts"]:
                each.body, each.edits = body, each.edits + 1
                return {"ok": True, "channel": channel, "ts": each.ts, "text": body["text"]}
        return {"ok": False, "error": "message_not_found"}

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        assert not self.problems, self.problems
