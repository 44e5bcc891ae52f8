"""GitLab as far as tickets need it."""

import json
import re
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
)


class GitLabSite(Site):
    kind = "gitlab"
    config: ClassVar[dict[str, str]] = {"project": "acme/back/shop", "labels": "bug,emberwatch"}

    def options(self) -> tuple[dict[str, str], dict[str, str]]:
        config, secrets = super().options()
        return {**config, "url": self.url}, secrets

    def check(self, headers: dict[str, str]) -> None:
        if headers.get("private-token") != TOKEN:
            raise Refused(401, {"message": "401 Unauthorized"})

    def told(self, one: Remote) -> dict[str, Any]:
        return {
            "iid": one.number, "title": one.title, "description": one.body,
            "state": "closed" if one.closed else "opened",
            "web_url": f"{self.url}/acme/back/shop/-/issues/{one.number}",
            "references": {"full": f"acme/back/shop#{one.number}"},
            "assignee": {"username": one.assignee} if one.assignee else None,
        }  # fmt: skip

    def do(self, method: str, path: str, query: dict[str, str], payload: Any) -> tuple[int, Any]:
        if path == "/api/v4/users":
            if "username" in query:
                return 200, [{"id": 7}] if query["username"] == "alice-there" else []
            known = self.people.get(query["search"])
            return 200, [{"id": 7, "username": known}] if known else []
        prefix = "/api/v4/projects/acme%2Fback%2Fshop"
        assert path.startswith(prefix), path
        rest = path.removeprefix(prefix)
        if rest == "":
            return 200, {"path_with_namespace": "acme/back/shop", "issues_enabled": True}
        if rest == "/issues" and method == "POST":
            only(payload, "title", "description", "labels", "assignee_ids")
            assert len(payload["description"]) <= 1_048_576
            assert not re.search(r"(?m)^/\w", payload["description"]), "a quick action"
            assert payload["labels"] == "bug,emberwatch"
            return 201, self.told(self.add(line(payload["title"], 255), payload["description"]))
        if rest == "/issues":
            assert query["in"] == "description"
            rows = [one for one in self.tickets if query["search"] in one.text]
            return 200, [self.told(one) for one in rows]
        found = re.fullmatch(r"/issues/(\d+)(/notes)?", rest)
        assert found, path
        one = self.find(found[1])
        if found[2]:
            only(payload, "body")
            one.comments.append(payload["body"])
            self.changes += 1
            return 201, {"id": len(one.comments)}
        if method == "PUT":
            only(payload, "state_event", "assignee_ids")
            if "state_event" in payload:
                assert payload["state_event"] == ("reopen" if one.closed else "close")
                one.closed = payload["state_event"] == "close"
            if "assignee_ids" in payload:
                one.assignee = {7: "alice-there", 0: ""}[payload["assignee_ids"][0]]
            self.changes += 1
        return 200, self.told(one)

    def call(self, ticket: Remote, **more: Any) -> tuple[dict[str, str], bytes, str]:
        told = {"object_kind": "issue", "project": {"id": 5, "path_with_namespace":
                "acme/back/shop"}, "object_attributes": {"iid": ticket.number}, **more}  # fmt: skip
        headers = {"X-Gitlab-Event": "Issue Hook", "X-Gitlab-Token": SECRET,
                   "X-Gitlab-Event-UUID": uuid.uuid4().hex}  # fmt: skip
        return headers, json.dumps(told).encode(), ""
