"""Slack's Web API as far as a bot needs it: checks what it is given, keeps rooms with threads.

with SlackStandIn() as slack: ... slack.url, slack.token, slack.rooms["C0123456789"]
"""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.alerts.transports.test_senders import slack as checked

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


class SlackStandIn:
    """A workspace with one room, the bot in it."""

    token = "xoxb-0123456789-abcdefghij"
    room = "C0123456789"

    def __init__(self) -> None:
        self.rooms: dict[str, list[Said]] = {self.room: []}
        self.people = {"U0123456789": "D0123456789"}
        self.answers: list[tuple[int, dict[str, str], dict[str, Any]]] = []
        """What to answer next, instead: status, headers, JSON. `{}` answers as usual."""
        self.calls: list[str] = []
        self.problems: list[str] = []
        self.drop_answers = 0
        """So many calls are carried out and never answered."""
        self._count = 0
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                stand_in.serve(self)

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/api/"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def said(self) -> list[Said]:
        """Messages of the room, without those in threads."""
        return self.rooms[self.room]

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        raw = handler.rfile.read(int(handler.headers["Content-Length"]))
        method = handler.path.rpartition("/")[2]
        self.calls.append(method)
        status, headers, answer = self.answers.pop(0) if self.answers else (200, {}, {})
        if not answer:
            try:
                answer = self._answer(handler, method, json.loads(raw))
            except AssertionError as problem:
                self.problems.append(f"{method}: {problem}")
                answer = {"ok": False, "error": "invalid_blocks"}
        if self.drop_answers:
            self.drop_answers -= 1
            handler.close_connection = True
            return
        body = json.dumps(answer).encode()
        handler.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

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

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        assert not self.problems, self.problems
