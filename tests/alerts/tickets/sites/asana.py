"""Asana as far as tickets need it."""

import json
import re
import uuid
import xml.etree.ElementTree as ET
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

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


class AsanaSite(Site):
    kind = "asana"
    config: ClassVar[dict[str, str]] = {"project": "1200000000000001"}
    people: ClassVar[dict[str, str]] = {"alice@example.com": "900001"}
    target = ""

    def check(self, headers: dict[str, str]) -> None:
        if headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refused(401, {"errors": [{"message": "Not Authorized"}]})

    def rich(self, text: str) -> str:
        """Asana's HTML: well-formed, of few tags. Raises AssertionError."""
        assert len(text) <= 65_535
        try:
            root = ET.fromstring(text)
        except ET.ParseError as error:
            raise AssertionError(f"xml_parsing_error: {error}") from None
        assert root.tag == "body"
        for node in root.iter():
            assert node.tag in {"body", "strong", "em", "code", "pre", "ul", "li", "a"}
            assert set(node.attrib) <= ({"href"} if node.tag == "a" else set())
        return "".join(root.itertext())

    def told(self, one: Remote) -> dict[str, Any]:
        gid = str(1_300_000_000_000_000 + one.number)
        return {"gid": gid, "name": one.title, "completed": one.closed, "notes": one.body,
                "permalink_url": f"https://app.asana.com/0/1200000000000001/{gid}",
                "assignee": {"gid": one.assignee} if one.assignee else None}  # fmt: skip

    def do(self, method: str, path: str, query: dict[str, str], payload: Any) -> tuple[int, Any]:
        data: Any = payload["data"] if payload else {}
        if path == "/projects/1200000000000001":
            return 200, {"data": {"gid": "1200000000000001", "name": "Shop"}}
        if path.startswith("/users/"):
            known = self.people.get(unquote(path.removeprefix("/users/")))
            if known is None:
                raise Refused(404, {"errors": [{"message": "user: Unknown object"}]})
            return 200, {"data": {"gid": known}}
        if path == "/webhooks":
            return self._hook(data)
        if path == "/tasks" and method == "POST":
            only(data, "name", "html_notes", "projects", "assignee")
            assert data["projects"] == ["1200000000000001"]
            one = self.add(line(data["name"], 1_024), self.rich(data["html_notes"]))
            return 201, {"data": self.told(one)}
        if path == "/tasks":
            assert query["project"] == "1200000000000001"
            assert query["modified_since"]
            return 200, {"data": [self.told(one) for one in self.tickets], "next_page": None}
        found = re.fullmatch(r"/tasks/(\d+)(/stories)?", path)
        assert found, path
        one = self.find(int(found[1]) % 1_000_000)
        if found[2]:
            only(data, "html_text")
            one.comments.append(self.rich(data["html_text"]))
            self.changes += 1
            return 201, {"data": {"gid": "5"}}
        if method == "PUT":
            only(data, "completed", "assignee")
            one.closed = data.get("completed", one.closed)
            one.assignee = (data.get("assignee") or "") if "assignee" in data else one.assignee
            self.changes += 1
        return 200, {"data": self.told(one)}

    def _hook(self, data: Any) -> tuple[int, Any]:
        from django.test import Client

        only(data, "resource", "target", "filters")
        self.target = urlsplit(data["target"]).path
        answer = Client().post(self.target, b"", "application/json",
                               headers={"X-Hook-Secret": SECRET})  # fmt: skip
        if answer.status_code not in (200, 204) or answer.headers.get("X-Hook-Secret") != SECRET:
            raise Refused(400, {"errors": [{"message": "The remote server did not respond"}]})
        return 201, {"data": {"gid": "77", "active": True}}

    def call(self, ticket: Remote, **more: Any) -> tuple[dict[str, str], bytes, str]:
        event = {"action": "changed", "resource": {"gid": self.told(ticket)["gid"],
                 "resource_type": "task"}, "created_at": uuid.uuid4().hex}  # fmt: skip
        body = json.dumps({"events": [event], **more}).encode()
        return {"X-Hook-Signature": signed(body)}, body, ""
