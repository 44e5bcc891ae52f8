"""A week in a simulation: spikes, a deploy, flapping, a steady noise; who was paged, and when.

Events are written into the rollups as the digest does, triagers use the real verbs, and the
timers run as in production. Everything that was planted must be told within its bound, nothing
twice, and the preview of each rule must say exactly what live did.
"""

import random
from collections import defaultdict
from datetime import datetime, timedelta

import pytest

from alerts.actions import counting, folding, reading
from alerts.actions.preview import preview
from alerts.models import AlertRule, Decision, Delivery, Incident
from tests.alerts.conftest import NOW, Cast
from tests.alerts.test_counting import agree_on_near_misses
from tracker import store
from tracker.actions import escalation, resolving
from tracker.domain import sketch
from tracker.models import Deploy, Environment, Issue, Project, Release

pytestmark = [pytest.mark.django_db, pytest.mark.long]
START = NOW.replace(hour=0)
STEP = timedelta(minutes=5)
WEEK = timedelta(days=7)


def day(number: int, hour: float = 0) -> datetime:
    return START + timedelta(days=number - 1, hours=hour)


class Week:
    """The product, five minutes at a time."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.project = cast, cast.project
        self.dice = random.Random(42)
        self.place = Environment.objects.create(project=self.project, name="production").pk
        self.plans: dict[datetime, list[tuple[Issue, int, int]]] = defaultdict(list)
        self.acts: dict[datetime, list[tuple[str, Issue]]] = defaultdict(list)
        self.events = 0

    def issue(self, first_seen: datetime, **values: object) -> Issue:
        return self.cast.issue(
            first_seen=first_seen, last_seen=first_seen, state_changed_at=first_seen, **values
        )

    def plan(self, issue: Issue, start: datetime, minutes: int, each: int, users: int = 0) -> None:
        for step in range(minutes // 5):
            self.plans[start + step * STEP].append((issue, each, users))

    def background(self, issue: Issue, hourly: float) -> None:
        for step in range(int(WEEK / STEP)):
            number = sum(self.dice.random() < hourly / 60 for _ in range(5))
            if number:
                self.plans[START + step * STEP].append((issue, number, 1))

    def history(self, issues: dict[Issue, int]) -> None:
        """The week before."""
        hours = [
            (self.project.pk, issue.pk, START - timedelta(hours=n), self.place, number)
            for issue, number in issues.items() for n in range(1, 169) if number
        ]  # fmt: skip
        for when in {row[2].date() for row in hours}:
            store.ensure_day(when)
        store.upsert_rollup("tracker_rolluphour", sorted(hours))

    def run(self) -> None:
        for number in range(9):
            store.ensure_day((START + timedelta(days=number)).date())
        for step in range(int(WEEK / STEP)):
            at = START + step * STEP
            self._act(at)
            self._arrive(at)
            for minute in (1, 4):
                self._tick(at + timedelta(minutes=minute))
        for minute in range(0, 61, 5):
            self._tick(START + WEEK + timedelta(minutes=minute))

    def _tick(self, now: datetime) -> None:
        escalation.watch(now)
        while reading.evaluate(now).letters:
            pass
        counting.count(now)
        folding.release(now)

    def _arrive(self, at: datetime) -> None:
        sums: dict[int, list[int]] = {}
        for issue, number, users in self.plans.get(at, ()):
            old = sums.setdefault(issue.pk, [0, 0])
            old[0], old[1] = old[0] + number, max(old[1], users)
        rows, hours = [], []
        for pk, (number, users) in sorted(sums.items()):
            people = [self.dice.randbytes(4) * 4 for _ in range(users)]
            rows.append((self.project.pk, pk, at, self.place, number, sketch.log(people)))
            hours.append((self.project.pk, pk, at.replace(minute=0), self.place, number))
            self.events += number
        if rows:
            store.upsert_rollup5m(rows, sketch.FOLD_ABOVE)
            store.upsert_rollup("tracker_rolluphour", hours)
            Issue.objects.filter(pk__in=sums).update(last_seen=at + timedelta(seconds=30))

    def _act(self, at: datetime) -> None:
        for what, issue in self.acts.get(at, ()):
            rows = Issue.objects.filter(pk=issue.pk)
            if what == "resolve":
                resolving.resolve(rows, None, at)
                continue
            if what == "regressed":
                rows.update(
                    status="unresolved", substatus="regressed", resolved_at=None,
                    resolved_release=None,
                )  # fmt: skip
            self.cast.letter(issue, what, at)


@pytest.mark.timeout(1_200)
def test_a_week(cast: Cast, project: Project) -> None:
    notify = project.alert_rules.get()
    page = {"severity": "page", "project": project}
    burst = AlertRule.objects.create(name="Escalating", triggers=["escalated"], **page)
    crowd = AlertRule.objects.create(
        name="Crowd", triggers=[], counts="users", threshold=50, window_minutes=10, **page
    )
    many = AlertRule.objects.create(
        name="Many", project=project, triggers=[], counts="events", threshold=100, window_minutes=30
    )
    after = AlertRule.objects.create(
        name="Deploy", project=project, triggers=[], counts="deploy", threshold=3, window_minutes=60
    )
    week = Week(cast)
    old = START - timedelta(days=30)
    noise = [week.issue(old, title=f"Noise {n}") for n in range(25)]
    for number, issue in enumerate(noise):
        week.background(issue, 1 + number)
    week.history({issue: 1 + number for number, issue in enumerate(noise)})
    # Planted.
    fresh = week.issue(day(1, 9), level=50)
    week.acts[day(1, 9)].append(("first_seen", fresh))
    week.plan(fresh, day(1, 9), 60, 2, 1)
    spike = noise[1]  # two an hour, usually
    week.plan(spike, day(2, 14), 60, 8, 2)
    release = Release.objects.create(project=project, version="2.0")
    Deploy.objects.create(
        project=project, release=release, environment_id=week.place, started_at=day(3, 11)
    )
    brought = []
    for number in range(4):
        at = day(3, 11) + (number + 1) * STEP
        brought.append(week.issue(at, first_release=release))
        week.acts[at].append(("first_seen", brought[-1]))
    hit = noise[0]
    week.plan(hit, day(4, 16), 10, 40, 40)
    flapping = noise[2]
    for turn in range(6):
        week.acts[day(5, 10) + 4 * turn * STEP].append(("resolve", flapping))
        week.acts[day(5, 10) + (4 * turn + 2) * STEP].append(("regressed", flapping))
    week.plan(noise[24], day(6, 3), 60, 3, 1)  # busy, by its own standards not unusual enough
    week.run()
    assert week.events > 5_000

    def opened(rule: AlertRule) -> list[tuple[int | None, datetime]]:
        rows = Incident.objects.filter(rule=rule).order_by("opened_at", "pk")
        return list(rows.values_list("issue_id", "opened_at"))

    assert opened(notify) == [
        (fresh.pk, day(1, 9)),
        *((issue.pk, day(3, 11) + (n + 1) * STEP) for n, issue in enumerate(brought)),
        (flapping.pk, day(5, 10) + 2 * STEP),
    ]
    assert Incident.objects.get(rule=notify, issue=flapping).firings == 6
    assert opened(after) == [(None, day(3, 11) + 3 * STEP)]
    assert opened(crowd) == [(hit.pk, day(4, 16))] or opened(crowd) == [(hit.pk, day(4, 16) + STEP)]
    bursts = dict(opened(burst))
    assert spike.pk in bursts
    assert day(2, 14) <= bursts[spike.pk] <= day(2, 14) + timedelta(minutes=15)
    paged = [
        (each.incident.rule_id, each.incident.issue_id)
        for each in Delivery.objects.filter(page=True, kind="open").select_related("incident")
        if each.incident is not None
    ]
    assert len(paged) == len(set(paged)), "nobody is paged twice for one thing"
    planted = {(burst.pk, spike.pk), (crowd.pk, hit.pk), (burst.pk, hit.pk)}
    assert {(burst.pk, spike.pk), (crowd.pk, hit.pk)} <= set(paged)
    noise_pages = set(paged) - planted
    assert len(noise_pages) < 2, noise_pages
    counted = Incident.objects.filter(rule__in=[crowd, many])
    assert not counted.filter(closed_at=None).exists()
    assert Incident.objects.get(rule=burst, issue=spike).closed_why == "calmed"
    end = START + WEEK + timedelta(minutes=60)
    close = {rule.name: _compare(rule, end) for rule in (notify, burst, crowd, many, after)}
    assert close["Escalating"] >= 1, close


def _compare(rule: AlertRule, now: datetime) -> int:
    live = [
        (d.issue_id or 0, d.at, d.kind, d.outcome)
        for d in Decision.objects.filter(rule=rule).exclude(outcome="pass")
    ]
    seen = preview(rule.project_id, rule.spec(), now, now - START + STEP).decisions
    found = [(s.issue_id, s.at, s.kind, s.verdict.outcome.value) for s in seen]
    assert sorted(found) == sorted(live), rule.name
    return agree_on_near_misses(rule, now, now - START + STEP)
