"""A small cast, sinks to send to, and letters to read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db.models import Max

from alerts import wake
from alerts.actions import add_channel, outbox, reading
from alerts.actions.setup import DEFAULT_RULE
from alerts.domain import flow
from alerts.models import Channel
from tests.alerts.sinks import SmtpSink, WebhookSink
from tracker.models import Activity, Issue, Membership, Project, Team, User

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "a secret of thirty-two characters"


@pytest.fixture(autouse=True)
def bells(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Wake-ups, written down: what they lead to is called by the test itself."""
    rung: list[tuple[Any, ...]] = []

    def ring(task: str, *args: int, countdown: float | None = None) -> bool:
        rung.append((task, *args))
        return True

    monkeypatch.setattr(wake._bell, "ring", ring)
    return rung


@pytest.fixture
def team(db: None) -> Team:
    return Team.objects.create(name="Shop", slug="shop")


@pytest.fixture
def alice(team: Team) -> User:
    """A triager of the team."""
    user = User.objects.create_user("alice", "alice@example.com", is_staff=True)
    Membership.objects.create(team=team, user=user, role="triager")
    return user


@pytest.fixture
def project(team: Team, alice: User) -> Project:
    """With the first default rule and mail channel."""
    made = Project.objects.create(team=team, name="Shop front", slug="shop")
    made.alert_rules.exclude(name=DEFAULT_RULE).delete()
    return made


@pytest.fixture
def mail(settings: Any) -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        settings.EMAIL_HOST, settings.EMAIL_PORT = sink.host, sink.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield sink


@pytest.fixture
def hook(settings: Any) -> Iterator[WebhookSink]:
    with WebhookSink(SECRET) as sink:
        settings.EMBERWATCH_OUTBOUND_ALLOW = ("127.0.0.1",)
        yield sink


@pytest.fixture
def webhook(project: Project, hook: WebhookSink) -> Channel:
    """A channel to the sink."""
    channel, _made = add_channel(project, "webhook", "Hook", {"url": hook.url}, {"secret": SECRET})
    return channel


class Cast:
    """Makes issues and letters."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def issue(self, **values: Any) -> Issue:
        defaults = {
            "title": "ZeroDivisionError: division by zero", "type": "ZeroDivisionError",
            "culprit": "shop.cart in total", "first_seen": NOW, "last_seen": NOW,
            "state_changed_at": NOW, "events": 3, "users": 2,
        }  # fmt: skip
        return Issue.objects.create(project=self.project, **{**defaults, **values})

    def letter(
        self, issue: Issue, kind: str = "first_seen", at: datetime = NOW, **data: Any
    ) -> Activity:
        facts = {"why": "", "release": "1.0", "environment": "production", "level": 40, **data}
        return Activity.objects.create(
            project=self.project, issue=issue, kind=kind, data=facts, created_at=at
        )


@pytest.fixture
def cast(project: Project) -> Cast:
    return Cast(project)


@pytest.fixture
def unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels that hold nothing back, however much there is."""
    monkeypatch.setattr(flow, "PACE", ())


def run(now: datetime | None = None) -> list[Any]:
    """Read all letters and try every delivery that is due, as the tasks do.

    It is `now`, or the time of the newest letter.
    """
    newest = Activity.objects.aggregate(at=Max("created_at"))["at"]
    reading.evaluate(now or newest or NOW)
    tried = []
    while ready := outbox.due():
        tried += [outbox.attempt(pk) for pk in ready]
    return tried
