"""The outbox: retries, leases, order, pauses, and what becomes of a killed sender."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from alerts import tasks
from alerts.actions import outbox, reading, replay
from alerts.models import Channel, Delivery
from alerts.transports import webhook as webhook_transport
from alerts.transports.base import TransportError
from tests.alerts.conftest import NOW, SECRET, Cast, run
from tests.alerts.sinks import Scripted, SmtpSink, WebhookSink, wait_for
from tracker.models import Membership, Project, Team, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def only_webhook(project: Project, webhook: Channel) -> Channel:
    """The webhook, with no mail channel beside it."""
    project.channels.exclude(pk=webhook.pk).delete()
    return webhook


def later(seconds: float) -> None:
    """Let time pass, for the outbox."""
    gone = timedelta(seconds=seconds)
    for delivery in Delivery.objects.all():
        delivery.next_attempt_at -= gone
        delivery.lease_until = delivery.lease_until and delivery.lease_until - gone
        delivery.save()
    for channel in Channel.objects.exclude(paused_until=None):
        assert channel.paused_until is not None
        channel.paused_until -= gone
        channel.save()


def test_a_failure_is_tried_again_with_the_same_key(
    cast: Cast, only_webhook: Channel, hook: WebhookSink
) -> None:
    hook.answers = [Scripted(503), Scripted(200)]
    cast.letter(cast.issue())
    [first] = run()
    assert first.state == "retry"
    assert 24 <= first.again_in <= 36
    assert outbox.due() == []
    later(37)
    run()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("sent", 2)
    assert len({call.headers["Idempotency-Key"] for call in hook.calls}) == 1
    assert [call.problems for call in hook.calls] == [[], []]


def test_retry_after_is_honoured(cast: Cast, only_webhook: Channel, hook: WebhookSink) -> None:
    hook.answers = [Scripted(429, {"Retry-After": "200"})]
    cast.letter(cast.issue())
    [first] = run()
    assert first.again_in == 200


def test_a_clear_no_is_dead_at_once_and_given_up_ones_after_eight(
    cast: Cast, only_webhook: Channel, hook: WebhookSink
) -> None:
    hook.answers = [Scripted(404)]
    cast.letter(cast.issue())
    run()
    assert Delivery.objects.get().state == "dead"
    hook.answers = [Scripted(500)] * 8
    ids = replay(Delivery.objects.all())
    for _attempt in range(8):
        run()
        later(100_000)
    delivery = Delivery.objects.get(pk=ids[0])
    assert (delivery.state, delivery.attempts) == ("dead", 8)
    assert len(hook.calls) == 9


def test_the_end_never_overtakes_the_start(
    cast: Cast, only_webhook: Channel, hook: WebhookSink
) -> None:
    hook.answers = [Scripted(500)]
    issue = cast.issue()
    cast.letter(issue)
    run()
    cast.letter(issue, "resolved", NOW + timedelta(minutes=1))
    reading.evaluate(NOW)
    start, end = Delivery.objects.order_by("seq")
    assert outbox.attempt(end.pk) is None
    later(37)
    done = outbox.attempt(start.pk)
    assert done is not None
    assert done.following == (end.pk,)
    outbox.attempt(end.pk)
    assert [call.json["kind"] for call in hook.calls] == ["open", "open", "close"]


def test_twenty_failures_pause_a_channel_and_one_probe_frees_it(
    unpaced: None, cast: Cast, only_webhook: Channel, hook: WebhookSink
) -> None:
    hook.answers = [Scripted(500)] * 20
    for _number in range(22):
        cast.letter(cast.issue())
    run()
    only_webhook.refresh_from_db()
    assert only_webhook.failures == 20
    assert only_webhook.is_paused(timezone.now())
    assert len(hook.calls) == 20  # the other two wait
    later(15 * 60 + 1)
    ready = outbox.due()
    hook.answers = [Scripted(500)]
    assert outbox.attempt(ready[0]) is not None
    assert outbox.attempt(ready[1]) is None  # one probe at a time
    assert len(hook.calls) == 21
    later(15 * 60 + 1)
    run()
    only_webhook.refresh_from_db()
    assert (only_webhook.failures, only_webhook.paused_until) == (0, None)
    later(100_000)
    run()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_a_disabled_channel_is_not_sent_to(
    cast: Cast, only_webhook: Channel, hook: WebhookSink
) -> None:
    cast.letter(cast.issue())
    reading.evaluate(NOW)
    Channel.objects.update(enabled=False)
    run()
    delivery = Delivery.objects.get()
    assert (delivery.state, hook.calls) == ("unsent", [])
    assert "disabled" in delivery.last_error


def test_a_bug_in_a_sender_and_a_lost_secret_lose_no_alert(
    cast: Cast, only_webhook: Channel, hook: WebhookSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any) -> None:
        raise KeyError("no")

    cast.letter(cast.issue())
    with monkeypatch.context() as patch:
        patch.setattr(webhook_transport.Webhook, "payload", broken)
        run()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.last_error) == ("retry", "KeyError in the sender")
    Channel.objects.update(sealed="gAAAAAB-nonsense")
    later(40)
    run()
    delivery.refresh_from_db()
    assert delivery.state == "dead"
    assert "SECRET_KEY" in delivery.last_error
    assert hook.calls == []


def test_half_a_team_is_not_mailed_twice(
    cast: Cast, team: Team, mail: SmtpSink, project: Project
) -> None:
    for name in ("carol", "dave"):
        user = User.objects.create_user(name, f"{name}@example.com")
        Membership.objects.create(team=team, user=user, role="admin")
    mail.defer = {"carol@example.com"}
    mail.refuse = {"dave@example.com"}
    cast.letter(cast.issue())
    run()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reached) == ("retry", ["alice@example.com"])
    mail.defer = set()
    later(40)
    run()
    delivery.refresh_from_db()
    assert delivery.state == "sent"
    assert "1 of 2 refused" in delivery.last_error
    assert [m.to for m in mail.messages] == [["alice@example.com"], ["carol@example.com"]]


def test_a_mail_server_that_is_away_is_tried_again(
    cast: Cast, mail: SmtpSink, settings: Any
) -> None:
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    cast.letter(cast.issue())
    run()
    assert Delivery.objects.get().state == "retry"
    settings.EMAIL_PORT = port
    later(40)
    run()
    assert Delivery.objects.get().state == "sent"
    assert len(mail.messages) == 1


def test_the_sweep_finds_what_no_bell_announced(
    cast: Cast, only_webhook: Channel, bells: list[Any]
) -> None:
    cast.letter(cast.issue())
    tasks.sweep()
    delivery = Delivery.objects.get()
    assert ("alerts.tasks.deliver", delivery.pk) in bells
    assert outbox.claim(delivery.pk) is not None
    bells.clear()
    tasks.sweep()
    assert bells == []
    later(61)  # its worker died
    tasks.sweep()
    assert bells == [("alerts.tasks.deliver", delivery.pk)]


def test_a_delivery_that_kills_its_worker_is_given_up(cast: Cast, only_webhook: Channel) -> None:
    cast.letter(cast.issue())
    reading.evaluate(NOW)
    delivery = Delivery.objects.get()
    for _attempt in range(8):
        assert outbox.claim(delivery.pk) is not None
        later(61)
    assert outbox.attempt(delivery.pk) is not None
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("dead", 8)


def test_who_lost_the_lease_does_not_overwrite(
    cast: Cast, only_webhook: Channel, hook: WebhookSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow sender comes back after another has taken over and succeeded."""
    cast.letter(cast.issue())
    reading.evaluate(NOW)
    pk = Delivery.objects.get().pk
    send = outbox._send

    def slow(delivery: Delivery) -> Any:
        monkeypatch.setattr(outbox, "_send", send)
        later(61)
        outbox.attempt(pk)
        raise TransportError("late")

    monkeypatch.setattr(outbox, "_send", slow)
    outbox.attempt(pk)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.last_error) == ("sent", 2, "")


def in_threads(count: int, work: Callable[[], Any]) -> list[Any]:
    """Run `work` in several threads at once, each with a connection of its own."""
    barrier, results = threading.Barrier(count), []

    def body() -> None:
        barrier.wait(10)
        try:
            results.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=body) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == count
    return results


@pytest.mark.django_db(transaction=True)
def test_many_workers_send_once(
    unpaced: None, cast: Cast, only_webhook: Channel, hook: WebhookSink
) -> None:
    for _number in range(5):
        cast.letter(cast.issue())
    reading.evaluate(NOW)
    ids = list(Delivery.objects.values_list("pk", flat=True))
    in_threads(6, lambda: [outbox.attempt(pk) for pk in ids])
    assert len(hook.calls) == 5
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 1)}


@pytest.mark.django_db(transaction=True)
def test_many_evaluators_read_each_letter_once(cast: Cast, only_webhook: Channel) -> None:
    for _number in range(40):
        cast.letter(cast.issue())
    reads = in_threads(4, lambda: [reading.evaluate(NOW, limit=7).letters for _ in range(8)])
    assert sum(sum(each) for each in reads) == 40
    assert Delivery.objects.count() == 40


KILLED = """
import django; django.setup()
from alerts.actions import outbox
outbox.attempt(int(__import__("sys").argv[1]))
"""


@pytest.mark.django_db(transaction=True)
def test_a_killed_sender_loses_nothing_and_the_receiver_can_tell(
    cast: Cast, only_webhook: Channel, hook: WebhookSink, database_url: str
) -> None:
    hook.answers = [Scripted(delay=30)]
    cast.letter(cast.issue())
    reading.evaluate(NOW)
    delivery = Delivery.objects.get()
    env = {
        **os.environ, "DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "config.settings",
        "EMBERWATCH_OUTBOUND_ALLOW": "127.0.0.1",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(delivery.pk)], env=env)
    hook.wait(1, 30)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    delivery.refresh_from_db()
    assert delivery.state == "sending"
    assert outbox.due() == []
    later(61)
    assert outbox.due() == [delivery.pk]
    done = outbox.attempt(delivery.pk)
    assert done is not None
    assert done.state == "sent"
    assert len({call.headers["Idempotency-Key"] for call in hook.calls}) == 1
    assert all(call.problems == [] for call in hook.calls)


@pytest.mark.django_db(transaction=True)
def test_a_hung_mail_server_does_not_hold_the_sender_for_long(
    cast: Cast, project: Project, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    from alerts.transports import email

    monkeypatch.setattr(email, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.getsockname()
        cast.letter(cast.issue())
        reading.evaluate(NOW)
        [pk] = outbox.due()
        done: list[Any] = []

        def body() -> None:
            done.append(outbox.attempt(pk))
            connection.close()

        thread = threading.Thread(target=body)
        thread.start()
        wait_for(lambda: done, 10)
        thread.join()
    assert done[0].state == "retry"
    assert SECRET not in Delivery.objects.get().last_error
