"""Trackers for tests: real HTTP servers that check what is documented and remember tickets.

with GitHubSite() as site: ... site.url, site.tickets, site.problems, site.answers, site.lose
"""

import base64
import hashlib
import hmac
import json
import re
import threading
import time
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.alerts.sinks import Scripted

TOKEN = "a-token-for-tests"
SECRET = "a webhook secret, long enough".replace(" ", "-")


@dataclass
class Remote:
    """A ticket of a stand-in."""

    number: int
    title: str
    body: Any
    closed: bool = False
    assignee: str = ""
    comments: list[Any] = field(default_factory=list)
    uid: str = ""

    @property
    def text(self) -> str:
        """All that it says, as text."""
        return self.body if isinstance(self.body, str) else json.dumps(self.body)


@dataclass
class Seen:
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    payload: Any


class Refused(Exception):
    """What a stand-in answers instead of 2xx."""

    def __init__(self, status: int, told: Any = None) -> None:
        super().__init__(status)
        self.status, self.told = status, told


class Site:
    """A tracker. `problems` is what a careful API would object to; tests want none."""

    kind: ClassVar[str]
    config: ClassVar[dict[str, str]] = {}
    people: ClassVar[dict[str, str]] = {"alice@example.com": "alice-there"}

    def __init__(self) -> None:
        self.tickets: list[Remote] = []
        self.seen: list[Seen] = []
        self.problems: list[str] = []
        self.answers: list[Scripted] = []
        """What to say next, without doing anything."""
        self.lose = 0
        """So many changes are made, and their answers lost."""
        self.changes = 0
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self) -> None:
                site.serve(self)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve  # noqa: N815

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        raw = handler.rfile.read(length)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        payload = json.loads(raw) if raw else None
        self.seen.append(Seen(handler.command, handler.path, headers, payload))
        if raw and headers.get("content-type") != "application/json":
            self.problems.append("no content type")
        if not headers.get("user-agent"):
            self.problems.append("no user agent")
        if self.answers:
            scripted = self.answers.pop(0)
            time.sleep(scripted.delay)
            self.answer(handler, scripted.status, scripted.body, scripted.headers)
            return
        before = self.changes
        parts = urlsplit(handler.path)
        try:
            self.check(headers)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            status, told = self.do(handler.command, parts.path, query, payload)
        except Refused as refused:
            status, told = refused.status, refused.told
        except (KeyError, TypeError, AssertionError, StopIteration) as error:
            self.problems.append(f"{handler.command} {handler.path}: {error!r}")
            status, told = 422, {"message": "Validation Failed"}
        if self.lose and self.changes > before:
            self.lose -= 1
            handler.close_connection = True
            return
        self.answer(handler, status, b"" if told is None else json.dumps(told).encode(), {})

    @staticmethod
    def answer(
        handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]
    ) -> None:
        try:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
        except OSError:
            pass  # the client has gone: that is its right

    def check(self, headers: dict[str, str]) -> None:
        """Who asks. Raises Refused."""
        raise NotImplementedError

    def do(self, method: str, path: str, query: dict[str, str], payload: Any) -> tuple[int, Any]:
        """Carry out a request. Raises Refused."""
        raise NotImplementedError

    def options(self) -> tuple[dict[str, str], dict[str, str]]:
        """A connection's configuration and secrets."""
        return {**self.config}, {"token": TOKEN, "hook_secret": SECRET}

    def call(self, ticket: Remote, **more: Any) -> tuple[dict[str, str], bytes, str]:
        """Headers, body and query of a genuine call about a ticket."""
        raise NotImplementedError

    def add(self, title: str, body: Any, **values: Any) -> Remote:
        made = Remote(len(self.tickets) + 1, title, body, **values)
        self.tickets.append(made)
        self.changes += 1
        return made

    def find(self, number: str | int) -> Remote:
        found = [one for one in self.tickets if str(one.number) == str(number)]
        if not found:
            raise Refused(404, {"message": "Not Found"})
        return found[0]


def only(payload: Any, *names: str) -> None:
    """A payload holds these fields at most."""
    assert isinstance(payload, dict)
    assert set(payload) <= set(names), set(payload) - set(names)


def line(text: Any, limit: int) -> str:
    """A title: one line, not empty, not too long."""
    assert isinstance(text, str)
    assert 1 <= len(text) <= limit
    assert "\n" not in text
    return text


def signed(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


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


SITES = (GitHubSite, GitLabSite, JiraSite, JiraCenterSite, AsanaSite, LinearSite)
