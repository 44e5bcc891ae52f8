"""What the views of Rollbar's API share: who asks, pages, and numbers for events.

The vendor's occurrences have whole numbers, ours have UUIDs: an occurrence's number is the
first 53 bits of its id, as many as JavaScript counts exactly, and leads back to it by index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response

from ingest.adapters.base import Unusable
from ingest.auth import Sender
from ingest.errors import BadBody
from ingest.rollbar import RollbarView
from tracker.models import Environment, EventRow, EventSeen, Issue
from tracker.models.issue import IssueQuerySet

READERS = ("read", "write")
WRITERS = ("write",)
MOST_PAGES = 100_000
DEEPEST = 10_000
"""Occurrences that can be reached by page numbers; `last_id` reaches all."""
_REST = 128 - 53


@dataclass(frozen=True)
class Asked:
    """What somebody who may read asks for."""

    raw: HttpRequest
    sender: Sender
    names: dict[int, str]
    """The project's environments by id."""
    where: list[int] | None
    """Those that the address names; None when it names none."""


class ApiView(RollbarView):
    """JSON by a project's read or write token; what it refuses is no refused event."""

    def count_refusal(self, reason: str) -> None:
        """Nothing was to be counted."""

    def asker(self, raw: HttpRequest, *scopes: str, token: str = "") -> Sender:
        """Whose token it is: of the header, else given, else of the address. Raises Refused."""
        given = raw.headers.get("X-Rollbar-Access-Token") or token
        return self.bearer(given or raw.GET.get("access_token", ""), *scopes)

    def asked(self, request: Request, *keys: str) -> Asked:
        """By whom and of which environments, which the address names under these keys.

        Raises Refused.
        """
        raw = request._request
        sender = self.asker(raw, *READERS)
        names = environments(sender)
        return Asked(raw, sender, names, asked_environments(raw, names, *keys or ("environment",)))


class Account(ApiView):
    """`/api/1/projects` and its like: for tokens of accounts, which there are none of."""

    def get(self, request: Request) -> Response:
        """403, by which tools learn that theirs is a project's token. Raises Refused."""
        self.asker(request._request, "read", "write", "post_server", "post_client")
        raise BadBody("This needs an account's token; here all tokens are of a project.", 403)


class Unknown(ApiView):
    """Whatever else is asked below `/api/1/`: JSON, which all clients expect."""

    def get(self, request: Request) -> Response:
        """Not found. Raises Refused."""
        raise missing("address in this API")

    post = put = patch = delete = get


def missing(what: str) -> BadBody:
    """A 404."""
    return BadBody(f"There is no such {what}.", 404, "missing")


def ok(result: Any) -> Response:
    """The envelope of every answer."""
    return Response({"err": 0, "result": result})


# -- what addresses say -----------------------------------------------------------


def count(raw: HttpRequest, name: str, default: int, most: int) -> int:
    """A positive number of the address; the default when it is none."""
    text = raw.GET.get(name, "")
    digits = text.isascii() and text.isdigit() and len(text) < 19
    return min(max(int(text), 1), most) if digits else default


def whole(text: str) -> int | None:
    """A whole number of at most 18 digits; None when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def words(raw: HttpRequest, *names: str) -> list[str]:
    """What the address says under these names, repeated or with commas."""
    given = [text for name in names for text in raw.GET.getlist(name)]
    parts = [part.strip().replace("\x00", "") for text in given[:100] for part in text.split(",")]
    return [part[:256] for part in parts if part][:1_000]


def environments(sender: Sender) -> dict[int, str]:
    """Names of the project's environments by id."""
    rows = Environment.objects.filter(project=sender.project_id).order_by("pk")
    return dict(rows.values_list("pk", "name"))


def asked_environments(raw: HttpRequest, names: dict[int, str], *keys: str) -> list[int] | None:
    """Ids of the environments that the address names; None when it names none."""
    wanted = set(words(raw, *keys)) - {"any", "all"}
    return [pk for pk, name in names.items() if name in wanted] if wanted else None


# -- issues and events --------------------------------------------------------------


def items(sender: Sender) -> IssueQuerySet:
    """The issues of the token's project, with what their shape needs."""
    rows = Issue.objects.live().filter(project=sender.project_id).with_sources()
    return rows.select_related("project", "resolved_release")


def item(sender: Sender, number: int | None) -> Issue:
    """An issue of the token's project; one merged away leads to its target. Raises BadBody."""
    mine = Issue.objects.filter(project=sender.project_id, deleted_at=None)
    for _ in range(10):  # a chain of merges ends
        if number is None:
            break
        target = mine.filter(pk=number).values_list("merged_into", flat=True).first()
        if target is None:
            found = items(sender).filter(pk=number).first()
            if found is not None:
                return found
            break
        number = target
    raise missing("item in this project")


def number_of(event_id: UUID) -> int:
    """The number of an occurrence."""
    return event_id.int >> _REST


def occurrence(sender: Sender, number: int | None) -> EventRow:
    """A stored event of the token's project by its number. Raises BadBody."""
    if number is not None and number < 2**53:
        span = UUID(int=number << _REST), UUID(int=((number + 1) << _REST) - 1)
        found = stored(sender, span)
        if found is not None:
            return found
    raise missing("occurrence in this project (any more)")


def stored(sender: Sender, span: Sequence[UUID]) -> EventRow | None:
    """The stored event whose id lies in a span, both ends included."""
    seen = EventSeen.objects.filter(project_id=sender.project_id, event_id__range=tuple(span))
    for event_id, day in seen.order_by("event_id").values_list("event_id", "day")[:5]:
        row = EventRow.objects.filter(
            project_id=sender.project_id, event_id=event_id, day=day
        ).first()
        if row is not None:
            return row
    return None


def known_word(word: str, choices: Sequence[str], what: str) -> str:
    """A word that must be one of some. Raises Unusable."""
    if word not in choices:
        raise Unusable(f"{what} is one of {', '.join(choices)}.")
    return word
