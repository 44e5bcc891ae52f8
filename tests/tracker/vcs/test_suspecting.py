"""From an event to the commit that brought it: worker, page and API over a real clone."""

from __future__ import annotations

import copy
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.events import send
from tests.factories.projects import make_project
from tests.tracker.admin.test_budgets import ask
from tests.tracker.vcs import history
from tests.tracker.vcs.conftest import Cloned, git, now
from tracker.actions import ownership, releases, repositories, suspecting, triage
from tracker.actions.releases import CommitTold, ReleaseTold
from tracker.models import Commit, Issue, IssueSuspects, Project, Release, ReleaseHead, User

LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def crashes(planted: tuple[Path, dict[str, str]], tmp_path_factory: Any) -> dict[str, Any]:
    origin, _ = planted
    return history.crashes(origin, "refs/tags/v1.1.0", tmp_path_factory.mktemp("run") / "code")


def event(payload: dict[str, Any], release: str = "shop@1.1.0", **more: Any) -> dict[str, Any]:
    return {
        **copy.deepcopy(payload), "event_id": uuid.uuid4().hex, "release": release,
        "environment": "production", "level": "error", **more,
    }  # fmt: skip


def released(project: Project, crashes: dict[str, Any], bug: str) -> Issue:
    """The issue of a bug, first seen in 1.1.0, after 1.0.0 had run."""
    quiet = {"platform": "python", "message": "started"}
    send(project, event(quiet, "shop@1.0.0"))
    send(project, event(crashes[bug]))
    return Issue.objects.exclude(type="").get(project=project)


def page(owner: User, issue: Issue) -> str:
    client = Client()
    client.force_login(owner)
    text, queries = ask(client, reverse("admin:tracker_issue_change", args=[issue.pk]))
    assert len(queries) <= 12, queries
    return text


def test_the_culprit_is_found_kept_and_shown(
    shop: Project, owner: User, cloned: Cloned, crashes: dict[str, Any]
):
    issue = released(shop, crashes, "currency")
    assert suspecting.work_off(LATER, now) == 2, "the quiet message was new as well"
    found = IssueSuspects.objects.get(project_id=shop.pk, issue_id=issue.pk).found
    culprit = cloned.culprits["currency"]
    assert found["culprits"][0]["sha"] == culprit and found["culprits"][0]["sure"] == "likely"
    assert (found["good"], found["bad"], found["why"]) == ("shop@1.0.0", "shop@1.1.0", "")
    assert found["touched"][0]["sha"] == culprit and found["touched"][0]["inside"]
    text = page(owner, issue)
    assert "Prices name their currency" in text and "Whose code" in text
    assert f"https://github.com/team/shop/commit/{culprit}" in text
    assert suspecting.work_off(LATER, now) == 0, "it is not looked at twice"


def test_frames_link_to_the_releases_commit_and_borrow_its_lines(
    shop: Project, owner: User, cloned: Cloned, crashes: dict[str, Any]
):
    issue = released(shop, crashes, "currency")
    suspecting.work_off(LATER, now)
    text = page(owner, issue)
    sha = git(cloned.origin, "rev-parse", "v1.1.0")
    line = crashes["currency"]["exception"]["values"][0]["stacktrace"]["frames"][-1]["lineno"]
    assert f"https://github.com/team/shop/blob/{sha}/shop/pricing.py#L{line}" in text
    assert "the release's commit" in text and "order[&#x27;currency&#x27;]" in text


def test_code_that_was_sent_is_not_replaced(
    shop: Project, owner: User, cloned: Cloned, crashes: dict[str, Any]
):
    told = copy.deepcopy(crashes["currency"])
    for frame in told["exception"]["values"][0]["stacktrace"]["frames"]:
        frame["context_line"] = "as it was sent"
    issue = released(shop, {"currency": told}, "currency")
    suspecting.work_off(LATER, now)
    text = page(owner, issue)
    assert "as it was sent" in text and "the release's commit" not in text
    assert "Open in the repository" in text


def test_a_member_is_offered_and_nobody_is_assigned(
    shop: Project, owner: User, cloned: Cloned, crashes: dict[str, Any]
):
    mail = git(cloned.origin, "log", "-1", "--format=%ae", cloned.culprits["currency"])
    author = User.objects.create_superuser("dan", mail)
    issue = released(shop, crashes, "currency")
    suspecting.work_off(LATER, now)
    text = page(owner, issue)
    assert "Assign to " in text and f'value="user:{author.pk}"' in text
    assert "its author is active here" in text
    issue.refresh_from_db()
    assert issue.assignee is None and issue.assignee_team is None


def test_it_is_looked_at_again_when_it_comes_back(
    shop: Project, cloned: Cloned, crashes: dict[str, Any]
):
    issue = released(shop, crashes, "currency")
    suspecting.work_off(LATER, now)
    before = IssueSuspects.objects.get(project_id=shop.pk, issue_id=issue.pk)
    triage.resolve(Issue.objects.filter(pk=issue.pk), None, now())
    send(shop, event(crashes["currency"], "shop@1.2.0"))
    assert suspecting.work_off(LATER, now) == 1
    after = IssueSuspects.objects.get(project_id=shop.pk, issue_id=issue.pk)
    assert after.activity_id > before.activity_id
    assert "No commit is known for release shop@1.2.0" in after.found["why"]
    assert after.retry_at is not None and after.tries == 1


def test_a_release_that_becomes_known_later_is_waited_for(
    shop: Project, cloned: Cloned, crashes: dict[str, Any]
):
    send(shop, event({"message": "started"}, "build-a"))
    # The test's transaction has one clock for all releases.
    Release.objects.filter(version="build-a").update(created_at=now() - timedelta(hours=1))
    send(shop, event(crashes["stock"], "build-b"))
    issue = Issue.objects.exclude(type="").get(project=shop)
    suspecting.work_off(LATER, now)
    row = IssueSuspects.objects.get(project_id=shop.pk, issue_id=issue.pk)
    assert row.retry_at is not None and not any(
        one["sure"] == "likely" for one in row.found["culprits"]
    )
    for version, tag in (("build-a", "v1.0.0"), ("build-b", "v1.1.0")):
        sha = git(cloned.origin, "rev-parse", tag)
        refs = [{"repository": "team/shop", "commit": sha}]
        releases.make([shop], version, ReleaseTold(refs=refs))
    later = now() + timedelta(minutes=3)
    assert suspecting.work_off(LATER, lambda: later) >= 1
    row.refresh_from_db()
    assert row.found["culprits"], row.found
    assert row.found["culprits"][0]["sha"] == cloned.culprits["stock"]
    assert row.retry_at is None and row.found["bad"] == "build-b"


def test_a_fetch_fills_what_releases_brought(
    shop: Project, owner: User, cloned: Cloned, crashes: dict[str, Any]
):
    from tracker.actions import repositories

    released(shop, crashes, "currency")
    repositories.ask(cloned.row, now())
    assert repositories.work_off(LATER, now) == 1
    heads = dict(ReleaseHead.objects.values_list("release__version", "how"))
    assert heads == {"shop@1.0.0": "by the tag v1.0.0", "shop@1.1.0": "by the tag v1.1.0"}
    commits = Commit.objects.filter(release__version="shop@1.1.0").order_by("position")
    assert commits.count() > 40 and commits[0].message == "Quarters have names"
    first = Commit.objects.filter(release__version="shop@1.0.0")
    assert 0 < first.count() <= 20, "nobody knows where the first release began"
    assert {"path": "shop/dates.py", "type": "M"} in commits[0].patch_set


def test_commits_that_a_tool_told_of_are_ranked_without_a_clone(
    shop: Project, owner: User, crashes: dict[str, Any]
):
    def told(sha: str, message: str, *paths: str) -> CommitTold:
        return CommitTold(sha * 40, now(), "team/shop", message, "Ada", "ada@shop.example",
                          tuple((path, "M") for path in paths))  # fmt: skip

    commits = (told("a", "Styles", "web/site.css"), told("b", "Prices", "shop/pricing.py"))
    releases.make([shop], "shop@1.1.0", ReleaseTold(commits=commits))
    issue = released(shop, crashes, "currency")
    suspecting.work_off(LATER, now)
    found = IssueSuspects.objects.get(project_id=shop.pk, issue_id=issue.pk).found
    assert [one["sha"] for one in found["culprits"]] == ["b" * 40]
    assert found["culprits"][0]["sure"] == "possible", "a file alone is a weak signal"
    assert "Prices" in page(owner, issue)


def test_projects_without_code_are_not_looked_at(shop: Project, crashes: dict[str, Any]):
    released(shop, crashes, "currency")
    assert suspecting.work_off(LATER, now) == 0


def test_only_one_worker_looks(shop: Project, cloned: Cloned, crashes: dict[str, Any]):
    import psycopg
    from django.db import connection

    released(shop, crashes, "currency")
    info = connection.get_connection_params()
    keys = {k: info[k] for k in ("dbname", "user", "password", "host", "port") if info.get(k)}
    with psycopg.connect(**keys, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(hashtext('suspects'))")
        assert suspecting.work_off(LATER, now) == 0
        other.execute("SELECT pg_advisory_unlock(hashtext('suspects'))")
    assert suspecting.work_off(LATER, now) == 2


def test_a_clone_that_is_gone_costs_only_what_it_told(
    shop: Project, owner: User, cloned: Cloned, crashes: dict[str, Any]
):
    from tracker.vcs import clone

    issue = released(shop, crashes, "currency")
    clone.remove(cloned.row.folder)
    suspecting.work_off(LATER, now)
    found = IssueSuspects.objects.get(project_id=shop.pk, issue_id=issue.pk)
    assert "not cloned yet" in found.found["why"] and found.retry_at is not None
    assert "Open in the repository" not in page(owner, issue)


def test_the_api_tells_owner_and_suspects(
    shop: Project, owner: User, cloned: Cloned, crashes: dict[str, Any]
):
    from tests.tracker.api.conftest import client_for

    ownership.save(shop, "path:shop/pricing.py #payments", False, None, now(), None)
    issue = released(shop, crashes, "currency")
    api = client_for(owner)
    before = api.get(f"/api/v1/issues/{issue.pk}/").json()
    assert before["suspect_commits"] is None
    assert before["owner"]["owners"] == ["#payments"] and before["owner"]["line"] == 1
    suspecting.work_off(LATER, now)
    told = api.get(f"/api/v1/issues/{issue.pk}/").json()["suspect_commits"]
    first = told["suspects"][0]
    assert first["sha"] == cloned.culprits["currency"] and first["confidence"] == "likely"
    assert first["url"].endswith(f"/commit/{first['sha']}") and len(first["reasons"]) >= 2
    assert "email" not in str(told), "addresses of authors stay inside"
    assert told["touched"][0]["path"] == "shop/pricing.py" and told["looked"] > 40


def test_a_teams_other_projects_need_no_clone_of_their_own(shop: Project, cloned: Cloned):
    """sentry-cli names the repositories that it is told of, whichever project's they are."""
    beside = Project.objects.create(name="Beside", slug="beside", team=shop.team)
    elsewhere = make_project("Elsewhere", "Others")
    for version in ("1.0.0", "1.1.0"):
        sha = git(cloned.origin, "rev-parse", f"v{version}")
        told = ReleaseTold(refs=[{"repository": cloned.row.name, "commit": sha}])
        releases.make([beside, elsewhere], version, told)
    cloned.row.refresh_from_db()
    assert cloned.row.due_at <= now(), "it is fetched at once"
    repositories.work_off(LATER, now)
    filled = Commit.objects.filter(release__project=beside, release__version="1.1.0")
    assert filled.count() > 40 and filled.order_by("position")[0].message == "Quarters have names"
    first = Commit.objects.filter(release__project=beside, release__version="1.0.0")
    assert 0 < first.count() <= 20
    assert not Commit.objects.filter(release__project=elsewhere).exists(), "another team's"
