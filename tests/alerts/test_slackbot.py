"""Slack by bot: one message an incident, its history in the thread, its errors understood."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from alerts.actions import acting, add_channel, folding, outbox, reading
from alerts.models import Channel, Delivery, Incident
from alerts.transports import slackbot
from tests.alerts.conftest import NOW, Cast, run
from tests.alerts.sinks import WebhookSink
from tests.alerts.slack import SlackStandIn
from tracker.models import Issue, Project, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def slack(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackStandIn]:
    with SlackStandIn() as stand_in:
        settings.EMBERWATCH_OUTBOUND_ALLOW = ("127.0.0.1",)
        monkeypatch.setattr(slackbot, "API", stand_in.url)
        yield stand_in


@pytest.fixture
def room(project: Project, slack: SlackStandIn) -> Channel:
    project.channels.all().delete()
    made, _secrets = add_channel(
        project, "slackbot", "Room", {"channel": "#alerts"}, {"token": slack.token}
    )
    return made


def retried() -> list[Any]:
    """Try what waits, whatever its time."""
    Delivery.objects.filter(state="retry").update(next_attempt_at=NOW)
    Channel.objects.update(paused_until=None)
    return [outbox.attempt(pk) for pk in outbox.due()]


def test_one_message_an_incident_edited_with_its_state(
    cast: Cast, alice: User, room: Channel, slack: SlackStandIn
) -> None:
    issue = cast.issue()
    cast.letter(issue)
    run()
    [message] = slack.said
    assert message.heading == f"New issue: {issue.short_id} {issue.title}"
    buttons = message.body["blocks"][-1]["elements"]
    assert [b["text"]["text"] for b in buttons] == ["Open the issue", *acting.LABELS.values()]
    acting.acknowledge(Issue.objects.filter(pk=issue.pk), alice, NOW + timedelta(minutes=1))
    run()
    assert message.heading.startswith("Acknowledged: ")
    assert Incident.objects.get().acknowledged_by == "alice"
    cast.letter(issue, "resolved", NOW + timedelta(minutes=5))
    run()
    assert [message] == slack.said and message.edits == 2
    assert message.heading.startswith("Resolved: ")
    assert [len(b["elements"]) for b in message.body["blocks"] if b["type"] == "actions"] == [1]
    assert [each.body["text"].split(":")[0] for each in message.thread] == [
        "Acknowledged", "Resolved",
    ]  # fmt: skip
    cast.letter(issue, "regressed", NOW + timedelta(minutes=6))
    run()
    assert [message] == slack.said and message.heading.startswith("Regressed: ")
    assert [each.body["reply_broadcast"] for each in message.thread] == [False, False, True]
    assert slack.calls == ["chat.postMessage", *["chat.update", "chat.postMessage"] * 3]
    assert set(Delivery.objects.values_list("state", "remote")) == {
        ("sent", f"{slack.room} {message.ts}")
    }


def test_a_retry_repeats_nothing_that_was_done(
    cast: Cast, room: Channel, slack: SlackStandIn
) -> None:
    issue = cast.issue()
    cast.letter(issue)
    run()
    cast.letter(issue, "resolved", NOW + timedelta(minutes=1))
    slack.answers = [(200, {}, {}), (503, {}, {"x": 1})]
    run()
    [message] = slack.said
    assert (message.edits, len(message.thread)) == (1, 0)
    retried()
    assert (message.edits, len(message.thread)) == (1, 1)


def test_an_incident_whose_message_is_gone_gets_a_new_one(
    cast: Cast, room: Channel, slack: SlackStandIn
) -> None:
    issue = cast.issue()
    cast.letter(issue)
    run()
    slack.said.clear()
    cast.letter(issue, "resolved", NOW + timedelta(minutes=1))
    run()
    assert [m.heading.split(":")[0] for m in slack.said] == ["Resolved"]


def test_a_message_that_stands_for_several_is_not_rewritten_for_one(
    cast: Cast, room: Channel, slack: SlackStandIn
) -> None:
    issues = [cast.issue() for _ in range(5)]
    for issue in issues:
        cast.letter(issue)
    reading.evaluate(NOW)
    folding.release(NOW + timedelta(seconds=3))
    for pk in outbox.due():
        outbox.attempt(pk)
    folded = slack.said[-1]
    heading = folded.heading
    assert heading.startswith("3 alerts, first: ")
    first = Delivery.objects.filter(state="sent").latest("pk").incident
    assert first is not None and first.issue is not None
    cast.letter(first.issue, "resolved", NOW + timedelta(minutes=5))
    run()
    assert (folded.heading, folded.edits) == (heading, 0)
    assert [each.body["text"].split(":")[0] for each in folded.thread] == ["Resolved"]


@pytest.mark.parametrize("answer", [
    (200, {"Retry-After": "40"}, {"ok": False, "error": "ratelimited"}),
    (429, {"Retry-After": "40"}, {"ok": False, "error": "ratelimited"}),
])  # fmt: skip
def test_a_rate_limit_is_waited_for(
    answer: Any, cast: Cast, room: Channel, slack: SlackStandIn
) -> None:
    slack.answers = [answer]
    cast.letter(cast.issue())
    [attempt] = run()
    assert attempt.state == "retry" and 40 <= attempt.again_in < 300
    retried()
    assert len(slack.said) == 1


@pytest.mark.parametrize("error", sorted(slackbot._DISOWNED))
def test_a_channel_that_slack_knows_no_more_is_paused_and_loses_nothing(
    error: str, cast: Cast, room: Channel, slack: SlackStandIn, hook: WebhookSink, webhook: Channel
) -> None:
    slack.answers = [(200, {}, {"ok": False, "error": error})]
    cast.letter(cast.issue())
    run()
    room.refresh_from_db()
    assert room.is_paused(timezone.now()) and error in room.last_error
    assert slack.token not in room.last_error
    assert [d.state for d in Delivery.objects.filter(channel=room)] == ["retry"]
    [told] = [call.json for call in hook.calls if call.json["kind"] == "trouble"]
    assert error in told["issue"]["why"]
    retried()  # somebody mended it
    assert len(slack.said) == 1
    room.refresh_from_db()
    assert (room.failures, room.paused_until) == (0, None)


def test_a_message_that_slack_will_never_take_is_dead(
    cast: Cast, room: Channel, slack: SlackStandIn
) -> None:
    slack.answers = [(200, {}, {"ok": False, "error": "msg_too_long"})]
    cast.letter(cast.issue())
    run()
    delivery = Delivery.objects.filter(channel=room).get()
    assert (delivery.state, delivery.last_status) == ("dead", "msg_too_long")
    room.refresh_from_db()
    assert not room.is_paused(timezone.now())


def test_an_answer_that_can_not_be_read_is_tried_again(
    cast: Cast, room: Channel, slack: SlackStandIn
) -> None:
    slack.answers = [(200, {}, ["no"])]  # type: ignore[list-item]
    cast.letter(cast.issue())
    [attempt] = run()
    assert attempt.state == "retry"
