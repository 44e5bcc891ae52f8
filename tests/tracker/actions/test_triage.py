"""Verbs of triage: one path for one issue and a thousand, each with its Activity."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories.events import python_event, send
from tests.factories.projects import make_project
from tracker.actions import triage, upkeep
from tracker.models import Activity, Issue, Membership, Role, User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def issues() -> list[Issue]:
    """Three issues of one project."""
    send(make_project(), *[python_event(fault, release="1.0") for fault in range(3)])
    return list(Issue.objects.order_by("pk"))


@pytest.fixture
def ana(issues: list[Issue]) -> User:
    """A triager of the project's team."""
    user = User.objects.create_user("ana", "ana@example.org")
    Membership.objects.create(team=issues[0].project.team, user=user, role=Role.TRIAGER)
    return user


def kinds() -> list[str]:
    return list(
        Activity.objects.exclude(kind="first_seen").order_by("pk").values_list("kind", flat=True)
    )


def test_resolve_and_reopen_move_only_what_can_move(issues: list[Issue], ana: User) -> None:
    now = timezone.now()
    one = triage.resolve(Issue.objects.filter(pk=issues[0].pk), ana, now)
    rest = triage.resolve(Issue.objects.all(), ana, now)
    assert one.changed == (issues[0].pk,)
    assert (len(rest.changed), rest.skipped) == (2, 1)
    issue = Issue.objects.get(pk=issues[0].pk)
    assert (issue.status, issue.substatus, issue.resolved_at) == ("resolved", None, now)
    assert issue.resolved_release_id == issue.last_release_id is not None

    assert len(triage.reopen(Issue.objects.all(), ana, now).changed) == 3
    assert {(i.status, i.substatus) for i in Issue.objects.all()} == {("unresolved", "ongoing")}
    assert kinds() == ["resolved"] * 3 + ["reopened"] * 3
    assert set(Activity.objects.exclude(kind="first_seen").values_list("actor", flat=True)) == {
        ana.pk
    }


def test_a_thousand_cost_as_many_queries_as_one(issues: list[Issue], ana: User) -> None:
    def queries(wanted: list[int]) -> int:
        with CaptureQueriesContext(connection) as captured:
            triage.resolve(Issue.objects.filter(pk__in=wanted), ana, timezone.now())
        return len(captured)

    assert queries([issues[0].pk]) == queries([issue.pk for issue in issues[1:]]) <= 8


def test_assign_to_person_team_and_nobody(issues: list[Issue], ana: User) -> None:
    everything = Issue.objects.all()
    now = timezone.now()
    assert len(triage.assign(everything, ana, ana, now).changed) == 3
    assert triage.assign(everything, ana, ana, now).skipped == 3
    team = issues[0].project.team
    triage.assign(everything, ana, team, now)
    assert set(Issue.objects.values_list("assignee", "assignee_team")) == {(None, team.pk)}
    triage.assign(everything, ana, None, now)
    assert set(Issue.objects.values_list("assignee", "assignee_team")) == {(None, None)}
    assert kinds() == ["assigned"] * 9


def test_nobody_is_made_responsible_for_what_they_cannot_see(
    issues: list[Issue], ana: User
) -> None:
    stranger = User.objects.create_user("bob")
    with pytest.raises(triage.NotAMember, match="bob is not in the team"):
        triage.assign(Issue.objects.all(), ana, stranger, timezone.now())
    assert kinds() == []


def test_comment_says_something(issues: list[Issue], ana: User) -> None:
    with pytest.raises(triage.EmptyComment):
        triage.comment(Issue.objects.all(), ana, "  \x00 ", timezone.now())
    with pytest.raises(triage.EmptyComment, match="10,000"):
        triage.comment(Issue.objects.all(), ana, "x" * 10_001, timezone.now())
    triage.comment(Issue.objects.filter(pk=issues[0].pk), ana, " fixed in\x00 #12 ", timezone.now())
    assert Activity.objects.get(kind="commented").data == {"text": "fixed in #12", "mentions": []}


def test_the_database_refuses_states_outside_the_table(issues: list[Issue]) -> None:
    for odd in (
        {"status": "resolved"},
        {"substatus": None},
        {"status": "gone", "substatus": None},
        {"resolved_at": timezone.now()},
        {"events": -1},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Issue.objects.filter(pk=issues[0].pk).update(**odd)


def test_what_was_new_a_week_ago_is_ongoing(issues: list[Issue]) -> None:
    now = timezone.now()
    old = now - timedelta(days=8)
    Issue.objects.filter(pk__in=[issues[0].pk, issues[1].pk]).update(state_changed_at=old)
    assert upkeep.age_issues(now) == 2
    assert sorted(Issue.objects.values_list("substatus", flat=True)) == [
        "new",
        "ongoing",
        "ongoing",
    ]
    assert upkeep.age_issues(now) == 0


def test_issues_are_seen_by_their_team_and_the_owner_only(issues: list[Issue], ana: User) -> None:
    owner = User.objects.create_superuser("root")
    assert Issue.objects.visible_to(ana).count() == 3
    assert Issue.objects.visible_to(ana, Role.ADMIN).count() == 0
    assert Issue.objects.visible_to(owner).count() == 3
    assert Issue.objects.visible_to(User.objects.create_user("bob")).count() == 0
