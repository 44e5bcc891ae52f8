"""Words that turn out to vary: further ones join, earlier ones are joined, a person may undo it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from tests.factories.events import send
from tests.factories.projects import make_project
from tracker import books, slots
from tracker.actions import moving, varying
from tracker.models import GroupingKey, Issue, Project, User
from tracker.sql import run

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = ["Anna", "Bela", "Chidi", "Dora", "Emre", "Farid"]


def message(text: str) -> dict[str, Any]:
    return {"event_id": uuid4().hex, "platform": "python", "message": text}


def refused(name: str) -> dict[str, Any]:
    return message(f"Payment of {name} was refused by the bank")


@pytest.fixture
def project() -> Project:
    project = make_project()
    for name in NAMES[:4]:
        send(project, refused(name))
    return project


def test_the_fifth_word_and_all_later_ones_go_to_the_first_issue(project: Project) -> None:
    assert Issue.objects.count() == 4
    send(project, refused("Emre"))
    send(project, refused("Farid"), refused("Emre"))
    assert Issue.objects.count() == 4
    first = Issue.objects.order_by("pk")[0]
    assert first.events == 4
    key = GroupingKey.objects.get(kind="varying")
    assert (key.issue_id, key.events) == (first.pk, 3)
    assert "<*>" in key.why


def test_one_batch_is_enough(project: Project) -> None:
    other = make_project()
    send(other, *[refused(name) for name in NAMES])
    assert Issue.objects.filter(project=other).count() == 4
    varying.join(timezone.now())
    assert Issue.objects.filter(project=other).live().get().events == 6


def test_the_issues_are_joined_once_and_the_books_balance(project: Project) -> None:
    send(project, refused("Emre"))
    assert varying.join(timezone.now()) == 3
    assert varying.join(timezone.now()) == 0
    assert Issue.objects.live().get().events == 5
    assert slots.to_join(5) == []
    assert books.differences() == []
    send(project, refused("Anna"), refused("Zoe"))
    assert Issue.objects.live().get().events == 7


def test_issues_that_a_person_touched_are_left_alone(project: Project) -> None:
    kept = Issue.objects.order_by("pk")[2]
    Issue.objects.filter(pk=kept.pk).update(assignee=User.objects.create_user("alice"))
    send(project, refused("Emre"))
    assert varying.join(timezone.now()) == 2
    assert set(Issue.objects.live().values_list("pk", flat=True)) >= {kept.pk}
    assert Issue.objects.live().count() == 2


def test_taking_the_key_out_keeps_the_words_apart(project: Project) -> None:
    send(project, refused("Emre"))
    varying.join(timezone.now())
    issue = Issue.objects.live().get()
    key = GroupingKey.objects.get(kind="varying")
    fresh = moving.unmerge(issue, [key.pk], None, timezone.now())
    send(project, refused("Farid"), refused("Anna"))
    key.refresh_from_db()
    assert (key.locked, key.issue_id, key.events) == (True, fresh.pk, 2)
    assert Issue.objects.live().count() == 2
    assert books.differences() == []


def test_a_slot_whose_issues_were_deleted_begins_anew(project: Project) -> None:
    send(project, refused("Emre"))
    varying.join(timezone.now())
    moving.delete(Issue.objects.live(), None, timezone.now())
    for name in NAMES[:4]:
        send(project, refused(name))
    assert Issue.objects.live().count() == 4
    send(project, refused("Emre"))
    assert Issue.objects.live().count() == 4
    assert varying.join(timezone.now()) == 3


def test_plain_words_are_bugs_of_their_own(project: Project) -> None:
    other = make_project()
    for word in ["orders", "invoices", "carts", "users", "depots", "carriers", "vouchers"]:
        send(other, message(f"Failed to load {word} from the database"))
    assert Issue.objects.filter(project=other).count() == 7


def test_words_that_come_again_are_bugs_of_their_own() -> None:
    project = make_project()
    for _ in range(5):
        send(project, *[refused(name) for name in NAMES[:4]])
    send(project, refused("Emre"))
    assert Issue.objects.count() == 5


def test_quiet_slots_are_forgotten(project: Project) -> None:
    run("UPDATE tracker_groupingslot SET touched_on = touched_on - 100")
    assert slots.forget(timezone.now().date()) > 0
    send(project, refused("Emre"))
    assert Issue.objects.count() == 5
