"""Linear as far as tickets need it."""

import json
import time
import uuid
from typing import Any, ClassVar

from tests.alerts.tickets.sites.base import (
    TOKEN,
    Refused,
    Remote,
    Site,
    line,
    only,
    signed,
)


class LinearSite(Site):
    kind = "linear"
    config: ClassVar[dict[str, str]] = {"team": "ENG"}
    people: ClassVar[dict[str, str]] = {"alice@example.com": "0a" * 16}

    def check(self, headers: dict[str, str]) -> None:
        if headers.get("authorization") != TOKEN:
            told = {"errors": [{"message": "Authentication required, not authenticated"}]}
            raise Refused(400, told)

    def told(self, one: Remote) -> dict[str, Any]:
        states: list[dict[str, Any]] = [
            {"id": "s-backlog", "type": "backlog", "position": 0, "name": "Backlog"},
            {"id": "s-todo", "type": "unstarted", "position": 1, "name": "Todo"},
            {"id": "s-shipped", "type": "completed", "position": 5, "name": "Shipped"},
            {"id": "s-done", "type": "completed", "position": 4, "name": "Done"},
        ]
        return {
            "id": one.uid, "identifier": f"ENG-{one.number}", "title": one.title,
            "url": f"https://linear.app/acme/issue/ENG-{one.number}/x",
            "state": states[3] if one.closed else states[1],
            "assignee": {"id": one.assignee} if one.assignee else None,
            "team": {"states": {"nodes": states}},
        }  # fmt: skip

    def do(self, method: str, path: str, query: dict[str, str], payload: Any) -> tuple[int, Any]:
        assert (method, path) == ("POST", "/graphql")
        only(payload, "query", "variables")
        asked, given = payload["query"], payload["variables"]
        balance = [asked.count(one) for one in "{}()"]
        assert balance[0] == balance[1]
        assert balance[2] == balance[3]
        data: dict[str, Any] = {}
        if "teams(" in asked:
            rows = [{"id": "t1", "name": "Engineering"}] if given["key"] == "ENG" else []
            data = {"viewer": {"name": "Bot"}, "teams": {"nodes": rows}}
        elif "issueCreate" in asked:
            only(given["input"], "id", "teamId", "title", "description")
            assert uuid.UUID(given["input"]["id"]).version == 4
            assert given["input"]["teamId"] == "t1"
            if any(one.uid == given["input"]["id"] for one in self.tickets):
                return 200, {"errors": [{"message": "Entity already exists"}]}
            one = self.add(line(given["input"]["title"], 255), given["input"]["description"],
                           uid=given["input"]["id"])  # fmt: skip
            data = {"issueCreate": {"success": True, "issue": self.told(one)}}
        elif "issueUpdate" in asked:
            only(given["input"], "stateId", "assigneeId")
            one = self.by(given["id"])
            if "stateId" in given["input"]:
                one.closed = {"s-done": True, "s-todo": False}[given["input"]["stateId"]]
            else:
                one.assignee = given["input"]["assigneeId"] or ""
            self.changes += 1
            data = {"issueUpdate": {"success": True, "issue": self.told(one)}}
        elif "commentCreate" in asked:
            only(given["input"], "issueId", "body")
            self.by(given["input"]["issueId"]).comments.append(given["input"]["body"])
            self.changes += 1
            data = {"commentCreate": {"success": True}}
        elif "users(" in asked:
            known = self.people.get(given["email"])
            data = {"users": {"nodes": [{"id": known, "active": True}] if known else []}}
        else:
            data = {"issue": self.told(self.by(given["id"]))}
        return 200, {"data": data}

    def by(self, number: str) -> Remote:
        for one in self.tickets:
            if number in (one.uid, f"ENG-{one.number}"):
                return one
        raise Refused(200, {"errors": [{"message": "Entity not found: Issue"}], "data": None})

    def call(self, ticket: Remote, **more: Any) -> tuple[dict[str, str], bytes, str]:
        told = {"action": "update", "type": "Issue", "data": {"id": ticket.uid},
                "webhookTimestamp": int(time.time() * 1000), **more}  # fmt: skip
        body = json.dumps(told).encode()
        headers = {"Linear-Signature": signed(body), "Linear-Delivery": uuid.uuid4().hex}
        return headers, body, ""
