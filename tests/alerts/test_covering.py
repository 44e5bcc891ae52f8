"""Pages reach somebody although a channel is broken; leaving mails; the heartbeat."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from alerts.actions import add_channel, heartbeat, outbox, reading
from alerts.models import Channel, Delivery, Unsubscribed
from tests.alerts.conftest import NOW, SECRET, Cast, run
from tests.alerts.sinks import Scripted, SmtpSink, WebhookSink
from tests.alerts.test_outbox import later
from tracker.models import Project

pytestmark = pytest.mark.django_db


@pytest.fixture
def spare(project: Project, settings: Any, hook: WebhookSink) -> Any:
    with WebhookSink(SECRET) as sink:
        channel, _made = add_channel(
            project, "webhook", "Spare", {"url": sink.url}, {"secret": SECRET}
        )
        yield channel, sink


def test_a_page_that_fails_three_times_goes_to_the_fallback_once(
    cast: Cast, project: Project, webhook: Channel, hook: WebhookSink, spare: Any
) -> None:
    channel, sink = spare
    Channel.objects.filter(pk=webhook.pk).update(fallback=channel)
    rule = project.alert_rules.get()
    rule.channels.set([webhook])
    project.alert_rules.update(severity="page")
    hook.answers = [Scripted(500)] * 5
    cast.letter(cast.issue())
    for _attempt in range(5):
        run()
        later(10_000)
    assert len(hook.calls) == 5
    assert [call.json["kind"] for call in sink.calls] == ["open"]
    assert sink.calls[0].json["id"] != hook.calls[0].json["id"]


def test_giving_up_is_told_by_another_channel_once_an_hour(
    unpaced: None, cast: Cast, project: Project, webhook: Channel, hook: WebhookSink, mail: SmtpSink
) -> None:
    rule = project.alert_rules.get()
    rule.channels.set([webhook])
    hook.answers = [Scripted(404), Scripted(404)]
    for _number in range(2):
        cast.letter(cast.issue())
    run()
    assert [m.subject.split(": ")[0] for m in mail.messages] == [
        "[Shop front] Alerts do not arrive"
    ]
    assert "answered 404" in mail.messages[0].part("plain")


def test_one_click_leaves_and_looking_does_not(cast: Cast, mail: SmtpSink) -> None:
    cast.letter(cast.issue())
    run()
    [first] = mail.messages
    assert first.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = str(first.message["List-Unsubscribe"]).strip("<>")
    path = "/" + address.split("/", 3)[3]
    client = Client(enforce_csrf_checks=True)
    assert "Unsubscribe" in client.get(path).content.decode()
    assert not Unsubscribed.objects.exists()
    assert client.get(path.replace("unsubscribe/", "unsubscribe/x")).status_code == 404
    answer = client.post(path, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert Unsubscribed.objects.get().address == "alice@example.com"
    cast.letter(cast.issue(), at=NOW + timedelta(hours=1))
    reading.evaluate(NOW + timedelta(hours=1))
    for pk in outbox.due():
        outbox.attempt(pk)
    assert len(mail.messages) == 1
    assert Delivery.objects.latest("pk").state == "unsent"


def test_the_heart_beats_only_while_letters_are_read(
    cast: Cast, project: Project, settings: Any, hook: WebhookSink
) -> None:
    assert not heartbeat.beat(NOW)
    settings.EMBERWATCH_HEARTBEAT_URL = hook.url
    hook.secret = ""
    assert heartbeat.beat(NOW)
    cast.letter(cast.issue())
    assert not heartbeat.beat(NOW + timedelta(minutes=3))
    assert len(hook.calls) == 1
