"""A minified page dies in Chromium, its maps uploaded by the real sentry-cli of both generations:
by debug id, and by release and address. Pages and API show what people wrote.
"""

# ruff: noqa: F811 - the fixtures are imported
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.admin import Admin
from tests.journeys.site import Site, chromium, mapped_crash, pay
from tests.journeys.test_node import node  # noqa: F401
from tests.journeys.test_sentry_cli import Tool, cli  # noqa: F401
from tests.journeys.window import Project, Window
from tests.stack import Stack

pytestmark = [pytest.mark.journey, pytest.mark.long, pytest.mark.timeout(180)]


def api(stack: Stack, token: str, path: str) -> Any:
    """An answer of the API."""
    headers = {"Authorization": f"Bearer {token}"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{stack.url}/api/v1/{path}", headers=headers), timeout=20
    ) as answer:
        return json.loads(answer.read())


def test_a_page_in_chromium(
    cli: Tool, node: str, project: Project, window: Window, stack: Stack, tmp_path: Path
):
    by_id = Site(tmp_path / "by_id", node, "front.ts")
    by_url = Site(tmp_path / "by_url", node, "front.ts")
    release = f"front@{cli.version}"
    cli("sourcemaps", "inject", str(by_id.assets))
    cli("sourcemaps", "upload", "--wait", str(by_id.assets))
    by_id.settings(dsn=project.dsn)
    by_url.settings(dsn=project.dsn, release=release)
    with by_id.served() as one, by_url.served() as two, chromium(tmp_path / "profile") as browser:
        cli("sourcemaps", "upload", "--wait", "--release", release,
            "--url-prefix", f"{two}assets/", str(by_url.assets))  # fmt: skip
        pay(browser, one)
        window.wait_for_events(project, 1)
        pay(browser, two)
        window.wait_for_events(project, 2)
    first, second = window.events(project)
    for event in (first, second):
        mapped_crash(event["data"], "Basket.totalOfBasket")
    assert first["data"]["debug_meta"]["images"][0]["debug_id"]
    assert "debug_meta" not in second["data"] and second["release"] == release
    [issue] = window.issues(project)  # one fault, however its maps were found
    assert issue["events"] == 2
    shown(stack, cli.token, issue["id"])


def shown(stack: Stack, token: str, issue: int) -> None:
    """On the page and by the API."""
    page = Admin(stack).page(f"/admin/tracker/issue/{issue}/")
    for text in ("src/cart.ts", "Basket.totalOfBasket", "payForBasket", "this.lines.length"):
        assert text in page, text
    told = api(stack, token, f"issues/{issue}/events/latest/")
    mapped_crash(told["data"], "Basket.totalOfBasket")
    assert "totalOfBasket" in api(stack, token, f"issues/{issue}/")["culprit"]
