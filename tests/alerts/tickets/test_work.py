"""The tickets' outbox: waits, rests, order, rules and their budget, and a worker that is killed."""

import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from django.db import connection as database
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from alerts import tasks
from alerts.actions import ticket_work
from alerts.actions import tickets as verbs
from alerts.models import AlertRule, Decision, TicketConnection, TicketJob, TicketLink, TicketUser
from alerts.tickets import github as github_tracker
from tests.alerts.conftest import NOW, Cast
from tests.alerts.sinks import Scripted, wait_for
from tests.alerts.tickets.conftest import connect, make, rested, ring, work
from tests.alerts.tickets.sites import Site
from tracker.actions import moving, triage
from tracker.models import Issue, Membership, Project, Team, User


@pytest.fixture
def connection(github: Site, project: Project) -> TicketConnection:
    return connect(github, project)


def ask(issue: Issue, connection: TicketConnection, actor: User | None) -> TicketLink:
    verbs.ask([issue], connection, actor, timezone.now())
    return TicketLink.objects.get(issue=issue, connection=connection)


@pytest.mark.django_db
def test_a_limit_holds_the_whole_connection_for_as_long_as_is_asked(
    github: Site, connection: TicketConnection, cast: Cast, alice: User
) -> None:
    github.answers = [Scripted(429, {"Retry-After": "120"}, b"{}")]
    first, second = ask(cast.issue(), connection, alice), ask(cast.issue(), connection, alice)
    work()
    assert len(github.seen) == 1
    assert ticket_work.waiting() == []
    shift = ticket_work._again_in(connection.pk)
    assert shift is not None
    assert 20 < shift <= 121  # counted from where the test's transaction began
    rested()
    work()
    assert {TicketLink.objects.get(pk=each.pk).state for each in (first, second)} == {"open"}
    connection.refresh_from_db()
    assert (connection.failures, connection.last_error) == (0, "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800"}, 86_400), ({}, 60)],
)
def test_github_says_no_to_too_many_with_403(
    github: Site, connection: TicketConnection, cast: Cast, alice: User,
    headers: dict[str, str], seconds: float,
) -> None:  # fmt: skip
    told = b'{"message": "You have exceeded a secondary rate limit"}'
    github.answers = [Scripted(403, headers, told)]
    link = ask(cast.issue(), connection, alice)
    work()
    job = TicketJob.objects.get(link=link)
    waits = TicketJob.objects.annotate(wait=F("next_attempt_at") - Now())
    assert job.state == "retry"
    assert waits.values_list("wait", flat=True).get().total_seconds() >= seconds - 1
    assert "secondary rate limit" in job.last_error


@pytest.mark.django_db
def test_a_clear_no_is_given_up_and_tried_again_by_hand(
    github: Site, connection: TicketConnection, cast: Cast, alice: User
) -> None:
    told = b'{"message": "Validation Failed", "errors": [{"field": "title", "code": "invalid"}]}'
    github.answers = [Scripted(422, {}, told)]
    issue = cast.issue()
    link = ask(issue, connection, alice)
    work()
    link.refresh_from_db()
    assert link.state == "failed"
    assert "Validation Failed; title invalid" in link.error
    assert verbs.ask([issue], connection, alice, timezone.now()).links == (link.pk,)
    work()
    link.refresh_from_db()
    assert (link.state, link.error, len(github.tickets)) == ("open", "", 1)
    # What was given up may have been made all the same: it was looked for.
    assert [each.method for each in github.seen][:3] == ["POST", "GET", "POST"]


@pytest.mark.django_db
def test_a_wrong_token_is_not_tried_over_and_over(
    github: Site, connection: TicketConnection, cast: Cast, alice: User
) -> None:
    connection.keep(connection.config, {"token": "wrong"})
    connection.save()
    verbs.ask([cast.issue() for _ in range(8)], connection, alice, timezone.now())
    work()
    assert len(github.seen) == 3
    assert ticket_work.waiting() == []
    connection.keep(connection.config, {"token": "a-token-for-tests"})
    connection.save()
    rested()
    verbs.retry(TicketLink.objects.all())
    work()
    assert len(github.tickets) == 8


@pytest.mark.django_db
def test_a_slow_tracker_is_left_and_tried_later(
    github: Site, connection: TicketConnection, cast: Cast, alice: User, monkeypatch: Any
) -> None:
    monkeypatch.setattr("alerts.transports.http.ANSWER_SECONDS", 0.2)
    github.answers = [Scripted(201, {}, b"{}", delay=0.6)]
    link = ask(cast.issue(), connection, alice)
    work()
    link.refresh_from_db()
    assert "no answer" in link.error
    assert TicketJob.objects.get().state == "retry"
    assert ticket_work.waiting() == []  # the tracker rests
    rested()
    work()
    link.refresh_from_db()
    assert link.state == "open"


@pytest.mark.django_db
def test_jobs_of_a_ticket_keep_their_order(
    github: Site, connection: TicketConnection, cast: Cast, alice: User
) -> None:
    issue = cast.issue()
    github.answers = [Scripted(503)]
    ask(issue, connection, alice)
    triage.resolve(Issue.objects.filter(pk=issue.pk), alice, timezone.now())
    work()
    assert github.tickets == []
    TicketConnection.objects.update(held_until=None)
    assert work() == 0  # closing waits for making
    rested()
    work()
    assert [(one.closed, one.number) for one in github.tickets] == [(True, 1)]


@pytest.mark.django_db
def test_what_was_taken_back_meanwhile_is_not_done(
    github: Site, connection: TicketConnection, cast: Cast, alice: User
) -> None:
    issue = cast.issue()
    make(issue, connection, alice)
    rows = Issue.objects.filter(pk=issue.pk)
    triage.resolve(rows, alice, timezone.now())
    triage.reopen(rows, alice, timezone.now())
    before = github.changes
    work()
    assert github.changes == before


@pytest.mark.django_db
def test_switches_are_kept(github: Site, project: Project, cast: Cast, alice: User) -> None:
    connection = connect(github, project, closes=False, resolves=False, comeback="comment")
    issue = cast.issue(assignee=alice)
    make(issue, connection, alice)
    [ticket] = github.tickets
    rows = Issue.objects.filter(pk=issue.pk)
    triage.resolve(rows, alice, timezone.now())
    work()
    assert not ticket.closed
    triage.reopen(rows, alice, timezone.now())
    ticket.closed = True
    ring(connection, github, ticket)
    work()
    assert rows.get().status == "unresolved"
    cast.letter(issue, "regressed", timezone.now(), release="2.0")
    work()
    assert ticket.closed
    assert "2.0" in ticket.comments[0]


@pytest.mark.django_db
def test_people_are_who_they_were_said_to_be(
    github: Site, connection: TicketConnection, cast: Cast, alice: User, team: Team
) -> None:
    bob = User.objects.create_user("bob", "bob@example.com")
    carol = User.objects.create_user("carol", "carol@example.com")
    for user in (bob, carol):
        Membership.objects.create(team=team, user=user, role="triager")
    TicketUser.objects.create(connection=connection, user=bob, login="bob-over-there")
    issue = cast.issue(assignee=alice)
    make(issue, connection, alice)
    [ticket] = github.tickets
    assert ticket.assignee == "alice-there"
    assert TicketUser.objects.get(user=alice).source == "email"
    rows = Issue.objects.filter(pk=issue.pk)
    triage.assign(rows, alice, bob, timezone.now())
    work()
    assert ticket.assignee == "bob-over-there"
    triage.assign(rows, alice, carol, timezone.now())
    work()
    assert ticket.assignee == "bob-over-there"  # nobody there is Carol
    triage.assign(rows, alice, None, timezone.now())
    work()
    assert ticket.assignee == ""


@pytest.mark.django_db
def test_a_rule_makes_tickets_behind_its_threshold_and_within_a_budget(
    github: Site, project: Project, cast: Cast, alice: User
) -> None:
    connection = connect(github, project, budget_per_hour=2)
    rule = project.alert_rules.get()
    AlertRule.objects.filter(pk=rule.pk).update(
        ticket=connection, only_ticket=True, query="events:>=10"
    )
    few, *many = [cast.issue(events=events) for events in (3, 10, 11, 12)]
    for issue in (few, *many):
        cast.letter(issue, at=timezone.now())
    work()
    assert [link.issue_id for link in TicketLink.objects.order_by("pk")] == [
        many[0].pk, many[1].pk,
    ]  # fmt: skip
    assert "by the rule" in github.tickets[0].body
    assert not rule.incidents.filter(deliveries__isnull=False).exists()
    told = Decision.objects.get(issue_id=many[2].pk).reasons
    assert {"ticket", "at most 2 an hour by rules"} <= {
        value for check in told for value in check.values()
    }
    cast.letter(many[0], "regressed", timezone.now())
    work()
    assert TicketLink.objects.count() == 2


@pytest.mark.django_db
def test_a_storm_of_new_issues_makes_no_storm_of_queries(
    github: Site, project: Project, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    connection = connect(github, project, budget_per_hour=1)
    project.alert_rules.update(ticket=connection)
    for _ in range(30):
        cast.letter(cast.issue(), at=timezone.now())
    with django_assert_max_num_queries(60):
        from alerts.actions import reading

        reading.evaluate(timezone.now())
    assert TicketLink.objects.count() == 1


@pytest.mark.django_db
def test_tickets_of_merged_issues_are_the_survivors(
    github: Site, connection: TicketConnection, cast: Cast, alice: User
) -> None:
    old, new = cast.issue(), cast.issue(first_seen=timezone.now())
    for issue in (old, new):
        make(issue, connection, alice)
    moving.merge(Issue.objects.filter(pk__in=[old.pk, new.pk]), alice, timezone.now())
    work()
    links = TicketLink.objects.order_by("pk")
    assert [(link.issue_id, link.made) for link in links] == [(old.pk, True), (old.pk, False)]
    github.tickets[1].closed = True
    ring(connection, github, github.tickets[1])
    work()
    assert Issue.objects.get(pk=old.pk).status == "resolved"
    assert github.tickets[0].closed  # the switch: its other ticket follows


@pytest.mark.django_db
def test_a_deleted_ticket_is_gone_and_a_stale_one_is_looked_at(
    github: Site, connection: TicketConnection, cast: Cast, alice: User
) -> None:
    issue = cast.issue()
    link = make(issue, connection, alice)
    ticket_work.look_at_stale(timezone.now())
    assert work() == 0
    TicketLink.objects.update(synced_at=NOW)
    github.tickets[0].closed = True  # and its call was lost
    ticket_work.look_at_stale(timezone.now())
    ticket_work.look_at_stale(timezone.now())
    assert work() == 1
    assert Issue.objects.get(pk=issue.pk).status == "resolved"
    github.tickets.clear()
    verbs.look(connection, ["1"], timezone.now())
    work()
    link.refresh_from_db()
    assert link.state == "gone"
    assert Issue.objects.get(pk=issue.pk).status == "resolved"


@pytest.mark.django_db
def test_the_task_rings_for_what_is_due_later(
    github: Site, connection: TicketConnection, cast: Cast, alice: User, bells: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    github.answers = [Scripted(503)]
    with django_capture_on_commit_callbacks(execute=True):
        ask(cast.issue(), connection, alice)
    assert bells == [("alerts.tasks.tickets", connection.pk)]
    bells.clear()
    tasks.tickets(connection.pk)
    assert bells == [("alerts.tasks.tickets", connection.pk)]
    rested()
    bells.clear()
    tasks.sweep()
    assert ("alerts.tasks.tickets", connection.pk) in bells


_WORKER = """
import django, os, sys
django.setup()
from django.conf import settings
from django.db import connection
settings.EMBERWATCH_OUTBOUND_ALLOW = ("127.0.0.1",)
connection.settings_dict["NAME"] = sys.argv[1]
from alerts.actions import ticket_work
ticket_work.work(int(sys.argv[2]))
"""


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_makes_no_second_ticket(
    github: Site, connection: TicketConnection, cast: Cast, alice: User, monkeypatch: Any
) -> None:
    """Killed after the tracker made the ticket, before anybody wrote that down."""
    link = ask(cast.issue(), connection, alice)
    original = github.answer

    def slow(handler: Any, status: int, body: bytes, headers: dict[str, str]) -> None:
        if github.tickets and not release:
            wait_for(lambda: release, 60)
        original(handler, status, body, headers)

    release: list[bool] = []
    monkeypatch.setattr(github, "answer", slow)
    name = str(database.settings_dict["NAME"])
    child = subprocess.Popen(
        [sys.executable, "-c", _WORKER, name, str(connection.pk)], env={**os.environ}
    )
    try:
        wait_for(lambda: github.tickets, 60)
        child.send_signal(signal.SIGKILL)
    finally:
        child.kill()
        child.wait()
        release.append(True)
    link.refresh_from_db()
    assert (link.state, TicketJob.objects.get().state) == ("wanted", "sending")
    assert ticket_work.work(connection.pk) is None  # its lease runs
    TicketConnection.objects.update(lease_until=NOW)
    work()
    link.refresh_from_db()
    assert (link.state, link.key, len(github.tickets)) == ("open", "acme/shop#1", 1)
    assert github_tracker.tracker.label == "GitHub"


@pytest.mark.django_db
def test_a_worker_whose_lease_was_taken_writes_nothing(
    github: Site, connection: TicketConnection, cast: Cast, alice: User, monkeypatch: Any
) -> None:
    link = ask(cast.issue(), connection, alice)
    create = github_tracker.tracker.create

    def stolen(options: Any, draft: Any) -> Any:
        made = create(options, draft)
        TicketConnection.objects.update(worker=None, lease_until=NOW)
        return made

    monkeypatch.setattr(github_tracker.tracker, "create", stolen)
    ticket_work.work(connection.pk)
    link.refresh_from_db()
    assert link.state == "wanted"
    monkeypatch.undo()
    work()
    link.refresh_from_db()
    assert (link.state, len(github.tickets)) == ("open", 1)
