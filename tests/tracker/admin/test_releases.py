"""A release's page: figures, issues, deploys, neighbours; scoped, at a fixed cost."""

from datetime import UTC, datetime, timedelta

from django.urls import reverse

from tests.factories.events import python_event, send
from tests.tracker.admin.conftest import Cast
from tests.tracker.admin.test_budgets import ask
from tracker.actions import triage
from tracker.models import Deploy, Environment, Issue, Project, Release, SessionHour


def page_of(cast: Cast, version: str, role: str = "viewer") -> tuple[str, list[str]]:
    release = Release.objects.get(project=cast.red, version=version)
    return ask(cast.client(role), reverse("admin:tracker_release_change", args=[release.pk]))


def sessions(project: Project, version: str, crashed: int) -> None:
    environment = Environment.objects.get(project=project, name="production")
    SessionHour.objects.create(
        project_id=project.pk, release_id=Release.objects.get(project=project, version=version).pk,
        environment_id=environment.pk, bucket=datetime.now(UTC) - timedelta(hours=2), total=1000,
        errored=0, abnormal=0, crashed=crashed, users=b"", crashed_users=b"",
    )  # fmt: skip


def test_what_it_sent_and_where(cast: Cast):
    send(cast.red, *(python_event(n, release="1.1", environment="qa") for n in (5, 6, 7)))
    page, _ = page_of(cast, "1.1")
    assert "75.0 % of those that name a release" in page
    assert "<dt>qa</dt><dd>3 events" in page and "<dt>production</dt>" not in page
    assert "no denominator" in page
    assert "Next:" not in page and "Before: <a" in page and ">1.0</a>" in page


def test_its_issues(cast: Cast):
    triage.resolve(Issue.objects.filter(pk=cast.ours.pk), None, datetime.now(UTC))
    send(cast.red, python_event(1, release="1.1"), python_event(8, release="1.1"))
    page, _ = page_of(cast, "1.1")
    new = Issue.objects.get(project=cast.red, first_release__version="1.1")
    back = page.partition("Came back in it")[2].partition("Resolved in it")[0]
    assert cast.ours.short_id in back and new.short_id not in back
    assert new.short_id in page.partition("New in it")[2].partition("Came back in it")[0]
    assert ">stop</em>" in page and "1 regressed issue" in page
    Issue.objects.filter(pk=new.pk).update(
        resolved_release=Release.objects.get(project=cast.red, version="1.1")
    )
    page, _ = page_of(cast, "1.1")
    assert new.short_id in page.partition("Resolved in it")[2]


def test_deploys_and_crash_free_rate(cast: Cast):
    release = Release.objects.get(project=cast.red, version="1.0")
    Deploy.objects.create(project=cast.red, release=release, actor="<ada>",
                          environment=cast.red.environments.get(),
                          started_at=datetime.now(UTC) - timedelta(hours=1))  # fmt: skip
    sessions(cast.red, "1.0", crashed=5)
    page, _ = page_of(cast, "1.0")
    assert "99.5 %" in page and "<span>no denominator</span>" not in page
    assert "by &lt;ada&gt;" in page and "1.0 → production" in page


def test_admins_mark_it_implausible_and_its_cost_is_fixed(cast: Cast):
    send(cast.red, python_event(29, release="0.9"))  # a predecessor is three queries
    _, few = page_of(cast, "1.0", "admin")
    for number in range(5):
        event = python_event(30 + number, release=f"0.{number}", environment=f"e{number}")
        send(cast.red, event, python_event(40 + number, release="1.0", environment=f"e{number}"))
    page, many = page_of(cast, "1.0", "admin")
    assert len(many) <= len(few) <= 40, many
    release = Release.objects.get(project=cast.red, version="1.0")
    address = reverse("admin:tracker_release_change", args=[release.pk])
    assert 'name="ignored"' in page
    assert 'name="ignored"' not in page_of(cast, "1.0", "viewer")[0]
    assert cast.client("admin").post(address, {"ignored": "on"}).status_code == 302
    release.refresh_from_db()
    assert release.ignored


def test_the_verdict_of_its_first_hour_stays(cast: Cast):
    send(cast.red, python_event(1, release="1.1"), python_event(8, release="1.1"))
    release = Release.objects.get(project=cast.red, version="1.1")
    page, _ = page_of(cast, "1.1")
    said = page.partition('id="first-hour">')[2].partition("</p>")[0]
    assert said.startswith("Its first hour so far: <b>stop</b>. ")
    Deploy.objects.create(project=cast.red, release=release,
                          environment=cast.red.environments.get(name="production"),
                          started_at=datetime.now(UTC) - timedelta(hours=2))  # fmt: skip
    page, _ = page_of(cast, "1.1")
    said = page.partition('id="first-hour">')[2].partition("</p>")[0]
    assert said.startswith("One hour after it arrived: <b>go</b>. no new issues")
