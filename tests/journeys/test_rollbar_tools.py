"""Rollbar's own tools, unchanged: rollbar-cli uploads maps and tells of deploys, rollbar.js fails
in a browser, and the MCP server reads what came of it over stdio.
"""

# ruff: noqa: F811 - the fixture is imported
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest

from tests.journeys.admin import Admin
from tests.journeys.site import Site, chromium, mapped_crash, pay
from tests.journeys.test_node import NODE, node  # noqa: F401
from tests.journeys.window import Project, Window
from tests.stack import Stack

pytestmark = [pytest.mark.journey, pytest.mark.long, pytest.mark.timeout(180)]
MODULES = NODE / "node_modules"


@dataclass(frozen=True)
class Rolling:
    """A project with Rollbar's tokens."""

    project: Project
    tokens: dict[str, str]


@pytest.fixture
def rolling(stack: Stack) -> Rolling:
    words = ("Rolling", "--team", "Journeys", "--unlimited", "--json")
    made = json.loads(stack.manage("create_project", *words).stdout.strip().splitlines()[-1])
    project = Project(made["id"], made["slug"], made["dsn"], made["public_key"])
    return Rolling(project, made["rollbar_tokens"])


def rollbar_cli(node: str, stack: Stack, *words: str) -> str:
    """Run it. It knows one server only: ours stands in its way as a proxy would."""
    around = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    done = subprocess.run(
        [node, str(MODULES / "rollbar-cli" / "bin" / "rollbar"), *words],
        env={**around, "HTTPS_PROXY": stack.url, "NO_COLOR": "1"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


class Mcp:
    """The MCP server as an assistant runs it: lines of JSON-RPC."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self._number = 0
        self._lines: Queue[str] = Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.ask("initialize", protocolVersion="2025-06-18", capabilities={},
                 clientInfo={"name": "journey", "version": "1"})  # fmt: skip
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    @classmethod
    @contextmanager
    def start(cls, node: str, stack: Stack, token: str, home: Path) -> Iterator["Mcp"]:
        """Start one with a project's token."""
        settings = {"ROLLBAR_ACCESS_TOKEN": token, "ROLLBAR_API_BASE": f"{stack.url}/api/1",
                    "HOME": str(home)}  # fmt: skip
        main = MODULES / "@rollbar" / "mcp-server" / "build" / "index.js"
        process = subprocess.Popen(
            [node, str(main)], cwd=home, env={**os.environ, **settings}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield cls(process)
        finally:
            process.kill()
            process.wait()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of a call."""
        self._number += 1
        self._send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params})
        while True:
            try:
                told = json.loads(self._lines.get(timeout=40))
            except Empty:
                raise AssertionError(f"no answer to {method}") from None
            if told.get("id") == self._number:
                assert "error" not in told, told
                result: dict[str, Any] = told["result"]
                return result

    def tool(self, name: str, **arguments: Any) -> Any:
        """What a tool says, as JSON."""
        result = self.ask("tools/call", name=name, arguments=arguments)
        text = result["content"][0]["text"]
        assert not result.get("isError"), text
        return json.loads(text)

    def fails(self, name: str, **arguments: Any) -> str:
        """What a tool says when it fails."""
        result = self.ask("tools/call", name=name, arguments=arguments)
        assert result.get("isError"), result
        return str(result["content"][0]["text"])


@pytest.mark.parametrize("how", ["one by one", "in a ZIP"])
def test_a_minified_page_fails(
    node: str, rolling: Rolling, stack: Stack, window: Window, tmp_path: Path, how: str
):
    site = Site(tmp_path / "site", node, "rollpage.ts")
    token = rolling.tokens["post_server"]
    version = f"front-{how.split(maxsplit=1)[0]}"
    endpoint = f"{stack.url}/api/1/item/"
    site.settings(token=rolling.tokens["post_client"], endpoint=endpoint, version=version)
    with site.served() as address:
        words = ("upload-sourcemaps", str(site.assets), "--url-prefix", f"{address}assets/",
                 "--code-version", version, "--access-token", token)  # fmt: skip
        said = rollbar_cli(node, stack, *words, *(["--next"] if how == "in a ZIP" else []))
        assert "success" in said.lower() and "rror" not in said, said
        with chromium(tmp_path / "profile") as browser:
            pay(browser, address)
            window.wait_for_events(rolling.project, 1)
    [event] = window.events(rolling.project)
    crash = mapped_crash(event["data"], "totalOfBasket")
    assert crash["type"] == "BasketError"
    assert event["release"] == version
    [issue] = window.issues(rolling.project)
    page = Admin(stack).page(f"/admin/tracker/issue/{issue['id']}/")
    assert "src/cart.ts" in page and "totalOfBasket" in page and "this.lines.length" in page


def test_deploys(node: str, rolling: Rolling, stack: Stack, window: Window):
    told = ("--access-token", rolling.tokens["post_server"], "--environment", "production",
            "--code-version", "4.2.0", "--local-username", "grace")  # fmt: skip
    said = rollbar_cli(node, stack, "notify-deploy", *told, "--status", "started")
    assert "Deploy successful" in said and "deploy_id" in said, said
    sql = "SELECT * FROM tracker_deploy WHERE project_id = %s"
    [row] = window.rows(sql, rolling.project.id)
    rollbar_cli(
        node, stack, "notify-deploy", *told, "--status", "succeeded", "--deploy-id", str(row["id"])
    )
    [row] = window.rows(sql, rolling.project.id)
    assert (row["status"], row["actor"]) == ("succeeded", "grace")
    wrong = (*told[:1], "f" * 32, *told[2:])
    assert "not valid" in rollbar_cli(node, stack, "notify-deploy", *wrong)


PROGRAM = """
const Rollbar = require("rollbar");
const rollbar = new Rollbar({
  accessToken: process.env.TOKEN, endpoint: process.env.ENDPOINT, environment: "production",
  codeVersion: "4.2.0",
});
class QueueError extends Error {}
for (let n = 0; n < 7; n++) rollbar.error(new QueueError("the queue is stuck"), { n });
rollbar.warning("stock is low");
rollbar.wait(() => process.exit(0));
"""


def test_the_mcp_server_reads_and_changes(
    node: str, rolling: Rolling, stack: Stack, window: Window, tmp_path: Path
):
    program = tmp_path / "queue.cjs"
    program.write_text(PROGRAM)
    settings = {
        "TOKEN": rolling.tokens["post_server"], "ENDPOINT": f"{stack.url}/api/1/item/",
        "NODE_PATH": str(MODULES),
    }  # fmt: skip
    subprocess.run([node, str(program)], env={**os.environ, **settings}, check=True, timeout=40)
    rollbar_cli(node, stack, "notify-deploy", "--access-token", rolling.tokens["post_server"],
                "--environment", "production", "--code-version", "4.2.0")  # fmt: skip
    window.wait_for_events(rolling.project, 8)
    with Mcp.start(node, stack, rolling.tokens["read"], tmp_path) as mcp:
        names = {tool["name"] for tool in mcp.ask("tools/list")["tools"]}
        assert {"get-item-details", "list-items", "list-occurrences", "update-item"} <= names
        reads(mcp)
        item = mcp.tool("list-items", query="queue stuck")["items"][0]
        assert "privileges" in mcp.fails("update-item", itemId=item["id"], status="resolved")
    with Mcp.start(node, stack, rolling.tokens["write"], tmp_path) as mcp:
        told = mcp.tool(
            "update-item", itemId=item["id"], status="resolved", resolvedInVersion="4.3.0"
        )
        assert (told["status"], told["resolved_in_version"]) == ("resolved", "4.3.0")
        assert mcp.tool("list-items", query="queue stuck")["items"] == []
        assert "events" in mcp.fails("update-item", itemId=item["id"], title="Mine")
    [issue] = [one for one in window.issues(rolling.project) if one["id"] == item["id"]]
    assert issue["status"] == "resolved"


def reads(mcp: Mcp) -> None:
    """Everything that can be read, by the words of the tools."""
    listed = mcp.tool("list-items", level=["error"], environment="production")
    assert listed["pagination"] == {"page": 1, "total_count": 1, "items_on_page": 1}
    [item] = listed["items"]
    assert (item["total_occurrences"], item["status"]) == (7, "active")
    detail = mcp.tool("get-item-details", counter=item["counter"])
    trace = detail["occurrence"]["data"]["body"]["trace"]
    assert trace["exception"]["message"] == "the queue is stuck"
    assert trace["frames"][-1]["code"].startswith("for (let n")
    seen: list[int] = []
    more: dict[str, Any] = {}
    while page := mcp.tool("list-occurrences", counter=item["counter"], limit=3, **more)[
        "instances"
    ]:
        seen += [one["id"] for one in page]
        more = {"last_id": page[-1]["id"]}
    assert len(seen) == len(set(seen)) == 7
    top = mcp.tool("get-top-items", environment="production")
    assert [row["item"]["occurrences"] for row in top] == [7, 1]
    [deploy] = mcp.tool("get-deployments", limit=5)["deploys"]
    assert (deploy["revision"], deploy["status"]) == ("4.2.0", "succeeded")
    version = mcp.tool("get-version", version="4.2.0", environment="production")
    assert version["item_stats"]["new"] == {
        "critical": 0, "error": 1, "warning": 1, "info": 0, "debug": 0}  # fmt: skip
    assert mcp.tool("list-projects")[0]["apiBase"].endswith("/api/1")
    assert "no such item" in mcp.fails("get-item-details", counter=item["counter"] + 10**9)
