"""Priority and trend: kept by the digest and by timers, overridable."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.factories.events import python_event, send
from tests.factories.projects import make_project
from tracker.actions import scoring, triage
from tracker.domain.priority import Priority
from tracker.domain.snooze import Until
from tracker.domain.trends import DAY, HOUR, floor_to
from tracker.models import Activity, Issue, IssueUser, Project, RollupHour, User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project() -> Project:
    return make_project()


def unhandled(**more: Any) -> dict[str, Any]:
    body = python_event(**more)
    body["exception"]["values"][0]["mechanism"] = {"type": "generic", "handled": False}
    return body


def priority() -> str:
    return Issue.objects.get().priority_name


def test_the_digest_raises_priority_with_its_events(project: Project) -> None:
    send(project, python_event(environment="staging"))
    assert priority() == "low"
    send(project, python_event(environment="production"))
    assert priority() == "medium"
    send(project, unhandled(environment="production"))
    assert priority() == "high"
    assert Issue.objects.get().handled in (False, None)


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"level": "fatal", "environment": "dev"}, "high"),
        ({"level": "warning"}, "low"),
        ({"level": "info", "environment": "production"}, "low"),
        ({"environment": "production"}, "medium"),
        ({}, "medium"),
    ],
)
def test_priority_of_a_new_issue(project: Project, body: dict[str, Any], wanted: str) -> None:
    send(project, python_event(**body))
    assert priority() == wanted
    scoring.score(timezone.now(), scoring.FRESH)
    assert priority() == wanted


def test_fifty_people_make_it_urgent_until_they_are_gone(project: Project) -> None:
    send(project, *[python_event(user={"id": str(n)}) for n in range(49)])
    assert priority() == "medium"
    send(project, python_event(user={"id": "49"}))
    assert priority() == "high"
    now = timezone.now()
    scoring.score(now, scoring.FRESH)
    assert priority() == "high"
    IssueUser.objects.filter(project_id=project.pk).update(last_seen=now - timedelta(days=2))
    scoring.score(now, scoring.FRESH)
    assert priority() == "medium"


def test_the_timer_finds_many_people_of_an_old_issue(project: Project) -> None:
    send(project, *[python_event(user={"id": str(n)}) for n in range(49)])
    Issue.objects.update(first_seen=timezone.now() - timedelta(days=30))
    send(project, python_event(user={"id": "49"}))
    assert priority() == "medium"
    assert scoring.score(timezone.now(), scoring.FRESH) >= 1
    assert priority() == "high"


def test_what_a_person_chose_sticks(project: Project) -> None:
    ana = User.objects.create_user("ana", is_superuser=True)
    send(project, python_event())
    now = timezone.now()
    done = triage.set_priority(Issue.objects.all(), ana, Priority.LOW, now)
    assert len(done.changed) == 1
    assert not triage.set_priority(Issue.objects.all(), ana, Priority.LOW, now).changed
    send(project, python_event(level="fatal"))
    scoring.score(timezone.now(), scoring.FRESH)
    assert priority() == "low"
    assert Activity.objects.get(kind="prioritised").data == {"priority": "low"}
    triage.set_priority(Issue.objects.all(), ana, None, timezone.now())
    assert priority() == "high"  # the last event was fatal


def test_trend_compares_a_day_with_the_week_before(project: Project) -> None:
    send(project, *[python_event() for _ in range(9)])
    issue = Issue.objects.get()
    now = timezone.now()
    hour = floor_to(now, HOUR)
    environment = issue.environments[0]
    for ago, events in ((30, 70), (100, 70), (24 * 9, 1000)):
        from tracker import store

        store.ensure_day((hour - HOUR * ago).date())
        RollupHour.objects.create(
            project_id=project.pk, issue_id=issue.pk, environment_id=environment,
            bucket=hour - HOUR * ago, events=events,
        )  # fmt: skip
    scoring.score(now, scoring.STALE)
    issue.refresh_from_db()
    assert issue.trend == pytest.approx((9 + 1) / (140 / 7 + 1))
    assert scoring.score(now, scoring.STALE) == 0  # nothing changed, nothing written
    later = now + timedelta(hours=30)
    scoring.score(later, scoring.STALE)
    issue.refresh_from_db()
    assert issue.trend == pytest.approx(1 / (149 / 7 + 1))


def test_a_new_issue_trends_by_its_events(project: Project) -> None:
    send(project, *[python_event() for _ in range(4)])
    scoring.score(timezone.now(), scoring.FRESH)
    assert Issue.objects.get().trend == 5


def test_chunks_reach_everybody(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "CHUNK", 2)
    send(project, *[python_event(fault) for fault in range(5)])
    scoring.score(timezone.now(), scoring.FRESH)
    assert set(Issue.objects.values_list("trend", flat=True)) == {2.0}


def test_the_quick_timer_looks_at_what_came_since(project: Project) -> None:
    cache.delete(scoring._LOOKED)
    send(project, python_event(0))
    now = timezone.now()
    assert scoring.score_fresh(now) == 1
    Issue.objects.update(trend=7.0, last_seen=now - scoring.LATE - timedelta(seconds=1))
    later = now + timedelta(minutes=2)
    assert scoring.score_fresh(later) == 0  # looked at before: it waits for the slow timer
    send(project, python_event(0))
    Issue.objects.update(last_seen=later - timedelta(seconds=20))  # recorded late
    assert scoring.score_fresh(later + timedelta(minutes=2)) == 1
    Issue.objects.update(trend=7.0)
    assert scoring.score_fresh(now) == 1  # a clock that was put back loses nothing
    cache.delete(scoring._LOOKED)


def test_the_slow_timer_reaches_everybody_within_the_hour(project: Project) -> None:
    send(project, *[python_event(fault) for fault in range(5)])
    now = timezone.now()
    turns = [scoring.score_stale(now + n * scoring.SHARE_EVERY) for n in range(scoring.SHARES)]
    assert sum(turns) == 5
    assert max(turns) < 5
    assert set(Issue.objects.values_list("trend", flat=True)) == {2.0}


def test_what_is_unusual_follows_the_days(project: Project) -> None:
    from tracker import store
    from tracker.actions import upkeep

    send(project, python_event())
    now = timezone.now()
    Issue.objects.update(first_seen=now - 8 * DAY)
    issue = Issue.objects.get()
    triage.snooze(Issue.objects.all(), None, now, Until.ESCALATING)
    assert (Issue.objects.get().snooze or {})["count"] == 10
    hour = floor_to(now, HOUR)
    for day in range(9):
        store.ensure_day((hour - DAY * day).date())
    RollupHour.objects.bulk_create(
        RollupHour(
            project_id=project.pk, issue_id=issue.pk, environment_id=issue.environments[0],
            bucket=hour - HOUR * ago, events=20 + ago % 3,
        )
        for ago in range(1, 24 * 7)
    )  # fmt: skip
    assert upkeep.set_escalation_levels(now) == 1
    assert (Issue.objects.get().snooze or {})["count"] == 63
