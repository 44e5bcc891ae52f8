"""The real sentry-cli, of both generations, against a real stack: releases, commits, deploys,
source maps by debug id and by address, events and jobs from the shell.
"""

# ruff: noqa: F811 - the fixture is imported
import json
import os
import shutil
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import lack
from tests.journeys.test_node import NODE, node  # noqa: F401
from tests.journeys.window import Project, Window, eventually, run
from tests.stack import Stack

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]
PLACES = {
    "2.58": "@sentry/cli-linux-*/bin/sentry-cli",
    "3.8": "sentry-cli-3/node_modules/@sentry/cli-linux-*/bin/sentry-cli",
}


@dataclass(frozen=True)
class Tool:
    """One sentry-cli with the settings of a project."""

    program: str
    version: str
    url: str
    token: str
    project: Project
    folder: Path

    def __call__(self, *words: str, expect: int = 0, **env: str) -> str:
        """Run it; what it printed, on either stream."""
        dropped = {"SENTRY_DSN", "PYTEST_CURRENT_TEST"}
        around = {key: value for key, value in os.environ.items() if key not in dropped}
        settings = {
            "SENTRY_URL": self.url,
            "SENTRY_AUTH_TOKEN": self.token,
            "SENTRY_ORG": "acme",
            "SENTRY_PROJECT": self.project.slug,
            "SENTRY_LOG_LEVEL": "info",
            "CI": "1",
            "NO_COLOR": "1",
            "HOME": str(self.folder),
        }
        done = subprocess.run(
            [self.program, *words], cwd=self.folder, env={**around, **settings, **env},
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert done.returncode == expect, f"sentry-cli {' '.join(words)}\n{said}"
        return said


@pytest.fixture(params=list(PLACES))
def cli(
    request: pytest.FixtureRequest, node: str, project: Project, stack: Stack, tmp_path: Path,
) -> Tool:  # fmt: skip
    found = sorted((NODE / "node_modules").glob(PLACES[request.param]))
    if not found:
        lack("there is no sentry-cli for this platform")
    done = stack.manage("create_token", "--user", "admin", "--scope", "read,write")
    token = done.stdout.strip().splitlines()[-1]
    return Tool(str(found[0]), request.param, stack.url, token, project, tmp_path)


def build(node: str, folder: Path) -> Path:
    """A minified bundle with its map beside it, of sources in the folder."""
    source, out = folder / "src", folder / "dist" / "shop.js"
    source.mkdir()
    for name in ("shop.ts", "cart.ts"):
        shutil.copy(NODE / name, source / name)
    esbuild = NODE / "node_modules" / "esbuild" / "bin" / "esbuild"
    done = subprocess.run(
        [node, str(esbuild), "src/shop.ts", "--bundle", "--minify", "--sourcemap",
         "--platform=node", f"--outfile={out}"],
        cwd=folder, env={**os.environ, "NODE_PATH": str(NODE / "node_modules")},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return out


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=Grace", "-c", "user.email=grace@example.org")
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_releases_commits_and_deploys(cli: Tool, window: Window):
    version = f"front@1.2.{cli.version}+build"
    said = cli("info")
    assert cli.project.slug in said and "admin" in said
    cli("releases", "new", version, "--url", "https://example.org/notes")
    assert version in cli("releases", "list")
    git(cli.folder, "init", "-q", "repo")
    repo = cli.folder / "repo"
    (repo / "cart.py").write_text("1\n")
    git(repo, "add", "."), git(repo, "commit", "-qm", "Baskets\n\nat last")
    (repo / "cart.py").write_text("2\n")
    (repo / "pay.py").write_text("2\n")
    git(repo, "add", "."), git(repo, "commit", "-qm", "Pay for baskets")
    inside = Tool(**{**cli.__dict__, "folder": repo})
    inside("releases", "set-commits", version, "--local", "--initial-depth", "5")
    if cli.version == "2.58":
        cli("releases", "deploys", version, "new", "-e", "production", "-n", "friday")
        assert "production" in cli("releases", "deploys", version, "list")
    else:
        cli("deploys", "new", "--release", version, "-e", "production", "-n", "friday")
        assert "production" in cli("deploys", "list", "--release", version)
    cli("releases", "finalize", version)
    [row] = window.rows(
        "SELECT * FROM tracker_release WHERE project_id = %s AND version = %s",
        cli.project.id, version,
    )  # fmt: skip
    assert row["source"] in ("api", "deploy")
    assert row["released_at"] is not None
    assert row["url"] == "https://example.org/notes"
    commits = window.rows(
        "SELECT * FROM tracker_commit WHERE release_id = %s ORDER BY position", row["id"]
    )
    assert [one["message"].splitlines()[0] for one in commits] == ["Pay for baskets", "Baskets"]
    assert commits[0]["author_email"] == "grace@example.org"
    patches = commits[0]["patch_set"]
    patches = json.loads(patches) if isinstance(patches, str) else patches
    assert sorted((p["path"], p["type"]) for p in patches) == [("cart.py", "M"), ("pay.py", "A")]
    by_hand(cli, inside, version, window)
    cli("releases", "archive", version)
    cli("releases", "restore", version)
    other = f"{version}-mistake"
    cli("releases", "new", other)
    cli("releases", "delete", other)
    assert other not in cli("releases", "list")


def by_hand(cli: Tool, inside: Tool, told: str, window: Window) -> None:
    """Commits told as a range of a known repository; and taken away again."""
    [known] = window.rows(
        "SELECT DISTINCT repository FROM tracker_commit WHERE project_id = %s", cli.project.id
    )
    first, last = git(inside.folder, "rev-parse", "HEAD~1", "HEAD").split()
    version = f"manual@{cli.version}"
    cli("releases", "new", version)
    inside("releases", "set-commits", version, "--commit", f"{known['repository']}@{first}..{last}")
    sql = "SELECT refs FROM tracker_release WHERE project_id = %s AND version = %s"
    [row] = window.rows(sql, cli.project.id, version)
    [ref] = json.loads(row["refs"]) if isinstance(row["refs"], str) else row["refs"]
    assert (ref["commit"], ref["previousCommit"]) == (last, first)
    commits = """SELECT count(*) FROM tracker_commit c JOIN tracker_release r ON r.id = c.release_id
                 WHERE r.project_id = %s AND r.version = %s"""
    assert window.one(commits, cli.project.id, told) == 2
    inside("releases", "set-commits", told, "--clear")
    assert window.one(commits, cli.project.id, told) == 0


def test_commits_are_found_by_themselves(cli: Tool, window: Window):
    """`set-commits --auto` without, and with, a repository that is configured here."""
    git(cli.folder, "init", "-q", "-b", "main", "repo")
    repo = cli.folder / "repo"
    name = f"team/shop-{cli.project.slug}"  # the tool asks for repositories of all projects
    git(repo, "remote", "add", "origin", f"git@git.example.org:{name}.git")
    inside = Tool(**{**cli.__dict__, "folder": repo})
    counted = """SELECT count(*) FROM tracker_commit c JOIN tracker_release r ON r.id = c.release_id
                 WHERE r.project_id = %s AND r.version = %s"""
    for place in (1, 2):  # the second time a repository is known, by its name alone
        (repo / "cart.py").write_text(f"{place}\n")
        git(repo, "add", "."), git(repo, "commit", "-qm", f"Baskets {place}")
        inside("releases", "set-commits", f"auto@{place}", "--auto")
        assert window.one(counted, cli.project.id, f"auto@{place}") == 1
    told = {"project": cli.project.slug, "url": f"https://git.example.org/{name}.git"}
    asked = urllib.request.Request(
        f"{cli.url}/api/v1/repositories/", json.dumps(told).encode(), method="POST",
        headers={"Authorization": f"Bearer {cli.token}", "Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert answer.status == 201
    assert name in cli("repos", "list")
    said = inside("releases", "set-commits", "auto@3", "--auto")
    assert "Could not determine" not in said and name in said
    sql = "SELECT refs FROM tracker_release WHERE project_id = %s AND version = 'auto@3'"
    [row] = window.rows(sql, cli.project.id)
    [ref] = json.loads(row["refs"]) if isinstance(row["refs"], str) else row["refs"]
    assert (ref["repository"], ref["commit"]) == (name, git(repo, "rev-parse", "HEAD"))
    if cli.version != "2.58":  # which knows no mappings
        pairs = [{"stackRoot": "/srv/app/", "sourceRoot": "src/"}]
        (repo / "paths.json").write_text(json.dumps(pairs))
        assert "Created: 1" in inside("code-mappings", "upload", "paths.json")


def test_issues_and_events(cli: Tool, window: Window):
    dsn: dict[str, Any] = {"SENTRY_DSN": cli.project.dsn}
    assert "No issues found" in cli("issues", "list")
    assert "No events found" in cli("events", "list")
    cli("send-event", "-m", "the cellar is wet", "-t", "floor:-1", "-u", "id:42", **dsn)
    cli("send-event", "-m", "the roof is dry", "-l", "warning", **dsn)
    window.wait_for_events(cli.project, 2)
    said = cli("issues", "list")
    assert "the cellar is wet" in said and "the roof is dry" in said
    said = cli("issues", "list", "--query", "level:warning is:unresolved")
    assert "the cellar is wet" not in said and "the roof is dry" in said
    assert "Known are" in cli("issues", "list", "--query", "is:odd", expect=1)
    said = cli("events", "list", "--show-user", "--show-tags")
    assert "ID: 42" in said and "floor: -1" in said and "the roof is dry" in said
    wet, dry = sorted(window.issues(cli.project), key=lambda issue: str(issue["title"]))
    cli("issues", "resolve", "-i", str(wet["id"]))
    cli("issues", "mute", "--status", "unresolved")
    states = {row["id"]: row["status"] for row in window.issues(cli.project)}
    assert states == {wet["id"]: "resolved", dry["id"]: "snoozed"}
    assert "ignored" in cli("issues", "list", "--query", "is:snoozed")
    cli("issues", "unresolve", "--all")
    cli("issues", "resolve", "--next-release", "-i", str(dry["id"]))
    states = {row["id"]: row["status"] for row in window.issues(cli.project)}
    assert states == {wet["id"]: "unresolved", dry["id"]: "resolved"}
    assert "no such issue" in cli("issues", "resolve", "-i", "999999", expect=1)


def mapped(window: Window, project: Project) -> dict[str, Any]:
    """The only event, which must have been mapped."""
    window.wait_for_events(project, 1)
    [event] = window.events(project)
    [crash] = event["data"]["exception"]["values"][-1:]
    frames = [f for f in crash["stacktrace"]["frames"] if f.get("data", {}).get("symbolicated")]
    assert frames, json.dumps(
        [event["data"].get(k) for k in ("debug_meta", "errors", "exception")], indent=1
    )[-6000:]
    last = crash["stacktrace"]["frames"][-1]
    assert (last["filename"], last["lineno"]) == ("src/cart.ts", 16), last
    assert last["function"] == "Basket.totalOfBasket"
    assert last["context_line"].strip().startswith("throw new BasketError(`a basket")
    assert any("if (!this.lines.length)" in line for line in last["pre_context"])
    assert last["in_app"] is True
    names = [frame["function"] for frame in frames if frame["in_app"]]
    assert names[-3:] == ["checkoutVisitor", "payForBasket", "Basket.totalOfBasket"]
    raw = crash["raw_stacktrace"]["frames"][-1]
    assert raw["filename"].endswith("dist/shop.js") and raw["colno"] > 100
    [issue] = window.issues(project)
    assert "totalOfBasket" in issue["culprit"], issue["culprit"]
    return event


def test_source_maps_by_debug_id(cli: Tool, node: str, window: Window):
    built = build(node, cli.folder)
    cli("sourcemaps", "inject", "dist")
    cli("sourcemaps", "upload", "--wait", "dist")
    assert "sentry-dbid-" in built.read_text() or "_sentryDebugIds" in built.read_text()
    run([node, str(built)], cli.project.dsn, expect=1, cwd=cli.folder)
    mapped(window, cli.project)
    cli("sourcemaps", "upload", "--wait", "dist")  # again: nothing to do, and said so


def test_source_maps_by_release_and_address(
    cli: Tool, node: str, window: Window, monkeypatch: pytest.MonkeyPatch
):
    built = build(node, cli.folder)
    release = f"shop@{cli.version}"
    cli("sourcemaps", "upload", "--wait", "--release", release,
        "--url-prefix", f"~{built.parent}", "dist")  # fmt: skip
    monkeypatch.setenv("SHOP_RELEASE", release)
    run([node, str(built)], cli.project.dsn, expect=1, cwd=cli.folder)
    event = mapped(window, cli.project)
    assert event["release"] == release


def test_debug_files(cli: Tool, window: Window):
    mapping = cli.folder / "mapping.txt"
    mapping.write_text("com.example.shop.Basket -> a.b:\n    1:3:int total(int):7:9 -> a\n")
    cli("upload-proguard" if cli.version == "2.58" else "proguard",
        *(("--uuid", ID) if cli.version == "2.58" else ("upload", "--uuid", ID)), str(mapping))  # fmt: skip
    [row] = window.rows("SELECT * FROM tracker_debugfile WHERE project_id = %s", cli.project.id)
    assert (str(row["debug_id"]), row["kind"], row["state"]) == (ID, "proguard", "ok")


SYMBOLS = """MODULE Linux x86_64 3249D99D0C4049318610F4E4FB0B69360 shop
INFO CODE_ID 9DD94932400C31498610F4E4FB0B6936
FILE 0 shop.c
FUNC 1000 10 0 total_of_basket
1000 10 7 0
PUBLIC 1010 0 main
"""


def test_native_debug_files(cli: Tool, window: Window):
    folder = cli.folder / "symbols"
    folder.mkdir()
    (folder / "shop.sym").write_text(SYMBOLS)
    said = cli("debug-files", "upload", "--wait", str(folder))
    assert "Uploaded 1" in said and "OK" in said, said
    [row] = window.rows("SELECT * FROM tracker_debugfile WHERE project_id = %s", cli.project.id)
    assert (str(row["debug_id"]), row["state"]) == ("3249d99d-0c40-4931-8610-f4e4fb0b6936", "ok")
    assert row["kind"] == "breakpad"
    assert "Nothing to upload" in cli("debug-files", "upload", "--wait", str(folder))


ID = "b8f1a6d2-44c5-4d18-9a3e-0c57a1a3b2f1"


def test_events_and_jobs_from_the_shell(cli: Tool, window: Window):
    dsn: dict[str, Any] = {"SENTRY_DSN": cli.project.dsn}
    cli("send-event", "-m", "the backup of {} failed", "-r", "ops@1", **dsn)
    window.wait_for_events(cli.project, 1)
    cli("monitors", "run", "--schedule", "0 2 * * *", "nightly", "--", "true", **dsn)
    eventually(
        lambda: window.rows("SELECT 1 FROM tracker_monitor WHERE project_id = %s", cli.project.id),
        20,
    )
