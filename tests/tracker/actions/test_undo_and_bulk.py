"""Taking verbs back, and verbs on more issues than a page waits for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories.events import python_event, send
from tests.factories.projects import make_project
from tracker.actions import bulk, triage, undo
from tracker.domain.priority import Priority
from tracker.domain.snooze import Until
from tracker.models import Activity, BulkJob, Issue, Membership, Project, Role, Undo, User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project() -> Project:
    project = make_project()
    send(project, *[python_event(fault, release="1.0") for fault in range(5)])
    return project


@pytest.fixture
def ana(project: Project) -> User:
    user = User.objects.create_user("ana", "ana@example.org")
    Membership.objects.create(team=project.team, user=user, role=Role.TRIAGER)
    return user


def everything() -> list[dict[str, Any]]:
    return [dict(row) for row in Issue.objects.order_by("pk").values()]


VERBS: dict[str, Callable[[Any, User, datetime], triage.Outcome]] = {
    "resolve": triage.resolve,
    "next": triage.resolve_in_next,
    "in": lambda rows, ana, now: triage.resolve_in(rows, ["2.0"], ana, now),
    "snooze": lambda rows, ana, now: triage.snooze(
        rows, ana, now, Until.RATE, count=3, minutes=5, moment=now + timedelta(days=1)
    ),
    "assign": lambda rows, ana, now: triage.assign(rows, ana, ana, now),
    "priority": lambda rows, ana, now: triage.set_priority(rows, ana, Priority.HIGH, now),
    "review": lambda rows, ana, now: triage.mark_reviewed(rows, now, ana),
}


@pytest.mark.parametrize("verb", VERBS)
def test_undo_puts_every_column_back(project: Project, ana: User, verb: str) -> None:
    before = everything()
    now = timezone.now()
    done = VERBS[verb](Issue.objects.all(), ana, now)
    assert len(done.changed) == 5 and everything() != before
    back = undo.undo(done.undo, ana, now + timedelta(minutes=9))
    assert len(back.changed) == 5
    assert everything() == before
    undone = Activity.objects.filter(kind="undone")
    assert undone.count() == 5 and {row.actor_id for row in undone} == {ana.pk}


def test_reopen_can_be_undone_with_its_resolution(project: Project, ana: User) -> None:
    now = timezone.now()
    triage.resolve_in(Issue.objects.all(), ["2.0"], ana, now)
    before = everything()
    done = triage.reopen(Issue.objects.all(), ana, now)
    undo.undo(done.undo, ana, now)
    assert everything() == before


def test_what_changed_since_is_left_alone(project: Project, ana: User) -> None:
    now = timezone.now()
    done = triage.resolve(Issue.objects.all(), ana, now)
    ids = sorted(done.changed)
    send(project, python_event(0, release="1.1"))  # comes back
    triage.reopen(Issue.objects.filter(pk=ids[1]), None, timezone.now())
    send(project, python_event(2, release="0.9"))  # a straggler only: still as it was resolved
    back = undo.undo(done.undo, ana, now)
    assert (sorted(back.changed), back.skipped) == (ids[2:], 2)
    assert Issue.objects.get(pk=ids[0]).substatus == "regressed"
    assert Issue.objects.get(pk=ids[1]).substatus == "ongoing"
    assert Issue.objects.get(pk=ids[2]).substatus == "new"


def test_undo_is_once_soon_and_ones_own(project: Project, ana: User) -> None:
    now = timezone.now()
    bob = User.objects.create_user("bob")
    Membership.objects.create(team=project.team, user=bob, role=Role.TRIAGER)
    done = triage.resolve(Issue.objects.all(), ana, now)
    for token, actor in ((done.undo, bob), ("nonsense", ana), ("", ana)):
        with pytest.raises(triage.NothingToUndo):
            undo.undo(token, actor, now)
    with pytest.raises(triage.TooLate):
        undo.undo(done.undo, ana, now + timedelta(minutes=10, seconds=1))
    assert undo.undo(done.undo, ana, now).changed
    with pytest.raises(triage.NothingToUndo):
        undo.undo(done.undo, ana, now)
    assert undo.forget(now + timedelta(days=1)) == 1


def test_undo_needs_the_role_still(project: Project, ana: User) -> None:
    done = triage.resolve(Issue.objects.all(), ana, timezone.now())
    Membership.objects.update(role=Role.VIEWER)
    back = undo.undo(done.undo, ana, timezone.now())
    assert (back.changed, back.skipped) == ((), 5)


def test_what_nobody_did_is_not_remembered(project: Project) -> None:
    assert triage.resolve(Issue.objects.all(), None, timezone.now()).undo == ""
    assert not Undo.objects.exists()


def test_undoing_many_costs_as_many_queries_as_one(project: Project, ana: User) -> None:
    ids = list(Issue.objects.order_by("pk").values_list("pk", flat=True))
    tokens = [
        triage.resolve(Issue.objects.filter(pk__in=part), ana, timezone.now()).undo
        for part in (ids[:1], ids[1:])
    ]

    def queries(token: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            undo.undo(token, ana, timezone.now())
        return len(captured)

    assert queries(tokens[0]) == queries(tokens[1]) <= 8


# -- bulk ---------------------------------------------------------------------------------


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 2)


def run(job: BulkJob) -> int:
    bulk.work_off(timezone.now() + timedelta(seconds=30), timezone.now)
    job.refresh_from_db()
    return job.changed


def test_a_job_does_all_in_chunks_and_counts_truly(
    project: Project, ana: User, small_chunks: None
) -> None:
    ids = list(Issue.objects.values_list("pk", flat=True))
    job = bulk.start(ana, "resolve_in", ids, {"releases": ["2.0"]}, timezone.now())
    assert bulk.step(job.pk, timezone.now()) is False
    job.refresh_from_db()
    assert bulk.progress(job)["done"] == 2 and not bulk.progress(job)["finished"]
    triage.resolve(Issue.objects.filter(pk=max(ids)), None, timezone.now())  # meanwhile
    assert run(job) == 4
    shown = bulk.progress(job)
    assert (shown["done"], shown["changed"], shown["skipped"], shown["finished"]) == (5, 4, 1, True)
    assert set(Issue.objects.values_list("status", flat=True)) == {"resolved"}

    back = undo.undo(job.token, ana, timezone.now())
    assert len(back.changed) == 4
    assert Issue.objects.filter(status="unresolved").count() == 4


def test_each_chunk_happens_once_even_when_a_worker_dies(
    project: Project, ana: User, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = list(Issue.objects.values_list("pk", flat=True))
    job = bulk.start(ana, "assign", ids, {"user": ana.pk}, timezone.now())
    bulk.step(job.pk, timezone.now())

    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setitem(bulk.VERBS, "assign", die)
        with pytest.raises(Killed):
            bulk.step(job.pk, timezone.now())
    assert run(job) == 5
    assert Activity.objects.filter(kind="assigned").count() == 5


def test_foreign_issues_are_never_touched(project: Project, ana: User) -> None:
    other = make_project("Other", "Others")
    send(other, python_event(77))
    ids = list(Issue.objects.values_list("pk", flat=True))
    job = bulk.start(ana, "resolve", ids, {}, timezone.now())
    assert run(job) == 5 and job.skipped == 1
    assert other.issues.get().status == "unresolved"


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("explode", {}),
        ("snooze", {}),
        ("snooze", {"until": "soon"}),
        ("snooze", {"until": "events", "count": 0}),
        ("resolve_in", {"releases": []}),
        ("resolve_in", {}),
        ("priority", {"priority": "urgent"}),
        ("assign", {"user": 10**9}),
    ],
)
def test_nonsense_is_refused_before_it_starts(
    project: Project, ana: User, verb: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(triage.TriageError):
        bulk.start(ana, verb, [1], arguments, timezone.now())
    assert not BulkJob.objects.exists()


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("resolve", {}), ("resolve_next", {}), ("reopen", {}), ("review", {}), ("delete", {}),
        ("snooze", {"until": "time", "moment": "2090-01-01T00:00:00+00:00"}),
        ("snooze", {"until": "rate", "count": 5, "minutes": 10}),
        ("priority", {"priority": "low"}), ("priority", {}), ("assign", {}),
    ],
)  # fmt: skip
def test_every_verb_runs_as_a_job(
    project: Project, ana: User, verb: str, arguments: dict[str, Any]
) -> None:
    if "moment" in arguments:
        moment = timezone.now() + timedelta(days=1)
        arguments = {**arguments, "moment": moment.isoformat()}
    ids = list(Issue.objects.values_list("pk", flat=True))
    job = bulk.start(ana, verb, ids, arguments, timezone.now())
    run(job)
    assert job.error == "" and job.finished_at is not None and job.position == 5


def test_a_job_that_fails_says_why_and_stops(project: Project, ana: User) -> None:
    bob = User.objects.create_user("bob")
    ids = list(Issue.objects.values_list("pk", flat=True))
    job = bulk.start(ana, "assign", ids, {"user": bob.pk}, timezone.now())
    assert run(job) == 0
    assert "bob is not in the team" in job.error and job.finished_at is not None
