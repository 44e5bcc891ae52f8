"""Who was hit, what they met, and the deletion of their data."""

import re
import uuid
from datetime import UTC, datetime

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories.events import python_event, send
from tests.tracker.admin.conftest import ROLES, Cast
from tracker import books, people
from tracker.actions import forgetting, moving
from tracker.models import (
    Attachment,
    AuditEntry,
    EventRow,
    Feedback,
    Issue,
    IssueTag,
    IssueUser,
    PersonRemoval,
)
from tracker.payloads import unpack

ADA = {"id": "ada-77", "email": "ada@example.com"}
NOW = datetime.now(UTC)


@pytest.fixture
def ada(cast: Cast) -> uuid.UUID:
    """She met the first issue three times, a second once; somebody else met both."""
    more = {"tags": {"customer": "ada-77", "tier": "gold"}, "user": ADA}
    send(
        cast.red, *(python_event(1, **more) for _ in range(3)), python_event(2, **more),
        python_event(1, user={"id": "bob"}), python_event(2, user={"id": "bob"}),
    )  # fmt: skip
    return people.key_of(cast.red, "ada-77")


def page(cast: Cast, role: str, name: str, *args: object):
    return cast.client(role).get(reverse(f"admin:tracker_{name}", args=args))


def test_people_of_an_issue(cast: Cast, ada: uuid.UUID):
    text = page(cast, "viewer", "issue_users", cast.ours.pk).content.decode()
    assert "ada@example.com" in text and "ada-77" in text and "bob" in text
    found = people.hit_by(cast.ours)
    assert {p.name: p.events for p in found.people} == {"ada@example.com": 3, "bob": 1, "7": 1}


def test_the_list_walks_on_and_costs_the_same(cast: Cast, ada: uuid.UUID):
    send(cast.red, *(python_event(1, user={"id": f"u{n}"}) for n in range(60)))
    client = cast.client("viewer")
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(reverse("admin:tracker_issue_users", args=[cast.ours.pk]))
    assert len(queries) <= 10
    first = people.hit_by(cast.ours)
    rest = people.hit_by(cast.ours, first.older)
    keys = [p.key for p in (*first.people, *rest.people)]
    assert len(keys) == len(set(keys)) == 63 and rest.older == ""
    assert "older=" in answer.content.decode()
    assert people.hit_by(cast.ours, "nonsense~x").people == first.people


def test_what_one_person_met(cast: Cast, ada: uuid.UUID):
    text = page(cast, "viewer", "project_person", cast.red.pk, ada).content.decode()
    assert text.count("ValueError") == 2 and "ada@example.com" in text
    assert "Delete their data" not in text, "a viewer deletes nothing"
    assert (
        "Delete their data"
        in page(cast, "admin", "project_person", cast.red.pk, ada).content.decode()
    )


def test_a_person_is_found_by_who_knows_them(cast: Cast, ada: uuid.UUID):
    client = cast.client("triager")
    address = reverse("admin:tracker_project_people", args=[cast.red.pk])
    assert client.post(address, {"who": " ada-77 "})["Location"].endswith(f"/people/{ada}/")
    assert "knows this person" in client.post(address, {"who": "nobody"}).content.decode()


@pytest.mark.parametrize("role", ROLES)
def test_foreign_people_do_not_exist(cast: Cast, ada: uuid.UUID, role: str):
    theirs = people.key_of(cast.blue, "7")
    client = cast.client(role)
    inside = role in ("owner", "admin", "triager", "viewer")
    for project, key, may in (
        (cast.red, ada, inside),
        (cast.blue, theirs, role in ("owner", "stranger")),
    ):
        for name in ("person", "forget"):
            code = client.get(
                reverse(f"admin:tracker_project_{name}", args=[project.pk, key])
            ).status_code
            asks = name == "forget" and role in ("triager", "viewer")
            assert code == (403 if may and asks else 200 if may else 404), (name, project)
    assert (
        client.get(reverse("admin:tracker_project_person", args=[cast.red.pk, theirs])).status_code
        == 404
    )
    assert client.get(reverse("admin:tracker_issue_users", args=[cast.ours.pk])).status_code == (
        200 if inside else 404
    )
    forget = reverse("admin:tracker_project_forget", args=[cast.blue.pk, theirs])
    client.post(forget)
    assert PersonRemoval.objects.exists() == (role in ("owner", "stranger"))


def test_a_person_is_forgotten_and_the_books_balance(
    cast: Cast, ada: uuid.UUID, django_capture_on_commit_callbacks
):
    event = EventRow.objects.filter(user_key=ada).first()
    assert event is not None
    path = default_storage.save(f"attachments/test/{uuid.uuid4().hex}", ContentFile(b"her file"))
    Attachment.objects.create(
        project=cast.red, event_id=event.event_id, filename="a.txt", size=8, sha256="0" * 64,
        path=path, created_at=NOW,
    )  # fmt: skip
    Feedback.objects.create(
        project=cast.red,
        feedback_id=uuid.uuid4(),
        email="ada@example.com",
        message="!",
        created_at=NOW,
    )
    before = dict(Issue.objects.values_list("pk", "events"))
    users = dict(Issue.objects.values_list("pk", "users"))
    with django_capture_on_commit_callbacks(execute=True):
        answer = cast.client("admin").post(
            reverse("admin:tracker_project_forget", args=[cast.red.pk, ada])
        )
    assert answer.status_code == 302
    removal = PersonRemoval.objects.get()
    assert (removal.events, removal.issues, removal.asked_by) == (4, 2, cast.people["admin"])
    assert removal.done_at is not None
    assert AuditEntry.objects.get(action="asked to forget a person").actor == cast.people["admin"]
    assert not IssueUser.objects.filter(user_key=ada).exists()
    assert not EventRow.objects.filter(user_key=ada).exists()
    for row in EventRow.objects.filter(project_id=cast.red.pk):
        text = str(unpack(bytes(row.payload), row.dictionary))
        assert "ada-77" not in text and "ada@" not in text
    assert not IssueTag.objects.filter(value="ada-77").exists()
    assert IssueTag.objects.filter(value="gold").exists()
    assert not Feedback.objects.exists() and not Attachment.objects.exists()
    assert not default_storage.exists(path)
    assert dict(Issue.objects.values_list("pk", "events")) == before
    for pk, count in Issue.objects.filter(project=cast.red).values_list("pk", "users"):
        assert count == users[pk] - 1
    assert books.differences() == []
    assert people.dossier(cast.red, ada, Issue.objects.all()) is None


def test_it_goes_on_in_chunks_and_what_came_meanwhile_goes_too(
    cast: Cast, ada: uuid.UUID, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(forgetting, "CHUNK", 1)
    monkeypatch.setattr(forgetting, "AT_ONCE", 1)
    removal = forgetting.forget_person(cast.red, ada, None, NOW)
    assert removal.done_at is None and removal.events == 1
    assert forgetting.forget_person(cast.red, ada, None, NOW).pk == removal.pk, "one request"
    send(cast.red, python_event(3, user=ADA))
    assert books.differences() == []
    assert forgetting.work_off(datetime.now(UTC).replace(year=2999), lambda: NOW) == 1
    removal.refresh_from_db()
    assert removal.events == 5 and removal.issues == 3
    assert not EventRow.objects.filter(user_key=ada).exists()
    assert books.differences() == []


def test_a_merge_at_work_loses_nobody(cast: Cast, ada: uuid.UUID, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(moving, "AT_ONCE", 0)
    moving.merge(cast.red.issues.all(), None, NOW)
    forgetting.forget_person(cast.red, ada, None, NOW)
    moving.work_off(datetime.now(UTC).replace(year=2999), lambda: NOW)
    while not forgetting.step(PersonRemoval.objects.get().pk):
        pass
    assert not IssueUser.objects.filter(user_key=ada).exists()
    assert books.differences() == []


def test_names_of_strangers_are_text(cast: Cast):
    send(cast.red, python_event(1, user={"id": "<script>x</script>", "email": "<b>e"}))
    key = people.key_of(cast.red, "<script>x</script>")
    for text in (
        page(cast, "viewer", "issue_users", cast.ours.pk).content.decode(),
        page(cast, "viewer", "project_person", cast.red.pk, key).content.decode(),
    ):
        assert "<script>x" not in text and not re.search(r"<b>e", text)
