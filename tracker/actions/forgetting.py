"""Deleting a person's data: their rows go, events stay without them, counts of events stay.

Work goes on in chunks: the first ones before the page answers, the rest by a timer. Counts of
people fall with the rows they count (`issue.users = people known` holds at every moment);
sketches of the last eight days hold 32 bits of a keyed hash and end by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from uuid import UUID

import structlog
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, Q

from tracker.actions import audit
from tracker.domain.forgetting import forget, identities
from tracker.models import (
    Attachment,
    EventRow,
    Feedback,
    Issue,
    IssueTag,
    IssueUser,
    Move,
    PersonRemoval,
    Project,
    User,
)
from tracker.payloads import PayloadError, pack, unpack

log = structlog.get_logger(__name__)
CHUNK = 200
"""Events a transaction rewrites at the most: about 50 ms."""
AT_ONCE = 5


def forget_person(
    project: Project, user_key: UUID, actor: User | None, now: datetime, *, address: str = ""
) -> PersonRemoval:
    """Begin to delete what is stored of a person in a project; asking twice is one request."""
    with transaction.atomic():
        removal, new = PersonRemoval.objects.get_or_create(
            project=project, user_key=user_key, done_at=None,
            defaults={"asked_by": actor, "created_at": now},
        )  # fmt: skip
        if new:
            audit.record(
                "asked to forget a person", actor=actor, target=removal, address=address, now=now
            )
    for _ in range(AT_ONCE):
        if step(removal.pk):
            break
    removal.refresh_from_db()
    return removal


def work_off(deadline: datetime, clock: Callable[[], datetime]) -> int:
    """Do what is left until `deadline`; returns how many requests were finished."""
    finished = 0
    for removal in PersonRemoval.objects.filter(done_at=None).order_by("pk")[:20]:
        while clock() < deadline:
            if step(removal.pk):
                finished += 1
                break
    return finished


def step(removal_id: int) -> bool:
    """One chunk of one request; True when nothing is left of it."""
    with transaction.atomic():
        removal = (
            PersonRemoval.objects.filter(pk=removal_id, done_at=None)
            .select_for_update(skip_locked=True).select_related("project").first()
        )  # fmt: skip
        if removal is None:
            return True
        person = IssueUser.objects.filter(
            project_id=removal.project_id, user_key=removal.user_key
        ).order_by("issue_id").first()  # fmt: skip
        files: list[str] = []
        if person is None:
            removal.done_at = datetime.now(UTC)
        else:
            files = _of_issue(removal, person.issue_id)
        removal.save(update_fields=["done_at", "reached", "events", "issues"])
        transaction.on_commit(lambda: _drop_files(files))
    return removal.done_at is not None


def _of_issue(removal: PersonRemoval, issue_id: int) -> list[str]:
    """Empty some events of an issue; without any left, take the person out of it.

    Returns the paths of files to delete.
    """
    # People of a merged issue move ahead of their events: look where those still are, too.
    places = [issue_id, *_sources(removal.project_id, issue_id)]
    rows = EventRow.objects.filter(
        project_id=removal.project_id, issue_id__in=places, user_key=removal.user_key
    ).order_by("-received_at", "-event_id")
    if removal.reached is not None:
        rows = rows.filter(received_at__lte=removal.reached)
    events = list(rows[:CHUNK])
    if not events:
        _leave(removal, issue_id)
        return []
    words: set[str] = set()
    for event in events:
        words |= _empty(event)
    removal.reached = events[-1].received_at
    removal.events += len(events)
    IssueTag.objects.filter(
        project_id=removal.project_id, issue_id=issue_id, value__in=sorted(words)
    ).delete()
    return _beside(removal.project_id, [event.event_id for event in events], words)


def _sources(project_id: int, issue_id: int) -> list[int]:
    """Issues whose rows are on their way to this one."""
    moves = Move.objects.filter(project_id=project_id, target=issue_id, done_at=None)
    return list(moves.values_list("source", flat=True))


def _empty(event: EventRow) -> set[str]:
    """Rewrite one event without its user; returns the words that named them."""
    try:
        data = unpack(bytes(event.payload), event.dictionary)
    except PayloadError:
        data = {"errors": [{"type": "unreadable"}]}  # nobody can read it: nothing is lost with it
    EventRow.objects.filter(
        project_id=event.project_id, event_id=event.event_id, day=event.day
    ).update(payload=pack(forget(data)), dictionary=1, user_key=None)
    return set(identities(data))


def _beside(project_id: int, event_ids: Iterable[UUID], words: Iterable[str]) -> list[str]:
    """Delete what came with the events: what the person wrote, and files."""
    ids = list(event_ids)
    Feedback.objects.filter(
        Q(event_id__in=ids) | Q(email__in=sorted(words)), project=project_id
    ).delete()
    files = Attachment.objects.filter(project=project_id, event_id__in=ids)
    paths = list(files.values_list("path", flat=True))
    files.delete()
    # The same bytes may belong to another event.
    shared = Attachment.objects.filter(path__in=paths).values_list("path", flat=True)
    return sorted(set(paths) - set(shared))


def _leave(removal: PersonRemoval, issue_id: int) -> None:
    gone, _ = IssueUser.objects.filter(
        project_id=removal.project_id, issue_id=issue_id, user_key=removal.user_key
    ).delete()
    # The digest locks people first and issues last, too.
    # Issues that were merged away count nobody any more, though their rows are still to move.
    Issue.objects.filter(project=removal.project_id, pk=issue_id, merged_into__isnull=True).update(
        users=F("users") - gone
    )
    removal.issues += 1
    removal.reached = None


def _drop_files(paths: Iterable[str]) -> None:
    for path in paths:
        try:
            default_storage.delete(path)
        except Exception as error:  # the storage's own errors; the row that named it is gone
            log.warning("file not deleted", path=path, error=type(error).__name__)
