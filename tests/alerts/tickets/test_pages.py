"""Pages of tickets: who may do what, set-up with a test, the rail, the list, rules, the search."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alerts.actions import tickets as verbs
from alerts.models import AlertRule, TicketConnection, TicketLink, TicketUser
from tests.alerts.conftest import Cast
from tests.alerts.sinks import Scripted
from tests.alerts.tickets.conftest import connect, make, work
from tests.alerts.tickets.sites import AsanaSite, Site
from tests.tracker.api.conftest import client_for
from tracker.domain.search import parse
from tracker.models import AuditEntry, Issue, Membership, Project, Team, User
from tracker.search import condition

pytestmark = pytest.mark.django_db
HOSTILE = "</p><script>alert(1)</script>"


@pytest.fixture
def bob(team: Team) -> User:
    """An admin of the team."""
    user = User.objects.create_user("bob", "bob@example.com")
    Membership.objects.create(team=team, user=user, role="admin")
    return user


@pytest.fixture
def eve(team: Team) -> User:
    """A viewer of the team."""
    user = User.objects.create_user("eve")
    Membership.objects.create(team=team, user=user, role="viewer")
    return user


@pytest.fixture
def mallory(db: None) -> User:
    """An admin of another team."""
    user = User.objects.create_user("mallory")
    team = Team.objects.create(name="Other", slug="other")
    Project.objects.create(team=team, name="Other", slug="other")
    Membership.objects.create(team=team, user=user, role="admin")
    return user


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, name: str, *args: Any) -> str:
    answer = client.get(reverse(f"admin:{name}", args=args))
    assert answer.status_code == 200, name
    return answer.content.decode()


PEOPLE = {"people-TOTAL_FORMS": "0", "people-INITIAL_FORMS": "0"}


def test_a_connection_is_made_tested_and_its_secret_shown_once(
    github: Site, bob: User, team: Team, project: Project
) -> None:
    client = logged_in(bob)
    assert "Connect GitHub" in page(client, "alerts_ticketconnection_changelist")
    add = reverse("admin:alerts_ticketconnection_add")
    assert "Linear" in client.get(add).content.decode()
    data = {
        "team": team.pk, "name": "Ours", "enabled": "on", "resolves": "on", "comeback": "reopen",
        "budget_per_hour": "5", "option_repository": "acme/shop", "option_token": "wrong",
        "option_api": github.url, "option_labels": "bug, emberwatch",
    }  # fmt: skip
    for name, bad in (("option_repository", "acme"), ("option_api", "ftp://x"),
                      ("option_hook_secret", "short"), ("option_token", "")):  # fmt: skip
        assert client.post(f"{add}?kind=github", {**data, name: bad}).status_code == 200
    assert not TicketConnection.objects.exists()
    told = client.post(f"{add}?kind=github", data, follow=True).content.decode()
    connection = TicketConnection.objects.get()
    secret = connection.options()["hook_secret"]
    assert "can&#x27;t be used yet: answered 401 Unauthorized: Bad credentials" in told
    assert secret in told
    assert reverse("alerts-ticket-call", args=[connection.uid]) in told
    assert secret not in connection.sealed
    change = reverse("admin:alerts_ticketconnection_change", args=[connection.pk])
    for word in (secret, "wrong"):
        assert f'"{word}"' not in client.get(change).content.decode()
    fixed = {**data, **PEOPLE, "option_token": "a-token-for-tests", "_test": "1"}
    told = client.post(change, fixed, follow=True).content.decode()
    assert "acme/shop answers and takes issues" in told
    connection.refresh_from_db()
    assert connection.options()["hook_secret"] == secret  # an empty field keeps it
    logged = str(list(AuditEntry.objects.values_list("before", "after")))
    assert "a-token-for-tests" not in logged
    assert secret not in logged
    github.answers = [Scripted(500, body=b"INNER SECRET")]
    told = client.post(change, {**fixed, "option_token": ""}, follow=True).content.decode()
    assert "answered 500" in told
    assert "INNER SECRET" not in told


def test_a_webhook_of_asana_is_started_from_the_page(
    settings: Any, bob: User, project: Project, monkeypatch: Any
) -> None:
    settings.EMBERWATCH_OUTBOUND_ALLOW = ("127.0.0.1",)
    with AsanaSite() as site:
        monkeypatch.setattr("alerts.tickets.asana.API", site.url)
        connection = connect(site, project)
        change = reverse("admin:alerts_ticketconnection_change", args=[connection.pk])
        data = {**PEOPLE, "name": "Tasks", "enabled": "on", "option_project": "1200000000000001",
                "comeback": "reopen", "budget_per_hour": "5", "_hook": "1"}  # fmt: skip
        site.answers = [Scripted(403, body=b'{"errors": [{"message": "Forbidden"}]}')]
        told = logged_in(bob).post(change, data, follow=True).content.decode()
        assert "answered 403 Forbidden: Forbidden" in told
        connection.refresh_from_db()
        assert connection.shaking_until is None
        assert site.problems == []


def test_people_are_entered_by_hand(github: Site, bob: User, project: Project) -> None:
    connection = connect(github, project)
    change = reverse("admin:alerts_ticketconnection_change", args=[connection.pk])
    data = {
        "name": "Ours", "enabled": "on", "comeback": "comment", "budget_per_hour": "5",
        "option_repository": "acme/shop", "option_api": github.url, "people-TOTAL_FORMS": "1",
        "people-INITIAL_FORMS": "0", "people-0-user": bob.pk, "people-0-login": "bob-there",
    }  # fmt: skip
    assert logged_in(bob).post(change, data).status_code == 302
    assert TicketUser.objects.get(user=bob).login == "bob-there"
    stranger = User.objects.create_user("stranger")
    bad = {**data, "people-0-user": stranger.pk}
    assert logged_in(bob).post(change, bad).status_code == 200


def test_the_rail_makes_links_and_unlinks(
    github: Site, alice: User, project: Project, issue: Issue
) -> None:
    connection = connect(github, project)
    client = logged_in(alice)
    assert "Make a ticket in Our github" in page(client, "tracker_issue_change", issue.pk)
    address = reverse("admin:alerts_ticketlink_make", args=[issue.pk])
    assert client.get(address).status_code == 405
    client.post(address, {"connection": connection.pk})
    assert "being made" in page(client, "tracker_issue_change", issue.pk)
    client.post(address, {"connection": connection.pk})
    work()
    assert len(github.tickets) == 1
    shown = page(client, "tracker_issue_change", issue.pk)
    assert "acme/shop#1" in shown
    assert "made the ticket acme/shop#1" in shown
    assert "Make a ticket in" not in shown
    link = TicketLink.objects.get()
    do = reverse("admin:alerts_ticketlink_do", args=[link.pk])
    for action in ("retry", "look", "nonsense", "unlink"):
        assert client.post(do, {"action": action}).status_code == 302
    assert not TicketLink.objects.exists()
    linking = reverse("admin:alerts_ticketlink_link", args=[issue.pk])
    for text, said in (("acme/shop#99", "404"), ("x", "give the address"), ("#1", "Linked")):
        data = {"connection": connection.pk, "address": text}
        assert said in client.post(linking, data, follow=True).content.decode()
    assert client.post(address, {"connection": "x"}).status_code == 404
    work()
    assert page(client, "alerts_ticketlink_changelist").count("acme/shop#1") == 1
    assert "acme/shop#1" in page(client, "alerts_ticketlink_change", TicketLink.objects.get().pk)


def test_viewers_and_strangers_do_nothing(
    github: Site, alice: User, eve: User, mallory: User, project: Project, issue: Issue
) -> None:
    connection = connect(github, project)
    link = make(issue, connection, alice)
    seen = page(logged_in(eve), "tracker_issue_change", issue.pk)
    assert "acme/shop#1" in seen
    assert "ticketlink" not in seen  # nothing to press
    posts = (
        (reverse("admin:alerts_ticketlink_make", args=[issue.pk]), {"connection": connection.pk}),
        (reverse("admin:alerts_ticketlink_link", args=[issue.pk]),
         {"connection": connection.pk, "address": "#1"}),
        (reverse("admin:alerts_ticketlink_do", args=[link.pk]), {"action": "unlink"}),
    )  # fmt: skip
    for user, status in ((eve, 403), (mallory, 404)):
        client = logged_in(user)
        for address, data in posts:
            assert client.post(address, data).status_code == status, address
        for name, row in (("ticketconnection", connection), ("ticketlink", link)):
            change = reverse(f"admin:alerts_{name}_change", args=[row.pk])
            assert client.get(change).status_code in (403, 404)
            assert client.post(change, {"_test": "1"}).status_code in (403, 404)
            listed = client.get(reverse(f"admin:alerts_{name}_changelist"))
            assert listed.status_code == 403 or change not in listed.content.decode()
    bulk = {"action": "ticket", "_selected_action": [issue.pk], "connection": connection.pk}
    lists = reverse("admin:tracker_issue_changelist")
    assert logged_in(mallory).post(lists, bulk).status_code == 404
    assert logged_in(eve).post(lists, bulk).status_code == 403
    triager = logged_in(alice)
    shown = page(triager, "alerts_ticketconnection_change", connection.pk)
    assert str(connection.uid) not in shown  # an address is a capability
    change = reverse("admin:alerts_ticketconnection_change", args=[connection.pk])
    assert triager.post(change, {"name": "mine"}).status_code == 403
    assert TicketLink.objects.count() == len(github.tickets) == 1


def test_tickets_are_made_in_bulk(
    github: Site, alice: User, project: Project, issue: Issue, cast: Cast
) -> None:
    client, lists = logged_in(alice), reverse("admin:tracker_issue_changelist")
    more = [cast.issue(title=HOSTILE, type=HOSTILE) for _ in range(3)]
    data = {"action": "ticket", "_selected_action": [issue.pk, *(one.pk for one in more)]}
    assert "No tracker is connected yet" in client.post(lists, data).content.decode()
    connection = connect(github, project)
    make(issue, connection, alice)
    asked = client.post(lists, data).content.decode()
    assert "Make 4 in Our github" in asked
    assert HOSTILE not in asked
    assert not github.tickets[1:]
    told = client.post(lists, {**data, "connection": connection.pk}, follow=True).content.decode()
    assert "3 tickets on the way to Our github. 1 left out" in told
    work()
    assert len(github.tickets) == 4
    shown = client.get(lists).content.decode()
    assert shown.count("acme/shop#") == 4
    assert client.post(lists, {**data, "connection": "999999"}).status_code == 404


def test_hostile_texts_of_a_tracker_are_only_texts(
    github: Site, bob: User, project: Project, cast: Cast
) -> None:
    issue = cast.issue()
    connection = connect(github, project)
    TicketConnection.objects.filter(pk=connection.pk).update(last_error=HOSTILE, failures=1)
    link = TicketLink.objects.create(
        project=project, issue=issue, connection=connection, state="open", remote_id="1",
        key=HOSTILE, title=HOSTILE, remote_state=HOSTILE, assignee=HOSTILE, error=HOSTILE,
        url=verbs.safe_url("javascript:alert(1)"),
    )  # fmt: skip
    client = logged_in(bob)
    for name, args in (
        ("tracker_issue_changelist", ()), ("tracker_issue_change", (issue.pk,)),
        ("alerts_ticketlink_changelist", ()), ("alerts_ticketlink_change", (link.pk,)),
        ("alerts_ticketconnection_changelist", ()),
        ("alerts_ticketconnection_change", (connection.pk,)),
    ):  # fmt: skip
        shown = page(client, name, *args)
        assert "<script>alert" not in shown
        assert "javascript:" not in shown
        assert " style=" not in shown


def test_the_api_tells_of_tickets(
    github: Site, alice: User, project: Project, issue: Issue
) -> None:
    make(issue, connect(github, project), alice)
    url = "http://127.0.0.1/acme/shop/issues/1"
    told = client_for(alice).get(f"/api/v1/issues/{issue.pk}/").json()["tickets"]
    assert told == [{"key": "acme/shop#1", "url": url, "state": "open"}]


def test_a_rule_names_a_connection_of_its_own_team_and_a_threshold(
    github: Site, bob: User, project: Project, mallory: User
) -> None:
    connection = connect(github, project)
    foreign = TicketConnection.objects.create(
        team=Team.objects.get(slug="other"), kind="github", name="Theirs"
    )
    rule = project.alert_rules.get()
    change = reverse("admin:alerts_alertrule_change", args=[rule.pk])
    data = {
        "name": "Big ones", "enabled": "on", "triggers": ["first_seen"], "min_level": "40",
        "severity": "notify", "cooldown_minutes": "30", "only_ticket": "on",
    }  # fmt: skip
    client = logged_in(bob)
    assert "Choose where the ticket" in client.post(change, data).content.decode()
    assert client.post(change, {**data, "ticket": foreign.pk}).status_code == 200
    every = client.post(change, {**data, "ticket": connection.pk}).content.decode()
    assert "Every new issue would become a ticket" in every
    fine = {**data, "ticket": connection.pk, "query": "users:>=5"}
    assert client.post(change, fine).status_code == 302
    rule.refresh_from_db()
    assert (rule.ticket, rule.only_ticket) == (connection, True)
    connection.delete()
    assert AlertRule.objects.get(pk=rule.pk).ticket is None


def test_tickets_are_searched_for(
    github: Site, alice: User, project: Project, issue: Issue, cast: Cast
) -> None:
    other = cast.issue()
    make(issue, connect(github, project), alice)
    now = timezone.now()

    def found(query: str) -> set[int]:
        return set(
            Issue.objects.filter(condition(parse(query), alice, now)).values_list("pk", flat=True)
        )

    for query in ("is:linked", "has:ticket", "ticket:acme/shop#1", "ticket:acme/*"):
        assert found(query) == {issue.pk}, query
    assert found("!has:ticket") == {other.pk}
    assert found("ticket:acme/shop#2") == set()
