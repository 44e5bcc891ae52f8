"""From a letter to the mailbox and the webhook, over real servers."""

from datetime import timedelta
from typing import Any

import pytest

from alerts.actions import reading
from alerts.models import Channel, Decision, Delivery, Incident
from tests.alerts.conftest import NOW, Cast, run
from tests.alerts.sinks import SmtpSink, WebhookSink

pytestmark = pytest.mark.django_db


def test_a_new_issue_is_told_once_by_mail_and_webhook(
    cast: Cast, mail: SmtpSink, hook: WebhookSink, webhook: Channel
) -> None:
    issue = cast.issue()
    cast.letter(issue, why="first event of this cause")
    run()
    run()
    assert [(m.to, m.subject) for m in mail.messages] == [
        (["alice@example.com"], f"[Shop front] New issue: {issue.short_id} {issue.title}")
    ]
    [call] = hook.calls
    assert call.problems == []
    body = call.json
    assert (body["version"], body["kind"]) == (1, "open")
    assert body["issue"]["title"] == issue.title
    assert body["issue"]["url"].endswith(f"/admin/tracker/issue/{issue.pk}/change/")
    assert call.headers["Idempotency-Key"] == call.headers["X-Emberwatch-Delivery"] == body["id"]
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 1)}
    assert Decision.objects.get().outcome == "open"


def test_resolving_closes_and_a_regression_tells_once_more(
    cast: Cast, mail: SmtpSink, hook: WebhookSink, webhook: Channel
) -> None:
    issue = cast.issue()
    cast.letter(issue)
    run()
    cast.letter(issue, "resolved", NOW + timedelta(minutes=1))
    run()
    cast.letter(issue, "regressed", NOW + timedelta(minutes=2), release="1.1")
    run()
    assert [call.json["kind"] for call in hook.calls] == ["open", "close", "open"]
    assert [call.json["incident"]["seq"] for call in hook.calls] == [1, 2, 3]
    assert [m.subject.split(": ")[0] for m in mail.messages] == [
        "[Shop front] New issue", "[Shop front] Resolved", "[Shop front] Regressed",
    ]  # fmt: skip
    assert Incident.objects.count() == 1  # back within the cooldown: the same one
    threads = {m.message["In-Reply-To"] for m in mail.messages}
    assert len(threads) == 1
    assert len({m.message["Message-ID"] for m in mail.messages}) == 3


def test_after_the_cooldown_it_is_another_incident(
    unpaced: None, cast: Cast, mail: SmtpSink
) -> None:
    issue = cast.issue()
    cast.letter(issue)
    cast.letter(issue, "resolved", NOW + timedelta(minutes=1))
    cast.letter(issue, "regressed", NOW + timedelta(hours=2))
    run()
    assert Incident.objects.count() == 2
    assert Incident.objects.open().count() == 1
    assert len(mail.messages) == 3


def test_without_smtp_it_says_so_and_never_sent(cast: Cast, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    cast.letter(cast.issue())
    run()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.last_error) == ("unsent", "not sent: no SMTP")
    assert delivery.sent_at is None


def test_letters_of_other_kinds_and_below_the_level_lead_to_nothing(cast: Cast) -> None:
    cast.letter(cast.issue(), "commented")
    cast.letter(cast.issue(level=20), level=20)
    run()
    assert not Incident.objects.exists()
    decision = Decision.objects.get()  # the comment is not worth a trace
    assert [check["name"] for check in decision.reasons if not check["passed"]] == ["level"]


def test_a_letter_is_read_once_whatever_the_order_of_ids(cast: Cast) -> None:
    first, second = cast.issue(), cast.issue()
    late = cast.letter(first)
    late_id = late.pk
    late.delete()  # its transaction has the id but has not committed yet
    cast.letter(second)
    reading.evaluate(NOW)
    late.pk = late_id
    late.save(force_insert=True)
    reading.raise_low_water(NOW + timedelta(minutes=5))
    assert reading.evaluate(NOW + timedelta(minutes=5)).letters == 1
    assert Incident.objects.count() == 2
    assert reading.raise_low_water(NOW + timedelta(minutes=20)) > late_id
    assert reading.evaluate(NOW + timedelta(minutes=21)).letters == 0
