"""Jira, Cloud and Data Center as far as tickets need it."""

import base64
import json
import re
import time
import uuid
from typing import Any, ClassVar

from tests.alerts.tickets.sites.base import (
    SECRET,
    TOKEN,
    Refused,
    Remote,
    Site,
    line,
    only,
    signed,
)


class JiraSite(Site):
    """Cloud; `JiraCenterSite` is Data Center."""

    kind = "jira"
    api = "/rest/api/3"
    login_field = "accountId"
    config: ClassVar[dict[str, str]] = {
        "project": "SHOP", "email": "bot@example.com", "labels": "from emberwatch",
    }  # fmt: skip

    def options(self) -> tuple[dict[str, str], dict[str, str]]:
        config, secrets = super().options()
        return {**config, "url": self.url}, secrets

    def check(self, headers: dict[str, str]) -> None:
        wanted = "Basic " + base64.b64encode(f"bot@example.com:{TOKEN}".encode()).decode()
        if headers.get("authorization") != wanted:
            raise Refused(401, {"errorMessages": ["Client must be authenticated"]})

    def markup(self, body: Any) -> None:
        """What a description or comment may be. Raises AssertionError."""
        assert len(json.dumps(body)) <= 32_767
        assert (body["type"], body["version"]) == ("doc", 1)
        allowed = {"paragraph": {"text"}, "bulletList": {"listItem"}, "listItem": {"paragraph"},
                   "codeBlock": {"text"}, "doc": {"paragraph", "bulletList", "codeBlock"}}  # fmt: skip

        def walk(node: dict[str, Any]) -> None:
            if node["type"] == "text":
                only(node, "type", "text", "marks")
                assert node["text"]
                marks = [mark["type"] for mark in node.get("marks", [])]
                assert set(marks) <= {"strong", "code", "link"}
                assert len(marks) <= 1 or "code" not in marks
                return
            only(node, "type", "content", "version")
            for child in node["content"]:
                assert child["type"] in allowed[node["type"]]
                if node["type"] == "codeBlock":
                    assert "marks" not in child
                walk(child)

        walk(body)

    def told(self, one: Remote) -> dict[str, Any]:
        category = "done" if one.closed else "new"
        return {
            "id": str(10_000 + one.number), "key": f"SHOP-{one.number}",
            "fields": {
                "summary": one.title, "description": one.body,
                "status": {"name": "Done" if one.closed else "To Do",
                           "statusCategory": {"key": category}},
                "assignee": {self.login_field: one.assignee} if one.assignee else None,
            },
        }  # fmt: skip

    def do(self, method: str, path: str, query: dict[str, str], payload: Any) -> tuple[int, Any]:
        assert path.startswith(self.api), path
        rest = path.removeprefix(self.api)
        if rest == "/project/SHOP":
            types = [{"name": "Bug"}, {"name": "Task"}]
            return 200, {"key": "SHOP", "name": "Shop", "issueTypes": types}
        if rest == "/user/assignable/search":
            known = self.people.get(
                query["query" if self.login_field == "accountId" else "username"]
            )
            return 200, [{self.login_field: known}] if known else []
        if rest == "/issue":
            only(payload, "fields")
            fields = payload["fields"]
            only(fields, "project", "issuetype", "summary", "description", "labels")
            assert fields["project"] == {"key": "SHOP"}
            assert fields["issuetype"] == {"name": "Bug"}
            assert all(" " not in label for label in fields["labels"])
            self.markup(fields["description"])
            one = self.add(line(fields["summary"], 255), fields["description"])
            return 201, {"id": str(10_000 + one.number), "key": f"SHOP-{one.number}"}
        if rest == ("/search/jql" if self.api.endswith("3") else "/search"):
            only(payload, "jql", "maxResults", "fields")
            found = re.search(r'description ~ "(\w+)"', payload["jql"])
            assert found
            assert payload["jql"].startswith('project = "SHOP"')
            rows = [one for one in self.tickets if found[1] in one.text]
            return 200, {"issues": [self.told(one) for one in rows]}
        found = re.fullmatch(r"/issue/([\w-]+)(/\w+)?", rest)
        assert found, path
        one = self.find(int(re.sub(r"\D", "", found[1])) % 10_000)
        return self._of_issue(one, method, found[2], payload)

    def _of_issue(
        self, one: Remote, method: str, part: str | None, payload: Any
    ) -> tuple[int, Any]:
        if part == "/transitions" and method == "GET":
            ways = {"11": ("Start", "indeterminate"), "31": ("Finish", "done")}
            if one.closed:
                ways = {"41": ("Back", "new")}
            rows = [{"id": n, "name": name, "to": {"statusCategory": {"key": key}}}
                    for n, (name, key) in ways.items()]  # fmt: skip
            return 200, {"transitions": rows}
        self.changes += method != "GET"
        if part == "/transitions":
            only(payload, "transition")
            assert payload["transition"]["id"] == ("41" if one.closed else "31")
            one.closed = not one.closed
            return 204, None
        if part == "/comment":
            only(payload, "body")
            self.markup(payload["body"])
            one.comments.append(payload["body"])
            return 201, {"id": "1"}
        if part == "/assignee":
            only(payload, self.login_field)
            one.assignee = payload[self.login_field] or ""
            return 204, None
        return 200, self.told(one)

    def call(self, ticket: Remote, **more: Any) -> tuple[dict[str, str], bytes, str]:
        told = {"webhookEvent": "jira:issue_updated", "timestamp": int(time.time() * 1000),
                "issue": self.told(ticket), **more}  # fmt: skip
        body = json.dumps(told).encode()
        headers = {"X-Hub-Signature": f"sha256={signed(body)}",
                   "X-Atlassian-Webhook-Identifier": uuid.uuid4().hex}  # fmt: skip
        return headers, body, ""


class JiraCenterSite(JiraSite):
    api = "/rest/api/2"
    login_field = "name"
    config: ClassVar[dict[str, str]] = {"project": "SHOP", "labels": "emberwatch"}

    def check(self, headers: dict[str, str]) -> None:
        if headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refused(401, {"errorMessages": ["You are not authenticated"]})

    def markup(self, body: Any) -> None:
        assert isinstance(body, str)
        assert len(body) <= 32_767
        assert body.count("{noformat}") in (0, 2)

    def call(self, ticket: Remote, **more: Any) -> tuple[dict[str, str], bytes, str]:
        _headers, body, _query = super().call(ticket, **more)
        return {}, body, f"?secret={SECRET}"
