"""What a minute of counter rules costs: 10,000 active issues, 50 rules, under a second of CPU."""

import time
from datetime import timedelta

import psutil
import pytest
from django.db import connection

from alerts.actions import counting
from alerts.models import AlertRule, Incident
from tests.alerts.conftest import NOW, Cast
from tracker import store
from tracker.domain import sketch
from tracker.models import Environment, Issue, Project
from tracker.sql import run as sql

pytestmark = [pytest.mark.django_db, pytest.mark.long]
ISSUES, RULES, SPANS = 10_000, 50, 12


def fill(project: Project) -> None:
    """An hour of events; one issue in a hundred is loud."""
    places = [
        Environment.objects.create(project=project, name=name).pk for name in ("production", "b")
    ]
    made = Issue.objects.bulk_create(
        Issue(project=project, title=f"E{n}", type="E", first_seen=NOW - timedelta(days=3),
              last_seen=NOW + timedelta(minutes=2), state_changed_at=NOW)
        for n in range(ISSUES)
    )  # fmt: skip
    store.ensure_day(NOW.date())
    store.ensure_day((NOW - timedelta(days=1)).date())
    for span in range(SPANS):
        rows = [
            (project.pk, issue.pk, NOW - timedelta(minutes=5 * span), places[n % 2],
             60 if n % 100 == 0 else 1 + n % 9,
             sketch.log([(n * 31 + k * 977 + span).to_bytes(4, "big") * 4
                         for k in range(40 if n % 100 == 0 else n % 7)]))
            for n, issue in enumerate(made)
            if span == 0 or (n + span) % 2 == 0
        ]  # fmt: skip
        store.upsert_rollup5m(sorted(rows), sketch.FOLD_ABOVE)
    for table in ("tracker_rollup5m", "tracker_issue"):
        sql(f"ANALYZE {table}")


def test_ten_thousand_issues_by_fifty_rules(cast: Cast, project: Project) -> None:
    fill(project)
    for number in range(RULES):
        AlertRule.objects.create(
            project=project, name=f"r{number}", triggers=[], threshold=50 + number,
            counts="users" if number % 5 == 0 else "events",
            window_minutes=(5, 10, 15, 30, 60)[number % 5],
            environments=["production"] if number % 2 else [],
        )  # fmt: skip
    counting.count(NOW + timedelta(minutes=1))  # opens what there is to open
    assert Incident.objects.count() > 1_000
    server = psutil.Process(connection.connection.info.backend_pid)
    costs = []
    for minute in (2, 3, 4):
        here, there = time.process_time(), sum(server.cpu_times()[:2])
        counting.count(NOW + timedelta(minutes=minute))
        costs.append((time.process_time() - here, sum(server.cpu_times()[:2]) - there))
    print("CPU s (Python, PostgreSQL):", costs)
    assert min(sum(cost) for cost in costs) < 1.0, costs
