"""Pages by keyset: the thousandth costs what the first does, and no row is shown twice.

A cursor names the last row shown by its sort values; it goes on behind it whatever
was added meanwhile. Answers carry `next` and `previous` addresses, in the body and
as `Link` headers.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from django.db.models import Model, Q, QuerySet
from msgspec import Struct
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from tracker.api.errors import BadRequest
from tracker.models import coarse

M = TypeVar("M", bound=Model)

DEFAULT_SIZE = 30
LARGEST = 100

_READ: dict[type, Callable[[Any], Any]] = {
    int: int,
    str: str,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    UUID: UUID,
}


class Keyset(Struct, frozen=True):
    """What rows are ordered by: columns and their types; the last one is unique."""

    columns: tuple[tuple[str, type], ...]
    descending: bool = True
    issues: bool = False
    """Of issues, whose indexes hold twins of some columns; the second column is their id."""

    def order(self, *, backwards: bool) -> list[str]:
        """For `order_by`."""
        sign = "-" if self.descending != backwards else ""
        names = [sign + name for name, _ in self.columns]
        return coarse.order(*names) if self.issues else names

    def beyond(self, values: Sequence[Any], *, backwards: bool) -> Q:
        """Rows behind one with these values."""
        sign = "lt" if self.descending != backwards else "gt"
        wanted = Q()
        for (name, _), value in reversed(list(zip(self.columns, values, strict=True))):
            tie = Q(**{name: value}) & wanted if wanted else Q()
            wanted = (
                Q(**{f"{name}__{sign}": value}) | tie if tie else Q(**{f"{name}__{sign}": value})
            )
        # Redundant, but gives an index its range where an OR would not.
        edge = {f"{self.columns[0][0]}__{sign}e": values[0]}
        return (coarse.bound(values[1], **edge) if self.issues else Q(**edge)) & wanted


class Cursor(Struct, frozen=True):
    """A place between two rows, and which way to go."""

    values: tuple[Any, ...]
    backwards: bool = False

    def __str__(self) -> str:
        texts = [v.isoformat() if isinstance(v, datetime) else str(v) for v in self.values]
        raw = orjson.dumps([int(self.backwards), *texts])
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, keyset: Keyset) -> Cursor:
        """From an address. Raises BadRequest."""
        try:
            padded = text + "=" * (-len(text) % 4)
            way, *parts = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            values = tuple(
                _READ[kind](part) for (_, kind), part in zip(keyset.columns, parts, strict=True)
            )
            for value in values:
                if isinstance(value, datetime) and value.tzinfo is None:
                    raise ValueError("naive")
                if isinstance(value, int) and abs(value) >= 2**63:
                    raise ValueError("huge")
        except (ValueError, TypeError, binascii.Error, OverflowError, AttributeError):
            raise BadRequest("This cursor is not one of ours, or of another order.") from None
        return cls(values, backwards=way == 1)


class Page(Struct, Generic[M], frozen=True):
    """Rows in order, and the cursors around them ("" where nothing follows)."""

    rows: list[M]
    next: str = ""
    previous: str = ""

    def respond(self, request: Request, results: Any) -> Response:
        """The answer with its links."""
        here = request.build_absolute_uri()
        links = {
            name: replace_query_param(here, "cursor", cursor) if cursor else None
            for name, cursor in (("next", self.next), ("previous", self.previous))
        }
        rel = {"next": "next", "previous": "prev"}
        header = ", ".join(f'<{url}>; rel="{rel[name]}"' for name, url in links.items() if url)
        return Response({**links, "results": results}, headers={"Link": header} if header else None)


def page_of(
    rows: QuerySet[M], keyset: Keyset, request: Request, usual: int = DEFAULT_SIZE
) -> Page[M]:
    """The page that `cursor` and `limit` of the address ask for; `usual` rows where none is.

    Raises BadRequest.
    """
    size = number(request, "limit", usual, low=1, high=LARGEST)
    given = request.query_params.get("cursor", "")
    cursor = Cursor.read(given, keyset) if given else None
    backwards = cursor is not None and cursor.backwards
    if cursor is not None:
        rows = rows.filter(keyset.beyond(cursor.values, backwards=backwards))
    found = list(rows.order_by(*keyset.order(backwards=backwards))[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if not found:
        return Page(found)
    after = backwards or more
    before = more if backwards else cursor is not None
    return Page(
        found,
        next=str(Cursor(_values(found[-1], keyset))) if after else "",
        previous=str(Cursor(_values(found[0], keyset), backwards=True)) if before else "",
    )


def _values(row: Model, keyset: Keyset) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name, _ in keyset.columns)


def number(request: Request, name: str, default: int, *, low: int, high: int) -> int:
    """A number of the address. Raises BadRequest outside `low`..`high`."""
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
        raise BadRequest(f"{name} is a number from {low} to {high}.")
    return int(text)
