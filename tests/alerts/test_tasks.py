"""Tasks: what they ring for, and that bells in a row read everything."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from alerts import tasks
from alerts.actions import reading, send_test
from alerts.actions.desk import Desk
from alerts.models import Channel, Delivery, Incident
from tests.alerts.conftest import NOW, Cast
from tests.alerts.sinks import Scripted, WebhookSink, wait_for
from tracker.models import Project

pytestmark = pytest.mark.django_db


def delivered(bells: list[Any]) -> list[int]:
    """Ids that were rung for, in order."""
    return [bell[1] for bell in bells if bell[0] == "alerts.tasks.deliver"]


@pytest.fixture
def only_webhook(project: Project, webhook: Channel) -> Channel:
    project.channels.exclude(pk=webhook.pk).delete()
    return webhook


def test_evaluate_rings_for_each_delivery_and_deliver_for_the_next(
    cast: Cast, only_webhook: Channel, hook: WebhookSink, bells: list[Any]
) -> None:
    issue = cast.issue()
    cast.letter(issue)
    cast.letter(issue, "resolved", NOW + timedelta(minutes=1))
    tasks.evaluate()
    first, second = delivered(bells)
    tasks.deliver(second)  # too early: nothing happens
    assert hook.calls == []
    bells.clear()
    tasks.deliver(first)
    assert delivered(bells) == [second]
    tasks.deliver(second)
    tasks.deliver(second)  # twice: once
    assert [call.json["kind"] for call in hook.calls] == ["open", "close"]


def test_a_retry_rings_for_itself(
    cast: Cast, only_webhook: Channel, hook: WebhookSink, bells: list[Any]
) -> None:
    hook.answers = [Scripted(500)]
    cast.letter(cast.issue())
    tasks.evaluate()
    [pk] = delivered(bells)
    bells.clear()
    tasks.deliver(pk)
    assert delivered(bells) == [pk]
    tasks.deliver(pk)  # not due yet
    assert len(hook.calls) == 1


def test_more_letters_than_a_batch_are_all_read(
    cast: Cast, only_webhook: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH", 3)
    monkeypatch.setattr(reading.evaluate, "__defaults__", (3,))
    for _number in range(10):
        cast.letter(cast.issue())
    tasks.evaluate()
    assert Incident.objects.count() == 10


def test_a_test_that_arrives_wakes_a_paused_channel(
    only_webhook: Channel, hook: WebhookSink
) -> None:
    Channel.objects.update(failures=20, paused_until=timezone.now() + timedelta(hours=1))
    only_webhook.refresh_from_db()
    hook.answers = [Scripted(500)]
    assert send_test(only_webhook, "bob").state == "dead"
    only_webhook.refresh_from_db()
    assert only_webhook.is_paused(timezone.now())
    assert send_test(only_webhook, "bob").state == "sent"
    only_webhook.refresh_from_db()
    assert (only_webhook.failures, only_webhook.paused_until) == (0, None)


@pytest.mark.django_db(transaction=True)
def test_a_letter_that_comes_while_another_is_read_is_not_left(
    cast: Cast, only_webhook: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One reads, one waits and reads afterwards, the third goes: nothing is left for the sweep."""
    inside, go = threading.Event(), threading.Event()
    write = Desk.write

    def slow(desk: Desk) -> None:
        inside.set()
        assert go.wait(10)
        write(desk)

    def work() -> None:
        tasks.evaluate()
        connection.close()

    monkeypatch.setattr(Desk, "write", slow)
    cast.letter(cast.issue())
    threads = [threading.Thread(target=work)]
    threads[0].start()
    assert inside.wait(10)
    cast.letter(cast.issue())  # after the first has looked
    for _bell in range(2):
        threads.append(threading.Thread(target=work))
        threads[-1].start()
    wait_for(tasks._waiting.locked)
    go.set()
    for thread in threads:
        thread.join(20)
    assert Delivery.objects.count() == 2
    assert not tasks._waiting.locked()
