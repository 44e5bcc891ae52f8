"""A worker is killed at every statement that it sends: nothing is lost, nothing is told anew.

The work runs in a child that kills itself after its n-th statement, for every n; another worker
then goes on. What arrived twice carries the same key, by which a receiver tells repeats.
"""

import os
import signal
import warnings
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models.functions import Now

from alerts.actions import add_channel, covering, folding, outbox, reading
from alerts.models import Channel, Delivery, Evaluated, Incident
from tests.alerts.conftest import NOW, SECRET, Cast
from tests.alerts.sinks import Call, Scripted, WebhookSink
from tracker import outbound
from tracker.models import Activity, Issue, Project

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.long,
    pytest.mark.timeout(400),
]
MOST = 120
"""Statements of one piece of work: a run-away test ends here."""


def killed_after(number: int, work: Callable[[], Any]) -> bool:
    """Run `work` in a child that dies after `number` statements; False when it ended before."""
    connections.close_all()  # parent and child must not talk on one socket
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the receivers' threads stay here
        child = os.fork()
    if child == 0:
        _work(number, work)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed by itself"
    return os.WIFSIGNALED(status)


def _work(number: int, work: Callable[[], Any]) -> None:
    """Never returns."""
    left = number

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        answer = execute(sql, params, many, context)
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    try:
        signal.alarm(60)
        outbound._resolver = ThreadPoolExecutor(2)  # the parent's threads are not here
        with connection.execute_wrapper(count):
            work()
        os._exit(0)
    finally:
        os._exit(1)


def everything() -> None:
    """What the timers do until nothing is left; leases of the dead have run out."""
    for _ in range(20):
        reading.evaluate(NOW)
        folding.release(NOW + timedelta(minutes=5))
        covering.cover()
        Delivery.objects.filter(state="sending").update(lease_until=Now() - timedelta(minutes=1))
        Delivery.objects.filter(state="retry").update(next_attempt_at=NOW)
        ready = outbox.due()
        if not ready:
            return
        for pk in ready:
            outbox.attempt(pk)
    raise AssertionError("it never ends")


def deliver_all() -> None:
    """One worker's round."""
    for pk in outbox.due():
        outbox.attempt(pk)


def clean(*sinks: WebhookSink) -> None:
    """As if nothing had been."""
    for sink in sinks:
        sink.calls.clear()
        sink.answers.clear()
    Delivery.objects.all().delete()
    Incident.objects.all().delete()
    Activity.objects.all().delete()
    Evaluated.objects.all().delete()
    Issue.objects.all().delete()
    Channel.objects.update(folds=0, folded_at=None, failures=0, paused_until=None)


def told(calls: list[Call]) -> Counter[str]:
    """How often each issue was told, when repeats of a key are dropped."""
    by_key = {call.headers["Idempotency-Key"]: call.json for call in calls}
    found: Counter[str] = Counter()
    for body in by_key.values():
        found.update(
            [body["issue"]["short_id"], *(also["short_id"] for also in body["issue"]["also"])]
        )
    return found


@pytest.fixture
def only(project: Project, webhook: Channel) -> Channel:
    project.channels.exclude(pk=webhook.pk).delete()
    return webhook


def every_kill(
    prepare: Callable[[], None], work: Callable[[], Any], check: Callable[[], None]
) -> int:
    """Kill after each statement in turn until the work survives; how many kills that was."""
    for number in range(1, MOST):
        prepare()
        killed = killed_after(number, work)
        everything()
        check()
        if not killed:
            return number - 1
    raise AssertionError(f"more than {MOST} statements")


def storm(cast: Cast, number: int) -> None:
    for _ in range(number):
        cast.letter(cast.issue())


def test_reading(cast: Cast, only: Channel, hook: WebhookSink) -> None:
    def prepare() -> None:
        clean(hook)
        storm(cast, 2)

    def check() -> None:
        issues = [issue.short_id for issue in Issue.objects.all()]
        assert told(hook.calls) == dict.fromkeys(issues, 1)
        assert Incident.objects.count() == 2

    assert every_kill(prepare, lambda: reading.evaluate(NOW), check) > 8


def test_folding_and_sending(cast: Cast, only: Channel, hook: WebhookSink) -> None:
    def prepare() -> None:
        clean(hook)
        storm(cast, 6)
        reading.evaluate(NOW)

    def work() -> None:
        folding.release(NOW + timedelta(minutes=5))
        deliver_all()

    def check() -> None:
        issues = [issue.short_id for issue in Issue.objects.all()]
        assert told(hook.calls) == dict.fromkeys(issues, 1)
        states = Counter(Delivery.objects.values_list("state", flat=True))
        assert states == {"sent": 3, "folded": 3}
        assert Channel.objects.get(pk=only.pk).folds == 1

    assert every_kill(prepare, work, check) > 20


def test_the_fallback(cast: Cast, project: Project, only: Channel, hook: WebhookSink) -> None:
    project.alert_rules.update(severity="page")
    with WebhookSink(SECRET) as spare:
        channel, _made = add_channel(
            project, "webhook", "Spare", {"url": spare.url}, {"secret": SECRET}
        )
        project.alert_rules.get().channels.set([only])
        Channel.objects.filter(pk=only.pk).update(fallback=channel)

        def prepare() -> None:
            clean(hook, spare)
            storm(cast, 1)
            reading.evaluate(NOW)
            Delivery.objects.update(attempts=covering.AFTER - 1)
            hook.answers = [Scripted(500)]

        def work() -> None:
            deliver_all()  # the last failure before the fallback
            deliver_all()  # the fallback

        def check() -> None:
            [issue] = Issue.objects.all()
            assert told(spare.calls) in ({issue.short_id: 1}, {})
            assert len({call.headers["Idempotency-Key"] for call in hook.calls}) == 1
            ends = set(Delivery.objects.values_list("channel_id", "state"))
            assert ends <= {(only.pk, "sent"), (channel.pk, "sent")}
            # Told by one of them at least: by the fallback, or the attempt was never made.
            assert (only.pk, "sent") in ends

        assert every_kill(prepare, work, check) > 15
