"""Storms, windows, budgets, quiet hours and digests: few messages, nothing lost."""

from datetime import datetime, time, timedelta

import pytest

from alerts.actions import folding, outbox, reading
from alerts.models import Channel, Delivery, Incident, QuietHours, Unsubscribed
from tests.alerts.conftest import NOW, Cast
from tests.alerts.sinks import SmtpSink, WebhookSink
from tracker.models import Activity, Issue, Project, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def only_webhook(project: Project, webhook: Channel) -> Channel:
    project.channels.exclude(pk=webhook.pk).delete()
    return webhook


def live(start: datetime, minutes: float) -> None:
    """Let the product run: release what is due, whenever it is due."""
    now, end = start, start + timedelta(minutes=minutes)
    while now <= end:
        reading.evaluate(now)
        now = folding.release(now).next_at or end + timedelta(seconds=1)
    while ready := outbox.due():
        for pk in ready:
            outbox.attempt(pk)


def storm(cast: Cast, number: int, at: datetime = NOW) -> list[Issue]:
    """So many new issues."""
    made = Issue.objects.bulk_create(
        Issue(project=cast.project, title=f"E{n}", type="E", first_seen=at, last_seen=at,
              state_changed_at=at, level=50 if n == number // 2 else 40)
        for n in range(number)
    )  # fmt: skip
    Activity.objects.bulk_create(
        Activity(project=cast.project, issue=issue, kind="first_seen", created_at=at,
                 data={"environment": "production", "level": issue.level})
        for issue in made
    )  # fmt: skip
    return made


def test_ten_thousand_new_issues_in_a_minute_make_at_most_five_messages_a_channel(
    cast: Cast, only_webhook: Channel, hook: WebhookSink
) -> None:
    letters = 0
    for tenth in range(10):
        at = NOW + timedelta(seconds=6 * tenth)
        letters += len(storm(cast, 1_000, at))
        while reading.evaluate(at).letters:
            folding.release(at)
    live(NOW + timedelta(seconds=60), 120)
    assert letters == 10_000
    assert Incident.objects.count() == 10_000
    assert len(hook.calls) <= 5, [call.json["issue"]["headline"] for call in hook.calls]
    states = dict.fromkeys(Delivery.objects.values_list("state", flat=True))
    assert set(states) == {"sent", "folded"}
    stood_for = sum(1 + len(c.json["issue"]["also"]) + c.json["issue"]["more"] for c in hook.calls)
    assert stood_for == 10_000  # nothing was swallowed
    folded = [c.json["issue"] for c in hook.calls if c.json["issue"]["also"]]
    assert folded[0]["level"] == "fatal"
    assert "is%3Aunresolved" in folded[0]["list_url"]


def test_a_window_makes_one_message_of_what_comes_later(
    cast: Cast, only_webhook: Channel, hook: WebhookSink
) -> None:
    Channel.objects.update(window_minutes=15)
    for minute in (0, 1, 5, 14):
        storm(cast, 1, NOW + timedelta(minutes=minute))
        reading.evaluate(NOW + timedelta(minutes=minute))
        folding.release(NOW + timedelta(minutes=minute))
    live(NOW + timedelta(minutes=14), 60)
    assert [call.json["issue"]["headline"] for call in hook.calls] == [
        "New issue", "3 alerts, first: New issue",
    ]  # fmt: skip


def test_beyond_the_budget_one_message_stands_for_the_rest(
    cast: Cast, only_webhook: Channel, hook: WebhookSink
) -> None:
    Channel.objects.update(budget_per_hour=5)
    for minute in range(42):
        storm(cast, 1, NOW + timedelta(minutes=minute))
        reading.evaluate(NOW + timedelta(minutes=minute))
        folding.release(NOW + timedelta(minutes=minute))
    live(NOW + timedelta(minutes=42), 30)
    assert len(hook.calls) == 6
    last = hook.calls[-1].json["issue"]
    assert 1 + len(last["also"]) + last["more"] == 37


def test_what_is_over_before_it_was_told_is_not_told(
    cast: Cast, only_webhook: Channel, hook: WebhookSink
) -> None:
    issues = storm(cast, 4)
    reading.evaluate(NOW)
    for issue in issues:
        cast.letter(issue, "resolved", NOW + timedelta(seconds=1))
    live(NOW + timedelta(seconds=1), 5)
    kinds = [call.json["kind"] for call in hook.calls]
    assert sorted(kinds) == ["close", "close", "open", "open"]
    assert Delivery.objects.filter(state="unsent").count() == 2


def test_quiet_hours_of_a_channel_join_the_morning_and_pages_pass(
    cast: Cast, only_webhook: Channel, hook: WebhookSink
) -> None:
    Channel.objects.update(quiet_from=time(10), quiet_to=time(14), timezone="UTC")
    storm(cast, 2)
    live(NOW, 60)
    assert hook.calls == []
    live(NOW + timedelta(hours=2), 1)
    [digest] = hook.calls
    assert digest.json["issue"]["headline"] == "Digest: 2 alerts"
    cast.project.alert_rules.update(severity="page")
    storm(cast, 1, NOW + timedelta(minutes=30))
    live(NOW + timedelta(minutes=30), 1)
    assert len(hook.calls) == 2


def test_a_digest_rule_speaks_once_a_day(
    cast: Cast, only_webhook: Channel, hook: WebhookSink
) -> None:
    cast.project.alert_rules.update(severity="digest")
    for hour in range(3):
        storm(cast, 2, NOW + timedelta(hours=hour))
        live(NOW + timedelta(hours=hour), 1)
    assert hook.calls == []
    live(NOW + timedelta(hours=3), 24 * 60)
    [digest] = hook.calls
    assert digest.json["issue"]["headline"] == "Digest: 6 alerts"


def test_who_sleeps_hears_in_the_morning_and_who_left_hears_pages_only(
    cast: Cast, project: Project, alice: User, mail: SmtpSink
) -> None:
    QuietHours.objects.create(user=alice, start=time(8), end=time(16), timezone="UTC")
    storm(cast, 1)
    live(NOW, 10)
    assert mail.messages == []
    live(NOW + timedelta(hours=4), 1)
    assert [m.to for m in mail.messages] == [["alice@example.com"]]
    Unsubscribed.objects.create(project=project, address="Alice@example.com")
    storm(cast, 1, NOW + timedelta(hours=5))
    live(NOW + timedelta(hours=5), 1)
    assert len(mail.messages) == 1
    project.alert_rules.update(severity="page")
    storm(cast, 1, NOW + timedelta(hours=6))
    live(NOW + timedelta(hours=6), 1)
    assert len(mail.messages) == 2
