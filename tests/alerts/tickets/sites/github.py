"""GitHub as far as tickets need it."""

import json
import re
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


class GitHubSite(Site):
    kind = "github"
    config: ClassVar[dict[str, str]] = {"repository": "acme/shop", "labels": "bug, emberwatch"}

    def options(self) -> tuple[dict[str, str], dict[str, str]]:
        config, secrets = super().options()
        return {**config, "api": self.url}, secrets

    def check(self, headers: dict[str, str]) -> None:
        if headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refused(401, {"message": "Bad credentials"})
        assert headers["accept"] == "application/vnd.github+json"
        assert headers["x-github-api-version"] == "2022-11-28"

    def told(self, one: Remote) -> dict[str, Any]:
        return {
            "number": one.number, "title": one.title, "body": one.body,
            "state": "closed" if one.closed else "open",
            "state_reason": "completed" if one.closed else None,
            "html_url": f"http://127.0.0.1/acme/shop/issues/{one.number}",
            "assignee": {"login": one.assignee} if one.assignee else None,
        }  # fmt: skip

    def do(self, method: str, path: str, query: dict[str, str], payload: Any) -> tuple[int, Any]:
        if path == "/search/users":
            email = query["q"].split('"')[1]
            known = [{"login": self.people[email]}] if email in self.people else []
            return 200, {"total_count": len(known), "items": known}
        assert path.startswith("/repos/acme/shop"), path
        rest = path.removeprefix("/repos/acme/shop")
        if rest == "":
            return 200, {"full_name": "acme/shop", "has_issues": True, "archived": False}
        if rest == "/issues" and method == "POST":
            only(payload, "title", "body", "labels", "assignees", "milestone")
            assert isinstance(payload["body"], str)
            assert len(payload["body"]) <= 65_536
            assert payload["labels"] == ["bug", "emberwatch"]
            return 201, self.told(self.add(line(payload["title"], 256), payload["body"]))
        if rest == "/issues":
            assert query["state"] == "all"
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", query["since"])
            size, page = int(query["per_page"]), int(query["page"])
            rows = self.tickets[::-1][(page - 1) * size : page * size]
            return 200, [self.told(one) for one in rows]
        found = re.fullmatch(r"/issues/(\d+)(/comments)?", rest)
        assert found, path
        one = self.find(found[1])
        if found[2]:
            only(payload, "body")
            assert 1 <= len(payload["body"]) <= 65_536
            one.comments.append(payload["body"])
            self.changes += 1
            return 201, {"id": len(one.comments)}
        if method == "PATCH":
            only(payload, "state", "state_reason", "assignees")
            assert payload.get("state", "open") in ("open", "closed")
            if "state" in payload:
                wanted = "completed" if payload["state"] == "closed" else "reopened"
                assert payload["state_reason"] == wanted
                one.closed = payload["state"] == "closed"
            if "assignees" in payload:
                one.assignee = (payload["assignees"] or [""])[0]
            self.changes += 1
        return 200, self.told(one)

    def call(self, ticket: Remote, **more: Any) -> tuple[dict[str, str], bytes, str]:
        told = {"action": "closed", "issue": self.told(ticket),
                "repository": {"full_name": "acme/shop"}, **more}  # fmt: skip
        body = json.dumps(told).encode()
        headers = {"X-GitHub-Event": "issues", "X-GitHub-Delivery": uuid.uuid4().hex,
                   "X-Hub-Signature-256": f"sha256={signed(body)}"}  # fmt: skip
        return headers, body, ""
