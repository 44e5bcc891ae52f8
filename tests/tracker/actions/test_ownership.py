"""Ownership: revisions, who may own, and what becomes of new and regressed issues."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ingest import digest
from tests.factories.events import python_event, send
from tests.factories.projects import make_project
from tracker.actions import names, ownership, record, triage
from tracker.models import (
    Activity,
    ActivityKind,
    Issue,
    IssueOwner,
    Membership,
    OwnershipRules,
    Project,
    Team,
    User,
)  # fmt: skip

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fresh_memory() -> Iterator[None]:
    yield
    record._days_made.clear()
    names.environments.forget()
    names.releases.forget()
    digest._rules.clear()
    ownership.forget()


@pytest.fixture
def shop() -> Project:
    project = make_project("Shop", "Payments")
    ada = User.objects.create_user("ada", "Ada@Example.org")
    Membership.objects.create(team=project.team, user=ada)
    return project


def rules(project: Project, text: str, *, assign: bool = False) -> OwnershipRules | None:
    return ownership.save(project, text, assign, None, NOW, None)


def test_revisions_are_kept_and_restored(shop: Project):
    first = rules(shop, "path:a/* ada", assign=True)
    assert first is not None and rules(shop, "path:a/* ada\n", assign=True) is None
    second = rules(shop, "", assign=True)
    assert second is not None and second.number == 2
    third = ownership.restore(shop, 1, None, NOW)
    assert third is not None and (third.text, third.restored, third.assign) == (
        "path:a/* ada", 1, True,
    )  # fmt: skip
    with pytest.raises(ownership.NoSuchRevision):
        ownership.restore(shop, 9, None, NOW)
    with pytest.raises(ownership.RulesChanged):
        ownership.save(shop, "path:b/* ada", True, None, NOW, base=1)
    told = Activity.objects.filter(project=shop, kind=ActivityKind.OWNERSHIP_CHANGED)
    assert told.count() == 3


def test_problems_name_line_and_unknown_owner(shop: Project):
    read, problems = ownership.problems_of(shop, "path:a/* ada\npaht:b/* ada\npath:c/* adda")
    assert [rule.line for rule in read] == [1, 3]
    assert [problem.line for problem in problems] == [2, 3]
    assert "path:" in problems[0].text and "ada?" in problems[1].text


def test_only_those_near_may_own(shop: Project):
    stranger = User.objects.create_user("eve", "eve@example.org")
    apart = Team.objects.create(name="Apart", slug="apart")
    Membership.objects.create(team=apart, user=stranger)
    near = Team.objects.create(name="Near", slug="near")
    Membership.objects.create(team=near, user=User.objects.get(username="ada"))
    pool = ownership.pools_of([shop])[shop.pk]
    assert set(pool.people) == {"ada", "ada@example.org"}
    assert set(pool.teams) == {"payments", "near"}


def test_the_rule_is_noted_and_a_team_assigned(shop: Project):
    rules(shop, "# who\nmodule:other.* ada\npath:shop/* #payments", assign=True)
    send(shop, python_event(1))
    issue, owner = Issue.objects.get(project=shop), IssueOwner.objects.get(project_id=shop.pk)
    assert (owner.line, owner.owners, owner.team_id) == (3, ["#payments"], shop.team_id)
    assert owner.value == "shop/orders.py" and owner.rule == "path:shop/* #payments"
    assert issue.assignee_team_id == shop.team_id
    kinds = list(Activity.objects.filter(issue=issue).order_by("pk").values_list("kind", flat=True))
    assert kinds == [ActivityKind.FIRST_SEEN, ActivityKind.ASSIGNED]
    told = Activity.objects.get(issue=issue, kind=ActivityKind.ASSIGNED)
    assert told.data["why"] == "by line 3 of the ownership rules" and told.actor is None


def test_without_the_switch_nobody_is_assigned(shop: Project):
    rules(shop, "path:shop/* ada")
    send(shop, python_event(1))
    assert IssueOwner.objects.get(project_id=shop.pk).user_id is not None
    assert Issue.objects.get(project=shop).assignee_id is None


def test_urls_are_seen_by_rules(shop: Project):
    rules(shop, "url:*/checkout/* ada", assign=True)
    send(shop, python_event(1, request={"url": "https://shop.example/checkout/7"}), python_event(2))
    owned = Issue.objects.filter(project=shop, assignee__username="ada")
    assert owned.count() == 1
    assert IssueOwner.objects.get(project_id=shop.pk).issue_id == owned[0].pk


def test_none_hides_rules_above(shop: Project):
    rules(shop, "path:shop/* ada\npath:shop/orders.py none", assign=True)
    send(shop, python_event(1))
    owner = IssueOwner.objects.get(project_id=shop.pk)
    assert (owner.line, owner.owners, owner.user_id) == (2, [], None)
    assert Issue.objects.get(project=shop).assignee_id is None


def test_regressed_issues_are_judged_again_and_keep_who_has_them(shop: Project):
    send(shop, python_event(1), python_event(2))
    one, two = Issue.objects.filter(project=shop).order_by("pk")
    bo = User.objects.create_user("bo")
    Membership.objects.create(team=shop.team, user=bo)
    everything = Issue.objects.filter(project=shop)
    triage.assign(everything.filter(pk=two.pk), None, bo, NOW)
    triage.resolve(everything, None, datetime.now(UTC))
    rules(shop, "path:shop/* ada", assign=True)
    send(shop, python_event(1), python_event(2))
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.substatus, two.substatus) == ("regressed", "regressed")
    assert one.assignee is not None and one.assignee.username == "ada"
    assert two.assignee == bo
    assert IssueOwner.objects.filter(project_id=shop.pk).count() == 2


def test_a_rule_that_matches_no_more_is_forgotten(shop: Project):
    rules(shop, "path:shop/* ada")
    send(shop, python_event(1))
    rules(shop, "path:elsewhere/* ada")
    triage.resolve(Issue.objects.filter(project=shop), None, datetime.now(UTC))
    send(shop, python_event(1))
    assert not IssueOwner.objects.filter(project_id=shop.pk).exists()


def test_events_of_known_issues_ask_for_no_rules(shop: Project):
    rules(shop, "path:shop/* ada", assign=True)
    send(shop, python_event(1))
    with CaptureQueriesContext(connection) as queries:
        send(shop, python_event(1))
    assert not [q for q in queries.captured_queries if "ownershiprules" in q["sql"]]
