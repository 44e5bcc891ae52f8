"""Snoozing, resolving in releases, going quiet: through the real digest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ingest import digest, inbox
from tests.factories.events import python_event, send, store_letter
from tests.factories.projects import make_project
from tracker import books
from tracker.actions import deploys, moving, triage, upkeep
from tracker.domain.snooze import Until
from tracker.models import Activity, EventRow, Issue, Membership, Project, Release, Role, User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def ana(project: Project) -> User:
    user = User.objects.create_user("ana", "ana@example.org")
    Membership.objects.create(team=project.team, user=user, role=Role.TRIAGER)
    return user


def issue() -> Issue:
    return Issue.objects.get()


def state() -> tuple[str, str | None]:
    found = issue()
    return found.status, found.substatus


def told(kind: str) -> dict[str, Any]:
    data: dict[str, Any] = Activity.objects.get(kind=kind).data
    return data


def snooze(until: Until, ana: User, **how: Any) -> None:
    triage.snooze(Issue.objects.all(), ana, timezone.now(), until, **how)


# -- snooze -------------------------------------------------------------------------------


def test_n_more_events_wake_at_the_nth_and_progress_can_be_read(
    project: Project, ana: User
) -> None:
    send(project, python_event())
    snooze(Until.EVENTS, ana, count=5)
    assert told("snoozed")["why"] == "0 of 5 events"
    send(project, *[python_event() for _ in range(3)])
    assert state() == ("snoozed", None)
    assert issue().snooze_text == "3 of 5 events"

    EventRow.objects.all().delete()  # retention takes events, never the count
    bodies = [python_event() for _ in range(4)]
    send(project, *bodies)
    assert state() == ("unresolved", "ongoing")
    woken = told("woken")
    assert woken["event_id"] == bodies[1]["event_id"]
    assert woken["why"] == issue().state_why == "5 events since it was snoozed"
    assert issue().snooze is None and issue().reviewed_at is None
    assert not Activity.objects.filter(kind="regressed").exists()


def test_a_merge_does_not_count_as_events(project: Project, ana: User) -> None:
    send(project, python_event(1), *[python_event(2) for _ in range(9)])
    first = Issue.objects.order_by("first_seen", "pk")[0]
    triage.snooze(Issue.objects.filter(pk=first.pk), ana, timezone.now(), Until.EVENTS, count=3)
    survivor, _ = moving.merge(Issue.objects.all(), ana, timezone.now())
    send(project, python_event(2), python_event(1))
    survivor.refresh_from_db()
    assert survivor.snooze_text == "2 of 3 events"
    assert books.differences() == []


def test_n_more_users_are_people_who_had_not_been_hit(project: Project, ana: User) -> None:
    def hit(*names: str) -> None:
        send(project, *[python_event(user={"id": name}) for name in names])

    hit("a", "b")
    snooze(Until.USERS, ana, count=2)
    hit("a", "b", "a", "c", "c")
    assert issue().snooze_text == "1 of 2 more people"
    hit("a", "d", "e")
    assert state() == ("unresolved", "ongoing")
    assert told("woken")["why"] == "2 more people hit since it was snoozed"


def test_acknowledged_wakes_at_the_next_event(project: Project, ana: User) -> None:
    send(project, python_event())
    snooze(Until.NEXT, ana)
    send(project, python_event())
    assert state() == ("unresolved", "ongoing")
    assert "acknowledged" in issue().state_why


def test_rate_wakes_when_it_is_reached(project: Project, ana: User) -> None:
    send(project, python_event())
    snooze(Until.RATE, ana, count=4, minutes=10)
    send(project, *[python_event() for _ in range(3)])
    assert issue().snooze_text == "3 of 4 events in 10 minutes"
    send(project, python_event())
    assert told("woken")["why"] == "4 events in 10 minutes"


def test_escalating_wakes_above_what_is_usual(project: Project, ana: User) -> None:
    send(project, python_event())
    snooze(Until.ESCALATING, ana)
    send(project, *[python_event() for _ in range(9)])
    assert state() == ("snoozed", None)
    send(project, python_event())
    assert state() == ("unresolved", "ongoing")
    assert "escalating: 10 events in an hour" in told("woken")["why"]


def test_the_timer_wakes_when_time_is_over(project: Project, ana: User) -> None:
    send(project, python_event(1), python_event(2))
    now = timezone.now()
    for number, minutes in zip(Issue.objects.values_list("pk", flat=True), (5, 50), strict=True):
        triage.snooze(
            Issue.objects.filter(pk=number), ana, now, Until.TIME,
            moment=now + timedelta(minutes=minutes),
        )  # fmt: skip
    assert upkeep.wake_issues(now + timedelta(minutes=4)) == 0
    assert upkeep.wake_issues(now + timedelta(minutes=6)) == 1
    assert upkeep.wake_issues(now + timedelta(minutes=6)) == 0
    woken = Issue.objects.get(status="unresolved")
    assert "snoozed until" in woken.state_why and woken.snoozed_until is None
    assert told("woken")["why"] == woken.state_why


def test_snoozed_issues_are_resolved_and_reopened_like_others(project: Project, ana: User) -> None:
    send(project, python_event())
    snooze(Until.EVENTS, ana, count=5)
    snooze(Until.NEXT, ana)  # another condition
    assert issue().snooze_text == "until the next event"
    triage.reopen(Issue.objects.all(), ana, timezone.now())
    assert state() == ("unresolved", "ongoing")
    snooze(Until.NEXT, ana)
    triage.resolve(Issue.objects.all(), ana, timezone.now())
    assert state() == ("resolved", None) and issue().snooze is None
    with pytest.raises(triage.BadCondition, match="between 1"):
        snooze(Until.EVENTS, ana)


def test_the_database_knows_how_issues_are_snoozed(project: Project) -> None:
    send(project, python_event())
    for odd in (
        {"status": "snoozed", "substatus": None},
        {"snooze": {"kind": "next"}},
        {"snoozed_until": timezone.now()},
        {"priority": 15},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Issue.objects.update(**odd)


# -- resolve in a release -------------------------------------------------------------------


def test_next_release_end_to_end(project: Project, ana: User) -> None:
    send(project, python_event(release="10.18.7"))
    triage.resolve_in_next(Issue.objects.all(), ana, timezone.now())
    assert told("resolved") == {"how": "next", "release": "10.18.7"}
    assert issue().resolution_text == "in the next release after 10.18.7"
    send(project, python_event(release="10.18.7"), python_event(release="10.9.0"))
    assert state() == ("resolved", None)
    assert issue().state_why == "kept resolved: 10.9.0 < 10.18.7 (semver)"
    send(project, *[python_event() for _ in range(7)])
    assert issue().state_why == "kept resolved: 7 events since, release unknown"
    assert (issue().resolution or {})["kept"] == 9

    send(project, python_event(release="10.24.0"))
    assert state() == ("unresolved", "regressed")
    data = told("regressed")
    assert issue().state_why == data["why"] == "reopened: 10.24.0 > 10.18.7 (semver)"
    assert (data["release"], data["resolved_release"], data["method"]) == (
        "10.24.0", "10.18.7", "semver",
    )  # fmt: skip
    assert issue().resolution is None
    assert books.differences() == []


def test_several_fixes_hold_within_their_lines(project: Project, ana: User) -> None:
    send(project, python_event(release="1.1.0"))
    triage.resolve_in(Issue.objects.all(), ["1.1.5", "2.0.0"], ana, timezone.now())
    assert issue().resolution_text == "in 1.1.5, 2.0.0"
    for kept in ("1.1.4", "1.2.0"):
        send(project, python_event(release=kept))
        assert state() == ("resolved", None), kept
    send(project, python_event(release="1.1.6"))
    assert issue().state_why == "reopened: 1.1.6 > 1.1.5 (semver)"


def test_resolved_in_an_affected_release_waits_for_a_newer_one(project: Project, ana: User) -> None:
    send(project, python_event(release="1.0"))
    triage.resolve_in(Issue.objects.all(), ["1.0"], ana, timezone.now())
    send(project, python_event(release="1.0"))
    assert state() == ("resolved", None)
    send(project, python_event(release="1.0.1"))
    assert state() == ("unresolved", "regressed")


def test_what_only_events_say_does_not_outrank_a_deploy(project: Project, ana: User) -> None:
    send(project, python_event(release="1.0"))
    deploys.start(project.pk, deploys.DeployTold("production", "1.0"), timezone.now())
    triage.resolve_in_next(Issue.objects.all(), ana, timezone.now())
    send(project, python_event(release="9.9"))
    assert state() == ("resolved", None) and "from events only" in issue().state_why
    deploys.start(project.pk, deploys.DeployTold("production", "9.9"), timezone.now())
    send(project, python_event(release="9.9"))
    assert state() == ("unresolved", "regressed")


def test_the_next_release_comes_after_the_projects_newest(project: Project, ana: User) -> None:
    send(project, python_event(1, release="1.0"), python_event(2, release="1.4"))
    Release.objects.create(project=project, version="77.0", ignored=True)
    old = Issue.objects.order_by("pk")[0]
    triage.resolve_in_next(Issue.objects.filter(pk=old.pk), ana, timezone.now())
    assert told("resolved")["release"] == "1.4"


def test_plain_resolve_keeps_stragglers_out(project: Project, ana: User) -> None:
    send(project, python_event(release="2.0"))
    triage.resolve(Issue.objects.all(), ana, timezone.now())
    send(project, python_event(release="1.0"))
    assert issue().state_why == "kept resolved: 1.0 < 2.0 (semver)"
    send(project, python_event(release="2.0"))
    assert state() == ("unresolved", "regressed")


def test_resolved_before_there_was_a_resolution_column(project: Project, ana: User) -> None:
    send(project, python_event(release="2.0"))
    triage.resolve(Issue.objects.all(), ana, timezone.now())
    Issue.objects.update(resolution=None)
    send(project, python_event(release="1.0"))
    assert issue().state_why == "kept resolved: 1.0 < 2.0 (semver)"


# -- by themselves ---------------------------------------------------------------------------


def test_quiet_issues_resolve_themselves_where_the_project_wants_it(
    project: Project, ana: User
) -> None:
    send(project, *[python_event(fault) for fault in range(4)])
    now = timezone.now() + timedelta(days=20)
    assert upkeep.resolve_quiet_issues(now) == 0
    Project.objects.update(auto_resolve_days=14)
    ids = list(Issue.objects.order_by("pk").values_list("pk", flat=True))
    triage.comment(Issue.objects.filter(pk=ids[0]), ana, "on it", now - timedelta(days=1))
    triage.snooze(Issue.objects.filter(pk=ids[1]), ana, timezone.now(), Until.NEXT)
    Issue.objects.filter(pk=ids[2]).update(last_seen=now - timedelta(days=13))
    assert upkeep.resolve_quiet_issues(now) == 1
    done = Issue.objects.get(status="resolved")
    assert done.pk == ids[3]
    assert told("resolved") == {"how": "quiet", "days": 14}
    assert Activity.objects.get(kind="resolved").actor_id is None


def test_escalate_calm_and_what_sleeps_until_then(project: Project, ana: User) -> None:
    send(project, *[python_event(fault) for fault in range(4)])
    ids = list(Issue.objects.order_by("pk").values_list("pk", flat=True))
    now = timezone.now()
    triage.snooze(Issue.objects.filter(pk=ids[1]), ana, now, Until.ESCALATING)
    triage.snooze(Issue.objects.filter(pk=ids[2]), ana, now, Until.NEXT)
    triage.resolve(Issue.objects.filter(pk=ids[3]), ana, now)
    done = triage.escalate(Issue.objects.all(), {ids[0]: "60 in an hour", ids[1]: "70"}, now)
    assert sorted(done.changed) == ids[:2]
    found = {row.pk: row for row in Issue.objects.all()}
    assert found[ids[0]].substatus == "escalating"
    assert found[ids[0]].state_why == told("escalated")["why"] == "60 in an hour"
    assert found[ids[1]].substatus == "ongoing" and told("woken")["why"] == "70"
    assert found[ids[0]].priority_name == "high" and found[ids[1]].priority_name == "medium"
    triage.calm(Issue.objects.all(), now)
    calmed = Issue.objects.get(pk=ids[0])
    assert (calmed.substatus, calmed.priority_name) == ("ongoing", "medium")


# -- what it costs ----------------------------------------------------------------------------


def test_the_digest_asks_nothing_more_unless_something_sleeps(
    project: Project, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    execute = psycopg.Cursor.execute

    def counted(cursor: Any, query: Any, *rest: Any, **more: Any) -> Any:
        asked.append(query)
        return execute(cursor, query, *rest, **more)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)

    def queries(*bodies: dict[str, Any]) -> int:
        inbox.put_rows([store_letter(project, body) for body in bodies])
        asked.clear()
        digest.run()
        return len(asked)

    def batch() -> list[dict[str, Any]]:
        return [python_event(fault, release="1.0") for fault in range(6)]

    send(project, *batch())
    plain = queries(*batch())
    ids = list(Issue.objects.order_by("pk").values_list("pk", flat=True))
    triage.snooze(Issue.objects.filter(pk__in=ids[:3]), ana, timezone.now(), Until.EVENTS, count=99)
    triage.resolve_in_next(Issue.objects.filter(pk__in=ids[3:5]), ana, timezone.now())
    assert queries(*batch()) == plain + 2  # releases to compare with; progress of all five
    assert queries(python_event(5, release="1.0")) == plain


@pytest.mark.parametrize("verb", ["next", "in", "snooze", "escalating", "priority", "review"])
def test_many_cost_as_many_queries_as_one(project: Project, ana: User, verb: str) -> None:
    send(project, *[python_event(fault, release="1.0") for fault in range(6)])
    ids = list(Issue.objects.order_by("pk").values_list("pk", flat=True))
    now = timezone.now()
    verbs: dict[str, Callable[[Any], Any]] = {
        "next": lambda rows: triage.resolve_in_next(rows, ana, now),
        "in": lambda rows: triage.resolve_in(rows, ["2.0"], ana, now),
        "snooze": lambda rows: triage.snooze(rows, ana, now, Until.NEXT),
        "escalating": lambda rows: triage.snooze(rows, ana, now, Until.ESCALATING),
        "priority": lambda rows: triage.set_priority(rows, ana, triage.Priority.HIGH, now),
        "review": lambda rows: triage.mark_reviewed(rows, now, ana),
    }

    def queries(wanted: list[int]) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(verbs[verb](Issue.objects.filter(pk__in=wanted)).changed) == len(wanted)
        return len(captured)

    assert queries(ids[:1]) == queries(ids[1:]) <= 9
