"""Firsts and escalations become letters that rules read."""

from datetime import timedelta

import pytest

from alerts.actions import counting, meeting, reading
from alerts.domain import rules
from alerts.models import Decision, Incident
from tests.alerts.conftest import NOW, Cast
from tests.alerts.test_counting import (  # noqa: F401 - a fixture
    World,
    agree_on_near_misses,
    world,
)
from tracker import store
from tracker.actions import escalation
from tracker.actions.monitors import MISSED_LETTER
from tracker.models import Activity, Environment, Issue, IssueTag, Project

pytestmark = pytest.mark.django_db
LISTENS = ["first_in_env", "first_in_release", "milestone"]


def letters(issue: Issue) -> list[tuple[str, str]]:
    rows = Activity.objects.filter(issue=issue).order_by("pk")
    return [(row.kind, row.data.get("why", "")) for row in rows]


def test_firsts_are_announced_once_and_not_those_of_a_new_issue(
    cast: Cast, project: Project
) -> None:
    project.alert_rules.filter(counts="").update(triggers=LISTENS)
    production, staging = (
        Environment.objects.create(project=project, name=n) for n in ("production", "staging")
    )
    issue = cast.issue(environments=[staging.pk], events=4)
    assert meeting.meet(NOW) == 0
    tag = {"project_id": project.pk, "issue_id": issue.pk, "key": "release", "count": 1}
    IssueTag.objects.create(value="2.0", last_seen=NOW, **tag)
    Issue.objects.filter(pk=issue.pk).update(environments=[staging.pk, production.pk], events=1_234)
    for _twice in range(2):
        meeting.meet(NOW + timedelta(minutes=1))
    assert sorted(letters(issue)) == [
        ("first_in_env", "first event in production"),
        ("first_in_release", "first event in release 2.0"),
        ("milestone", "1,000 events"),
    ]
    reading.evaluate(NOW + timedelta(minutes=1))
    assert Incident.objects.filter(issue=issue).exists()


def test_nobody_listens_nothing_is_written(cast: Cast) -> None:
    issue = cast.issue(events=1_000)
    assert meeting.meet(NOW) == 0
    assert letters(issue) == []


def test_an_old_issue_that_bursts_escalates_pages_and_calms(
    world: World,  # noqa: F811
    project: Project,
) -> None:
    rule = world.rule("", 0, triggers=["escalated"], severity="page")
    old = world.issue(first_seen=NOW - timedelta(days=5))
    young = world.issue(first_seen=NOW - timedelta(hours=3))
    environment = world.places["production"].pk
    hours = [(project.pk, old.pk, NOW - timedelta(hours=n), environment, 6) for n in range(2, 100)]
    for hour in {row[2].date() for row in hours}:
        store.ensure_day(hour)
    store.upsert_rollup("tracker_rolluphour", sorted(hours))
    for issue in (old, young):
        world.events(issue, NOW - timedelta(minutes=5), 19)
    assert escalation.watch(NOW) == (0, 0)
    world.events(old, NOW, 1)
    assert escalation.watch(NOW) == (1, 0)
    assert escalation.watch(NOW + timedelta(minutes=1)) == (0, 0)
    old.refresh_from_db()
    assert old.substatus == "escalating"
    reading.evaluate(NOW)
    assert [i.severity for i in Incident.objects.filter(rule=rule, issue=old)] == ["page"]
    assert escalation.watch(NOW + timedelta(minutes=90)) == (0, 0)
    assert escalation.watch(NOW + timedelta(minutes=130)) == (0, 1)
    reading.evaluate(NOW + timedelta(minutes=130))
    assert Incident.objects.get().closed_why == "calmed"


def test_what_nearly_escalated_is_a_letter_and_a_note_and_tells_nobody(
    world: World,  # noqa: F811
    project: Project,
) -> None:
    listens = world.rule("", 0, triggers=["escalated"], severity="page")
    world.rule("", 0, triggers=["escalated"], min_level=50)
    world.rule("", 0, triggers=["first_seen"])
    near, far, loud = (world.issue(first_seen=NOW - timedelta(days=5)) for _ in range(3))
    for issue, number in ((near, 9), (far, 7), (loud, 12)):
        world.events(issue, NOW, number)
    for minute in range(1, 120):
        now = NOW + timedelta(minutes=minute)
        escalation.watch(now)
        counting.count(now)
        while reading.evaluate(now).letters:
            pass
    assert [w for k, w in letters(near) if k == "nearly_escalated"] == [
        "9 events in 60 minutes, escalating from 10 on"
    ]
    assert [kind for kind, _ in letters(far)] == []
    assert "nearly_escalated" not in [kind for kind, _ in letters(loud)]
    noted = Decision.objects.get(issue_id=near.pk)
    assert (noted.rule, noted.outcome, noted.fired) == (listens, "pass", False)
    check = {"name": "escalated", "passed": False, "saw": "9 events in 60 min", "wanted": ">= 10"}
    assert check in noted.reasons
    assert [i.issue_id for i in Incident.objects.all()] == [loud.pk]
    assert agree_on_near_misses(listens, NOW + timedelta(hours=2)) == 1


def test_a_missed_check_in_is_a_trigger_of_its_own(
    world: World,  # noqa: F811
) -> None:
    rule = world.rule("", 0, triggers=["check_in_missed"], severity="page")
    issue = world.issue()
    world.letter(issue, "check_in_missed", why="The job did not check in: nightly")
    while reading.evaluate(NOW).letters:
        pass
    assert [(i.rule, i.severity) for i in Incident.objects.filter(issue=issue)] == [(rule, "page")]
    assert MISSED_LETTER in rules.TRIGGER_NAMES
