"""The framing of Sentry envelopes: a header line, then items of a header line and bytes.

Lines end with a newline; lengths count bytes. An item without `length` reaches to the
next newline or the end. Broken framing refuses the envelope as a whole.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from ingest.adapters import jsontext
from ingest.adapters.base import Malformed

MAX_ITEMS = 100
MAX_HEADER = 8 * 1024


class Item(msgspec.Struct, frozen=True):
    """One item: its kind, its other headers, its bytes."""

    type: str
    headers: dict[str, Any]
    payload: bytes


class Envelope(msgspec.Struct, frozen=True):
    """The headers of the envelope and its items in order."""

    headers: dict[str, Any]
    items: tuple[Item, ...]


def read(body: bytes) -> Envelope:
    """Take an envelope apart. Raises Malformed on broken framing or too many items."""
    end = body.find(b"\n")
    line = body if end < 0 else body[:end]
    headers = _header(line, "The envelope header is not a JSON object.")
    return Envelope(headers, tuple(_items(body, len(body) if end < 0 else end + 1)))


def _header(line: bytes, complaint: str) -> dict[str, Any]:
    if len(line) > MAX_HEADER:
        raise Malformed(f"A header line is longer than {MAX_HEADER} bytes.")
    try:
        value = jsontext.decode(line).value
    except jsontext.NotJson:
        raise Malformed(complaint) from None
    if not isinstance(value, dict):
        raise Malformed(complaint)
    return value


def _items(body: bytes, position: int) -> Iterator[Item]:
    count = 0
    total = len(body)
    while position < total:
        end = body.find(b"\n", position)
        if end < 0:
            end = total
        line = body[position:end]
        if not line or line.isspace():
            position = end + 1  # blank lines between or after items
            continue
        count += 1
        if count > MAX_ITEMS:
            raise Malformed(f"An envelope may hold at most {MAX_ITEMS} items.")
        headers = _header(line, "An item header is not a JSON object.")
        start = min(end + 1, total)
        stop = _payload_end(body, start, headers.get("length"))
        kind = headers.get("type")
        yield Item(kind if isinstance(kind, str) else "", headers, body[start:stop])
        position = stop + 1


def _payload_end(body: bytes, start: int, length: Any) -> int:
    """Where a payload ends; by `length` when there is one, else at the newline."""
    if length is None:
        end = body.find(b"\n", start)
        return len(body) if end < 0 else end
    if isinstance(length, bool) or not isinstance(length, int) or length < 0:
        raise Malformed("An item has a length that is not a number of bytes.")
    end = start + length
    if end > len(body):
        raise Malformed("An item is shorter than its length says.")
    if end < len(body) and body[end] != 0x0A:
        raise Malformed("An item is not followed by a newline.")
    return end
