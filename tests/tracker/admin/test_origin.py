"""An issue's page says whose it is, which deploy is suspected and where it was seen before."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.urls import reverse

from tests.factories.events import python_event, send
from tests.tracker.admin.conftest import Cast
from tests.tracker.admin.test_budgets import ask
from tracker.actions import ownership, triage
from tracker.models import Deploy, Environment, Issue, Release, RollupDay


def page_of(cast: Cast, issue: Issue) -> str:
    text, queries = ask(
        cast.client("viewer"), reverse("admin:tracker_issue_change", args=[issue.pk])
    )
    assert len(queries) <= 12
    return text


def deploy(cast: Cast, version: str, ago: timedelta, environment: str = "production", **more: Any):
    release, _ = Release.objects.get_or_create(project=cast.red, version=version)
    where, _ = Environment.objects.get_or_create(project=cast.red, name=environment)
    return Deploy.objects.create(
        project=cast.red, release=release, environment=where,
        started_at=datetime.now(UTC) - ago, **more,
    )  # fmt: skip


def test_the_rule_is_shown_and_leads_to_its_revision(cast: Cast):
    ownership.save(cast.red, "\npath:shop/* #red-team", True, None, datetime.now(UTC), None)
    send(cast.red, python_event(9))
    issue = cast.red.issues.exclude(pk=cast.ours.pk).get()
    page = page_of(cast, issue)
    assert "→ #red-team by line 2" in page and "?revision=1" in page
    assert "assigned it to #red-team" in page and "by line 2 of the ownership rules" in page
    assert "by line" not in page_of(cast, cast.ours), "it was there before the rules"


def test_the_deploy_before_it_is_suspected_and_marks_the_chart(cast: Cast):
    deploy(cast, "1.0", timedelta(hours=2), actor="ada")
    deploy(cast, "0.9", timedelta(minutes=5), status="failed")
    deploy(cast, "1.1", timedelta(minutes=1), "staging")
    page = page_of(cast, cast.ours)
    assert "Suspect deploy, likely" in page and "by ada" in page
    assert "1.0 → production" in page and "1.1 → staging" in page and "0.9 →" not in page


def test_a_regression_has_a_suspect_of_its_own(cast: Cast):
    deploy(cast, "1.0", timedelta(hours=2))
    triage.resolve(Issue.objects.filter(pk=cast.ours.pk), None, datetime.now(UTC))
    deploy(cast, "2.0", timedelta(minutes=10))
    send(cast.red, python_event(1, release="2.0", environment="production"))
    page = page_of(cast, cast.ours)
    assert "it came back 10 minutes after the deploy" in page


def test_foreign_deploys_are_not_suspected(cast: Cast):
    release, where = Release.objects.get(project=cast.blue), cast.blue.environments.get()
    Deploy.objects.create(project=cast.blue, release=release, environment=where,
                          started_at=datetime.now(UTC) - timedelta(hours=1))  # fmt: skip
    assert "Suspect deploy" not in page_of(cast, cast.ours)


def test_staging_saw_it_first(cast: Cast):
    staging = Environment.objects.create(project=cast.red, name="staging")
    assert "earlier" not in page_of(cast, cast.ours)
    day = RollupDay.objects.filter(project_id=cast.red.pk, issue_id=cast.ours.pk)[0].bucket
    RollupDay.objects.bulk_create(
        [RollupDay(project_id=cast.red.pk, issue_id=cast.ours.pk, environment_id=staging.pk,
                   bucket=day - timedelta(days=2), events=1)]
    )  # fmt: skip
    page = page_of(cast, cast.ours)
    assert "First seen in staging 2 days earlier than in production" in page
    Environment.objects.filter(pk=staging.pk).update(hidden=True)
    assert "earlier than in" not in page_of(cast, cast.ours)
