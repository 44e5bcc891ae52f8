"""Links that act: harmless to fetch, signed, with an end, for who is logged in and may."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from alerts.actions import acting
from alerts.models import Delivery, Incident, Unsubscribed
from tests.alerts.conftest import NOW, Cast, run
from tests.alerts.sinks import SmtpSink
from tracker.models import Activity, Issue, Membership, Project, Team, User

pytestmark = pytest.mark.django_db


def path(action: str, issue: Issue) -> str:
    [found] = [
        link.url for link in acting.links(issue.pk) if link.label == acting.LABELS[action]
    ]  # fmt: skip
    return "/" + found.partition("://")[2].partition("/")[2]


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def state(issue: Issue) -> Any:
    issue.refresh_from_db()
    return issue.status, issue.assignee_id, issue.reviewed_at, Activity.objects.count()


@pytest.mark.parametrize("action", acting.LABELS)
def test_fetching_changes_nothing_logged_in_or_not(action: str, cast: Cast, alice: User) -> None:
    issue = cast.issue()
    before = state(issue)
    for client in (Client(), client_of(alice)):
        for method in (client.get, client.head, client.options):
            answer = method(path(action, issue))
            assert answer.status_code in {200, 302, 405}
    asked = Client().get(path(action, issue))
    assert asked.status_code == 302 and "login" in asked["Location"]
    assert Client().post(path(action, issue)).status_code == 302
    page = client_of(alice).get(path(action, issue))
    assert page["Cache-Control"].startswith("max-age=0")
    assert b'method="post"' in page.content and b" style=" not in page.content
    assert state(issue) == before
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post(path(action, issue)).status_code == 403  # no other site can confirm it
    assert state(issue) == before


def test_confirming_does_it(cast: Cast, alice: User) -> None:
    issue = cast.issue()
    cast.letter(issue)
    run()
    client = client_of(alice)
    assert client.post(path("acknowledge", issue)).status_code == 302
    run()
    assert Incident.objects.get().acknowledged_by == "alice"
    client.post(path("assign", issue))
    assert state(issue)[1] == alice.pk
    client.post(path("snooze", issue), {"until": "day"})
    assert state(issue)[0] == "snoozed"
    client.post(path("resolve", issue))
    assert state(issue)[0] == "resolved"
    kinds = list(Activity.objects.filter(actor=alice).order_by("pk").values_list("kind", flat=True))
    assert kinds == ["acknowledged", "assigned", "snoozed", "resolved"]
    assert b"It is so already" in client.get(path("resolve", issue)).content


def test_a_link_serves_its_issue_and_action_only(cast: Cast, alice: User) -> None:
    issue = cast.issue()
    client = client_of(alice)
    good = path("resolve", issue)
    token = good.split("/")[-2]
    forged = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        signing.dumps(["resolve", issue.pk]),  # another purpose's salt
        signing.dumps(["delete", issue.pk], salt=acting._SALT),
        signing.dumps(["resolve", "1"], salt=acting._SALT),
        signing.dumps("resolve", salt=acting._SALT),
        "x",
    ]
    for each in forged:
        assert client.post(f"/alerts/act/{each}/").status_code == 404
    assert state(issue)[0] == "unresolved"


def test_an_old_link_does_nothing_and_leads_on(
    cast: Cast, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = cast.issue()
    link = path("resolve", issue)
    monkeypatch.setattr(acting, "VALID", timedelta(seconds=-1))
    for answer in (client_of(alice).get(link), client_of(alice).post(link)):
        assert answer.status_code == 410
        assert f"/admin/tracker/issue/{issue.pk}/change/".encode() in answer.content
    assert state(issue)[0] == "unresolved"


def test_strangers_find_nothing_and_viewers_may_not(cast: Cast, team: Team) -> None:
    issue = cast.issue()
    other = Team.objects.create(name="Other", slug="other")
    eve, vic = (User.objects.create_user(name, is_staff=True) for name in ("eve", "vic"))
    Membership.objects.create(team=other, user=eve, role="admin")
    Membership.objects.create(team=team, user=vic, role="viewer")
    for action in acting.LABELS:
        assert client_of(eve).post(path(action, issue)).status_code == 404
        assert client_of(vic).post(path(action, issue), {"until": "day"}).status_code == 403
    assert state(issue)[0] == "unresolved"


def test_mails_offer_it_and_deliveries_keep_no_link(
    cast: Cast, mail: SmtpSink, project: Project
) -> None:
    issue = cast.issue()
    cast.letter(issue)
    run()
    cast.letter(issue, "resolved", NOW + timedelta(minutes=1))
    run()
    first, last = (m.part("plain") for m in mail.messages)
    assert first.count("/alerts/act/") == 4
    assert "/alerts/act/" not in last
    assert "/alerts/act/" not in str(list(Delivery.objects.values_list("content", flat=True)))


def test_one_click_leaves_and_fetching_the_link_does_not(
    cast: Cast, mail: SmtpSink, project: Project
) -> None:
    cast.letter(cast.issue())
    run()
    [told] = mail.messages
    assert told.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = str(told.message["List-Unsubscribe"]).strip("<>")
    where = "/" + address.partition("://")[2].partition("/")[2]
    program = Client(enforce_csrf_checks=True)  # a mail program: no cookie, no token
    assert program.get(where).status_code == 200
    assert program.head(where).status_code == 200
    assert not Unsubscribed.objects.exists()
    body = {"List-Unsubscribe": "One-Click"}
    assert program.post(where, body).status_code == 200
    assert program.post(where, body).status_code == 200
    assert Unsubscribed.objects.get().address == "alice@example.com"
    assert program.post(where[:-4] + "xxx/").status_code == 404
