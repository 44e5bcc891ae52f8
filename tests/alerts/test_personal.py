"""What is for one person: assignments and mentions, once, by mail or Slack, never to strangers."""

from collections.abc import Iterator
from datetime import time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from alerts.actions import add_channel, outbox, reading
from alerts.models import Channel, Delivery, QuietHours, Unsubscribed
from alerts.transports import slackbot
from tests.alerts.conftest import NOW, Cast, run
from tests.alerts.sinks import SmtpSink
from tests.alerts.slack import SlackStandIn
from tracker.actions import triage
from tracker.models import Issue, Membership, Project, Team, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(team: Team) -> User:
    user = User.objects.create_user("bob", "bob@example.com", is_staff=True, first_name="Bob")
    Membership.objects.create(team=team, user=user, role="viewer")
    return user


@pytest.fixture
def slack(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackStandIn]:
    with SlackStandIn() as stand_in:
        settings.EMBERWATCH_OUTBOUND_ALLOW = ("127.0.0.1",)
        monkeypatch.setattr(slackbot, "API", stand_in.url)
        yield stand_in


def just(issue: Issue) -> Any:
    return Issue.objects.filter(pk=issue.pk)


def test_a_mention_is_mailed_once(cast: Cast, alice: User, bob: User, mail: SmtpSink) -> None:
    issue = cast.issue()
    text = "@bob and @Bob: look\r\nBcc: all@example.com <script>, @alice @nobody"
    triage.comment(just(issue), alice, text, NOW)
    assert len(reading.evaluate(NOW).deliveries) == 1  # rung for at once
    run()
    run()
    [told] = mail.messages
    assert told.to == ["bob@example.com"]
    assert told.subject.startswith("[Shop front] alice mentioned you: ")
    assert "look Bcc: all@example.com <script>" in told.part("plain")
    assert "<script>" not in told.part("html")
    assert told.message["References"].startswith(f"<issue-{issue.pk}@")
    assert told.part("plain").count("/alerts/act/") == 4


def test_an_assignment_tells_whom_it_is_given_to(
    cast: Cast, alice: User, bob: User, mail: SmtpSink
) -> None:
    issue = cast.issue()
    triage.assign(just(issue), alice, bob, NOW)
    triage.assign(just(cast.issue()), None, bob, NOW)  # by the ownership rules: alerts tell that
    triage.assign(just(cast.issue()), bob, bob, NOW)
    run()
    [told] = mail.messages
    assert (told.to, told.subject.split(": ")[0]) == (
        ["bob@example.com"], "[Shop front] alice assigned this to you",
    )  # fmt: skip


def test_many_at_once_are_one_notice(cast: Cast, alice: User, bob: User, mail: SmtpSink) -> None:
    issues = [cast.issue().pk for _ in range(30)]
    triage.assign(Issue.objects.filter(pk__in=issues), alice, bob, NOW)
    run()
    [told] = mail.messages
    assert "alice assigned you 30 issues" in told.subject


def test_nobody_hears_of_what_they_may_not_see(
    cast: Cast, alice: User, bob: User, team: Team, mail: SmtpSink
) -> None:
    issue = cast.issue()
    eve = User.objects.create_user("eve", "eve@example.com")
    letter = cast.letter(issue, "commented", text="@eve @bob", mentions=[eve.pk, bob.pk, "x", None])
    type(letter).objects.update(actor=alice)
    team.memberships.filter(user=bob).delete()  # left since
    run()
    assert mail.messages == []
    assert not Channel.objects.filter(kind="personal").exists()


def test_wishes_quiet_hours_and_leaving_are_kept(
    cast: Cast, alice: User, bob: User, project: Project, mail: SmtpSink
) -> None:
    issue = cast.issue()
    wishes = QuietHours.objects.create(user=bob, on_mentioned=False)
    triage.comment(just(issue), alice, "@bob", NOW)
    run()
    assert mail.messages == []
    QuietHours.objects.update(on_mentioned=True, start=time(8), end=time(16))
    triage.comment(just(issue), alice, "@bob", NOW)
    assert reading.evaluate(NOW).deliveries == ()
    delivery = Delivery.objects.get(kind="personal")
    assert delivery.next_attempt_at == NOW + timedelta(hours=4)
    Delivery.objects.update(next_attempt_at=timezone.now() + timedelta(hours=1))
    assert outbox.due() == []
    Delivery.objects.update(next_attempt_at=NOW)
    run()
    assert len(mail.messages) == 1
    QuietHours.objects.filter(pk=wishes.pk).update(start=None, end=None)
    Unsubscribed.objects.create(project=project, address="BOB@example.com")
    triage.comment(just(issue), alice, "@bob", NOW)
    run()
    assert len(mail.messages) == 1


def test_by_slack_where_a_bot_knows_the_person(
    cast: Cast, alice: User, bob: User, project: Project, mail: SmtpSink, slack: SlackStandIn
) -> None:
    QuietHours.objects.create(user=bob, slack_member="U0123456789")
    issue = cast.issue()
    triage.comment(just(issue), alice, "@bob", NOW)
    run()
    assert len(mail.messages) == 1  # no bot here
    add_channel(project, "slackbot", "Bot", {"channel": slack.room}, {"token": slack.token})
    triage.comment(just(issue), alice, "@bob <!channel>", NOW)
    run()
    assert len(mail.messages) == 1
    assert slack.said == []
    [told] = slack.rooms["D0123456789"]
    assert told.heading.startswith("alice mentioned you: ")
    QuietHours.objects.update(slack_member="U0000000000")
    triage.comment(just(issue), alice, "@bob", NOW)
    run()
    delivery = Delivery.objects.filter(kind="personal").latest("pk")
    assert (delivery.state, delivery.last_status) == ("dead", "channel_not_found")
    assert not delivery.channel.is_paused(timezone.now())  # the room is fine


def test_rules_tell_the_personal_channel_nothing(
    cast: Cast, alice: User, bob: User, project: Project, mail: SmtpSink
) -> None:
    triage.comment(just(cast.issue()), alice, "@bob", NOW)
    run()
    cast.letter(cast.issue())
    run()
    kinds = Delivery.objects.filter(channel__kind="personal").values_list("kind", flat=True)
    assert list(kinds) == ["personal"]
