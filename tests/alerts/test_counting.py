"""Counter rules over real rollups, and that preview says what live did."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from alerts.actions import closeness, counting, reading
from alerts.actions.preview import preview
from alerts.models import AlertRule, Decision, Incident
from tests.alerts.conftest import NOW, Cast
from tracker import store
from tracker.actions import resolving
from tracker.domain import sketch
from tracker.domain.snooze import Until
from tracker.models import Deploy, Environment, Issue, Project, Release

pytestmark = pytest.mark.django_db


class World(Cast):
    """Writes events into the rollups as the digest does."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.places = {
            name: Environment.objects.create(project=project, name=name)
            for name in ("production", "staging")
        }

    def events(
        self, issue: Issue, at: datetime, number: int = 1, users: int = 0, where: str = "production",
        first_user: int = 0,
    ) -> None:  # fmt: skip
        store.ensure_day(at.date())
        bucket = at.replace(minute=at.minute // 5 * 5, second=0, microsecond=0)
        people = [
            (person * 2_654_435_761 % 2**32).to_bytes(4, "big") * 4
            for person in range(first_user + 1, first_user + users + 1)
        ]
        row = (self.project.pk, issue.pk, bucket, self.places[where].pk, number, sketch.log(people))
        store.upsert_rollup5m([row], sketch.FOLD_ABOVE)
        Issue.objects.filter(pk=issue.pk).update(last_seen=at)

    def rule(self, counts: str, threshold: int, minutes: int = 10, **values: Any) -> AlertRule:
        return AlertRule.objects.create(
            project=self.project, name=f"{counts} {threshold} {minutes} {values}", counts=counts,
            threshold=threshold, window_minutes=minutes, **values,
        )  # fmt: skip

    def outcomes(self, rule: AlertRule) -> list[tuple[str, datetime]]:
        rows = Decision.objects.filter(rule=rule).order_by("at", "pk")
        return list(rows.values_list("outcome", "at"))


@pytest.fixture
def world(project: Project) -> World:
    project.alert_rules.all().delete()
    return World(project)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def test_n_events_in_m_minutes_open_once_and_close_on_two_quiet_windows(world: World) -> None:
    rule, issue = world.rule("events", 10), world.issue()
    world.events(issue, NOW, 4)
    counting.count(NOW + minutes(1))
    world.events(issue, NOW + minutes(6), 5)
    counting.count(NOW + minutes(6))
    assert not Incident.objects.exists()
    world.events(issue, NOW + minutes(7), 1)
    for minute in range(7, 45):
        counting.count(NOW + minutes(minute))
    span = NOW + minutes(5)
    assert world.outcomes(rule) == [("open", span), ("close", span + minutes(20))]
    incident = Incident.objects.get()
    assert (incident.closed_why, incident.cause, incident.firings) == ("quiet", "events", 1)
    reasons = Decision.objects.order_by("pk")[0].reasons
    assert {"name": "events", "passed": True, "saw": "10", "wanted": ">= 10 in 10 min"} in reasons


def test_only_the_wanted_environment_counts(world: World) -> None:
    rule, issue = world.rule("events", 10, environments=["production"]), world.issue()
    world.rule("events", 1, environments=["nowhere"])
    world.events(issue, NOW, 9)
    world.events(issue, NOW, 50, where="staging")
    counting.count(NOW)
    assert not Decision.objects.exists()
    world.events(issue, NOW, 1)
    counting.count(NOW)
    assert [r for r, _ in world.outcomes(rule)] == ["open"]


def test_users_are_people_not_events(world: World) -> None:
    rule, issue = world.rule("users", 50), world.issue()
    world.events(issue, NOW, 1_000, users=30)
    counting.count(NOW)
    world.events(issue, NOW + minutes(5), 1_000, users=30)  # the same thirty
    counting.count(NOW + minutes(5))
    assert not Decision.objects.exists()
    world.events(issue, NOW + minutes(5), 25, users=25, first_user=30)
    counting.count(NOW + minutes(6))
    assert world.outcomes(rule) == [("open", NOW + minutes(5))]
    seen = Decision.objects.get().reasons
    assert [check["saw"] for check in seen if check["name"] == "users"] == ["55"]


def test_a_share_needs_people_to_compare_with(world: World, project: Project) -> None:
    rule, issue = world.rule("share", 10), world.issue()
    world.events(issue, NOW, 30, users=30)
    counting.count(NOW)
    assert not Decision.objects.exists()  # no sessions: no denominator
    release = Release.objects.create(project=project, version="1")
    people = sketch.log([UUID(int=n * 2**97 + 5).bytes for n in range(1, 201)])
    from tracker.sql import run

    run(
        """INSERT INTO tracker_sessionhour VALUES (%s, %s, %s, %s, 200, 0, 0, 0, %s, '\\x00')""",
        [project.pk, release.pk, world.places["production"].pk, NOW - timedelta(hours=1), people],
    )
    counting.count(NOW + minutes(1))
    assert world.outcomes(rule) == [("open", NOW)]
    saw = [c["saw"] for c in Decision.objects.get().reasons if c["name"] == "share"]
    assert saw == ["15"]  # 30 of 200


def test_resolved_and_snoozed_issues_are_not_counted(world: World) -> None:
    world.rule("events", 5)
    gone = world.issue(status="resolved", substatus=None, resolved_at=NOW)
    asleep = world.issue()
    resolving.snooze(
        Issue.objects.filter(pk=asleep.pk), None, NOW, Until.TIME, moment=NOW + timedelta(days=1)
    )
    low = world.issue(level=20)
    for issue in (gone, asleep, low):
        world.events(issue, NOW, 100)
    counting.count(NOW)
    assert not Decision.objects.exists()


def test_after_resolving_the_old_events_do_not_count_again(world: World) -> None:
    rule, issue = world.rule("events", 10, 30), world.issue()
    world.events(issue, NOW, 10)
    counting.count(NOW)
    world.letter(issue, "resolved", NOW + minutes(2))
    reading.evaluate(NOW + minutes(2))
    world.events(issue, NOW + minutes(6), 1)  # it came back, once
    counting.count(NOW + minutes(6))
    assert [outcome for outcome, _ in world.outcomes(rule)] == ["open", "close"]


def test_a_query_filters(world: World) -> None:
    rule = world.rule("events", 5, query="type:KeyError")
    wrong, right = world.issue(), world.issue(type="KeyError", title="KeyError: 'x'")
    for issue in (wrong, right):
        world.events(issue, NOW, 9)
    counting.count(NOW)
    assert list(Incident.objects.values_list("issue_id", flat=True)) == [right.pk]
    assert world.outcomes(rule)[0][0] == "open"


def test_a_deploy_that_brought_issues_is_told_once(world: World, project: Project) -> None:
    rule = world.rule("deploy", 3, 30)
    release = Release.objects.create(project=project, version="2.0")
    Deploy.objects.create(
        project=project, release=release, environment=world.places["production"], started_at=NOW
    )
    for minute in (1, 2, 3, 4):
        world.issue(first_seen=NOW + minutes(minute), first_release=release)
        counting.count(NOW + minutes(minute))
    counting.count(NOW + minutes(10))
    assert world.outcomes(rule) == [("open", NOW)]
    incident = Incident.objects.get()
    assert (incident.issue, incident.closed_why) == (None, "deploy")
    seen = preview(project.pk, rule.spec(), NOW + minutes(20))
    assert [(each.at, each.outcome.value) for each in seen.firings] == [(NOW, "open")]


def test_two_counters_at_once_and_one_that_was_down_do_no_harm(world: World) -> None:
    rule, issue = world.rule("events", 10), world.issue()
    counting.count(NOW)
    world.events(issue, NOW + minutes(1), 20)
    for _twice in range(2):
        counting.count(NOW + minutes(45))  # nothing looked for three quarters of an hour
    assert world.outcomes(rule) == [("open", NOW), ("close", NOW + minutes(20))]


@pytest.mark.parametrize("seed", range(6))
def test_preview_is_live_over_counters(seed: int, world: World, project: Project) -> None:
    dice = random.Random(seed)
    made = [
        world.rule("events", dice.choice([5, 20, 60]), dice.choice([5, 10, 30]),
                   environments=dice.choice([[], ["production"]]),
                   cooldown_minutes=dice.choice([0, 20, 60])),
        world.rule("users", dice.choice([5, 20]), dice.choice([10, 60])),
    ]  # fmt: skip
    issues = [world.issue(level=dice.choice([20, 40, 50])) for _ in range(5)]
    now = NOW
    for minute in range(240):
        now = NOW + minutes(minute)
        for issue in issues:
            if dice.random() < 0.12:
                number = dice.choice([1, 3, 10, 40])
                world.events(issue, now, number, users=dice.randint(0, number),
                             where=dice.choice(["production", "staging"]))  # fmt: skip
        counting.count(now + timedelta(seconds=50))
    for minute in range(240, 260):
        counting.count(NOW + minutes(minute))
    for rule in made:
        live = Decision.objects.filter(rule=rule).order_by("issue_id", "at", "pk")
        live = live.exclude(outcome="pass")  # near misses are notes
        wanted = [(each.issue_id, each.at, each.outcome, each.reasons) for each in live]
        seen = preview(project.pk, rule.spec(), NOW + minutes(259)).decisions
        found = [
            (each.issue_id, each.at, each.verdict.outcome.value,
             [{"name": c.name, "passed": c.passed} for c in each.verdict.checks])
            for each in sorted(seen, key=lambda each: (each.issue_id, each.at))
        ]  # fmt: skip
        assert [row[:3] for row in found] == [row[:3] for row in wanted]
        agree_on_near_misses(rule, NOW + minutes(259))
        for ours, theirs in zip(found, wanted, strict=True):
            assert ours[3] == [
                {"name": c["name"], "passed": c["passed"]} for c in theirs[3] if c["name"] != "channel"
            ]  # fmt: skip
    assert Decision.objects.filter(fired=True).exists()


@pytest.mark.parametrize("seed", range(3))
def test_preview_finds_the_near_misses_that_live_noted(
    seed: int, world: World, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closeness, "SELDOM", minutes(40))
    monkeypatch.setattr(closeness, "MOST", 2)
    dice = random.Random(seed)
    made = [
        world.rule("events", 20, 10, environments=["production"], cooldown_minutes=20),
        world.rule("users", 12, 15, query="level:fatal"),
    ]
    issues = [world.issue(level=dice.choice([20, 40, 50])) for _ in range(9)]
    for minute in range(240):
        now = NOW + minutes(minute)
        for issue in issues:
            if dice.random() < 0.05:
                number = dice.choice([2, 8, 17, 18])
                world.events(issue, now, number, users=min(number, 11),
                             where=dice.choice(["production", "staging"]))  # fmt: skip
        if dice.random() < 0.01 and minute % 5 != 1:  # live notes within that minute
            issue = dice.choice(issues)
            resolving.resolve(Issue.objects.filter(pk=issue.pk), None, now)
        counting.count(now + timedelta(seconds=50))
        while reading.evaluate(now + timedelta(seconds=55)).letters:
            pass
    now = NOW + minutes(239) + timedelta(seconds=50)
    assert sum([agree_on_near_misses(rule, now) for rule in made])


def agree_on_near_misses(
    rule: AlertRule, now: datetime, span: timedelta = timedelta(days=7)
) -> int:
    """What live noted is what the preview finds; how many."""
    near = preview(rule.project_id, rule.spec(), now, span).nears
    found = sorted(
        (each.at, each.issue_id, each.kind, [msgspec.to_builtins(c) for c in each.verdict.checks])
        for each in near
    )
    noted = Decision.objects.near_misses().filter(rule=rule)
    assert found == sorted((d.at, d.issue_id or 0, d.kind, d.reasons) for d in noted), rule.name
    return len(found)


def test_what_came_close_is_noted_once_and_fires_nothing(world: World) -> None:
    rule, near, far = world.rule("events", 100), world.issue(), world.issue()
    world.rule("events", 100, environments=["nowhere"])
    world.events(near, NOW, 85)
    world.events(far, NOW, 79)
    for minute in range(1, 30):
        counting.count(NOW + minutes(minute))
    decision = Decision.objects.get()
    assert (decision.rule, decision.issue_id, decision.at) == (rule, near.pk, NOW)
    assert (decision.outcome, decision.fired) == ("pass", False)
    assert decision.reasons == [
        {"name": "events", "passed": False, "saw": "85", "wanted": ">= 100 in 10 min"}
    ]
    assert not Incident.objects.exists()
    world.events(near, NOW + minutes(60), 95)
    counting.count(NOW + minutes(67))
    assert Decision.objects.count() == 1  # close for hours is one note
    world.events(near, NOW + minutes(70), 100)
    counting.count(NOW + minutes(71))
    assert [each for each, _ in world.outcomes(rule)] == ["pass", "open"]


def test_a_deploy_that_nearly_brought_enough_is_noted_when_its_window_is_over(
    world: World, project: Project
) -> None:
    rule = world.rule("deploy", 5, 30)
    release = Release.objects.create(project=project, version="2.0")
    for started in (NOW, NOW + minutes(60)):
        Deploy.objects.create(
            project=project, release=release, environment=world.places["production"],
            started_at=started,
        )  # fmt: skip
    for number in range(4):
        world.issue(first_seen=NOW + minutes(2 + number), first_release=release)
    for minute in range(1, 100):
        counting.count(NOW + minutes(minute))
        if minute == 30:
            assert not Decision.objects.exists()
    noted = Decision.objects.get()
    assert (noted.issue_id, noted.fired, noted.at) == (None, False, NOW + minutes(25))
    assert noted.reasons[0]["saw"] == "4 new issues after the deploy of 2.0"
    assert noted.reasons[0]["wanted"] == ">= 5 in 30 min"
    assert agree_on_near_misses(rule, NOW + minutes(99)) == 1


def test_near_misses_of_people_and_of_issues_that_a_search_finds(world: World) -> None:
    people = world.rule("users", 50)
    world.rule("events", 50, query="level:fatal")
    issue = world.issue()
    world.events(issue, NOW, 45, users=45)
    for minute in (1, 7):
        counting.count(NOW + minutes(minute))
    near = Decision.objects.get()
    assert near.rule == people and 40 <= float(near.reasons[0]["saw"]) < 50
