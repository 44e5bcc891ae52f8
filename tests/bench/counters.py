"""What a minute of counter rules costs: CPU seconds for 10,000 active issues by 50 rules.

`measure()` runs in a process with Django set up, in a transaction that it takes back: the
stack's own timers never see it.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import psutil
from django.db import transaction

from alerts.actions import counting
from alerts.domain.measures import span_of
from alerts.models import AlertRule, Incident, LowWater
from tracker import store
from tracker.domain import sketch
from tracker.models import Environment, Issue, Project, Team
from tracker.sql import raw
from tracker.sql import run as sql

ISSUES, RULES, SPANS = 10_000, 50, 12
MINUTES = (2, 3, 4, 5, 6)
"""After a span's start; in the last of them the span is settled and near misses are noted."""


def fill(project: Project, now: datetime) -> None:
    """An hour of events before and at `now`, the start of a span; one issue in a hundred is loud."""
    places = [
        Environment.objects.create(project=project, name=name).pk for name in ("production", "b")
    ]
    made = Issue.objects.bulk_create(
        Issue(project=project, title=f"E{n}", type="E", first_seen=now - timedelta(days=3),
              last_seen=now + timedelta(minutes=2), state_changed_at=now)
        for n in range(ISSUES)
    )  # fmt: skip
    for day in {now.date(), (now - timedelta(days=1)).date()}:
        store.ensure_day(day)
    quiet = [_people(seed, seed % 7) for seed in range(70)]
    loud = [_people(seed, 40) for seed in range(70)]
    for span in range(SPANS):
        rows = [
            (project.pk, issue.pk, now - timedelta(minutes=5 * span), places[n % 2],
             60 if n % 100 == 0 else 1 + n % 9,
             loud[(n // 100 + span) % 70] if n % 100 == 0 else quiet[(n + span) % 70])
            for n, issue in enumerate(made)
            if span == 0 or (n + span) % 2 == 0
        ]  # fmt: skip
        store.upsert_rollup5m(sorted(rows), sketch.FOLD_ABOVE)
    for table in ("tracker_rollup5m", "tracker_issue"):
        sql(f"ANALYZE {table}")


def _people(seed: int, number: int) -> bytes:
    """The sketch of so many people."""
    return sketch.log([(seed * 31 + k * 977).to_bytes(4, "big") * 4 for k in range(number)])


def add_rules(project: Project) -> None:
    """Windows from 5 to 60 minutes, one rule in five counts people, every other an environment."""
    for number in range(RULES):
        AlertRule.objects.create(
            project=project, name=f"r{number}", triggers=[], threshold=50 + number,
            counts="users" if number % 5 == 0 else "events",
            window_minutes=(5, 10, 15, 30, 60)[number % 5],
            environments=["production"] if number % 2 else [],
        )  # fmt: skip


def minutes(project: Project, now: datetime) -> list[tuple[float, float]]:
    """CPU seconds (Python's, PostgreSQL's) of each of MINUTES, once what is to open is open."""
    LowWater.objects.update_or_create(pk=1, defaults={"counted_to": now})
    counting.count(now + timedelta(minutes=1))
    if not Incident.objects.filter(project=project).exists():
        raise RuntimeError("no rule fired: nothing would be measured")
    server = psutil.Process(raw().info.backend_pid)
    costs = []
    for minute in MINUTES:
        here, there = time.process_time(), sum(server.cpu_times()[:2])
        counting.count(now + timedelta(minutes=minute))
        costs.append((time.process_time() - here, sum(server.cpu_times()[:2]) - there))
    return costs


def measure(now: datetime) -> float:
    """CPU seconds of a minute, Python and PostgreSQL together; leaves nothing behind."""
    with transaction.atomic():
        team = Team.objects.create(name="Counters", slug="bench-counters")
        project = Project.objects.create(team=team, name="Counters", slug="bench-counters")
        fill(project, span_of(now))
        add_rules(project)
        costs = minutes(project, span_of(now))
        transaction.set_rollback(True)
    return sum(sum(cost) for cost in costs) / len(costs)
