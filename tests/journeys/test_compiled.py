"""Programs in Go and Java with Sentry's own clients warn, fail and crash.

Their packages come from public registries at fixed versions. A machine without Go or Maven, or
without a way to their registries, skips these even under REQUIRE_ALL: what the clients send is
recorded in tests/payloads, too.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.window import Project, Window, run

pytestmark = [pytest.mark.journey, pytest.mark.long, pytest.mark.timeout(300)]
HERE = Path(__file__).resolve().parent


def found(program: str) -> str:
    """Where a program is; skips without it."""
    place = shutil.which(program)
    if place is None:
        pytest.skip(f"{program} is not installed")
    return place


def fetch(command: list[str], cwd: Path) -> None:
    """Download locked packages; skips when that is not to be had."""
    env = {**os.environ, "GOTOOLCHAIN": "local"}
    try:
        done = subprocess.run(
            command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=120
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"{command[0]} waits for its registry")
    if done.returncode:
        pytest.skip(f"no packages: {(done.stderr + done.stdout)[-300:]}")


def build(command: list[str], cwd: Path) -> None:
    """Compile; that must work once the packages are here."""
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    done = subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stderr + done.stdout


def by_title(window: Window, project: Project) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Each issue of the project with its only event, by the issue's title."""
    issues = {issue["id"]: issue for issue in window.issues(project)}
    events = window.events(project)
    assert len(issues) == len(events)
    return {issues[e["issue_id"]]["title"]: (issues[e["issue_id"]], e) for e in events}


def check_surroundings(issue: dict[str, Any], event: dict[str, Any], platform: str) -> None:
    data = event["data"]
    assert (event["environment"], event["release"]) == ("production", "shop@1.4.0")
    assert issue["first_release"] == "shop@1.4.0" and issue["users"] == 1
    assert (data["platform"], data["server_name"]) == (platform, "web-1")
    assert data["user"]["email"] == "alice@example.com"
    assert data["user"]["ip_address"] == "203.0.113.0"
    assert dict(data["tags"]) == {"tenant": "north"}
    assert [crumb["message"] for crumb in data["breadcrumbs"]["values"]] == ["added shoes"]
    assert "k-123" not in str(data)
    assert "runtime" in data["contexts"]


def crash_frames(event: dict[str, Any]) -> list[tuple[str, bool]]:
    """Function and in-app of the frames of the outermost error."""
    frames = event["data"]["exception"]["values"][-1]["stacktrace"]["frames"]
    return [(frame["function"], frame.get("in_app") is True) for frame in frames]


def test_a_go_program_panics(project: Project, window: Window, tmp_path: Path):
    go = found("go")
    shop = shutil.copytree(HERE / "go", tmp_path / "shop")
    fetch([go, "mod", "download"], shop)
    build([go, "build", "-o", "shop.bin", "."], shop)
    run([str(shop / "shop.bin")], project.dsn, expect=2)
    window.wait_for_events(project, 3)
    told = by_title(window, project)
    failed = "*fmt.wrapError: checkout failed: taking shoes: the warehouse is locked"
    crashed = "runtime.boundsError: runtime error: index out of range [5] with length 2"
    assert set(told) == {"stock is low", failed, crashed}
    for issue, event in told.values():
        check_surroundings(issue, event, "go")
    issue, event = told[crashed]
    assert (issue["culprit"], issue["handled"], event["data"]["level"]) == (
        "main.index", False, "fatal",
    )  # fmt: skip
    assert crash_frames(event) == [("main", True), ("nightly", True), ("index", True)]
    issue, event = told[failed]
    assert (issue["culprit"], event["data"]["level"]) == ("main", "error")
    assert issue["handled"] is not False
    chain = [link["value"] for link in event["data"]["exception"]["values"]]
    assert chain[0] == "the warehouse is locked"
    assert told["stock is low"][1]["data"]["level"] == "warning"


def test_a_java_program_crashes(project: Project, window: Window, tmp_path: Path):
    mvn, javac, java = found("mvn"), found("javac"), found("java")
    shop = shutil.copytree(HERE / "java", tmp_path / "shop")
    fetch([mvn, "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"], shop)
    build([javac, "-cp", "lib/*", "-d", "classes", "src/main/java/shop/Shop.java"], shop)
    run([java, "-cp", "classes:lib/*", "shop.Shop"], project.dsn, expect=1, cwd=shop)
    window.wait_for_events(project, 3)
    told = by_title(window, project)
    failed = "Shop$OutOfStock: no shoes left"
    crashed = "NoSuchElementException: No value present"
    assert set(told) == {"stock is low", failed, crashed}
    for issue, event in told.values():
        check_surroundings(issue, event, "java")
    issue, event = told[crashed]
    assert (issue["culprit"], issue["handled"], event["data"]["level"]) == (
        "shop.Shop.price", False, "fatal",
    )  # fmt: skip
    frames = crash_frames(event)
    assert frames == [("main", True), ("price", True), ("orElseThrow", False)]
    issue, event = told[failed]
    assert issue["culprit"] == "shop.Shop.take" and issue["handled"] is not False
    cause, crash = event["data"]["exception"]["values"]
    assert (cause["type"], crash["type"]) == ("NumberFormatException", "Shop$OutOfStock")
    assert told["stock is low"][1]["data"]["level"] == "warning"
