"""Bells: rung on activity, harmless when nobody hears them."""

import socket
import time
from typing import Any

import pytest
from celery import Celery

from alerts import receivers, wake
from alerts.wake import Bell
from config.schedule import configuration
from tests.alerts.sinks import free_port
from tracker import ringing
from tracker.models import Project, Team
from tracker.signals import activity_committed


def test_activity_rings_for_the_evaluator(bells: list[Any]) -> None:
    activity_committed.send(sender=None, activity_ids=[1, 2])
    assert bells == [("alerts.tasks.evaluate",)]


def test_nothing_is_raised_into_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> bool:
        raise RuntimeError

    monkeypatch.setattr(wake, "evaluate", fail)
    receivers.on_activity(sender=None)


@pytest.mark.django_db
def test_every_new_project_gets_a_rule_and_a_channel(team: Team) -> None:
    project = Project.objects.create(team=team, name="New", slug="new")
    assert project.alert_rules.count() == 3
    assert [channel.kind for channel in project.channels.all()] == ["email"]
    project.name = "Renamed"
    project.channels.all().delete()
    project.save()
    assert not project.channels.exists()  # what an admin removed stays removed


def ring_at(url: str, monkeypatch: pytest.MonkeyPatch) -> tuple[bool, float]:
    # An application of its own: the settings of the shared one belong to every other test.
    app = Celery("t", fixups=[], set_as_current=False)
    app.conf.update(configuration(url, "x:"))
    monkeypatch.setattr(ringing, "current_app", app)
    bell = Bell()
    started = time.monotonic()
    rung = Bell.ring(bell, "alerts.tasks.evaluate")
    again = time.monotonic()
    assert Bell.ring(bell, "alerts.tasks.evaluate") is False  # it sulks: no second time-out
    assert time.monotonic() - again < 0.05
    return rung, again - started


def test_a_redis_that_is_away_or_hangs_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    rung, took = ring_at(f"redis://127.0.0.1:{free_port()}/0", monkeypatch)
    assert not rung
    assert took < 1
    with socket.create_server(("127.0.0.1", 0)) as hung:
        rung, took = ring_at(f"redis://127.0.0.1:{hung.getsockname()[1]}/0", monkeypatch)
    assert not rung
    assert took < 1


def test_a_new_project_pages_for_escalations_and_many_users(team: Team) -> None:
    made = Project.objects.create(team=team, name="Fresh", slug="fresh")
    rows = made.alert_rules.order_by("pk").values_list("name", "severity", "counts", "threshold")
    assert list(rows) == [
        ("New or regressed", "notify", "", 0),
        ("Escalating", "page", "", 0),
        ("50 users in 10 minutes", "page", "users", 50),
    ]
