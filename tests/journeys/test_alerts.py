"""From a crash in a real SDK to a mail and a signed webhook, through the whole stack."""

import json
import time
from collections.abc import Iterator

import pytest
import sentry_sdk

from tests.alerts.sinks import SmtpSink, WebhookSink, wait_for
from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("journeys")

RESOLVE = """
import config.celery  # as the web does: rings through our queue
from django.utils import timezone
from tracker.actions import triage
from tracker.models import Issue
issues = Issue.objects.filter(title__contains="PaymentDeclined")
triage.resolve(issues, None, timezone.now())
"""


class Shop:
    """A stack with a mail server, a webhook receiver and a program that fails."""

    def __init__(self, stack: Stack, mail: SmtpSink, hook: WebhookSink) -> None:
        self.stack, self.mail, self.hook = stack, mail, hook

    def fail(self, error: type[Exception], times: int = 1) -> None:
        """Let the program fail in one place."""
        for _time in range(times):
            try:
                raise error("card 4711 was declined")
            except error as caught:
                sentry_sdk.capture_exception(caught)
        sentry_sdk.flush(30)

    def kinds(self) -> list[str]:
        """What the webhook heard, in order."""
        return [call.json["kind"] for call in self.hook.calls]

    def settled(self) -> bool:
        """Whether nothing waits to be digested, read or delivered."""
        ready = json.loads(self.stack.get("/readyz")[1])
        return not any(
            value for name, value in ready.items()
            if name.endswith("_seconds") and not isinstance(value, bool)
        )  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("alerts")
    with SmtpSink() as mail, WebhookSink() as hook:
        settings = {
            "EMBERWATCH_OUTBOUND_ALLOW": f"127.0.0.1:{hook.port}",
            "SMTP_HOST": mail.host,
            "SMTP_PORT": str(mail.port),
        }
        with Stack.start(folder, **settings) as stack:
            made = stack.manage(
                "create_channel", str(stack.project_id), "webhook", "--set", f"url={hook.url}", "--json"
            )  # fmt: skip
            assert made.returncode == 0, made.stderr
            hook.secret = json.loads(made.stdout)["secret"]
            sentry_sdk.init(stack.dsn, environment="production", release="shop@1.0")
            yield Shop(stack, mail, hook)
            sentry_sdk.init()


class PaymentDeclined(Exception):
    """What the shop dies of."""


class OutOfStock(Exception):
    """Another way to die."""


def test_a_crash_a_fix_and_a_comeback_are_told_once_each(shop: Shop) -> None:
    started = time.monotonic()
    shop.fail(PaymentDeclined)
    shop.hook.wait(1, 20)
    assert time.monotonic() - started < 5
    shop.mail.wait(1, 20)
    shop.fail(PaymentDeclined, 50)  # no news
    resolved = shop.stack.manage("shell", "-c", RESOLVE)
    assert resolved.returncode == 0, resolved.stderr
    shop.hook.wait(2, 40)
    shop.fail(PaymentDeclined, 50)
    shop.hook.wait(3, 40)
    shop.mail.wait(3, 40)
    wait_for(shop.settled, 40)
    assert shop.kinds() == ["open", "close", "open"]
    assert [call.json["issue"]["trigger"] for call in shop.hook.calls] == [
        "first_seen", "resolved", "regressed",
    ]  # fmt: skip
    assert all(call.problems == [] for call in shop.hook.calls)
    assert len({call.headers["Idempotency-Key"] for call in shop.hook.calls}) == 3
    assert ["New issue" in m.subject for m in shop.mail.messages] == [True, False, False]
    assert "PaymentDeclined: card 4711 was declined" in shop.mail.messages[0].part("plain")


def test_a_thousand_identical_events_make_one_alert(shop: Shop) -> None:
    calls, mails = len(shop.hook.calls), len(shop.mail.messages)
    shop.fail(OutOfStock, 1_000)
    shop.hook.wait(calls + 1, 30)
    shop.mail.wait(mails + 1, 30)
    wait_for(shop.settled, 40)
    assert len(shop.hook.calls) == calls + 1
    assert len(shop.mail.messages) == mails + 1
