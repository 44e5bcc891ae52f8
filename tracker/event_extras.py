"""What the pages read beside an event: its files, people's words, and which event tells most."""

from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, TextField, Value
from django.db.models.functions import Cast

from tracker.domain.telling import telling
from tracker.models import Attachment, EventRow, Feedback, Issue
from tracker.payloads import PayloadError, unpack

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


def beside(event: EventRow) -> Beside:
    """Files of an event and what people wrote about it; one query."""
    text, number = TextField(), BigIntegerField()
    own = {"project": event.project_id, "event_id": event.event_id}
    files: Any = Attachment.objects.filter(**own).order_by("filename", "pk")
    comments: Any = Feedback.objects.filter(**own).order_by("pk")
    parts = (
        files.values_list(
            Value("file", output_field=text), "pk", Cast("filename", text), Cast("kind", text),
            "size")[:50],
        comments.values_list(
            Value("said", output_field=text), "pk", Cast("name", text), "message",
            Value(0, output_field=number))[:20],
    )  # fmt: skip
    rows = list(parts[0].union(parts[1], all=True))
    return Beside(
        tuple(Attached(pk, *rest) for what, pk, *rest in rows if what == "file"),
        tuple(Said(name, words) for what, _, name, words, _ in rows if what == "said"),
    )
