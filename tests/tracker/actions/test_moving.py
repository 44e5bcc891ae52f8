"""Merge, unmerge, delete: nothing is lost or counted twice, at any moment."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from django.db.models import Sum
from django.utils import timezone

from tests.factories.events import python_event, send
from tests.factories.projects import make_project
from tracker import books
from tracker.actions import moving, triage
from tracker.models import (
    EventRow,
    GroupingKey,
    Issue,
    IssueTag,
    IssueUser,
    Ledger,
    Move,
    Project,
    RollupHour,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of two rows, none of them at once: the middle can be looked at."""
    monkeypatch.setattr(moving, "CHUNK", 2)
    monkeypatch.setattr(moving, "AT_ONCE", 0)


@pytest.fixture
def project() -> Project:
    """Two issues: fault 1 with 6 events of 4 people, fault 2 with 5 events of 3."""
    project = make_project()
    people = itertools.cycle("abcd")
    send(
        project, *[python_event(1, user={"id": next(people)}, tags={"shop": "a"}) for _ in range(6)]
    )
    people = itertools.cycle("cde")
    send(
        project, *[python_event(2, user={"id": next(people)}, tags={"shop": "b"}) for _ in range(5)]
    )
    return project


def steps() -> Iterator[int]:
    """Work off all moves, one chunk a step."""
    for number in range(100):
        move = Move.objects.filter(done_at=None).first()
        if move is None:
            return
        moving.step(move.pk)
        yield number
    raise AssertionError("never ends")


def test_merge_keeps_the_oldest_and_the_books_balance_all_the_way(
    project: Project, small_chunks: None
) -> None:
    survivor, outcome = moving.merge(Issue.objects.all(), None, timezone.now())
    loser = Issue.objects.get(pk=outcome.changed[0])
    assert loser.merged_into == survivor.pk
    assert Issue.objects.live().get().events == 11
    assert books.differences() == []
    ids = moving.sources_of(survivor)
    assert EventRow.objects.filter(issue_id__in=ids).count() == 11  # reads follow at once

    for number in steps():
        assert books.differences() == [], number
        if number == 2:  # events keep coming, for both faults
            send(project, python_event(1, user={"id": "z"}), python_event(2, user={"id": "a"}))

    survivor.refresh_from_db()
    assert (survivor.events, survivor.users) == (13, 6)
    assert not EventRow.objects.filter(issue_id=loser.pk).exists()
    assert not IssueUser.objects.filter(issue_id=loser.pk).exists()
    assert dict(IssueTag.objects.filter(issue_id=survivor.pk, key="shop").values_list("value", "count")) == {"a": 6, "b": 5}  # fmt: skip
    assert RollupHour.objects.filter(issue_id=survivor.pk).aggregate(Sum("events")) == {"events__sum": 13}  # fmt: skip
    assert books.differences() == []
    assert moving.sources_of(survivor) == [survivor.pk]


def test_small_merge_is_complete_at_once(project: Project) -> None:
    moving.merge(Issue.objects.all(), None, timezone.now())
    survivor = Issue.objects.live().get()
    for _ in steps():
        pass
    assert EventRow.objects.filter(issue_id=survivor.pk).count() == 11


def test_unmerge_is_remembered(project: Project, small_chunks: None) -> None:
    survivor, _ = moving.merge(Issue.objects.all(), None, timezone.now())
    for _ in steps():
        pass
    mine = set(EventRow.objects.filter(issue_id=survivor.pk).values_list("key_id", flat=True))
    assert len(mine) == 2
    chosen = GroupingKey.objects.filter(pk__in=mine).order_by("-pk")[0]
    back = moving.unmerge(survivor, [chosen.pk], None, timezone.now())
    for number in steps():
        assert books.differences() == [], number

    survivor.refresh_from_db()
    back.refresh_from_db()
    assert sorted([survivor.events, back.events]) == [5, 6]
    assert sorted([survivor.users, back.users]) == [3, 4]
    assert not GroupingKey.objects.filter(kind=moving.RESIDUE).exists()
    before = {survivor.pk: survivor.events, back.pk: back.events}

    send(project, python_event(1), python_event(2))
    after = dict(Issue.objects.live().values_list("pk", "events"))
    assert after == {pk: events + 1 for pk, events in before.items()}
    assert GroupingKey.objects.get(pk=chosen.pk).locked
    assert books.differences() == []


def test_expired_events_stay_counted_where_they_were(project: Project, small_chunks: None) -> None:
    survivor, _ = moving.merge(Issue.objects.all(), None, timezone.now())
    for _ in steps():
        pass
    key = EventRow.objects.filter(issue_id=survivor.pk).values_list("key_id", flat=True)[0]
    gone = EventRow.objects.filter(key_id=key)[:2]
    EventRow.objects.filter(event_id__in=[row.event_id for row in gone]).delete()
    day = timezone.now().date()
    Ledger.objects.create(project_id=project.pk, day=day, kind="expired", reason="", count=2)
    counted = GroupingKey.objects.get(pk=key).events

    fresh = moving.unmerge(survivor, [key], None, timezone.now())
    for _ in steps():
        pass
    assert Issue.objects.get(pk=fresh.pk).events == counted - 2
    assert GroupingKey.objects.get(kind=moving.RESIDUE).events == 2
    assert books.differences() == []


@pytest.mark.parametrize("discard", [True, False])
def test_delete_removes_everything_in_chunks(
    project: Project, small_chunks: None, discard: bool
) -> None:
    first = Issue.objects.order_by("pk")[0]
    moving.delete(Issue.objects.filter(pk=first.pk), None, timezone.now(), discard=discard)
    assert not Issue.objects.live().filter(pk=first.pk).exists()
    for number in steps():
        assert books.differences() == [], number
    assert EventRow.objects.filter(project_id=project.pk).count() == 5
    assert not IssueUser.objects.filter(issue_id=first.pk).exists()

    send(project, python_event(1))
    live = Issue.objects.live().count()
    discarded = sum(Ledger.objects.filter(kind="discarded").values_list("count", flat=True))
    assert (live, discarded) == ((1, 1) if discard else (2, 0))
    assert books.differences() == []


def test_only_issues_of_one_project_merge(project: Project) -> None:
    other = make_project("Other")
    send(other, python_event(1))
    with pytest.raises(moving.NothingToMerge, match="one project"):
        moving.merge(Issue.objects.all(), None, timezone.now())
    with pytest.raises(moving.NothingToMerge, match="at least two"):
        moving.merge(Issue.objects.filter(project=other), None, timezone.now())


def test_unmerge_refuses_foreign_keys_and_all_keys(project: Project) -> None:
    one, two = Issue.objects.order_by("pk")
    foreign = GroupingKey.objects.filter(issue=two).values_list("pk", flat=True)[0]
    with pytest.raises(moving.NotItsKeys):
        moving.unmerge(one, [foreign], None, timezone.now())
    with pytest.raises(moving.NotItsKeys, match="at least one"):
        moving.unmerge(one, list(one.keys.values_list("pk", flat=True)), None, timezone.now())


def test_a_resolved_survivor_regresses_for_events_of_the_merged(project: Project) -> None:
    survivor, _ = moving.merge(Issue.objects.all(), None, timezone.now())
    triage.resolve(Issue.objects.filter(pk=survivor.pk), None, timezone.now())
    send(project, python_event(2))
    assert Issue.objects.get(pk=survivor.pk).substatus == "regressed"
