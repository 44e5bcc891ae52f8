"""What the pages read beside an event: its files, people's words, and which event tells most."""

from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from tracker.domain.telling import telling
from tracker.models import Attachment, EventRow, Feedback, Issue
from tracker.payloads import PayloadError, unpack

MOST_FILES, MOST_COMMENTS = 50, 20
RECOMMENDED_AMONG = 30
"""Newest events of which the most telling one is recommended."""


def recommended_event(issue: Issue) -> str:
    """Id (hex) of the newest event that tells most; "" when none is stored."""
    best, found = -100, ""
    rows = EventRow.objects.of_issue(issue.project_id, *issue.sources())[:RECOMMENDED_AMONG]
    for row in rows:
        try:
            told = telling(unpack(bytes(row.payload), row.dictionary))
        except PayloadError:
            told = -99
        if told > best:
            best, found = told, row.event_id.hex
    return found


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of an event."""

    id: int
    name: str
    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class Said:
    """What a person wrote about an event."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Beside:
    """What came with an event, outside of it."""

    files: tuple[Attached, ...] = ()
    comments: tuple[Said, ...] = ()


def with_beside(rows: QuerySet[EventRow]) -> QuerySet[EventRow]:
    """The events with what `beside` says of them, in the same query."""
    own = {"project": OuterRef("project_id"), "event_id": OuterRef("event_id")}
    files = Attachment.objects.filter(**own).order_by("filename", "pk")[:MOST_FILES]
    comments = Feedback.objects.filter(**own).order_by("pk")[:MOST_COMMENTS]
    return rows.annotate(
        files_beside=ArraySubquery(
            files.values(one=JSONObject(id="pk", name="filename", kind="kind", size="size"))
        ),
        said_beside=ArraySubquery(comments.values(one=JSONObject(name="name", text="message"))),
    )


def beside(event: EventRow) -> Beside:
    """Files of an event that was loaded `with_beside`, and what people wrote about it."""
    return Beside(
        tuple(Attached(**one) for one in getattr(event, "files_beside", ())),
        tuple(Said(**one) for one in getattr(event, "said_beside", ())),
    )
