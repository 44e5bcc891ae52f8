"""Numbers for /readyz and /metrics."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from alerts import health
from alerts.actions import reading
from alerts.models import Delivery
from tests.alerts.conftest import NOW, Cast
from tracker import gauges
from tracker.models import Project

pytestmark = pytest.mark.django_db


def test_lag_age_and_counts(cast: Cast, project: Project) -> None:
    now = timezone.now()
    assert (health.evaluator_lag(now), health.outbox_age(now)) == (0, 0)
    cast.letter(cast.issue(), at=now - timedelta(seconds=40))
    assert 40 <= health.evaluator_lag(now) < 41
    project.alert_rules.update(severity="page")
    reading.evaluate(NOW)
    later = now + timedelta(seconds=100)
    assert health.evaluator_lag(later) == 0
    assert 99 < health.outbox_age(later) <= 100
    assert 99 < health.oldest_queued_page(later) <= 100
    assert (health.waiting_count(), health.dead_count()) == (1, 0)
    Delivery.objects.update(state="dead")
    assert (health.waiting_count(), health.dead_count()) == (0, 1)
    assert health.oldest_queued_page(later) == 0


def test_a_page_that_does_not_leave_ends_readiness(
    cast: Cast, project: Project, client: Client
) -> None:
    project.alert_rules.update(severity="page")
    cast.letter(cast.issue(), at=timezone.now())
    reading.evaluate(NOW)
    assert client.get("/readyz").status_code == 200
    Delivery.objects.update(created_at=timezone.now() - timedelta(seconds=121))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["late"] == ["alerts_page_oldest_seconds"]


def test_the_gauges_are_registered() -> None:
    names = {name for name, _help, _value in gauges.read("metrics")}
    assert {
        "alerts_page_oldest_seconds", "alerts_outbox_oldest_seconds",
        "alerts_evaluator_lag_seconds", "alerts_deliveries_dead",
    } <= names  # fmt: skip
