"""`make demo`: a dozen ways to fail, two releases, three environments, no secret, one address."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.demo import __main__ as demo
from tests.journeys.admin import Admin
from tests.journeys.window import Project, Window, eventually
from tests.stack import ROOT, Stack

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]
COMMAND = [sys.executable, "-m", "tests.demo"]
KINDS = {
    "BadRow", "ExceptionGroup", "IntegrityError", "KeyError", "OutOfStock", "PaymentFailed",
    "RecursionError", "TemplateSyntaxError", "TypeError", "ValueError", "WarehouseClosed",
    "ZeroDivisionError",
}  # fmt: skip


def test_the_demo_fails_in_more_than_a_dozen_ways(stack: Stack, window: Window):
    done = subprocess.run(
        [*COMMAND, "--visits", "14"], cwd=ROOT, env=stack.env, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    number = window.one("SELECT id FROM tracker_project WHERE name = 'Demo shop'")
    page = "/admin/tracker/issue/?q=project%3Ademo-shop"
    assert done.stdout.splitlines()[-1].strip() == stack.url + page
    project = Project(number, "", "", "")
    eventually(lambda: window.waiting(project) == 0, 30)
    issues, events = window.issues(project), window.events(project)
    listed = Admin(stack).page(page)
    assert "PaymentFailed" in listed
    assert "BillingError" not in listed, "the list is of this project only"
    assert len(issues) >= 15
    assert sum(issue["users"] for issue in issues) > 40
    assert {event["environment"] for event in events} == {"development", "staging", "production"}
    assert {event["release"] for event in events} == {"lamp-shop@1.4.0", "lamp-shop@2.0.0"}
    types = {
        one["type"]
        for event in events
        for one in event["data"].get("exception", {}).get("values", [])
    }
    assert types >= KINDS
    assert {issue["level"] for issue in issues} >= {20, 30, 40}
    text = str([event["data"] for event in events])
    assert "hunter2" not in text
    assert "4111 1111" not in text


def test_the_next_demo_finds_the_same_project(
    stack: Stack, window: Window, monkeypatch: pytest.MonkeyPatch
):
    for name in ("EMBERWATCH_DATA", "EMBERWATCH_URL"):
        monkeypatch.setenv(name, stack.env[name])
    for name in ("DATABASE_URL", "REDIS_URL", "REDIS_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    first = demo.find_target()
    assert demo.find_target() == first
    assert window.one("SELECT slug FROM tracker_project WHERE name = 'Demo shop'") == first.slug


def test_without_a_stack_it_says_what_to_do(tmp_path: Path):
    env = {**os.environ, "EMBERWATCH_DATA": str(tmp_path / "none")}
    done = subprocess.run(
        COMMAND, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "No Emberwatch is running here: start it with make run.\n"
